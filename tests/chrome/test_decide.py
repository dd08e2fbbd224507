"""The decision: signals become findings, and the guards hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quality.chrome.decide import BUDGET_WORDS, HEAVY, find_chrome
from quality.chrome.explain import Contribution
from quality.chrome.lines import Threshold
from quality.chrome.rule_files import Category
from quality.chrome.rules import RuleHit
from quality.chrome.signals import LONG_CHARS
from quality.chrome.sites import Repetition
from quality.document import TRUNCATED, BlockKind, EvidenceKind
from tests.chrome import pages

THRESHOLDS = {"dense": Threshold(0.0, 0.005), "clean": Threshold(0.0, 0.005)}
ALONE = RuleHit("en.comment.leave", Category.COMMENT, "en", 0, 5, alone=True)
HINT = RuleHit("en.byline.date", Category.BYLINE, "en", 0, 5, alone=False)
OFTEN = Repetition(documents=9, share=0.6)
LONG = "This notice concerns all our readers and is set below every text that we print, " * 4


def decide(lines, hits=None, scores=None, repetition=None, **options):
    """`find_chrome` with nothing speaking for chrome but what is given."""
    document = options.pop("document", None) or pages.document(lines)
    none = [None] * len(lines)
    found = np.array(scores if scores is not None else [0.0] * len(lines), np.float32)
    return find_chrome(
        document, hits or none, found, repetition or none, thresholds=THRESHOLDS, **options
    )


def taken(findings):
    """The numbers of the blocks taken."""
    return [finding.block for finding in findings.findings]


def test_a_rule_that_suffices_takes_its_line():
    """One hit of a rule that needs no company is enough, and names rule and category."""
    found = decide([*pages.BODY, "Leave a comment"], [*[None] * 5, ALONE])
    assert taken(found) == [5]
    assert found.findings[0].category == "comment"
    assert "en.comment.leave" in found.findings[0].reason


def test_a_hint_needs_a_second_signal():
    """A rule that only hints takes a line when the model or the site agrees, not alone."""
    lines = [*pages.BODY, "3 March 2031"]
    hits = [*[None] * 5, HINT]
    assert taken(decide(lines, hits)) == []
    assert taken(decide(lines, hits, [*[0.0] * 5, 0.4])) == [5]
    assert taken(decide(lines, hits, repetition=[*[None] * 5, OFTEN])) == [5]


def test_the_model_can_veto_a_rule():
    """A rule hit on a line that reads like content through and through is passed over."""
    lines = [*pages.BODY, "Image: bookshelf"]
    assert taken(decide(lines, [*[None] * 5, ALONE], [*[0.0] * 5, 0.001])) == []
    assert taken(decide(lines, [*[None] * 5, ALONE], [*[0.0] * 5, 0.1])) == [5]


def test_headings_are_never_taken_by_statistics():
    """Score and repetition together leave a heading; only a rule names it."""
    lines = [*pages.BODY, "Related stories"]
    kinds = [*[BlockKind.PARAGRAPH] * 5, BlockKind.HEADING]
    document = pages.document(lines, kinds=kinds)
    sure, often = [*[0.0] * 5, 0.9999], [*[None] * 5, OFTEN]
    assert taken(decide(lines, scores=sure, repetition=often, document=document)) == []
    assert taken(decide(lines, [*[None] * 5, ALONE], document=document)) == [5]


def test_headings_of_full_pages_go_with_what_they_head():
    """On a full page a line that looks like a heading goes when all under it is chrome."""
    footer = [*pages.FOOTER] * 6
    lines = ["Eastern pier to close", *pages.BODY, "More stories", *footer]
    heading = (0, len(pages.BODY) + 1)
    kinds = [
        BlockKind.HEADING if number in heading else BlockKind.PARAGRAPH
        for number in range(len(lines))
    ]
    scores = [0.9, *[0.0] * len(pages.BODY), 0.9, *[0.9] * len(footer)]
    document = pages.document(lines, kinds=kinds, dense=True)
    assert taken(decide(lines, scores=scores, document=document)) == [*range(6, len(lines))]


NAME_OVER_DATE = (pages.BODY[0], "Ada Lindholm", "3 March 2031", *pages.BODY[1:])


@pytest.mark.parametrize(
    ("lines", "name", "under", "kind", "level", "goes"),
    [
        (NAME_OVER_DATE, 0.9, 0.99, BlockKind.PARAGRAPH, 0, True),
        (NAME_OVER_DATE, 0.8, 0.99, BlockKind.PARAGRAPH, 0, False),
        (NAME_OVER_DATE, 0.9, 0.2, BlockKind.PARAGRAPH, 0, False),
        (NAME_OVER_DATE, 0.9, 0.99, BlockKind.LIST_ITEM, 0, False),
        (NAME_OVER_DATE, 0.9, 0.99, BlockKind.PARAGRAPH, 2, False),
        (NAME_OVER_DATE[1:], 0.9, 0.99, BlockKind.PARAGRAPH, 0, False),
    ],
    ids=["goes", "not sure", "over text", "over a list", "marked as a heading", "over the text"],
)
def test_what_looks_like_a_heading_goes_with_the_line_under_it(
    lines, name, under, kind, level, goes
):
    """A name over a date under a comment: the model is sure of it, and what it stands over goes."""
    number = lines.index("Ada Lindholm")
    kinds = [BlockKind.PARAGRAPH] * len(lines)
    kinds[number], kinds[number + 1] = BlockKind.HEADING, kind
    scores = [0.0] * len(lines)
    scores[number], scores[number + 1] = name, under
    document = pages.document(lines, kinds=kinds)
    blocks = list(document.blocks)
    blocks[number] = replace(blocks[number], level=level)
    document = replace(document, blocks=tuple(blocks))
    assert (number in taken(decide(lines, scores=scores, document=document))) == goes


@pytest.mark.parametrize(
    ("level", "score", "dense", "menus", "goes"),
    [
        (0, 0.9, True, 2, True),
        (2, 0.9, True, 2, False),
        (0, 0.4, True, 2, False),
        (0, 0.9, False, 2, False),
        (0, 0.9, True, 1, False),
    ],
)
def test_a_guessed_heading_of_a_full_page_may_prove_a_menu_item(level, score, dense, menus, goes):
    """Only where the heading is a guess, the page is full and long, and the model takes it."""
    lines = [*pages.MENU * menus, "Classifieds and more", *pages.BODY, *pages.FOOTER]
    heading = len(pages.MENU) * menus
    kinds = [BlockKind.PARAGRAPH] * len(lines)
    kinds[heading] = BlockKind.HEADING
    scores = [0.0] * len(lines)
    scores[heading] = score
    document = pages.document(lines, kinds=kinds, dense=dense)
    blocks = list(document.blocks)
    blocks[heading] = replace(blocks[heading], level=level)
    document = replace(document, blocks=tuple(blocks))
    assert taken(decide(lines, scores=scores, document=document)) == [heading] * goes


@pytest.mark.parametrize(
    ("share", "shape", "score", "dense", "goes"),
    [
        (0.3, False, 0.3, True, False),
        (0.9, False, 0.45, True, False),
        (1.0, False, 0.15, True, True),
        (1.0, False, 0.1, True, False),
        (1.0, True, 0.15, True, False),
        (0.3, False, 0.15, False, True),
        (0.3, True, 0.15, False, False),
        (0.1, False, 0.3, False, False),
    ],
)
def test_a_line_that_recurs_over_the_site_needs_less_of_the_model(share, shape, score, dense, goes):
    """On full pages it must stand nearly everywhere: labels and listings recur there as well."""
    lines = [*pages.MENU, *pages.BODY * 3, *pages.FOOTER]
    number = 2
    scores = [0.05] * len(lines)
    scores[number] = score
    repetition = [None] * len(lines)
    repetition[number] = Repetition(documents=3, share=share, shape=shape)
    found = decide(
        lines, scores=scores, repetition=repetition, document=pages.document(lines, dense=dense)
    )
    assert taken(found) == [number] * goes
    assert all("of the site" in finding.reason for finding in found.findings)


@pytest.mark.parametrize(
    ("share", "others", "kind", "goes"),
    [
        (1.0, 3, BlockKind.PARAGRAPH, True),
        (1.0, 2, BlockKind.PARAGRAPH, False),
        (0.9, 3, BlockKind.PARAGRAPH, False),
        (1.0, 3, BlockKind.HEADING, True),
    ],
)
def test_lines_that_stand_everywhere_together_are_a_menu(share, others, kind, goes):
    """Also where the model reads them like text, as names are, or they look like headings."""
    lines = [*pages.MENU, *pages.BODY * 3, *pages.FOOTER]
    scores = [0.05] * len(lines)
    repetition = [None] * len(lines)
    for number in range(2, 3 + others):
        repetition[number] = Repetition(documents=20, share=share)
    kinds = [BlockKind.PARAGRAPH] * len(lines)
    kinds[2] = kind
    document = pages.document(lines, kinds=kinds, dense=True)
    found = decide(lines, scores=scores, repetition=repetition, document=document)
    assert (2 in taken(found)) == goes
    assert all(0 < number < 8 for number in taken(found))


@pytest.mark.parametrize(
    "lines",
    [
        ("Parameters:", "Returns:", "Raises:", "Return type:"),
        ("Yes", "No", "Yes", "Yes"),
        ("{", "return 0;", "}", "};"),
        tuple(f"Pier {number} | {number} m | oak" for number in range(5)),
    ],
    ids=["labels", "cells", "code", "a table"],
)
def test_what_recurs_in_manuals_is_no_menu(lines):
    """Labels, cells of tables and code stand on all their pages, and beside one another."""
    whole = [*pages.MENU, *pages.BODY * 4, *lines, *pages.FOOTER]
    first = whole.index(lines[0])
    repetition = [None] * len(whole)
    for number in range(first, first + len(lines)):
        repetition[number] = Repetition(documents=20, share=1.0)
    document = pages.document(whole, dense=True)
    found = decide(whole, scores=[0.02] * len(whole), repetition=repetition, document=document)
    assert taken(found) == []


def test_a_head_stays_with_what_it_heads():
    """Where the budget keeps the line under it, or markup says what is a heading."""
    lines = [*NAME_OVER_DATE[:3], *pages.BODY[1:]]
    kinds = [BlockKind.PARAGRAPH, BlockKind.HEADING, *[BlockKind.PARAGRAPH] * (len(lines) - 2)]
    scores = [0.0, 0.99, 0.99, *[0.0] * (len(lines) - 3)]
    document = pages.document(lines, kinds=kinds)
    assert taken(decide(lines, scores=scores, document=document)) == [1, 2]
    marked_up = replace(document, plain=False)
    assert taken(decide(lines, scores=scores, document=marked_up)) == [2]
    words = [1, 1, BUDGET_WORDS, *[1] * (len(lines) - 3)]
    assert taken(decide(lines, scores=scores, document=document, words=words)) == []


@pytest.mark.parametrize(
    ("line", "kind", "score", "goes"),
    [
        ("Write to us whenever you like.", BlockKind.PARAGRAPH, 0.93, True),
        ("Write to us whenever you like.", BlockKind.PARAGRAPH, 0.8, False),
        ("Write to us whenever you like.", BlockKind.LIST_ITEM, 0.93, False),
        ("- Write to us whenever you like.", BlockKind.PARAGRAPH, 0.93, False),
        ("Write to us whenever you like", BlockKind.LIST_ITEM, 0.8, True),
        ("Write to us whenever you like", BlockKind.LIST_ITEM, 0.7, False),
        ("• Write to us whenever you like", BlockKind.PARAGRAPH, 0.7, False),
        ("Write to us whenever you like", BlockKind.PARAGRAPH, 0.7, True),
        ("3. Write to us", BlockKind.PARAGRAPH, 0.8, False),
        ("— Ada Voss, harbour master", BlockKind.PARAGRAPH, 0.8, False),
        ("Tide tables, page 12 ↩︎", BlockKind.PARAGRAPH, 0.8, False),
        ("board.close(piers.east);", BlockKind.PARAGRAPH, 0.8, False),
        ("“Not before the spring", BlockKind.PARAGRAPH, 0.8, False),
        (LONG[:130], BlockKind.PARAGRAPH, 0.8, False),
        (LONG[:130], BlockKind.PARAGRAPH, 0.93, True),
    ],
)
def test_what_says_something_goes_only_when_the_model_is_surer(line, kind, score, goes):
    """Sentences, most of all in lists, long lines however they end, what is marked as text."""
    lines = [*pages.BODY, *pages.BODY, line]
    kinds = [*[BlockKind.PARAGRAPH] * 10, kind]
    document = pages.document(lines, kinds=kinds)
    assert taken(decide(lines, scores=[*[0.0] * 10, score], document=document)) == [10] * goes


@pytest.mark.parametrize("flags", [frozenset(), frozenset({TRUNCATED})])
def test_a_sentence_that_breaks_off_is_one(flags):
    """The last line of a truncated text has no full stop."""
    lines = [*pages.BODY, *pages.BODY, "The mayor said of the new wall that it would keep"]
    document = replace(pages.document(lines), flags=flags)
    found = decide(lines, scores=[*[0.0] * 10, 0.8], document=document)
    assert taken(found) == ([] if flags else [10])


@pytest.mark.parametrize(
    ("away", "dense", "score", "goes"),
    [
        (1, True, 0.6, True),
        (3, True, 0.6, True),
        (4, True, 0.99, False),
        (1, False, 0.99, False),
        (1, True, 0.4, False),
    ],
)
def test_a_long_comment_goes_on_a_full_page(away, dense, score, goes):
    """The model and a rule for comments beside the line are two signals."""
    after = ["Maren", "19 December", "4:03"][: away - 1]
    lines = [*pages.BODY, LONG, *after, *["Tides"] * (4 - len(after))]
    lines[5 + away] = "Reply"
    hits = [ALONE if line == "Reply" else None for line in lines]
    scores = [score if line == LONG else 0.0 for line in lines]
    document = pages.document(lines, dense=dense)
    found = decide(lines, hits, scores, document=document)
    assert taken(found) == [5] * goes + [5 + away]
    if goes:
        assert found.findings[0].category == "comment"
        assert ALONE.id in found.findings[0].reason
        assert found.findings[0].evidence[0].kind is EvidenceKind.RULE


def test_a_hint_takes_no_heading_that_heads_text():
    """A stock word over prose is a section, over nothing a label."""
    hint = RuleHit("en.comment.label", Category.COMMENT, "en", 0, 10, alone=False)
    lines = [*pages.BODY, "Discussion", *pages.BODY]
    kinds = [BlockKind.HEADING if line == "Discussion" else BlockKind.PARAGRAPH for line in lines]
    hits = [hint if line == "Discussion" else None for line in lines]
    scores = [0.9 if line == "Discussion" else 0.0 for line in lines]
    document = pages.document(lines, kinds=kinds)
    assert taken(decide(lines, hits, scores, document=document)) == []
    document = pages.document(lines[:6], kinds=kinds[:6])
    assert taken(decide(lines[:6], hits[:6], scores[:6], document=document)) == [5]


def test_a_stock_word_over_others_is_the_first_of_a_menu():
    """What looks like a heading named by a rule, and the two lines under it named as well."""
    hint = RuleHit("en.navigation.words", Category.NAVIGATION, "en", 0, 4, alone=False)
    lines = ["Home", "Sport", "Politics", "Eastern pier to close", *pages.BODY]
    kinds = [BlockKind.HEADING, *[BlockKind.PARAGRAPH] * 8]
    scores = [0.9, 0.9, 0.9, *[0.0] * 6]
    document = pages.document(lines, kinds=kinds)
    menu = [hint, hint, hint, *[None] * 6]
    assert taken(decide(lines, menu, scores, document=document)) == [0, 1, 2]
    title = [hint, hint, HINT, *[None] * 6]
    assert taken(decide(lines, title, scores, document=document)) == [1, 2]


def test_the_title_of_clean_text_is_not_taken_by_the_model():
    """Between breadcrumb and date one line stays: what reads least like chrome is the title."""
    lines = ["Home » News", "Lindhaven › Piers", "Eastern pier to close", "Share", *pages.BODY]
    hits = [ALONE, None, None, ALONE, *[None] * 5]
    scores = [0.9, 0.9, 0.7, 0.9, *[0.0] * 5]
    assert taken(decide(lines, hits, scores)) == [0, 1, 3]
    # A line that a rule names but that stays, because the model is against it, is no title.
    assert taken(decide(lines, hits, [0.001, *scores[1:]])) == [1, 3]
    full = [*pages.MENU, *lines]
    hits, scores = [*[None] * len(pages.MENU), *hits], [*[0.9] * len(pages.MENU), *scores]
    found = decide(full, hits, scores, document=pages.document(full, dense=True))
    assert taken(found) == [*range(len(pages.MENU) + 4)]


HEADLINE = "Eastern pier to close for repairs"


def headline_page(over=(), between=("3 May 2031",), first=pages.BODY[0], **options):
    """Which lines over the text stay of a page all of whose furniture the model takes."""
    lines = [*over, *pages.MENU, HEADLINE, *between, first, *pages.BODY * 4, *pages.FOOTER]
    number = lines.index(HEADLINE)
    text = lines.index(first)
    scores = [0.95] * text + [0.0] * 21 + [0.95] * len(pages.FOOTER)
    scores[: len(over)] = [0.0] * len(over)
    hits, repetition = [None] * len(lines), [None] * len(lines)
    hits[number], repetition[number] = options.get("hit"), options.get("repetition")
    document = pages.document(lines, dense=True)
    found = decide(lines, hits, scores, repetition, document=document)
    return [line for n, line in enumerate(lines[:text]) if n not in taken(found)]


def test_a_full_page_keeps_a_headline():
    """Where nothing stays over the text: the line that says what the text says."""
    assert headline_page() == [HEADLINE]


@pytest.mark.parametrize(
    "changes",
    [
        {"hit": ALONE},
        {"repetition": Repetition(documents=40, share=1.0)},
        {"between": [f"Tide table, part {n}" for n in range(12)]},
        {"between": ["Tides", HEADLINE, HEADLINE]},
        {"first": "The pier closes."},
    ],
)
def test_no_headline_is_looked_for_elsewhere(changes):
    """Lines that rule or site names, that stand far off or often, or over no paragraph."""
    assert headline_page(**changes) == []


def test_a_page_that_keeps_a_line_over_its_text_needs_no_headline():
    """What stays may be the headline."""
    over = ["Lindhaven Courier, eastern pier"]
    assert headline_page(over) == over


@pytest.mark.parametrize(
    ("rival", "score", "kept"),
    [
        ("Classified adverts, puzzles and games", 0.7, HEADLINE),
        (
            "Fishing boats and the ferry to the islands",
            0.7,
            "Fishing boats and the ferry to the islands",
        ),
        ("Fishing boats and the summer", 0.93, HEADLINE),
    ],
)
def test_a_headline_reads_like_text_and_says_it(rival, score, kept):
    """The surer of two; one whose words are in the text may read more like chrome."""
    lines = [*pages.MENU, rival, HEADLINE, *pages.BODY * 5, *pages.FOOTER]
    number = len(pages.MENU)
    scores = [0.95] * (number + 2) + [0.0] * 25 + [0.95] * len(pages.FOOTER)
    scores[number] = score
    found = decide(lines, scores=scores, document=pages.document(lines, dense=True))
    assert [line for n, line in enumerate(lines[: number + 2]) if n not in taken(found)] == [kept]


@pytest.mark.parametrize("dense", [False, True])
def test_a_place_on_the_site_is_not_enough_for_a_long_line(dense):
    """Nor for what is marked as a heading."""
    lines = [*pages.BODY * 6, LONG, "Around the pier"]
    kinds = [*[BlockKind.PARAGRAPH] * 31, BlockKind.HEADING]
    document = pages.document(lines, kinds=kinds, dense=dense)
    blocks = [*document.blocks[:-1], replace(document.blocks[-1], level=2)]
    document = replace(document, blocks=tuple(blocks))
    repetition = [*[None] * 30, *[Repetition(documents=9, share=1.0, fixed=True)] * 2]
    scores = [0.001] * len(lines)
    assert taken(decide(lines, scores=scores, repetition=repetition, document=document)) == []


@pytest.mark.parametrize(
    ("hit", "score", "often", "is_chrome"),
    [
        (None, 0.9999, None, False),
        (ALONE, 0.0, None, False),
        (None, 0.0, OFTEN, False),
        (ALONE, 0.9, None, True),
        (None, 0.9, OFTEN, True),
        (ALONE, 0.0, OFTEN, True),
    ],
)
def test_long_lines_need_two_signals(hit, score, often, is_chrome):
    """A line over the limit goes only when two of rule, model and site speak for it."""
    assert len(LONG) > LONG_CHARS
    lines = [*pages.BODY, LONG]
    found = decide(lines, [*[None] * 5, hit], [*[0.0] * 5, score], [*[None] * 5, often])
    assert taken(found) == ([5] if is_chrome else [])


def test_a_document_is_not_cut_beyond_its_budget():
    """What would go over the budget stays, the least sure first, and the flag says so."""
    body = [*pages.BODY, *pages.BODY]
    found = decide(body, scores=[0.95, 0.99, 0.95, 0.6, 0.8] * 2)
    words = sum(len(body[block].split()) for block in taken(found))
    assert found.flags == {HEAVY}
    assert words <= max(0.35 * sum(len(line.split()) for line in body), BUDGET_WORDS)


def test_sentences_of_a_short_text_are_not_taken_by_the_model_alone():
    """In five lines there is too little around for it to judge a sentence."""
    assert taken(decide(pages.BODY, scores=[0.99] * len(pages.BODY))) == []


def test_sentences_in_words_the_model_does_not_know_are_not_taken_by_it_alone():
    """It learnt English: of a German text it takes labels, and sentences only with a rule."""
    lines = [*pages.BODY, *pages.BODY, "Die nächste Zählung ist am Montag.", "Mehr von uns"]
    german = replace(pages.document(lines), language="de")
    scores = [*[0.0] * 10, 0.97, 0.97]
    assert taken(decide(lines, scores=scores)) == [10, 11]
    assert taken(decide(lines, scores=scores, document=german)) == [11]
    hits = [*[None] * 10, ALONE, None]
    assert taken(decide(lines, hits, scores, document=german)) == [10, 11]


@pytest.mark.parametrize("line", ["The next count is on Monday.", '"My guess is a cannonball'])
def test_the_last_sentence_needs_a_surer_model(line):
    """What the model takes of labels it leaves of sentences; a rule or a sure score still takes."""
    lines = [*pages.BODY, *pages.BODY, line]
    assert taken(decide(lines, scores=[*[0.0] * 10, 0.7])) == []
    assert taken(decide(lines, scores=[*[0.0] * 10, 0.95])) == [10]
    assert taken(decide([*lines[:-1], "More from us"], scores=[*[0.0] * 10, 0.7])) == [10]


def test_what_may_head_a_paragraph_needs_a_surer_model():
    """A short line right over text stays where the same line under it goes."""
    lines = [*pages.BODY, "Around the pier", *pages.BODY]
    assert taken(decide(lines, scores=[*[0.0] * 5, 0.7, *[0.0] * 5])) == []
    assert taken(decide(lines, scores=[*[0.0] * 5, 0.98, *[0.0] * 5])) == [5]
    below = [*pages.BODY, *pages.BODY, "Around the pier"]
    assert taken(decide(below, scores=[*[0.0] * 10, 0.7])) == [10]


@pytest.mark.parametrize(("menus", "goes"), [(1, False), (2, True)])
def test_short_texts_called_full_keep_the_guards_of_clean_text(menus, goes):
    """Furniture around a short text makes it look like a full page."""
    lines = [*pages.MENU * menus, *pages.BODY, *pages.FOOTER, *["Write to us soon, all of you."]]
    scores = [*[0.0] * (len(lines) - 1), 0.8]
    document = pages.document(lines, dense=True)
    assert taken(decide(lines, scores=scores, document=document)) == [len(lines) - 1] * goes


def test_code_is_not_taken_by_the_model_alone():
    """A setting in a manual stays; the same line as furniture of a site goes with a rule."""
    lines = [*pages.BODY, *pages.BODY, "image: pier"]
    scores = [*[0.0] * 10, 0.99]
    assert taken(decide(lines, scores=scores)) == []
    assert taken(decide(lines, [*[None] * 10, HINT], scores)) == [10]


def test_evidence_points_into_the_text():
    """Each signal becomes evidence with a span of the document's text."""
    lines = [*pages.BODY, "Share this story now"]
    why = {5: (Contribution("word: Share", 1.2, 0, 5),)}
    found = decide(
        lines, scores=[*[0.0] * 5, 0.95], repetition=[*[None] * 5, OFTEN], why=lambda _: why
    )
    evidence = found.findings[0].evidence
    text = "\n".join(lines)
    assert {item.kind for item in evidence} == {EvidenceKind.SITE, EvidenceKind.FEATURE}
    assert "Share" in {text[item.start : item.end] for item in evidence}


def test_a_lower_strictness_keeps_doubtful_lines():
    """Strictness moves the model's threshold in both directions."""
    lines, scores = [*pages.BODY, "More from us"], [*[0.0] * 5, 0.7]
    assert taken(decide(lines, scores=scores, strictness=0.0)) == []
    assert taken(decide(lines, scores=[*[0.0] * 5, 0.3], strictness=1.0)) == [5]


LISTING = ("board.close(east);", "if (tide > 4) {", "board.warn();", "}", "let pier = 2;")


@pytest.mark.parametrize(
    ("dense", "score", "goes"), [(False, 0.0, 0), (True, 0.0, 0), (True, 0.9, 1)]
)
def test_a_bracket_of_a_listing_is_no_rule_across_the_page(dense, score, goes):
    """Lines without words are named by a rule; on a full page the model may call them debris."""
    lines = [*pages.BODY * 7, *LISTING]
    bracket = lines.index("}")
    hits, scores = [None] * len(lines), [0.0] * len(lines)
    hits[bracket], scores[bracket] = ALONE, score
    found = decide(lines, hits, scores, document=pages.document(lines, dense=dense))
    assert taken(found) == [bracket] * goes


@pytest.mark.parametrize(("line", "goes"), [("Returns:", False), ("Returns", True), ("});", False)])
def test_listings_and_labels_recur_over_manuals(line, goes):
    """In clean text what recurs may be what each page says in its turn."""
    lines = [*pages.BODY, line, "the pier", *pages.BODY]
    repetition = [None] * len(lines)
    repetition[5] = OFTEN
    scores = [0.05] * len(lines)
    scores[5] = 0.3
    assert taken(decide(lines, scores=scores, repetition=repetition)) == [5] * goes


@pytest.mark.parametrize(("fixed", "goes"), [(True, True), (False, False)])
def test_what_has_a_place_on_the_site_goes_whatever_the_model_says(fixed, goes):
    """Nearly every page has it beside the same lines: menus of a site the model does not know."""
    lines = [*pages.MENU, *pages.BODY * 6, *pages.FOOTER]
    repetition = [None] * len(lines)
    repetition[1] = Repetition(documents=9, share=1.0, fixed=fixed)
    document = pages.document(lines, dense=True)
    found = decide(lines, scores=[0.001] * len(lines), repetition=repetition, document=document)
    assert taken(found) == [1] * goes
    assert all("beside the same lines" in finding.reason for finding in found.findings)


@pytest.mark.parametrize(
    ("scores", "goes"), [((0.7, 0.7, 0.02), True), ((0.2, 0.1, 0.02), False), ((0.0,) * 3, False)]
)
def test_a_passage_of_few_documents_is_judged_as_one(scores, goes):
    """What both pages list may be text: the model is asked of all its lines together."""
    passage = ["Sand and shingle", "Chalk", "Coal and iron"]
    lines = [*pages.BODY * 6, "Sources", *passage, *pages.BODY]
    repetition = [None] * len(lines)
    repetition[31:34] = [Repetition(documents=2, share=0.02, passage=31)] * 3
    given = [0.001] * len(lines)
    given[31:34] = scores
    document = pages.document(lines, dense=True)
    found = decide(lines, scores=given, repetition=repetition, document=document)
    assert taken(found) == [31, 32, 33] * goes
    assert all("2 documents of the site" in finding.reason for finding in found.findings)


def test_passages_of_clean_text_are_not_asked_of():
    """An extractor's output holds what the page says: a list that two pages show is text there."""
    lines = [*pages.BODY * 6, "Sand and shingle", "Chalk", *pages.BODY]
    repetition = [None] * len(lines)
    repetition[30:32] = [Repetition(documents=2, share=0.02, passage=30)] * 2
    given = [0.001] * len(lines)
    given[30:32] = [0.4, 0.4]
    assert taken(decide(lines, scores=given, repetition=repetition)) == []
