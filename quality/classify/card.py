"""The model card, written from the run that made and measured the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quality.classify.evaluate import Evaluation, Interval
from quality.classify.outcome import TrainingReport

_HEAD = """\
# Paragraph model

Says what a paragraph of English web text does: reporting, filler, advice (honest or
generated), other. A linear model over delexicalised words, style counts, headings and the
lines around; every label can be explained exactly. It says what a text reads like, never who
wrote it.

Not for: judging authors; languages other than English; poetry, code, tables; deleting text
without a look at it. Learners' and formulaic human writing reads more generic than it is.
"""

_SOURCES = """\
## Trained on

Our own seeds (Apache-2.0, seeds/), our labels of lines read on the web (seeds/read_lines.jsonl,
labels only), and, where the shared data was given, gold paragraphs read and labelled from:
WCXB (CC BY 4.0), article-extraction-benchmark (MIT), L2R (CC BY 3.0), fast-detect-gpt XSum
sets (MIT, BBC text), DetectRL, llm-misinformation, llm-news (MIT), machine-written blogs (MIT
and public), 18F and Digital.gov (public domain), Echoes-of-Automation, BBC 2005
(non-commercial research), prosecutors' press releases. No text of theirs is in the model
beyond single words and runs of up to three that occur in several sources. Learners' essays
were never learnt from.
"""


def write_card(report: TrainingReport, measured: Mapping[str, Evaluation], path: Path) -> None:
    """Write the card; `measured` names each set of rows the model was measured on."""
    parts = [_HEAD, _trained(report), _SOURCES]
    parts += [_measured(name, found) for name, found in measured.items()]
    path.write_text("\n".join(parts), encoding="utf-8")


def _trained(report: TrainingReport) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in report.rows_by_kind.items())
    labels = ", ".join(f"{label} {count}" for label, count in report.labels.items())
    limits = report.thresholds
    return (
        "## This model\n\n"
        f"- {report.rows} paragraphs: {kinds}.\n- Labels: {labels}.\n"
        f"- {report.features} features; {report.dropped_copies} near-copies of measuring rows "
        "left out.\n"
        f"- Held-out sources while training: macro-F1 {report.held_out_macro_f1:.3f}, accuracy "
        f"when sure {report.held_out_accuracy_when_sure:.3f}.\n"
        f"- Gives a label from a score of {limits.confidence:.2f}, calls advice generated from "
        f"{limits.generated:.2f}, reads from {limits.min_words} words.\n"
    )


def _measured(name: str, found: Evaluation) -> str:
    rows = [
        ("macro-F1, four functions", _interval(found.f1)),
        ("macro-F1, without other", _interval(found.f1_of_three)),
        *((f"F1 {function}", f"{value:.3f}") for function, value in found.f1_by_function.items()),
        ("coverage", f"{found.coverage:.2f}"),
        ("accuracy when sure", _interval(found.accuracy_when_sure)),
        ("calibration error", f"{found.calibration_error:.3f}"),
    ]
    if found.generated_auc is not None:
        rows.append(("generated against honest advice, AUC", _interval(found.generated_auc)))
    for title, share in (
        ("generated advice found, of what was taken for advice", found.generated_found),
        ("honest advice called generated", found.honest_called_generated),
    ):
        if share is not None:
            rows.append((title, f"{share:.2f}"))
    table = "\n".join(f"| {title} | {value} |" for title, value in rows)
    sources = "\n".join(
        f"| {item.source} | {item.rows} | {item.accuracy:.2f} | {item.coverage:.2f} | "
        f"{_or_dash(item.sure_and_wrong_about_reporting)} |"
        for item in found.sources
    )
    return (
        f"## Measured: {name} ({found.rows} paragraphs of 12 words and more)\n\n"
        f"| figure | value (95 % interval over hosts) |\n|---|---|\n{table}\n\n"
        "| source | rows | accuracy | coverage | reporting called filler or advice at .8 |\n"
        f"|---|---|---|---|---|\n{sources}\n"
    )


def _interval(figure: Interval) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _or_dash(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"
