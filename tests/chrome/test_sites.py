"""Lines repeated over a site: counted by distinct clusters, remembered, bounded."""

from __future__ import annotations

import random

import pytest

from quality.chrome.site_keys import MENU_LINES, line_keys
from quality.chrome.sites import (
    HOSTS_KEPT,
    MAX_LINES,
    MIN_DOCUMENTS,
    PASSAGE_LINES,
    SHARED_LINES,
    SiteLines,
)
from quality.state import State

HOST = "courier.example"


@pytest.fixture
def sites():
    """Site lines in a state of their own."""
    with State.in_memory() as state:
        yield SiteLines(state)


def fill(sites, count, line="Join our reading club today"):
    """That many documents of one host with a line in common."""
    for number in range(count):
        sites.add(HOST, f"d{number}", [f"Story number {number} of the day", line])


def itself(document):
    """Each document a cluster of its own."""
    return document


def test_lines_on_many_documents_are_counted(sites):
    """Count and share are those of the host's distinct documents."""
    fill(sites, 10)
    [found, other] = sites.repetition(HOST, ["JOIN our reading  club today", "New"], itself)
    assert found is not None
    assert (found.documents, found.share, found.shape) == (10, 1.0, False)
    assert other is None


def test_a_host_with_few_documents_says_nothing(sites):
    """Below the least number of distinct documents repetition is off."""
    fill(sites, MIN_DOCUMENTS - 1)
    assert sites.repetition(HOST, ["Join our reading club today"], itself) == [None]


def test_copies_of_one_text_count_once(sites):
    """Documents of one near-duplicate cluster are one document."""
    fill(sites, 12)
    one = sites.repetition(HOST, ["Join our reading club today"], lambda _: "d0")
    assert one == [None]
    half = sites.repetition(
        HOST, ["Join our reading club today"], lambda d: d if int(d[1:]) < 9 else "d0"
    )
    assert half[0] is not None
    assert half[0].documents == 9


def test_adding_again_changes_nothing(sites):
    """The same document twice counts once; new text under its id replaces the old."""
    fill(sites, 9)
    fill(sites, 9)
    assert sites.documents(HOST) == 9
    sites.add(HOST, "d0", ["Something else"])
    [found] = sites.repetition(HOST, ["Join our reading club today"], itself)
    assert found is not None
    assert found.documents == 8


def test_removed_documents_are_forgotten(sites):
    """After removal nothing of the document counts; removing the unknown is nothing."""
    fill(sites, 10)
    sites.remove("d3")
    sites.remove("never seen")
    [found] = sites.repetition(HOST, ["Join our reading club today"], itself)
    assert found is not None
    assert found.documents == 9


def test_shapes_recur_where_wordings_do_not():
    """Dates and names are masked, so each byline has the same shape but its own wording."""
    first = line_keys("Written by Anna Berg on 3 May 2031")
    second = line_keys("Written by Tom Okafor on 17 June 2030")
    assert first[0] != second[0]
    assert first[1] == second[1] is not None


def test_bare_names_and_numbers_have_no_shape():
    """A shape without words of its own would fit anything."""
    assert line_keys("12 May 2031")[1] is None
    assert line_keys("Anna Berg")[1] is None


def test_documents_leave_a_bounded_trace(sites):
    """Long lines and lines beyond the bound are not stored."""
    sites.add(HOST, "big", [f"line of words {'x' * (n % 7)} {n}" for n in range(3 * MAX_LINES)])
    sites.add(HOST, "long", ["word " * 100])
    count = sites._state.connection.execute("SELECT count(*) FROM site_lines").fetchone()[0]
    assert 0 < count <= 3 * MAX_LINES


def repeated(sites, lines):
    """What recurs of lines of the host, each document a cluster of its own."""
    return sites.repetition(HOST, lines, itself)


def test_furniture_has_a_fixed_place(sites):
    """A word that recurs beside other words has none, however often it recurs."""
    for n in range(10):
        own = [f"Value {n}", "Description", f"Story {n} of the day", "Start", "Archive", "Contact"]
        sites.add(HOST, f"d{n}", own)
    found = repeated(sites, ["Value 3", "Description", "Story 3 of the day", "Start", "Archive"])
    assert [one is not None and one.fixed for one in found] == [False, False, False, True, True]
    assert found[1].share == 1.0


def test_a_long_passage_has_a_place_in_a_part_of_the_site(sites):
    """Menus of a section: many lines in one order; a few such lines may be text."""
    menu = [f"Topic {letter}" for letter in "abcdefghijklmnopqr"]
    for n in range(12):
        shown = menu if n < 4 else menu[:5] if n < 8 else []
        sites.add(HOST, f"d{n}", [f"Story {n} of the day", *shown])
    assert all(one.fixed for one in repeated(sites, menu))
    assert not any(one.fixed for one in repeated(sites, menu[: PASSAGE_LINES - 1]))
    assert not any(one and one.fixed for one in repeated(sites, menu[::-1]))


def test_a_passage_of_two_documents_has_no_place():
    """Two documents share more than furniture, also where they are half of the site.

    That it is a passage is said, and where it begins.
    """
    menu = [f"Topic {letter}" for letter in "abcdefghijklmnopqr"]
    with State.in_memory() as state:
        sites = SiteLines(state, min_documents=4)
        for n in range(4):
            sites.add(HOST, f"d{n}", menu if n < 2 else [f"Story {n} of the day"])
        found = repeated(sites, ["A word of its own", *menu])
        assert [one and one.fixed for one in found] == [None, *[False] * len(menu)]
        assert [one and one.passage for one in found] == [None, *[1] * len(menu)]


def test_a_line_under_the_menu_is_no_passage(sites):
    """Two pages show it beside the menu of all pages: the lines of the menu say nothing of it."""
    menu = [f"Topic {letter}" for letter in "abcdefghijklmnopqr"]
    for n in range(20):
        sites.add(HOST, f"d{n}", [*menu, "Overview of it" if n < 2 else f"Story {n} of the day"])
    *over, last = repeated(sites, [*menu, "Overview of it"])
    assert all(one.fixed for one in over)
    assert (last.documents, last.fixed, last.passage) == (2, False, None)


def test_a_line_of_a_passage_is_counted_by_its_shape(sites):
    """Unless the passage has a place."""
    menu = [f"Seen {n} times today" for n in range(SHARED_LINES)]
    for n in range(10):
        sites.add(HOST, f"d{n}", menu if n < 2 else ["Seen 77 times today"])
    found = repeated(sites, menu)
    assert {(one.documents, one.shape, one.passage) for one in found} == {(10, True, 0)}


def test_short_passages_and_single_ones_are_none(sites):
    """Fewer lines than a menu has, or lines of one document only."""
    menu = [f"Topic {letter}" for letter in "abcdefghijklmnopqr"]
    for n in range(30):
        shown = menu if n == 0 else menu[: SHARED_LINES - 1] if n < 3 else []
        sites.add(HOST, f"d{n}", [f"Story {n} of the day", *shown])
    assert not any(one is not None and one.passage is not None for one in repeated(sites, menu))


@pytest.mark.parametrize(("held", "fixed"), [(18, False), (19, True)])
def test_a_place_is_one_on_nearly_all_pages(sites, held, fixed):
    """Of twenty documents, nineteen."""
    for n in range(20):
        sites.add(HOST, f"d{n}", ["Start", "Archive"] if n < held else [f"Story {n} of the day"])
    assert [one.fixed for one in repeated(sites, ["Start", "Archive"])] == [fixed] * 2


@pytest.mark.parametrize(("held", "fixed"), [(3, False), (4, True)])
def test_a_passage_is_one_in_a_third_of_the_site(sites, held, fixed):
    """Of twelve documents, four."""
    menu = [f"Topic {letter}" for letter in "abcdefghijklmnopqr"]
    for n in range(12):
        sites.add(HOST, f"d{n}", menu if n < held else [f"Story {n} of the day"])
    assert {one.fixed for one in repeated(sites, menu)} == {fixed}


def test_cells_of_a_table_are_no_passage(sites):
    """They follow one another in any order, and few are different."""
    rng = random.Random(3)
    for n in range(10):
        cells = rng.choices(["Yes", "No", "Optional"], k=60) if n < 5 else ["Yes"]
        sites.add(HOST, f"d{n}", cells)
    cells = rng.choices(["Yes", "No", "Optional"], k=40)
    assert not any(one.fixed for one in repeated(sites, cells))


def test_what_has_a_place_is_counted_by_its_wording(sites):
    """Though more documents have a line of its shape."""
    menu = [f"Seen {n} times today" for n in range(PASSAGE_LINES)]
    for n in range(10):
        sites.add(HOST, f"d{n}", menu if n < 4 else ["Seen 77 times today"])
    found = repeated(sites, menu)
    assert {(one.documents, one.shape, one.fixed) for one in found} == {(4, False, True)}


def test_state_remembers_between_runs(tmp_path):
    """What one run stored counts in the next."""
    with State.open(tmp_path / "state.db") as state:
        fill(SiteLines(state), 10)
    with State.open(tmp_path / "state.db") as state:
        [found] = SiteLines(state).repetition(HOST, ["Join our reading club today"], itself)
    assert found is not None
    assert found.documents == 10


def test_counts_kept_between_documents_are_the_plain_ones(sites):
    """Whatever was judged before, counts are those over all documents, cluster by cluster."""
    rng = random.Random(4)
    menu = [f"Stock line {letter} of this site" for letter in "abcdefgh"]
    pages = {f"d{n}": [*rng.sample(menu, 3), f"Story {n} of the day"] for n in range(30)}
    for document, lines in pages.items():
        sites.add(HOST, document, lines)

    def halves(document):
        return str(int(document[1:]) // 2)

    for cluster_of in (itself, halves, itself):
        total = len({cluster_of(document) for document in pages})
        for lines in pages.values():
            found = sites.repetition(HOST, lines[:3], cluster_of)
            for line, repeated in zip(lines, found, strict=False):
                held = {cluster_of(d) for d, others in pages.items() if line in others}
                assert (repeated.documents, repeated.share) == (len(held), len(held) / total)


def test_what_is_added_counts_at_once(sites):
    """Counts are not kept over an addition, nor clusters over a document without host."""
    fill(sites, 10)
    line = "Join our reading club today"
    clusters = {}
    assert sites.repetition(HOST, [line], lambda d: d)[0].documents == 10

    def cluster_of(document):
        return clusters.get(document, document)

    assert sites.repetition(HOST, [line], cluster_of)[0].documents == 10
    clusters["d0"] = "d1"
    sites.add(None, "elsewhere", [line])
    assert sites.repetition(HOST, [line], cluster_of)[0].documents == 9
    sites.add(HOST, "d10", [line])
    assert sites.repetition(HOST, [line], cluster_of)[0].documents == 10


def test_a_host_is_read_once_while_it_is_judged(sites):
    """The second document of a host costs no more reads of stock lines; memory is bounded."""
    fill(sites, 40)
    reads = []
    sites._state.connection.set_trace_callback(reads.append)
    sites.repetition(HOST, ["Join our reading club today"], itself)
    assert len(reads) == 2
    for _ in range(5):
        sites.repetition(HOST, ["Join our reading club today"], itself)
    assert len(reads) == 2
    for number in range(3 * HOSTS_KEPT):
        sites.repetition(f"host{number}.example", ["Any line at all"], itself)
    assert len(sites._hosts) == HOSTS_KEPT


CHAPTERS = [f"Chapter {letter}: boats" for letter in "abcdefghijkl"]


def pages(count, shown, menu=CHAPTERS):
    """That many texts of their own, the first `shown` of them under a menu."""
    for n in range(count):
        text = [
            f"What number {n} of the {word} came to in the end." for word in ("men", "lot", "x")
        ]
        yield f"d{n}", [*(menu if n < shown else []), *text]


@pytest.mark.parametrize(("shown", "found"), [(5, True), (4, False)])
def test_a_menu_is_one_on_half_of_the_texts(sites, shown, found):
    """Of ten texts, five; where it stands is said."""
    for document, lines in pages(10, shown):
        sites.add(HOST, document, lines)
    lines = ["Home", "A sentence of its own.", *CHAPTERS]
    assert sites.menu(HOST, lines) == (frozenset(range(2, 14)) if found else frozenset())


def test_a_menu_needs_a_site(sites):
    """Fewer texts than that, or another host, have none; what is removed counts no more."""
    for document, lines in pages(MIN_DOCUMENTS, MIN_DOCUMENTS):
        sites.add(HOST, document, lines)
    assert sites.menu(HOST, CHAPTERS)
    assert not sites.menu("other.example", CHAPTERS)
    assert not sites.menu(None, CHAPTERS)
    sites.remove("d3")
    assert not sites.menu(HOST, CHAPTERS)


@pytest.mark.parametrize(
    "menu",
    [
        CHAPTERS[: MENU_LINES - 1],
        [f"{line}." for line in CHAPTERS],
        [f"{line} and all that one can say of the keeping of them" for line in CHAPTERS],
        [line for pair in zip(CHAPTERS, CHAPTERS[::-1], strict=True) for line in (*pair, "Stop.")],
        ["Yes", "No"] * 20,
    ],
    ids=["few", "sentences", "long", "broken", "alike"],
)
def test_other_passages_are_no_menu(sites, menu):
    """Few lines, sentences, long lines, and cells of a table."""
    for document, lines in pages(10, 10, menu):
        sites.add(HOST, document, lines)
    assert not sites.menu(HOST, menu)


def test_copies_with_a_list_show_no_menu(sites):
    """Nine copies, a line of each edited, are one text; so lists of one text are no menu."""
    [(_, text)] = pages(1, 1)
    for n in range(9):
        sites.add(HOST, f"d{n}", [*text, f"Copy {n} of ours, which was made on some other day."])
    assert not sites.menu(HOST, CHAPTERS)
    for document, lines in pages(16, 8):
        sites.add(HOST, document, lines)
    assert sites.menu(HOST, CHAPTERS)


def test_pages_of_one_paragraph_are_texts_of_their_own(sites):
    """What their menu has in common is not counted among their longest lines."""
    for n in range(10):
        sites.add(HOST, f"d{n}", [*CHAPTERS, f"Number {n} was lost at sea with all its {n} men."])
    assert sites.menu(HOST, CHAPTERS) == frozenset(range(len(CHAPTERS)))


def test_what_earlier_versions_kept_is_not_counted(sites):
    """They did not tell texts apart: copies would be a site."""
    for document, lines in pages(10, 10):
        sites.add(HOST, document, lines)
    sites._state.connection.execute("DELETE FROM site_longest")
    sites.recount()
    sites.add(HOST, "d0", CHAPTERS)
    assert not sites.menu(HOST, CHAPTERS)


@pytest.mark.parametrize(("shown", "fixed"), [(5, True), (4, False)])
def test_a_menu_of_the_site_has_a_place(sites, shown, fixed):
    """Of ten documents, five: twelve short lines are enough there."""
    for document, lines in pages(10, shown):
        sites.add(HOST, document, lines)
    assert {one.fixed for one in repeated(sites, CHAPTERS)} == {fixed}
