"""Chrome taken and content lost, on dev hosts, beside what others do: `make bench-chrome`.

`python -m benchmarks.chrome` prints, in one run:

* full-page text of articles, line by line: F1 of chrome lines at a limit of content lost and
  without one, ours and the C4 line rules;
* extractor output, on the lines that were labelled by reading;
* clean text with a little chrome: full pages thinned at the places where the chrome stood;
* hosts with several pages, with and without site repetition;
* whole pages from HTML (`--pages`): word F1 and snippets that must (not) appear, for
  trafilatura, our extraction, the same after rules and line model, resiliparse, jusText and
  C4 line rules over trafilatura's output.

"Shipped" is what `find_chrome` takes with the thresholds of the model. jusText is in the
`bench` extra; without it its row is left out, with a note.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import extraction
from quality.chrome.decide import find_chrome
from quality.chrome.features import Tokens
from quality.chrome.labelled import CHROME, CONTENT, LabelledPage, read_pages, thinned
from quality.chrome.lines import SITUATIONS, LineModel, Threshold
from quality.chrome.rules import RuleHit, RuleSet
from quality.chrome.sites import MIN_DOCUMENTS, Repetition, SiteLines
from quality.document import Block, BlockKind, Document, Markup, Page
from quality.errors import ExtractError
from quality.extract import BlockModel, extract
from quality.extract.gold import GoldPage, gold_pages
from quality.modelfiles import default_root
from quality.state import State

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LIMITS = (0.001, 0.005, 1.0)
# The line rules of C4 (Raffel et al. 2020, section 2.2).
_TERMINAL = (".", "!", "?", '"', "”")
_C4_WORDS = 5
_C4_BAD = re.compile(r"javascript|lorem ipsum|[{}]|terms of use|privacy policy|cookie policy", re.I)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counted:
    """Lines with their truth, length, and how sure a system is that they are chrome."""

    chrome: Bools
    chars: Floats
    order: Floats
    """Higher: surer. Lines are taken from the top."""
    taken: Bools
    """What the system as shipped takes."""


def count(pages: Sequence[LabelledPage], label: str, system: System) -> Counted:
    """One system over the labelled lines of pages; `label` is `compared` or `read`."""
    chrome, chars, order, taken = [], [], [], []
    for page in pages:
        truth = getattr(page, label)
        known = np.isin(truth, (CHROME, CONTENT))
        if label == "read":
            known &= ~page.picked
        if known.any():
            ranks, cut = system(page)
            chrome.append(truth[known] == CHROME)
            chars.append(page.chars[known])
            order.append(ranks[known])
            taken.append(cut[known])
    return Counted(*(np.concatenate(part) for part in (chrome, chars, order, taken)))


System = Callable[[LabelledPage], tuple[Floats, Bools]]


def ours(model: LineModel, repetition: Sequence[Repetition | None] | None = None) -> System:
    """Rules and line model; the order is that of the scores."""

    def run(page: LabelledPage) -> tuple[Floats, Bools]:
        dense = page.situation == "dense"
        scores = model.score(page.lines, hits=page.hits, dense=dense)
        document = as_document(page.lines, dense=dense)
        found = find_chrome(document, page.hits, scores, repetition, thresholds=model.thresholds)
        cut = np.zeros(len(page.lines), np.bool_)
        cut[[finding.block for finding in found.findings]] = True
        return scores.astype(np.float64), cut

    return run


def c4_rules(page: LabelledPage) -> tuple[Floats, Bools]:
    """The line rules of C4."""
    cut = np.array([not c4_keeps(line) for line in page.lines])
    return cut.astype(np.float64), cut


def c4_keeps(line: str) -> bool:
    """Whether C4 keeps a line."""
    bare = line.strip()
    ends = bare.endswith(_TERMINAL) and not bare.endswith("...")
    return ends and len(bare.split()) >= _C4_WORDS and not _C4_BAD.search(bare)


def as_document(lines: Sequence[str], *, dense: bool) -> Document:
    """Lines as a document of one paragraph each."""
    blocks, start = [], 0
    for line in lines:
        blocks.append(Block(start, start + len(line), BlockKind.PARAGRAPH))
        start += len(line) + 1
    return Document("d", "d", "\n".join(lines), tuple(blocks), dense=dense)


def at_limits(counted: Counted) -> str:
    """F1 and recall of chrome lines at each limit of content lost, best order first."""
    order = np.argsort(-counted.order, kind="stable")
    chrome = counted.chrome[order]
    lost = np.cumsum(np.where(chrome, 0, counted.chars[order]))
    lost = lost / max(lost[-1], 1)
    right = np.cumsum(chrome)
    f1 = 2 * right / (np.arange(1, len(chrome) + 1) + chrome.sum())
    parts = []
    for limit in LIMITS:
        last = int(np.searchsorted(lost, limit, side="right")) - 1
        best = last if limit < 1 else int(f1.argmax())
        name = f"<= {limit:.1%} lost" if limit < 1 else "no limit"
        parts.append(f"{name}: F1 {f1[best]:.3f} taken {right[best] / chrome.sum():.3f}")
    return "; ".join(parts)


def as_shipped(counted: Counted) -> str:
    """Chrome lines taken and content characters lost by what is shipped."""
    chrome, taken = counted.chrome, counted.taken
    right = (chrome & taken).sum()
    lost = counted.chars[taken & ~chrome].sum() / max(counted.chars[~chrome].sum(), 1)
    f1 = 2 * right / max(taken.sum() + chrome.sum(), 1)
    return f"F1 {f1:.3f} taken {right / max(chrome.sum(), 1):.3f} content lost {lost:.3%}"


def line_tables(pages: Sequence[LabelledPage], model: LineModel) -> Iterator[str]:
    """The comparisons line by line."""
    full = [page for page in pages if page.situation == "dense" and page.sound]
    articles = [page for page in full if page.page_type == "article"]
    extracts = [page for page in pages if page.situation == "clean"]
    rng, tokens = np.random.default_rng(1), Tokens()
    thin = [thinned(page, rng, tokens) for page in articles if (page.compared == 0).sum() > 2]
    for name, own, label in (
        ("full-page text, articles", articles, "compared"),
        ("full-page text, all types", full, "compared"),
        ("extractor output, lines labelled by reading", extracts, "read"),
        ("clean text with a little chrome (thinned articles)", thin, "compared"),
    ):
        yield f"{name}: {len(own)} pages"
        found = count(own, label, ours(model))
        yield f"  line model          {at_limits(found)}"
        yield f"  rules + line model  shipped: {as_shipped(found)}"
        yield f"  C4 line rules       {as_shipped(count(own, label, c4_rules))}"


def site_table(pages: Sequence[LabelledPage], model: LineModel) -> Iterator[str]:
    """Hosts with several pages: what repetition adds. Shares count as on larger hosts."""
    hosts: dict[str, list[LabelledPage]] = {}
    for page in pages:
        if page.situation == "dense":
            hosts.setdefault(page.host, []).append(page)
    for name, least in (("at least 8 pages", MIN_DOCUMENTS), ("3 to 7 pages", 3)):
        chosen = [
            own for own in hosts.values() if least <= len(own) < (3 if least == 8 else 8) + 97
        ]
        if least == 3:
            chosen = [own for own in chosen if len(own) < MIN_DOCUMENTS]
        yield f"hosts with {name}: {len(chosen)}"
        if not chosen:
            continue
        for switch in ("off", "on"):
            parts = []
            for own in chosen:
                found = _repetition(own, least) if switch == "on" else [None] * len(own)
                for page, repeated in zip(own, found, strict=True):
                    parts.append(count([page], "compared", ours(model, repeated)))
            yield f"  repetition {switch:3}  {as_shipped(_joined(parts))}"


def _repetition(
    own: Sequence[LabelledPage], least: int
) -> list[Sequence[Repetition | None] | None]:
    """Repetition over the pages of one host, each page a cluster of its own."""
    with State.in_memory() as state:
        sites = SiteLines(state, min_documents=least)
        for page in own:
            sites.add("host", page.page, page.lines)
        return [sites.repetition("host", page.lines, lambda document: document) for page in own]


def _joined(parts: Sequence[Counted]) -> Counted:
    return Counted(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("chrome", "chars", "order", "taken")
        )
    )


def speed(pages: Sequence[LabelledPage], model: LineModel, rules: RuleSet) -> Iterator[str]:
    """Lines a second of rules and line model, one process."""
    full = [page for page in pages if page.situation == "dense"][:150]
    total = sum(len(page.lines) for page in full)
    begun = time.process_time()
    for page in full:
        model.score(page.lines, hits=page.hits, dense=True)
    scored = time.process_time()
    for page in full:
        for line in page.lines:
            rules.match(line, "en")
    matched = time.process_time()
    yield (
        f"speed over {total} lines: line model {total / (scored - begun):,.0f} lines/s, "
        f"rules {total / (matched - scored):,.0f} lines/s"
    )


# -- whole pages


def page_systems(model: LineModel, rules: RuleSet) -> dict[str, Callable[..., str]]:
    """Systems from HTML to text, trafilatura's default first."""
    plain = extraction.trafilatura_with()
    blocks = BlockModel.load(default_root() / "block")
    systems: dict[str, Callable[..., str]] = {
        "trafilatura": plain,
        "trafilatura + C4 rules": lambda page: "\n".join(
            line for line in plain(page).split("\n") if c4_keeps(line)
        ),
        "ours on trafilatura": lambda page: stripped(page, None, rules, model),
        "quality, extraction": extraction.ours(blocks),
        "quality, + rules": lambda page: stripped(page, blocks, rules, None),
        "quality, + line model": lambda page: stripped(page, blocks, rules, model),
        "resiliparse": extraction.resiliparse,
    }
    try:
        import justext
    except ImportError:
        print("jusText is not installed (extra `bench`): left out")
        return systems
    stop = justext.get_stoplist("English")
    systems["jusText"] = lambda page: "\n".join(
        part.text for part in justext.justext(page.html, stop) if not part.is_boilerplate
    )
    return systems


def stripped(
    page: GoldPage,
    blocks: BlockModel | None,
    rules: RuleSet,
    model: LineModel | None,
) -> str:
    """What is left of a page after extraction and chrome."""
    source = Page(page.id, page.id, page.html, Markup.HTML, url=page.row["url"])
    try:
        document = extract(source, model=blocks)
    except ExtractError:
        return ""
    lines = list(document.block_texts())
    hits: list[RuleHit | None] = [rules.match(line, document.language) for line in lines]
    kinds = [block.kind for block in document.blocks]
    scores = np.zeros(len(lines), np.float32)
    thresholds = dict.fromkeys(SITUATIONS, Threshold(0.0, 0.0))
    if model is not None:
        scores = model.score(lines, kinds=kinds, hits=hits, dense=document.dense)
        thresholds = model.thresholds
    found = find_chrome(document, hits, scores, thresholds=thresholds)
    cut = {finding.block for finding in found.findings}
    return "\n".join(line for number, line in enumerate(lines) if number not in cut)


def main() -> None:
    """Run the comparisons from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--split", default="dev", choices=("train", "dev"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--model", type=Path, default=default_root() / "line")
    parser.add_argument("--pages", action="store_true", help="only the comparison from HTML")
    parser.add_argument("--lines", action="store_true", help="only the comparisons of lines")
    parser.add_argument("--sample", type=int, default=None, help="that many HTML pages")
    options = parser.parse_args()
    model, rules = LineModel.load(options.model), RuleSet.load()
    if not options.pages:
        pages = read_pages(
            options.data / "chrome_lines.jsonl.gz", options.data / "gold_lines.jsonl.gz"
        )
        own = [page for page in pages if page.split == options.split]
        for line in line_tables(own, model):
            print(line, flush=True)
        for line in site_table(pages, model):
            print(line, flush=True)
        for line in speed(own, model, rules):
            print(line, flush=True)
    if not options.lines:
        gold = list(
            gold_pages(
                options.data / "pages", options.split, page_type="article", sample=options.sample
            )
        )
        found = extraction.measure(gold, page_systems(model, rules))
        print(extraction.table(found, gold))


if __name__ == "__main__":
    main()
