"""Signatures: equal to datasketch's own values, blind to chrome, one pass for many."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
from datasketch import MinHash

from quality.document import Section
from quality.neardup.hashing import hash_tokens, tokens
from quality.neardup.shingles import minhashes, shingle_hashes
from quality.neardup.signature import sign_document, sign_documents
from tests.neardup.texts import article, document, signed


def _datasketch(hashes: list[int], seed: int = 1) -> np.ndarray:
    values = MinHash(128, seed=seed, hashfunc=lambda value: value)
    values.update_batch(hashes)
    return values.hashvalues


@pytest.mark.parametrize("words", [0, 2, 3, 4, 50, 700])
def test_minhash_values_are_datasketch_values(words: int) -> None:
    """The bulk values equal those of datasketch.MinHash over the same shingle hashes."""
    paragraphs = [" ".join(" ".join(article(words)).split()[:words])]
    [(found, _)] = hash_tokens([paragraphs])
    [hashes] = shingle_hashes([found])
    expected = _datasketch(hashes.tolist())
    np.testing.assert_array_equal(signed(paragraphs, "a").minhash, expected)


def test_many_sets_at_once_are_the_same_as_one_by_one() -> None:
    """Sets of all sizes, empty ones and ones larger than a working chunk, keep their values."""
    rng = random.Random(3)
    sets = [[rng.getrandbits(32) for _ in range(n)] for n in (0, 5, 0, 40_000, 1, 900, 33_000, 0)]
    starts = [sum(map(len, sets[:i])) for i in range(len(sets))]
    together = np.array([value for one in sets for value in one], np.uint32)
    values = minhashes(together, starts, 128, 7)
    for one, row in zip(sets, values, strict=True):
        np.testing.assert_array_equal(row, _datasketch(one, seed=7))


def test_a_batch_signs_as_its_documents_one_by_one() -> None:
    """Batch borders leave no trace in a signature."""
    documents = [document(article(seed, words=30 * seed), str(seed)) for seed in range(9)]
    for one, same in zip(documents, sign_documents([(d, ()) for d in documents]), strict=True):
        np.testing.assert_array_equal(sign_document(one).minhash, same.minhash)
        np.testing.assert_array_equal(sign_document(one).word_bytes, same.word_bytes)


def test_case_punctuation_and_quotes_do_not_matter() -> None:
    """Texts that differ in case, punctuation and the kind of apostrophe sign the same."""
    plain = signed(["Don't count on it, said the Mayor of the town."], "a")
    shouted = signed(["DON’T COUNT ON IT said the mayor: of the town"], "b")
    assert plain.exact == shouted.exact


def test_skipped_blocks_leave_no_trace() -> None:
    """A text with chrome blocks skipped signs like the text without them."""
    paragraphs = article(1)
    framed = document(["Share this page", *paragraphs, "Leave a comment"], "framed")
    signature = sign_document(framed, skip={0, len(paragraphs) + 1})
    assert signature.exact == signed(paragraphs, "bare").exact
    assert signature.block_words[0] == 0
    assert signature.block_words.sum() == signature.words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京都は雨", ["東京", "京都", "都は", "は雨"]),
        ("雨", ["雨"]),
        ("version 2 東京 now", ["version", "2", "東京", "now"]),
        ("ภาษาไทย", ["ภาษา", "าษาไ", "ษาไท", "าไทย"]),
    ],
)
def test_scripts_without_spaces_shingle_by_character(text: str, expected: list[str]) -> None:
    """Chinese, Japanese and Thai runs give overlapping pieces, other words stay whole."""
    assert tokens(text) == expected


def test_a_paragraph_said_twice_is_a_repeat() -> None:
    """Blocks that come again are named with the blocks they repeat, runs joined."""
    paragraphs = article(2)
    [repeat] = signed([*paragraphs, *paragraphs[1:3]], "a").repeats
    assert (repeat.first, repeat.last) == (6, 7)
    assert (repeat.earlier_first, repeat.earlier_last) == (1, 2)
    assert repeat.similarity == 1.0


def test_a_plain_article_repeats_nothing() -> None:
    """Ordinary recurring words are no repeat."""
    assert signed(article(3), "a").repeats == ()


def test_a_signature_crosses_processes() -> None:
    """It pickles and comes back the same."""
    signature = signed(article(4), "a", sections=(Section(0, 2), Section(3, 5)))
    same = pickle.loads(pickle.dumps(signature))
    np.testing.assert_array_equal(same.minhash, signature.minhash)
    assert (same.id, same.sections, same.exact) == (
        signature.id,
        signature.sections,
        signature.exact,
    )
