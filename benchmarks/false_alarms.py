"""What the labels must not do: call news filler, call people's essays generated advice, speak
of languages the model does not know.

    python -m benchmarks.false_alarms            half a minute

Human texts come from the shared paragraphs of known origin, none of them a row the model
learnt from; the other languages are our own sentences, a few for each. Part of
`make bench-labels`; without ../shared only the languages are measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from quality.classify.classifier import ParagraphClassifier
from quality.classify.labels import Label, Paragraph, Scored
from quality.classify.rows import OriginRow, load_origin, load_rows
from quality.modelfiles import default_root

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
LANGUAGES = Path(__file__).with_name("other_languages.tsv")
MIN_WORDS = 12
# Enough of each source for a share to a tenth of a percent or two.
MOST_ROWS = 1_000
SURE = 0.8
NEWS_BAR, ESSAY_BAR, LANGUAGE_BAR = 0.02, 0.03, 0.02
_ESSAYS = ("human_native_essay", "human_nonnative", "human_opinion")


def main() -> None:
    """Measure and print."""
    show(measure())


def measure() -> dict[str, float]:
    """The share of false alarms of each source of human news, essays, and other languages."""
    classifier = ParagraphClassifier.load(default_root() / "paragraph")
    found = {}
    for (kind, source), rows in sorted(_human_rows().items()):
        scored = classifier.score([Paragraph(row.text) for row in rows])
        alarm = _is_generated if kind in _ESSAYS else _is_surely_not_news
        found[f"{kind} {source}"] = _share([alarm(item) for item in scored])
    lines = LANGUAGES.read_text(encoding="utf-8").splitlines()
    others = classifier.score([Paragraph(line.split("\t")[1]) for line in lines])
    found["other languages"] = _share([item.label is not Label.UNCERTAIN for item in others])
    return found


def show(found: dict[str, float]) -> None:
    """Print the shares, worst first, under their bars."""
    parts = (
        (f"human news called filler or advice at {SURE}", "human_news", NEWS_BAR),
        ("essays and op-eds called generated advice", _ESSAYS, ESSAY_BAR),
        ("other languages given a label", "other languages", LANGUAGE_BAR),
    )
    for title, begin, bar in parts:
        some = {name: share for name, share in found.items() if name.startswith(begin)}
        if some:
            print(f"{title} (bar {bar:.0%})")
        for name, share in sorted(some.items(), key=lambda item: -item[1]):
            print(f"  {name:44}{share:7.2%}{'' if share <= bar else '  over the bar'}")


def _human_rows() -> dict[tuple[str, str], list[OriginRow]]:
    """News and essays by people, by kind and source."""
    origin = SHARED / "origin_paragraphs.jsonl.gz"
    if not origin.is_file():
        print("no ../shared: news and essays are not measured")
        return {}
    gold = load_rows(SHARED / "gold_paragraphs.jsonl.gz")
    learnt = {row.paragraph.text for row in gold if row.split != "dev"}
    found: defaultdict[tuple[str, str], list[OriginRow]] = defaultdict(list)
    for row in load_origin(origin):
        wanted = row.kind == "human_news" or row.kind in _ESSAYS
        some = found[row.kind, row.source] if wanted else []
        if wanted and len(some) < MOST_ROWS and _is_long(row.text) and row.text not in learnt:
            some.append(row)
    return found


def _is_long(text: str) -> bool:
    return len(text.split()) >= MIN_WORDS


def _is_surely_not_news(scored: Scored) -> bool:
    if scored.scores is None:
        return False
    best = max(scored.scores, key=lambda function: (scored.scores or {})[function])
    return best in {Label.FILLER, Label.ADVICE} and scored.scores[best] >= SURE


def _is_generated(scored: Scored) -> bool:
    return scored.label is Label.GENERATED_ADVICE


def _share(alarms: Sequence[bool]) -> float:
    return sum(alarms) / max(1, len(alarms))


if __name__ == "__main__":
    main()
