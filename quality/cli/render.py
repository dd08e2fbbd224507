"""What commands print for people: a run's summary, a document's blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from quality.summary import falling

if TYPE_CHECKING:
    from quality.classify.evaluate import Evaluation
    from quality.report import BlockReport, DocumentReport
    from quality.run import Plan
    from quality.summary import RunSummary

# One colour a label, the same as in the HTML report; readable on dark and light terminals.
STYLES: Mapping[str, str] = {
    "chrome": "dim strike",
    "heading": "bold",
    "reporting": "green",
    "filler": "yellow",
    "generated_advice": "magenta",
    "advice": "cyan",
    "other": "blue",
    "uncertain": "dim",
}


_OF_THE_LAST = "  (of the last new files)"
# Scores below this say nothing to a person.
_LEAST_SHOWN = 0.05
# All but tab and line feed; C1 controls steer some terminals too.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def print_summary(
    summary: RunSummary, folder: Path, plan: Plan, *, last: str | None = None
) -> None:
    """The numbers of a run, on stdout; `last` is the last run that scored something."""
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    inputs = summary.inputs
    line = f"{inputs['scored']} of {inputs['found']} files scored"
    if summary.documents != inputs["scored"]:
        line += f" ({summary.documents} documents)"
    console.print(f"{line} in {summary.seconds:.1f} s")
    _print_left(console, plan)
    if summary.documents:
        console.print(_words_table(summary))
        console.print(f"verdicts    {_listed(summary.verdicts)}")
        console.print(f"chrome      {summary.blocks.get('chrome', 0)} lines")
        console.print(f"duplicates  {_listed(summary.duplicates) or 'none'}")
        templated = summary.flags.get("templated", 0)
        console.print(f"templates   {len(summary.templates)}, in {templated} templated documents")
    if summary.failures:
        console.print(f"failures    {_listed(summary.failures)}: see {folder / 'failures.jsonl'}")
    if last is None:
        _print_report(console, folder)
    else:
        _print_report(console, Path(last), _OF_THE_LAST)


def print_idle(sources: Sequence[Path], plan: Plan, *, last: str | None) -> None:
    """What a run found where nothing was new, and the report there is, on stdout."""
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if plan.found:
        console.print(f"0 of {plan.found} files scored: nothing is new")
    else:
        console.print(f"no files found in {', '.join(map(str, sources))}")
    _print_left(console, plan)
    if last is not None and Path(last).is_dir():
        _print_report(console, Path(last), _OF_THE_LAST)


def _print_left(console: Console, plan: Plan) -> None:
    for count, what in (
        (len(plan.known) - plan.known_failures, "known from earlier runs, not scored again"),
        (plan.known_failures, "failed before and have not changed, not tried again"),
        (len(plan.waiting), "still being written, left for the next run"),
    ):
        if count:
            console.print(f"{count} {what}")


def _print_report(console: Console, folder: Path, when: str = "") -> None:
    page = _relative(folder) / "report" / "index.html"
    console.print(Text(f"report      {page}{when}", style="bold"))


def print_document(report: DocumentReport) -> None:
    """Every block with label, scores and why, in colour on a terminal."""
    console = Console(highlight=False, markup=False, emoji=False)
    # Wrapped to the window for people; one line a block where another program reads.
    console.soft_wrap = not console.is_terminal
    document = report.document
    ranked = sorted(report.shares.items(), key=lambda item: (-item[1], item[0]))
    shares = ", ".join(f"{share:.0%} {_plain(name)}" for name, share in ranked)
    console.print(Text(visible(document.path), style="bold"))
    console.print(f"verdict  {report.verdict.value} ({shares or 'nothing labelled'})")
    if report.flags:
        console.print(f"flags    {', '.join(map(_plain, report.flags))}")
    for twin in report.duplicates:
        line = f"twin     {twin.path} ({twin.kind}, similarity {twin.similarity:.2f})"
        console.print(Text(visible(line)))
    goes_on = False
    for block in report.blocks:
        if not goes_on:
            console.print()
            console.print(_block_head(block))
        text = document.text[block.block.start : block.block.end]
        console.print(Text(visible(text), style=STYLES[block.label.value]))
        # Of a paragraph with hard line breaks all lines are said the same.
        goes_on = block.block.goes_on
        if goes_on:
            continue
        why = Text(visible(block.reason), style="italic dim")
        console.print(Text("  ").append_text(why) if console.soft_wrap else Padding(why, (0, 2)))


def visible(text: str) -> str:
    """Text whose control characters are shown, so that a page cannot steer the terminal.

    >>> visible("a" + chr(27) + "[31mb")
    'a␛[31mb'
    """
    return _CONTROL.sub(lambda found: chr(0x2400 + min(ord(found[0]), 0x21)), text)


def print_evaluation(found: Evaluation) -> None:
    """A model's figures, each with its 95 % interval over hosts."""
    console = Console(highlight=False)
    table = Table("figure", "value", "95 %", box=None, pad_edge=False)
    for name in ("f1", "f1_of_three", "accuracy", "accuracy_when_sure", "generated_auc"):
        value = getattr(found, name)
        if value is not None:
            span = f"{value.low:.3f} to {value.high:.3f}"
            table.add_row(name.replace("_", " "), f"{value.value:.3f}", span)
    for name in ("coverage", "calibration_error", "generated_found", "honest_called_generated"):
        value = getattr(found, name)
        if value is not None:
            table.add_row(name.replace("_", " "), f"{value:.3f}", "")
    for function, value in found.f1_by_function.items():
        table.add_row(f"f1 {function}", f"{value:.3f}", "")
    console.print(f"{found.rows} rows")
    console.print(table)
    labels = list(dict.fromkeys(label for row in found.confusion.values() for label in row))
    confusion = Table("truth \\ given", *labels, box=None, pad_edge=False)
    for truth, row in found.confusion.items():
        confusion.add_row(truth, *(str(row.get(label, 0)) for label in labels))
    console.print(confusion)
    sources = Table("source", "rows", "accuracy", "labelled", box=None, pad_edge=False)
    for source in sorted(found.sources, key=lambda item: item.accuracy):
        figures = (str(source.rows), f"{source.accuracy:.2f}", f"{source.coverage:.2f}")
        sources.add_row(source.source, *figures)
    console.print(sources)


def _block_head(block: BlockReport) -> Text:
    style = STYLES[block.label.value].replace(" strike", "")
    head = Text()
    head.append(f" {_plain(block.label.value)} ", style=f"reverse {style}")
    if block.scores is not None:
        ranked = sorted(block.scores.items(), key=lambda item: -item[1])
        shown = [f"{name} {score:.2f}" for name, score in ranked if score >= _LEAST_SHOWN]
        head.append("  " + ", ".join(shown), style="dim")
    if block.generated is not None and "advice" in block.label:
        head.append(f"; reads generated {block.generated:.2f}", style="dim")
    return head


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _relative(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _words_table(summary: RunSummary) -> Table:
    total = sum(summary.words.values()) or 1
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    table.add_column("label")
    for title in ("blocks", "words", "share"):
        table.add_column(title, justify="right")
    table.add_column("")
    for label, words in falling(summary.words).items():
        bar = "█" * max(1, round(words / total * 30))
        table.add_row(
            Text(_plain(label), style=STYLES[label].replace(" strike", "")),
            str(summary.blocks[label]),
            str(words),
            f"{words / total:.0%}",
            Text(bar, style=STYLES[label].replace(" strike", "")),
        )
    return table


def _listed(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in falling(counter).items())
