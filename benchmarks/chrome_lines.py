"""Chrome taken and content lost, line by line: our decision beside other systems'.

A system says for each page which lines it takes. Ours does so for every strictness, so that
its best under a limit of content lost can be read off; `shipped` is the strictness of 0.5.
Extractors from HTML are read as taking every line of the page that is not in their text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.chrome.decide import find_chrome
from quality.chrome.features import Tokens
from quality.chrome.labelled import CHROME, CONTENT, HEADING, UNKNOWN, LabelledPage, page_of
from quality.chrome.lines import LineModel, Situation
from quality.chrome.rules import RuleHit, RuleSet
from quality.chrome.sites import Repetition
from quality.chrome.situation import in_situation
from quality.document import Block, BlockKind, Document, Markup, Page
from quality.extract import extract
from quality.extract.breaks import hard_breaks
from quality.lang import detect
from quality.unbroken import Unbroken

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

STRICTNESS = tuple(step / 40 for step in range(41))
SHIPPED = STRICTNESS.index(0.5)
# The line rules of C4 (Raffel et al. 2020, section 2.2).
_TERMINAL = (".", "!", "?", '"', "”")
_C4_WORDS = 5
_C4_BAD = re.compile(r"javascript|lorem ipsum|[{}]|terms of use|privacy policy|cookie policy", re.I)
_SPACE = re.compile(r"\s+")

ModelOf = Callable[[LabelledPage], LineModel]
"""The line model that a page is judged by."""

System = Callable[[LabelledPage], list[Bools]]
"""Which lines of a page are taken, at each of its settings."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over pages, one row a setting of the system."""

    right: Floats
    chrome: float
    taken: Floats
    lost: Floats
    content: float
    headings_lost: Floats

    @property
    def share(self) -> Floats:
        """The share of chrome lines that are taken."""
        return np.asarray(self.right / max(self.chrome, 1), np.float64)

    @property
    def loss(self) -> Floats:
        """The share of content characters that are lost."""
        return np.asarray(self.lost / max(self.content, 1), np.float64)

    @property
    def f1(self) -> Floats:
        """F1 of chrome lines."""
        return np.asarray(2 * self.right / np.maximum(self.taken + self.chrome, 1), np.float64)

    def best(self, limit: float = 1.0, *, by: str = "f1") -> int:
        """The setting with the best F1 (or `share`) that loses no more than `limit`."""
        values = np.where(self.loss <= limit, getattr(self, by), -1.0)
        return int(values.argmax())

    def say(self, number: int) -> str:
        """One setting's figures."""
        return (
            f"F1 {self.f1[number]:.3f}, chrome taken {self.share[number]:.3f}, "
            f"content lost {self.loss[number]:.2%}"
        )


def tally(
    pages: Sequence[LabelledPage],
    system: System,
    truth_of: Callable[[LabelledPage], NDArray[np.int8]],
) -> Tally:
    """One system over pages whose lines have a truth (UNKNOWN ones do not count)."""
    sums = [_count(page, truth_of(page), system(page)) for page in pages]
    right, chrome, taken, lost, content, headings = np.sum(sums, axis=0)
    return Tally(right, float(chrome[0]), taken, lost, float(content[0]), headings)


def _count(page: LabelledPage, truth: NDArray[np.int8], cuts: Sequence[Bools]) -> Floats:
    is_chrome, is_content, chars = truth == CHROME, truth == CONTENT, page.chars
    known = is_chrome | is_content
    return np.array(
        [
            (
                (cut & is_chrome).sum(),
                is_chrome.sum(),
                (cut & known).sum(),
                chars[cut & is_content].sum(),
                chars[is_content].sum(),
                (cut & (truth == HEADING)).sum(),
            )
            for cut in cuts
        ],
        np.float64,
    ).T


def page_of_lines(
    name: str, lines: list[str], labels: Sequence[int], situation: Situation
) -> LabelledPage:
    """A page from elsewhere than the shared data, whose labels are the truth."""
    rules, language = RuleSet.load(), detect("\n".join(lines))
    return page_of(
        lines,
        [rules.match(line, language) for line in lines],
        Tokens(),
        host=name,
        page=name,
        split="elsewhere",
        situation=situation,
        page_type="article",
        sound=True,
        compared=np.array(labels, np.int8),
        read=np.array(labels, np.int8),
        picked=np.zeros(len(lines), np.bool_),
    )


def compared(page: LabelledPage) -> NDArray[np.int8]:
    """The truth by comparing with the gold text."""
    return page.compared


def read_rows(
    rows: Mapping[str, Sequence[tuple[int, str, str]]],
) -> Callable[..., NDArray[np.int8]]:
    """The truth by reading: exactly the lines of gold_lines, each once.

    `rows` are number, line and label by page; where numbers moved, the line's first place.
    """
    names = {"chrome": CHROME, "content": CONTENT, "heading": HEADING}

    def truth(page: LabelledPage) -> NDArray[np.int8]:
        found = np.full(len(page.lines), UNKNOWN, np.int8)
        for number, line, label in rows.get(page.page, ()):
            if number < len(page.lines) and page.lines[number] == line:
                found[number] = names.get(label, UNKNOWN)
            elif line in page.lines:
                found[page.lines.index(line)] = names.get(label, UNKNOWN)
        return found

    return truth


def decided(
    model_of: ModelOf,
    *,
    as_file: bool = False,
    repetition: Mapping[str, Sequence[Repetition | None]] | None = None,
) -> System:
    """What `find_chrome` takes at each strictness.

    `as_file`: lines, headings and density are what the chain makes of a text file; else each
    line is a paragraph (or a part of one) of a page of known density.
    """
    rules = RuleSet.load()

    def run(page: LabelledPage) -> list[Bools]:
        document = from_file(page.lines, rules) if as_file else as_document(page)
        if len(document.blocks) != len(page.lines):
            document = as_document(page)
        view = Unbroken.of(document)
        hits, repeated = page.hits, repetition[page.page] if repetition else None
        if not view.is_same:
            language = detect(document.text)
            hits, repeated = (
                [rules.match(line, language) for line in view.whole.block_texts()],
                None,
            )
        model = model_of(page)
        looked = Looked(view, hits, score(model, view.whole, hits), repeated)
        return [_taken(looked, model, strictness) for strictness in STRICTNESS]

    return run


class Looked(NamedTuple):
    """A document's paragraphs with what speaks for and against each."""

    view: Unbroken
    hits: Sequence[RuleHit | None]
    scores: NDArray[np.float32]
    repetition: Sequence[Repetition | None] | None


def score(
    model: LineModel, document: Document, hits: Sequence[RuleHit | None]
) -> NDArray[np.float32]:
    """The line model's scores of a document's blocks."""
    kinds = [block.kind for block in document.blocks]
    return model.score(list(document.block_texts()), kinds=kinds, hits=hits, dense=document.dense)


def _taken(looked: Looked, model: LineModel, strictness: float) -> Bools:
    found = find_chrome(
        looked.view.whole,
        looked.hits,
        looked.scores,
        looked.repetition,
        thresholds=model.thresholds,
        strictness=strictness,
    )
    cut = np.zeros(len(looked.view.blocks), np.bool_)
    for finding in found.findings:
        cut[looked.view.lines[finding.block]] = True
    return cut


def ranked(model_of: ModelOf) -> System:
    """The line model's scores alone, cut at a hundred places."""

    def run(page: LabelledPage) -> list[Bools]:
        scores = model_of(page).score(page.lines, hits=page.hits, dense=page.situation == "dense")
        odds = np.log(scores / (1 - np.minimum(scores, 1 - 1e-7)))
        return [odds >= place for place in np.linspace(-4, 8, 100)]

    return run


def c4_rules(page: LabelledPage) -> list[Bools]:
    """The line rules of C4."""
    return [np.array([not c4_keeps(line) for line in page.lines])]


def c4_keeps(line: str) -> bool:
    """Whether C4 keeps a line."""
    bare = line.strip()
    ends = bare.endswith(_TERMINAL) and not bare.endswith("...")
    return ends and len(bare.split()) >= _C4_WORDS and not _C4_BAD.search(bare)


def not_in(texts: Mapping[str, str]) -> System:
    """What an extractor left out of a page's lines; `texts` are its texts by page."""

    def run(page: LabelledPage) -> list[Bools]:
        text = _flat(texts[page.page])
        return [np.array([_flat(line) not in text for line in page.lines])]

    return run


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def as_document(page: LabelledPage) -> Document:
    """Lines as a document of paragraphs."""
    breaks = hard_breaks(page.lines, [False] * len(page.lines))
    blocks, start = [], 0
    for line, goes_on in zip(page.lines, breaks, strict=True):
        blocks.append(Block(start, start + len(line), BlockKind.PARAGRAPH, goes_on=goes_on))
        start += len(line) + 1
    text = "\n".join(page.lines)
    return Document("d", "d", text, tuple(blocks), dense=page.situation == "dense")


def from_file(lines: Sequence[str], rules: RuleSet) -> Document:
    """What the chain makes of the lines in a text file."""
    document = extract(Page("d", "d.txt", "\n".join(lines), Markup.PLAIN))
    whole = Unbroken.of(document).whole
    paragraphs = list(whole.block_texts())
    hits = [rules.match(paragraph, whole.language) for paragraph in paragraphs]
    return in_situation(document, paragraphs, hits)


def table(
    pages: Sequence[LabelledPage],
    systems: Mapping[str, System],
    truth_of: Callable[[LabelledPage], NDArray[np.int8]],
    limits: Sequence[tuple[float, str, float]],
) -> Iterator[str]:
    """Lines of figures: each system as it is, and at its best under each limit.

    `limits` are the content that may be lost, what counts (`f1`, `share`), and the bar.
    """
    for name, system in systems.items():
        found = tally(pages, system, truth_of)
        if len(found.taken) == 1:
            yield f"  {name:34} {found.say(0)}"
            continue
        if len(found.taken) == len(STRICTNESS):
            yield f"  {name:34} {found.say(SHIPPED)} (as shipped)"
        for limit, by, bar in limits:
            best = found.best(limit, by=by)
            value = getattr(found, by)[best]
            within = f"<= {limit:.1%} lost" if limit < 1 else "no limit"
            verdict = "holds" if value >= bar else "falls short"
            yield f"  {name:34} {found.say(best)} ({within}; bar {bar:.2f}: {verdict})"
