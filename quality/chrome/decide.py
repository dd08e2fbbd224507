"""Which blocks are chrome, and why: rules, line model and site repetition put together.

The guards stand here. A heading is never taken by statistics: only a rule can name it; but
among the menus of a full page a line that merely looks like one may prove a menu item. A line
over `LONG_CHARS` is never taken by one signal. And no document is cut beyond its budget: what
would go over it stays, and the document is flagged `boilerplate_heavy`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import NamedTuple

from quality.chrome.explain import Contribution
from quality.chrome.features import Floats
from quality.chrome.lines import Situation, Threshold
from quality.chrome.rule_files import Category
from quality.chrome.rules import RuleHit
from quality.chrome.sites import Repetition
from quality.document import Block, BlockKind, Document, Evidence, EvidenceKind
from quality.tokens import count_words_of

HEAVY = "boilerplate_heavy"
# Longer lines need two signals.
LONG_CHARS = 200
# On a full page a rule for comments ("Reply", "3 comments") so many lines away is one: the line is
# a comment. Of so long lines of train hosts left out that the model takes, at a threshold as low as
# without a limit on losses, 184 such are chrome and one is content; of all of them 543 and 49.
THREAD_LINES = 3
# The share of distinct documents of a host from which a recurring line is a signal.
SITE_SHARE = 0.3
# Log-odds below the model's threshold at which it still supports another signal.
SUPPORT = 2.0
# So far below it that a rule's line is no chrome after all. On full pages, where the model sees
# rule hits among much else, articles of train hosts lose .37 % of their content at 1 and .51 %
# at 4, for the same F1 of .95; in clean text 1 costs as much chrome as it saves.
VETO: dict[Situation, float] = {"clean": 4.0, "dense": 1.0}
# The largest share of a document's words that may go. Extracted text is a tenth chrome at
# most on 99 % of the training pages; a full page is legitimately mostly chrome.
BUDGET: dict[Situation, float] = {"clean": 0.35, "dense": 0.97}
# The line model reads a line by those around it. In shorter texts there is too little around:
# there a sentence goes only when a rule or the site says so too.
LEAST_LINES = 8
# The same holds of clean text whose words the model does not know: it learnt from English pages,
# and in other languages sees only that a sentence stands beside the comments.
MODEL_LANGUAGES = frozenset({"en", None})
# So much surer the model must be, in log-odds, to take a sentence of clean text alone: the last
# sentence of a text stands where footers do. Read lines of train hosts left out, .61 taken with
# 2.3, .62 with 1.7; clean texts of ours lose .07 and .10 %. In a list it is mostly advice ("Water
# less than you think" goes with 2), and stays longer.
SENTENCE_MARGIN = 2.3
ITEM_MARGIN = 2.6
# So long a line says something, however it ends: a citation, a caption, a comment. Read lines of
# train hosts left out: content lost 1.32 % without this, .88 % with it, for the same .601 taken.
STATEMENT_CHARS = 110
SENTENCE_WORDS = 4
# In plain text a heading is a guess; what is shorter than this and stands right over something
# longer that ends as sentences do may be one, and so may what is called one but heads nothing
# that stays. So sure the model must be there: of 1,190 headings put together from our seeds 4
# went with the margin of sentences and 1 with this one, for .003 of the read lines taken.
HEAD_CHARS = 60
HEAD_MARGIN: dict[Situation, float] = {"clean": 3.5, "dense": 0.0}
# Among the menus of a full page the guess is often wrong: of what it calls headings on dev hosts,
# and neither a rule nor what stands under it speaks on, 421 lines are chrome by this margin and 4
# are content. There the line is judged as any other; what is marked as a heading stays one.
GUESS_MARGIN = 1.0
# Short texts with much furniture are called full at times, and keep the guards of clean text: of
# the full pages of train hosts one in seventy has fewer lines.
FULL_LINES = 30
# On a page called full, the title may be among this many lines over the text; of the menus of
# training pages hardly one is as short, but clean texts with furniture are called full at times.
TITLE_WITHIN = 6
_SENTENCE_ENDS = (".", "!", "?", "…", ".”", '."', "?”", '?"', "!”", '!"')
# Words of these rules also head sections ("Discussion", "Conditions", "Support us"): they take a
# heading only where it heads nothing.
SECTION_WORDS = frozenset(
    {
        Category.COMMENT,
        Category.COPYRIGHT,
        Category.FORM,
        Category.NAVIGATION,
        Category.PAYWALL,
        Category.RELATED,
    }
)
# What looks like a heading over so many lines that rules for menus name is the first of them. (Over
# one line it may be a title: "About us" over a byline.)
MENU_WORDS = frozenset({Category.NAVIGATION, Category.RELATED})
MENU_LINES = 2
_QUOTES = ('"', "“", "„", "«")
_CODE_ENDS = (";", "{", "}")
# Short texts: that many words may always go, or a page of five lines could lose none.
BUDGET_WORDS = 40

_UNNAMED = "furniture"
_REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class ChromeFinding:
    """One block that is chrome."""

    block: int
    evidence: tuple[Evidence, ...]
    """Strongest first; spans are offsets into the document's text."""
    reason: str
    """One plain sentence."""
    category: str
    """A rule's category, `repeated` over the site, or `furniture` where only the model says so."""


@dataclass(frozen=True, slots=True)
class ChromeFindings:
    """All blocks that are chrome, in order, and what is to be said of the document."""

    findings: tuple[ChromeFinding, ...]
    flags: frozenset[str]


Why = Callable[[Sequence[int]], Mapping[int, Sequence[Contribution]]]
"""What the line model's scores of blocks stand on, by block (`LineModel.explain`)."""


class _Form(NamedTuple):
    """What a line looks like."""

    chars: int
    is_sentence: bool
    is_quoted: bool
    """Speech, or a line of code."""


_NOTHING = _Form(0, is_sentence=False, is_quoted=False)


class _Signals(NamedTuple):
    """What speaks for one block being chrome. `margin` is log-odds above the threshold."""

    block: int
    words: int
    margin: float
    score: float
    hit: RuleHit | None
    thread: RuleHit | None
    """A rule for comments beside a long line of a full page."""
    repetition: Repetition | None
    veto: float
    least_as_sentence: float
    """The margin from which the model alone takes a sentence, speech, code, a long line or a row of
    a table; 0 for what is none of these, and on full pages."""
    is_lone_sentence: bool
    """A sentence that the line model cannot judge alone: too little text, or words unknown."""
    may_head: bool
    """A short line right over a paragraph: it may be its heading, but on full pages."""
    least_as_head: float
    """The margin from which the model's word goes against a line that may be a heading."""
    least_as_guess: float
    """The margin from which a line is no heading that is only guessed to be one."""
    is_in_menu: bool
    """Rules name the lines under it too: what looks like a heading is the first of a menu."""

    @property
    def sureness(self) -> float:
        """Order in which blocks go while the budget lasts: rules, then log-odds."""
        rule = 0.0 if self.hit is None else 20.0 if self.hit.alone else 5.0
        site = 0.0 if self.repetition is None else 10.0 * self.repetition.share
        return self.margin + rule + site


def find_chrome(
    document: Document,
    hits: Sequence[RuleHit | None],
    scores: Floats,
    repetition: Sequence[Repetition | None] | None = None,
    *,
    thresholds: Mapping[Situation, Threshold],
    why: Why | None = None,
    words: Sequence[int] | None = None,
    strictness: float = 0.5,
    site_share: float = SITE_SHARE,
) -> ChromeFindings:
    """The chrome blocks of a document, from all signals at hand.

    `hits`, `scores` and `repetition` have one entry a block; scores of 0 stand for "no line
    model". `why` is asked for what the scores of the blocks that go stand on; without it the
    evidence of the model is its log-odds alone. `words` are the words of each block, if known.
    """
    name: Situation = "dense" if document.dense else "clean"
    threshold = thresholds[name].at(strictness)
    repeated = repetition or [None] * len(document.blocks)
    texts = list(document.block_texts())
    sizes = words or count_words_of(texts)
    is_foreign = not document.dense and document.language not in MODEL_LANGUAGES
    margins = threshold.margins(scores).tolist()
    forms = [_form_of(text, size) for text, size in zip(texts, sizes, strict=True)]
    is_full = document.dense and len(forms) >= FULL_LINES
    threads = _threads(hits) if document.dense else [None] * len(hits)
    signals = [
        _Signals(
            block=number,
            words=size,
            margin=margins[number],
            score=score,
            hit=hits[number],
            thread=threads[number] if form.chars > LONG_CHARS else None,
            repetition=repeated[number],
            veto=VETO[name],
            least_as_sentence=0.0 if is_full else _least_as_sentence(form, block.kind),
            is_lone_sentence=form.is_sentence and (is_foreign or len(forms) < LEAST_LINES),
            may_head=not is_full and _may_head(form, below),
            least_as_head=HEAD_MARGIN["dense" if is_full else "clean"],
            least_as_guess=GUESS_MARGIN if is_full else inf,
            is_in_menu=_is_menu(hits[number + 1 : number + 1 + MENU_LINES]),
        )
        for number, (form, below, size, score, block) in enumerate(
            zip(forms, [*forms[1:], _NOTHING], sizes, scores.tolist(), document.blocks, strict=True)
        )
    ]
    taken = {
        item.block
        for item, block in zip(signals, document.blocks, strict=True)
        if _is_chrome(item, block, site_share)
    }
    taken |= _bare_headings(document, signals, taken)
    taken -= _headline(document, signals, taken, site_share)
    cut = [item for item in signals if item.block in taken]
    kept, over = _within_budget(cut, BUDGET[name] * sum(sizes))
    explained = why([item.block for item in kept]) if why else {}
    findings = tuple(
        _finding(document, item, explained.get(item.block, ()), site_share) for item in kept
    )
    return ChromeFindings(findings, frozenset({HEAVY}) if over else frozenset())


def _is_chrome(signals: _Signals, block: Block, site_share: float) -> bool:
    margin = signals.margin
    is_scored = signals.score > 0
    hit = None if is_scored and margin < -signals.veto else signals.hit
    recurs = _recurs(signals.repetition, site_share)
    supported = recurs or margin >= -SUPPORT
    is_misread = block.level == 0 and margin >= signals.least_as_guess
    if block.kind is BlockKind.HEADING and not is_misread:
        if hit is None:
            return False
        is_guess = block.level == 0 and (signals.is_in_menu or hit.category not in SECTION_WORDS)
        return hit.alone or recurs or (is_guess and margin >= 0)
    if block.end - block.start > LONG_CHARS:
        is_comment = signals.thread is not None and margin >= 0
        return (hit is not None and supported) or (recurs and margin >= -SUPPORT) or is_comment
    if hit is not None and (hit.alone or supported):
        return True
    if recurs and margin >= -SUPPORT:
        return True
    least = signals.least_as_sentence or (signals.least_as_head if signals.may_head else 0.0)
    return margin >= least and not signals.is_lone_sentence


def _is_menu(hits: Sequence[RuleHit | None]) -> bool:
    """Whether these are all the lines asked for, and rules for menus name each."""
    named = [hit for hit in hits if hit is not None and hit.category in MENU_WORDS]
    return len(named) == MENU_LINES


def _threads(hits: Sequence[RuleHit | None]) -> list[RuleHit | None]:
    """For each line a rule for comments among the lines around it."""
    found: list[RuleHit | None] = [None] * len(hits)
    for number, hit in enumerate(hits):
        if hit is not None and hit.category is Category.COMMENT:
            for place in range(max(0, number - THREAD_LINES), number + THREAD_LINES + 1):
                if place != number and place < len(hits):
                    found[place] = hit
    return found


def _form_of(text: str, words: int) -> _Form:
    is_sentence = words >= SENTENCE_WORDS and text.rstrip().endswith(_SENTENCE_ENDS)
    return _Form(len(text), is_sentence, text.startswith(_QUOTES) or text.endswith(_CODE_ENDS))


def _least_as_sentence(form: _Form, kind: BlockKind) -> float:
    if form.is_sentence and kind is BlockKind.LIST_ITEM:
        return ITEM_MARGIN
    is_long = form.chars >= STATEMENT_CHARS
    says_something = form.is_sentence or form.is_quoted or is_long or kind is BlockKind.TABLE
    return SENTENCE_MARGIN if says_something else 0.0


def _may_head(form: _Form, below: _Form) -> bool:
    is_short_over_long = form.chars <= HEAD_CHARS < below.chars
    return is_short_over_long and below.is_sentence and not form.is_sentence


def _recurs(repetition: Repetition | None, site_share: float) -> bool:
    """Whether a line recurs enough to be a signal; its shape alone must recur twice as often."""
    if repetition is None:
        return False
    return repetition.share >= site_share * (2 if repetition.shape else 1)


def _bare_headings(
    document: Document, signals: Sequence[_Signals], taken: Collection[int]
) -> set[int]:
    """Headings that head nothing: all under them is chrome, and so they read themselves.

    In plain text a heading is a guess from its form, which menus and labels share; one that is
    marked as a heading goes only where a rule hints at it. In clean text, nothing over the
    first line that stays is judged so: the title may stand there.
    """
    found: set[int] = set()
    first = _first_text(document, taken)
    # What stands between this line and the next heading that stays, or the end.
    has_chrome, has_text, is_last = False, False, True
    for item in reversed(signals):
        block = document.blocks[item.block]
        if item.block in taken:
            has_chrome = True
        elif block.kind is not BlockKind.HEADING:
            has_text = True
        elif (
            not has_text
            and (has_chrome or (is_last and item.hit is not None))
            and item.block > first
            and _may_go(item, block)
        ):
            found.add(item.block)
        else:
            has_chrome, has_text, is_last = False, False, False
    return found


def _first_text(document: Document, taken: Collection[int]) -> int:
    """The first block that stays and is no heading; on a full page none is protected."""
    if document.dense:
        return -1
    kinds = enumerate(block.kind for block in document.blocks)
    stay = (n for n, kind in kinds if kind is not BlockKind.HEADING and n not in taken)
    return next(stay, len(document.blocks))


def _may_go(signals: _Signals, block: Block) -> bool:
    if signals.hit is not None:
        return signals.margin >= -SUPPORT
    return block.level == 0 and signals.margin >= signals.least_as_head


def _headline(
    document: Document, signals: Sequence[_Signals], taken: Collection[int], site_share: float
) -> set[int]:
    """The line that stays as the title of clean text, where the model alone would take it.

    Of all lines over the first that stays and that no rule names, neither rule nor site must name
    it, and it must read the least like chrome. Menus of full pages are longer.
    """
    over = list(
        itertools.takewhile(lambda item: item.block in taken or item.hit is not None, signals)
    )
    if document.dense and len(over) > TITLE_WITHIN:
        return set()
    lines = [item for item in over if item.hit is None and not _recurs(item.repetition, site_share)]
    return {min(lines, key=lambda item: item.margin).block} if lines else set()


def _within_budget(taken: Sequence[_Signals], budget: float) -> tuple[list[_Signals], bool]:
    """The surest of `taken` that fit the budget, in block order, and whether some did not."""
    budget = max(budget, BUDGET_WORDS)
    kept: list[_Signals] = []
    spent = 0
    for signals in sorted(taken, key=lambda item: (-item.sureness, item.block)):
        spent += signals.words
        if spent > budget:
            break
        kept.append(signals)
    return sorted(kept, key=lambda item: item.block), len(kept) < len(taken)


def _finding(
    document: Document, signals: _Signals, why: Sequence[Contribution], site_share: float
) -> ChromeFinding:
    block = document.blocks[signals.block]
    evidence = []
    if signals.hit is not None:
        evidence.append(
            Evidence(
                EvidenceKind.RULE,
                signals.hit.id,
                1.0,
                block.start + signals.hit.start,
                block.start + signals.hit.end,
            )
        )
    elif signals.thread is not None:
        name = f"beside {signals.thread.id}"
        evidence.append(Evidence(EvidenceKind.RULE, name, 1.0, block.start, block.end))
    if signals.repetition is not None and _recurs(signals.repetition, site_share):
        evidence.append(_site_evidence(signals.repetition, block.start, block.end))
    if signals.score > 0:
        chance = min(max(signals.score, 1e-6), 1 - 1e-6)
        odds = log(chance / (1 - chance))
        evidence.append(Evidence(EvidenceKind.FEATURE, "line model", odds, block.start, block.end))
    evidence += [
        Evidence(
            EvidenceKind.FEATURE,
            item.name,
            item.weight,
            block.start + item.start,
            block.start + item.end,
        )
        for item in why
    ]
    return ChromeFinding(
        signals.block,
        tuple(evidence),
        _reason(signals, why, site_share),
        _category(signals, site_share),
    )


def _site_evidence(repetition: Repetition, start: int, end: int) -> Evidence:
    what = "shape" if repetition.shape else "line"
    name = f"{what} in {repetition.documents} documents of the site"
    return Evidence(EvidenceKind.SITE, name, repetition.share, start, end)


def _category(signals: _Signals, site_share: float) -> str:
    if signals.hit is not None:
        return str(signals.hit.category)
    if _recurs(signals.repetition, site_share):
        return _REPEATED
    return _UNNAMED if signals.thread is None else str(signals.thread.category)


def _reason(signals: _Signals, why: Sequence[Contribution], site_share: float) -> str:
    repetition = signals.repetition
    if signals.hit is not None:
        name = str(signals.hit.category).replace("-", " ")
        return f"Site chrome: {name} (rule {signals.hit.id})."
    if repetition is not None and _recurs(repetition, site_share):
        what = "of this shape" if repetition.shape else "with this wording"
        return (
            f"Site chrome: lines {what} stand in {repetition.documents} documents of the site "
            f"({repetition.share:.0%})."
        )
    speaking = [item.name for item in why if item.weight > 0][:3]
    if signals.thread is not None:
        beside = f"beside a line that rule {signals.thread.id} names"
        return f"Reads like a reader's comment: {', '.join([beside, *speaking])}."
    return "Reads like site furniture" + (f": {', '.join(speaking)}." if speaking else ".")
