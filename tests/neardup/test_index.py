"""The index: who relates to whom, across batches, runs, removals and rollbacks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from quality.document import Section
from quality.errors import StateError
from quality.neardup.index import SectionIndex
from quality.neardup.relations import Inside, RelationKind, Relations
from quality.neardup.signature import DEFAULT, DocumentSignature
from quality.state import State
from tests.neardup.texts import article, replaced, signed


@pytest.fixture
def state() -> Iterator[State]:
    """A state in memory."""
    with State.in_memory() as opened:
        yield opened


@pytest.fixture
def index(state: State) -> SectionIndex:
    """An empty index."""
    return SectionIndex.open(state)


def _names(relations: Relations) -> list[str]:
    return [duplicate.document for duplicate in relations.duplicates]


def test_an_exact_copy_names_the_earlier_document(index: SectionIndex) -> None:
    """The same words under another path are an exact duplicate with all figures 1."""
    first, copy = signed(article(1), "first"), signed(article(1), "copy")
    index.add([first, copy])
    [found] = index.judge(copy).duplicates
    assert (found.document, found.kind, found.earlier) == ("first", RelationKind.EXACT, True)
    assert (found.similarity, found.containment) == (1.0, 1.0)
    assert [d.earlier for d in index.judge(first).duplicates] == [False]


def test_the_same_bytes_at_two_paths_are_both_kept(index: SectionIndex) -> None:
    """One id under two paths is an exact copy of itself, named by path."""
    one = signed(article(1), "same")
    other = replace(one, path="inbox/again.txt")
    index.add([one, other])
    assert [d.path for d in index.judge(one).duplicates] == ["inbox/again.txt"]
    assert len(index) == 2


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (lambda p: replaced(p, 0.05), RelationKind.NEAR),
        (lambda p: replaced(p, 0.10), RelationKind.NEAR),
        (lambda p: replaced(p, 0.20), RelationKind.CONTAINED),
        (lambda p: p[::-1], RelationKind.NEAR),
        (lambda p: p[:5], RelationKind.NEAR),
        (lambda p: p[:4], RelationKind.CONTAINED),
        (lambda p: replaced(p[:3], 0.02), RelationKind.CONTAINED),
        (lambda p: p[:2], RelationKind.CONTAINED),
        (lambda p: [*article(77, 400), *p, *article(78, 400)], RelationKind.CONTAINED),
    ],
    ids=[
        *("5 %", "10 %", "20 %", "reordered", "five sixths", "two thirds", "half, edited"),
        *("one third", "framed"),
    ],
)
def test_edited_articles_are_found(
    index: SectionIndex, edit: Callable[[list[str]], list[str]], kind: RelationKind
) -> None:
    """Each edit of an article is linked to it, in the same cluster or as contained."""
    index.add([signed(article(seed, 600), str(seed)) for seed in range(5)])
    edited = signed(edit(article(3, 600)), "edited")
    [found] = index.judge(edited).duplicates
    assert (found.document, found.kind) == ("3", kind)


def test_unrelated_articles_are_not_linked(index: SectionIndex) -> None:
    """Texts that share no passage have no relation and stand for themselves."""
    signatures = [signed(article(seed), str(seed)) for seed in range(40)]
    index.add(signatures)
    for signature, relations in zip(signatures, index.judge_batch(signatures), strict=True):
        assert (relations.duplicates, relations.cluster) == ((), signature.id)


def test_a_frame_that_many_share_is_no_relation(index: SectionIndex) -> None:
    """Short articles in the same frame are not contained in each other, copies still are."""
    frame = article(500, 100, 2)
    framed = [[frame[0], *article(seed, 110), frame[1]] for seed in range(12)]
    taken = [*article(900), *framed[4][1:-1], *article(901)]
    signatures = [signed(text, str(number)) for number, text in enumerate([*framed, taken])]
    index.add(signatures)
    found = [_names(relations) for relations in index.judge_batch(signatures)]
    assert found == [[]] * 4 + [["12"]] + [[]] * 7 + [["4"]]


def test_contained_says_which_is_inside_which(index: SectionIndex) -> None:
    """A part of an article is inside it, and the article has the part inside."""
    whole, part = signed(article(1, 600), "whole"), signed(article(1, 600)[:2], "part")
    index.add([whole, part])
    [up], [down] = index.judge(part).duplicates, index.judge(whole).duplicates
    assert (up.kind, up.inside, down.inside) == (
        RelationKind.CONTAINED,
        Inside.THIS,
        Inside.OTHER,
    )
    assert up.containment > 0.95
    assert up.similarity == pytest.approx(1 / 3, abs=0.05)


def test_a_section_is_found_in_another_document(index: SectionIndex) -> None:
    """A section lifted into another article names its blocks there."""
    lifted = article(5)[:2]
    host = [*article(1), *lifted, *article(2)]
    index.add([signed(host, "host")])
    sections = (Section(0, 5), Section(6, 7))
    relations = index.judge(signed([*article(3), *lifted], "thief", sections=sections))
    own, taken = relations.sections
    assert own == ()
    assert [(t.document, t.first, t.last) for t in taken] == [("host", 6, 7)]
    assert taken[0].similarity > 0.95


def test_short_texts_are_compared_whole(index: SectionIndex) -> None:
    """Under twenty words only the same words in the same order count; no words, nothing."""
    line = ["Doors open at seven and the band starts at eight."]
    longer = ["Doors open at seven and the band starts at nine."]
    index.add([signed(line, "a"), signed(line, "b"), signed(longer, "c"), signed([], "d")])
    assert _names(index.judge(signed(line, "new"))) == ["a", "b"]
    assert _names(index.judge(signed(longer, "new"))) == ["c"]
    assert _names(index.judge(signed([], "new"))) == []


def test_at_most_ten_are_reported_and_the_representative_is_one(index: SectionIndex) -> None:
    """A story copied by hundreds lists ten, the cluster's earliest document first."""
    story = article(1, 400)
    copies = [signed(replaced(story, 0.1, seed), f"copy{seed}") for seed in range(60)]
    index.add([signed(story, "original"), *copies])
    relations = index.judge(copies[-1])
    assert len(relations.duplicates) == 10
    assert relations.duplicates[0].document == relations.cluster == "original"
    assert relations.cluster_documents == 61


def test_clusters_do_not_chain(index: SectionIndex) -> None:
    """A text that drifts from copy to copy leaves the cluster when it is no more alike."""
    paragraphs, other = article(1, 600, 12), article(2, 600, 12)
    steps = [signed([*other[:cut], *paragraphs[cut:]], f"step{cut:02}") for cut in range(13)]
    index.add(steps)
    assert index.cluster_of("step02") == "step00"
    assert index.cluster_of("step12") != "step00"


def test_a_digest_does_not_swallow_what_it_quotes(index: SectionIndex) -> None:
    """Articles that one page holds whole stay clusters of their own."""
    articles = [article(seed) for seed in range(5)]
    digest = [paragraph for one in articles for paragraph in one]
    index.add([signed(digest, "digest")])
    index.add([signed(one, str(seed)) for seed, one in enumerate(articles)])
    assert [index.cluster_of(str(seed)) for seed in range(5)] == [str(seed) for seed in range(5)]
    assert _names(index.judge(signed(articles[2], "2"))) == ["digest"]


def test_a_cluster_names_its_hosts(index: SectionIndex) -> None:
    """Syndication shows as one cluster with several hosts."""
    one = signed(article(1), "one", host="a.example")
    two = signed(replaced(article(1), 0.03), "two", host="b.example")
    index.add([one, two])
    assert index.judge(two).cluster_hosts == ("a.example", "b.example")


def _mixture() -> list[DocumentSignature]:
    rng = random.Random(9)
    texts: list[tuple[str, list[str]]] = []
    for seed in range(25):
        base = article(seed, 300)
        texts.append((f"{seed:02}", base))
        for number in range(rng.randrange(4)):
            edited = replaced(base, rng.choice([0.02, 0.1, 0.2]), number)
            texts.append((f"{seed:02}-{number}", rng.choice([edited, base[:3], [*base, *edited]])))
    return [signed(text, name) for name, text in sorted(texts)]


def _answers(index: SectionIndex, signatures: Sequence[DocumentSignature]) -> list[Relations]:
    return list(index.judge_batch(signatures))


def test_batch_borders_do_not_matter() -> None:
    """One batch, batches of seven or one by one give the same relations and clusters."""
    signatures = _mixture()
    answers = []
    for size in (len(signatures), 7, 1):
        with State.in_memory() as state:
            index = SectionIndex.open(state)
            for start in range(0, len(signatures), size):
                index.add(signatures[start : start + size])
            answers.append(_answers(index, signatures))
    assert answers[0] == answers[1] == answers[2]


def test_adding_again_changes_nothing(index: SectionIndex) -> None:
    """A batch that is repeated after a crash leaves index and answers as they were."""
    signatures = _mixture()
    index.add(signatures)
    before, facts = _answers(index, signatures), index.stats()
    index.add(signatures[10:30])
    assert _answers(index, signatures) == before
    assert index.stats() == facts


def test_a_reopened_index_answers_the_same(tmp_path: Path) -> None:
    """What one run added the next one knows, and rebuilding changes nothing."""
    signatures = _mixture()
    with State.open(tmp_path / "state.db") as state:
        index = SectionIndex.open(state)
        for start in range(0, len(signatures), 9):
            index.add(signatures[start : start + 9])
        before = _answers(index, signatures)
    with State.open(tmp_path / "state.db") as state:
        index = SectionIndex.open(state)
        assert _answers(index, signatures) == before
        index.rebuild()
        assert _answers(index, signatures) == before


def test_a_rolled_back_batch_is_forgotten(state: State, index: SectionIndex) -> None:
    """When the caller's transaction fails, the index answers as if nothing had happened."""
    index.add([signed(article(1), "kept")])
    with pytest.raises(RuntimeError), state.transaction():
        index.add([signed(article(2), "lost")])
        raise RuntimeError
    assert _names(index.judge(signed(article(2), "new"))) == []
    index.add([signed(article(3), "later")])
    assert _names(index.judge(signed(article(3), "new"))) == ["later"]


def test_a_changed_file_replaces_its_older_version(index: SectionIndex) -> None:
    """A new id at the same path is no near-duplicate of what stood there before."""
    index.add([signed(article(1), "old", path="inbox/a.txt")])
    edited = signed(replaced(article(1), 0.05), "new", path="inbox/a.txt")
    index.add([edited])
    assert (len(index), _names(index.judge(edited))) == (1, [])


def test_removal_forgets_and_regroups(index: SectionIndex) -> None:
    """Without the representative the rest of its cluster finds another one."""
    story = article(1, 400)
    copies = [signed(replaced(story, 0.05, seed), f"copy{seed}") for seed in range(3)]
    index.add([signed(story, "original"), *copies])
    assert index.remove(["inbox/original.txt"]) == ["original"]
    assert {index.cluster_of(f"copy{seed}") for seed in range(3)} == {"copy0"}
    assert "original" not in _names(index.judge(copies[1]))
    assert index.remove(["inbox/never.txt"]) == []


def test_rebuilding_forgets_what_removed_documents_decided(index: SectionIndex) -> None:
    """After a removal, a rebuilt index answers like one that never knew the document."""
    paragraphs = article(1, 1050, 21)
    signatures = [signed(paragraphs[n : n + 12], f"step{n:02}") for n in (0, 3, 6, 9)]
    index.add(signatures)
    assert index.cluster_of("step09") == "step06"
    index.remove(["step00"])
    index.rebuild()
    left = [one for one in signatures if one.id != "step00"]
    with State.in_memory() as other:
        fresh = SectionIndex.open(other)
        fresh.add(left)
        assert _answers(index, left) == _answers(fresh, left)


def test_hosts_are_named_only_where_known(index: SectionIndex) -> None:
    """A document without a host gives its cluster none."""
    index.add([signed(article(1), "a")])
    assert index.judge(signed(article(1), "a")).cluster_hosts == ()


def test_another_scheme_is_refused_with_the_cure(tmp_path: Path) -> None:
    """A state signed with another seed is not answered from, and the message says what to do."""
    with State.open(tmp_path / "state.db") as state:
        SectionIndex.open(state)
        with pytest.raises(StateError, match=r"seed 1, not 2.*--state"):
            SectionIndex.open(state, replace(DEFAULT, seed=2))


def test_readers_are_not_blocked_by_a_writer(tmp_path: Path) -> None:
    """While one connection holds a write transaction another one still gets answers."""
    path = tmp_path / "state.db"
    with State.open(path) as writer, State.open(path) as reader:
        index = SectionIndex.open(writer)
        index.add([signed(article(1), "a")])
        other = SectionIndex.open(reader)
        with writer.transaction():
            index.add([signed(article(2), "b")])
            assert _names(other.judge(signed(article(1), "new"))) == ["a"]
            assert _names(other.judge(signed(article(2), "new"))) == []
        assert _names(other.judge(signed(article(2), "new"))) == ["b"]
