"""Which blocks are chrome: rules, line model and site repetition put together.

A heading is never taken by statistics alone: a rule must name it, or, of a line that merely looks
like one, what stands under it must go as well; among the menus of a full page such a line may
prove a menu item. A line over `LONG_CHARS` is never taken by one signal. And no document is cut
beyond its budget: what would go over it stays, and the document is flagged `boilerplate_heavy`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from quality.chrome.explain import Contribution
from quality.chrome.features import Floats
from quality.chrome.findings import ChromeFinding, finding_of
from quality.chrome.headlines import headline_of_clean, headline_of_full
from quality.chrome.lines import Situation, Threshold
from quality.chrome.menus import rest_of_menus
from quality.chrome.rule_files import Category
from quality.chrome.rules import RuleHit
from quality.chrome.signals import LONG_CHARS, SITE_SHARE, Signals, recurs, signals_of
from quality.chrome.sites import Repetition
from quality.document import Block, BlockKind, Document
from quality.tokens import count_words_of

HEAVY = "boilerplate_heavy"
# The largest share of a document's words that may go. Extracted text is a tenth chrome at
# most on 99 % of the training pages; a full page is legitimately mostly chrome.
BUDGET: dict[Situation, float] = {"clean": 0.35, "dense": 0.97}
# Short texts: that many words may always go, or a page of five lines could lose none.
BUDGET_WORDS = 40
# So sure the model must be to take what looks like a heading with the line under it. Of read lines
# of train hosts left out, as files, 50 lines of chrome go so, with 8 headings ("Our Services") and
# 5 lines of content. (Most read lines are ones that a model was unsure of.)
OVER_CHROME_MARGIN = 2.0
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


@dataclass(frozen=True, slots=True)
class ChromeFindings:
    """All blocks that are chrome, in order, and what is to be said of the document."""

    findings: tuple[ChromeFinding, ...]
    flags: frozenset[str]


Why = Callable[[Sequence[int]], Mapping[int, Sequence[Contribution]]]
"""What the line model's scores of blocks stand on, by block (`LineModel.explain`)."""


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
    sizes = words or count_words_of(list(document.block_texts()))
    repeated = repetition or [None] * len(document.blocks)
    signals = signals_of(
        document, hits, scores, repeated, sizes, thresholds[name].at(strictness), site_share
    )
    taken = {
        item.block
        for item, block in zip(signals, document.blocks, strict=True)
        if _is_chrome(item, block, site_share)
    }
    menus = rest_of_menus(document, signals, taken)
    taken |= set(menus)
    taken |= _bare_headings(document, signals, taken)
    heads = _heads_of_chrome(document, signals, taken)
    taken |= set(heads)
    taken -= headline_of_clean(document, signals, taken, site_share)
    taken -= headline_of_full(document, signals, taken, site_share)
    cut = [item for item in signals if item.block in taken]
    kept, over = _within_budget(cut, BUDGET[name] * sum(sizes))
    kept = _with_what_they_head(kept, heads)
    explained = why([item.block for item in kept]) if why else {}
    findings = tuple(
        finding_of(document, item, explained.get(item.block, ()), menus.get(item.block))
        for item in kept
    )
    return ChromeFindings(findings, frozenset({HEAVY}) if over else frozenset())


def _is_chrome(signals: Signals, block: Block, site_share: float) -> bool:
    margin = signals.margin
    is_scored = signals.score > 0
    hit = None if is_scored and margin < -signals.veto else signals.hit
    is_repeated = recurs(signals.repetition, site_share)
    supported = is_repeated or margin >= -signals.support
    recurring = margin >= signals.least_repeated
    is_misread = signals.is_full and block.level == 0 and (margin >= 0 or recurring)
    if block.kind is BlockKind.HEADING and not is_misread:
        if hit is None:
            return False
        is_guess = block.level == 0 and (signals.is_in_menu or hit.category not in SECTION_WORDS)
        return hit.alone or is_repeated or (is_guess and margin >= 0)
    if block.end - block.start > LONG_CHARS:
        is_comment = signals.thread is not None and margin >= 0
        return (hit is not None and supported) or is_comment or (is_repeated and recurring)
    if hit is not None and (hit.alone or supported):
        return True
    return recurring or margin >= signals.least_alone


def _bare_headings(
    document: Document, signals: Sequence[Signals], taken: Collection[int]
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


def _heads_of_chrome(
    document: Document, signals: Sequence[Signals], taken: Collection[int]
) -> dict[int, int]:
    """What looks like headings right over lines that go, and reads like chrome itself; and those.

    Names over dates, calls to act over a form: two signals, of which neither suffices. Full pages
    are judged otherwise, markup knows its headings better, and over the first text that stays the
    title may stand.
    """
    found: dict[int, int] = {}
    if document.dense or not document.plain:
        return found
    first = _first_text(document, taken)
    under = None
    for item in reversed(signals):
        block = document.blocks[item.block]
        is_guess = block.kind is BlockKind.HEADING and block.level == 0 and item.block > first
        if is_guess and under is not None and item.margin >= OVER_CHROME_MARGIN:
            found[item.block] = item.block + 1
        goes = item.block in taken or item.block in found
        under = block if goes and block.kind is not BlockKind.LIST_ITEM else None
    return found


def _with_what_they_head(kept: Sequence[Signals], heads: Mapping[int, int]) -> list[Signals]:
    """Those that are kept, without heads of lines that stay after all."""
    stay: list[Signals] = []
    blocks: set[int] = set()
    for item in reversed(kept):
        if heads.get(item.block, -1) in blocks or item.block not in heads:
            stay.append(item)
            blocks.add(item.block)
    return stay[::-1]


def _first_text(document: Document, taken: Collection[int]) -> int:
    """The first block that stays and is no heading; on a full page none is protected."""
    if document.dense:
        return -1
    kinds = enumerate(block.kind for block in document.blocks)
    stay = (n for n, kind in kinds if kind is not BlockKind.HEADING and n not in taken)
    return next(stay, len(document.blocks))


def _may_go(signals: Signals, block: Block) -> bool:
    if signals.hit is not None:
        return signals.margin >= -signals.support
    return block.level == 0 and signals.margin >= signals.least_as_head


def _within_budget(taken: Sequence[Signals], budget: float) -> tuple[list[Signals], bool]:
    """The surest of `taken` that fit the budget, in block order, and whether some did not."""
    budget = max(budget, BUDGET_WORDS)
    kept: list[Signals] = []
    spent = 0
    for signals in sorted(taken, key=lambda item: (-item.sureness, item.block)):
        spent += signals.words
        if spent > budget:
            break
        kept.append(signals)
    return sorted(kept, key=lambda item: item.block), len(kept) < len(taken)
