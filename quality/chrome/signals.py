"""What speaks for and against each line being chrome, before anything is decided.

Rule hits, the model's log-odds and recurrence over the site; and from the form of a line what the
model must be surer of: sentences, speech and code, what may be a heading.

Figures at the constants are of the line model that they were chosen with; benchmarks/chrome.py and
chrome_left_out.py print those of today.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from statistics import fmean
from typing import NamedTuple

from quality.chrome.code import is_in_code
from quality.chrome.features import Floats
from quality.chrome.lines import Situation, Threshold
from quality.chrome.rule_files import Category
from quality.chrome.rules import RuleHit
from quality.chrome.sites import Repetition
from quality.chrome.tables import table_rows
from quality.document import TRUNCATED, BlockKind, Document

# Longer lines need two signals.
LONG_CHARS = 200
# On a full page a rule for comments ("Reply", "3 comments") so many lines away is one: the line is
# a comment. Of so long lines of train hosts left out that the model takes, at a threshold as low as
# without a limit on losses, 184 such are chrome and one is content; of all of them 543 and 49.
THREAD_LINES = 3
# The share of distinct documents of a host from which a recurring line is a signal, and how far
# below the threshold the model may then be. On full pages it must be sure by itself: what recurs
# there and is not text stands in a passage or in a fixed place. With a support of 1, of the chrome
# of the one host with nine pages .903 goes at .62 % of the content lost, with none .901 at .55 %;
# of 30 manuals .901 at .45 %, and .894 at .37 %.
SITE_SHARE = 0.3
SITE_SUPPORT: dict[Situation, float] = {"clean": 2.0, "dense": 0.0}
# What stands on nearly every document of a site needs less, though not nothing: "Description" does
# so as well. With as many other wordings around it that do, it is of a menu, whatever the model
# says. Labels ("Parameters:"), code and rows of tables are neither. With both, of 30 manuals .879
# goes for .877, of 13 others .825 for .799, of 15 more .756 for .740, and of these .030 and .025
# more at .5 % of the content lost; of the host with nine pages .02 % more is lost.
EVERYWHERE_SHARE, EVERYWHERE_SUPPORT, EVERYWHERE_CHARS = 0.95, 2.0, 100
EVERYWHERE_AROUND, EVERYWHERE_LINES = 3, 3
# A long passage that stands in several documents of a site is one thing: a menu, or a listing. Its
# lines go where the model, on the mean of them, is at most so far below the threshold. Of the
# chrome of the one host with nine pages, left out, .75 goes at .57 % of the content lost without
# passages, .83 at .60 % with them at -1 and at -2; of 30 manuals .882 and .889.
PASSAGE_MARGIN = -2.0
# So far below the threshold the model still supports a rule that needs a second signal; of read
# lines of train hosts left out, .657 go with 1 and with 2, and .63 and .77 % of the content. On
# full pages, and where the model does not know the words, it may be further.
SUPPORT, SUPPORT_OF_UNKNOWN = 1.0, 2.0
# So far below it that a rule's line is no chrome after all. On full pages, where the model sees
# rule hits among much else, articles of train hosts lose .37 % of their content at 1 and .51 %
# at 4, for the same F1 of .95; in clean text 1 costs as much chrome as it saves.
VETO: dict[Situation, float] = {"clean": 4.0, "dense": 1.0}
# The line model reads a line by those around it. In shorter texts there is too little around:
# there a sentence goes only when a rule or the site says so too.
LEAST_LINES = 8
# The same holds of clean text whose words the model hardly knows: it learnt from English pages,
# and of each other language from fifteen that we wrote. There the model alone must be so much
# surer of other lines: of unseen pages in eight languages with a sixth of their furniture .66 of
# that goes without a margin, and 1.2 % of the text with 72 of 1,325 headings; .58, .45 % and 10
# with this one.
MODEL_LANGUAGES = frozenset({"en", None})
UNKNOWN_MARGIN = 2.0
# So much surer the model must be, in log-odds, to take a sentence of clean text alone: the last
# sentence of a text stands where footers do. Read lines of train hosts left out, .66 taken with
# 2.3, .65 with 2.5; clean texts of ours lose .12 and .09 %. In a list it is mostly advice ("Water
# less than you think" goes with 2), and stays longer; and what is no sentence there is mostly a
# feature or an ingredient: of train hosts left out .657 goes, and .63 % of the content, without a
# margin for it, .646 and .37 % with this one.
SENTENCE_MARGIN = 2.5
ITEM_SENTENCE_MARGIN = 2.8
ITEM_MARGIN = 1.0
# So long a line says something, however it ends: a citation, a caption, a comment. Read lines of
# train hosts left out: content lost 1.32 % without this, .88 % with it, for the same .601 taken.
STATEMENT_CHARS = 110
SENTENCE_WORDS = 4
# So does an item that is numbered, a name under words that are quoted, a footnote. Lines of train
# hosts, read: of 203 numbered ones 11 are chrome, of 11 after a dash one, of 39 footnotes none.
_MARKED = re.compile(r"\d{1,3}[.)] \S|[—~] ?\S.*|.*↩\W*$")
# In plain text a heading is a guess; what is shorter than this and stands right over something
# longer that ends as sentences do may be one, and so may what is called one but heads nothing
# that stays. So sure the model must be there: of 1,190 headings in texts put together from our
# seeds one goes with .8 less, none with .4 less or with it.
HEAD_CHARS = 60
HEAD_MARGIN: dict[Situation, float] = {"clean": 3.7, "dense": 0.0}
# Shorter pages called full keep the guards of clean text, which short texts with much furniture
# need: of the full pages of train hosts one in seventy has fewer lines. On longer ones a heading of
# plain text is judged as any line: of what is only guessed to be one, and the model takes, 3,262
# lines of train hosts left out are chrome, 50 content and 6 headings; what is marked stays one.
FULL_LINES = 30
# What looks like a heading over so many lines that rules for menus name is the first of them. (Over
# one line it may be a title: "About us" over a byline.)
MENU_WORDS = frozenset({Category.NAVIGATION, Category.RELATED})
MENU_LINES = 2
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "।")
_CLOSING_QUOTES = "'\"”’»」』"
_QUOTES = ('"', "“", "„", "«")
_CODE_ENDS = (";", "{", "}")
_LABEL_ENDS = (":", "：")
_BULLETS = ("- ", "* ", "+ ", "• ")


class _Form(NamedTuple):
    """What a line looks like."""

    chars: int
    is_sentence: bool
    is_quoted: bool
    """Speech, or a line of code."""
    is_marked: bool
    """A numbered item, the name under a quotation, a footnote."""
    is_item: bool
    """One of a list, by its bullet."""


class Signals(NamedTuple):
    """What speaks for one block being chrome. `margin` is log-odds above the threshold."""

    block: int
    words: int
    margin: float
    score: float
    hit: RuleHit | None
    thread: RuleHit | None
    """A rule for comments beside a long line of a full page."""
    repetition: Repetition | None
    support: float
    """How far below the threshold the model still supports a rule that does not suffice alone."""
    veto: float
    least_alone: float
    """The margin from which the model alone takes the line; none is enough where it cannot judge
    alone: for code, or a sentence with too little text around it or in words it does not know."""
    least_repeated: float
    """The margin from which recurrence over the site takes the line; none where it does not."""
    least_as_head: float
    """The margin from which the model's word goes against a line that may be a heading."""
    is_full: bool
    """Part of a full page, where what is only guessed to be a heading is judged as any line."""
    is_in_menu: bool
    """Rules name the lines under it too: what looks like a heading is the first of a menu."""

    @property
    def sureness(self) -> float:
        """Order in which blocks go while the budget lasts: rules, then log-odds."""
        rule = 0.0 if self.hit is None else 20.0 if self.hit.alone else 5.0
        site = 0.0 if self.repetition is None else 10.0 * self.repetition.share
        return self.margin + rule + site


def signals_of(
    document: Document,
    hits: Sequence[RuleHit | None],
    scores: Floats,
    repetition: Sequence[Repetition | None],
    sizes: Sequence[int],
    threshold: Threshold,
    site_share: float = SITE_SHARE,
) -> list[Signals]:
    """What speaks for each block of a document; `sizes` are the words of each."""
    name: Situation = "dense" if document.dense else "clean"
    texts = list(document.block_texts())
    is_full = document.dense and len(texts) >= FULL_LINES
    is_foreign = not document.dense and document.language not in MODEL_LANGUAGES
    lacks_words = is_foreign or len(texts) < LEAST_LINES
    threads = _threads(hits) if document.dense else [None] * len(hits)

    margins = threshold.margins(scores).tolist()
    if is_full:
        repetition = _placed(repetition, margins)

    # The last line of a text that breaks off is the beginning of a sentence.
    is_cut = TRUNCATED in document.flags

    rows = table_rows(texts) if is_full else frozenset()

    def least_alone(number: int) -> float:
        if is_full:
            return inf if number in rows else 0.0
        form = _form_of(texts[number], sizes[number])
        if is_cut and number == len(texts) - 1:
            form = form._replace(is_sentence=True)
        if (form.is_sentence and lacks_words) or is_in_code(texts, number):
            return inf
        least = _least_as_sentence(form, document.blocks[number].kind)
        below = slice(number + 1, number + 2)
        under = [_form_of(*one) for one in zip(texts[below], sizes[below], strict=True)]
        may_head = any(_may_head(form, one) for one in under)
        return max(
            least, HEAD_MARGIN["clean"] if may_head else 0.0, UNKNOWN_MARGIN if is_foreign else 0.0
        )

    everywhere = _everywhere(repetition, texts) - rows if is_full else frozenset()

    def least_repeated(number: int) -> float:
        if number in everywhere and not has_place(repetition[number]):
            around = range(number - EVERYWHERE_AROUND, number + EVERYWHERE_AROUND + 1)
            wordings = {texts[one] for one in around if one in everywhere}
            return -inf if len(wordings) > EVERYWHERE_LINES else -EVERYWHERE_SUPPORT
        least = _least_repeated(
            repetition[number],
            site_share,
            name,
            is_long=len(texts[number]) > LONG_CHARS,
        )
        # Listings and labels ("});", "Returns:") recur over manuals as menus do over pages.
        is_open = least < inf and not is_full
        is_label = is_open and texts[number].rstrip().endswith(_LABEL_ENDS)
        return inf if is_label or (is_open and is_in_code(texts, number)) else least

    def hit_of(number: int) -> RuleHit | None:
        # Without words a line is a rule across the page, or closes a listing: of such lines among
        # code in manuals and on pages that were read, 1,520 are text and 11 furniture.
        hit = hits[number]
        is_bare = hit is not None and not sizes[number]
        return None if is_bare and is_in_code(texts, number) else hit

    return [
        Signals(
            block=number,
            words=sizes[number],
            margin=margin,
            score=score,
            hit=hit_of(number),
            thread=threads[number] if len(texts[number]) > LONG_CHARS else None,
            repetition=repetition[number],
            support=SUPPORT_OF_UNKNOWN if is_foreign or document.dense else SUPPORT,
            veto=VETO[name],
            # Asked only of the few lines that nothing else speaks for and the model would take.
            least_alone=least_alone(number) if margin >= 0 and hit_of(number) is None else 0.0,
            least_repeated=least_repeated(number),
            least_as_head=inf if number in rows else HEAD_MARGIN["dense" if is_full else "clean"],
            is_full=is_full,
            is_in_menu=hits[number] is not None
            and _is_menu(hits[number + 1 : number + 1 + MENU_LINES]),
        )
        for number, (margin, score) in enumerate(zip(margins, scores.tolist(), strict=True))
    ]


def _placed(
    repetition: Sequence[Repetition | None], margins: Sequence[float]
) -> list[Repetition | None]:
    """Passages that the model reads as furniture on the whole have a place on the site."""
    passages: dict[int, list[float]] = {}
    for one, margin in zip(repetition, margins, strict=True):
        if one is not None and one.passage is not None:
            passages.setdefault(one.passage, []).append(margin)
    placed = {begin for begin, own in passages.items() if fmean(own) >= PASSAGE_MARGIN}
    return [
        replace(one, fixed=True) if one is not None and one.passage in placed else one
        for one in repetition
    ]


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
    is_sentence = words >= SENTENCE_WORDS and ends_sentence(text)
    is_quoted = text.startswith(_QUOTES) or text.endswith(_CODE_ENDS)
    is_marked, is_item = _MARKED.match(text) is not None, text.startswith(_BULLETS)
    return _Form(len(text), is_sentence, is_quoted, is_marked, is_item)


def _least_as_sentence(form: _Form, kind: BlockKind) -> float:
    is_item = form.is_item or kind is BlockKind.LIST_ITEM
    if is_item and form.is_sentence:
        return ITEM_SENTENCE_MARGIN
    is_long = form.chars >= STATEMENT_CHARS
    says_something = form.is_sentence or form.is_quoted or form.is_marked or is_long
    if says_something or kind is BlockKind.TABLE:
        return SENTENCE_MARGIN
    return ITEM_MARGIN if is_item else 0.0


def _may_head(form: _Form, below: _Form) -> bool:
    is_short_over_long = form.chars <= HEAD_CHARS < below.chars
    return is_short_over_long and below.is_sentence and not form.is_sentence


def _least_repeated(
    repetition: Repetition | None,
    site_share: float,
    name: Situation,
    *,
    is_long: bool,
) -> float:
    if has_place(repetition) and not is_long:
        return -inf
    return -SITE_SUPPORT[name] if recurs(repetition, site_share) else inf


def _everywhere(repetition: Sequence[Repetition | None], texts: Sequence[str]) -> frozenset[int]:
    """The short lines that stand on nearly every document of the site, or have a place there."""
    return frozenset(
        number
        for number, (one, text) in enumerate(zip(repetition, texts, strict=True))
        if has_place(one) or (stands_everywhere(one) and _may_be_of_menu(texts, number))
    )


def _may_be_of_menu(texts: Sequence[str], number: int) -> bool:
    text = texts[number].rstrip()
    is_short = len(text) <= EVERYWHERE_CHARS and not text.endswith(_LABEL_ENDS)
    return is_short and not is_in_code(texts, number)


def ends_sentence(text: str) -> bool:
    """Whether a line ends as sentences do."""
    return text.rstrip().rstrip(_CLOSING_QUOTES).endswith(_SENTENCE_ENDS)


def has_place(repetition: Repetition | None) -> bool:
    """Whether a line recurs in its place on the site: enough alone, but for long ones."""
    return repetition is not None and repetition.fixed


def stands_everywhere(repetition: Repetition | None) -> bool:
    """Whether a line stands on nearly every document of its site."""
    return recurs(repetition, EVERYWHERE_SHARE)


def recurs(repetition: Repetition | None, site_share: float) -> bool:
    """Whether a line recurs enough to be a signal; its shape alone must recur twice as often."""
    if repetition is None:
        return False
    return repetition.share >= site_share * (2 if repetition.shape else 1)
