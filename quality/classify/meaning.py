"""Word vectors from unlabelled text, so that weights carry over to words no label has seen.

"vital" stands where "crucial" stands; a model that has learnt one should know the other.
Positive pointwise mutual information of words at most five apart, factorised (Levy, Goldberg
and Dagan 2015, tacl.org/anthology/Q15-1016). Used in training only: what is learnt on the
vectors is written down as one weight a word, so labelling stays a sum over words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quality.classify.encode import surfaces

WINDOW = 5
DIMENSIONS = 128
# Rarer words have no stable neighbours; names are mostly written large and stay out.
MIN_TEXTS = 8
MIN_SMALL_SHARE = 0.5
# Context counts to this power keep rare words from dominating (same paper, section 3).
_SMOOTHING = 0.75


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Unit vectors of folded words, one row a word, centred."""

    words: tuple[str, ...]
    vectors: NDArray[np.float32]


def word_vectors(texts: Sequence[str]) -> WordVectors:
    """Vectors of the words that are common in these texts. The same texts give the same."""
    lists = [[word for word in surfaces(text) if word[0].isalpha()] for text in texts]
    words = _common(lists)
    numbers = {word: number for number, word in enumerate(words)}
    ids = _flat(lists, numbers)
    vectors = _factors(_positive_information(_together(ids, len(words))))
    vectors -= vectors.mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return WordVectors(words, (vectors / np.maximum(lengths, 1e-6)).astype(np.float32))


def _common(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    total: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for words in lists:
        distinct = set(words)
        total.update({_fold(word) for word in distinct})
        small.update({_fold(word) for word in distinct if word.islower()})
    return tuple(
        sorted(
            word
            for word, count in total.items()
            if count >= MIN_TEXTS and small[word] >= MIN_SMALL_SHARE * count
        )
    )


def _fold(word: str) -> str:
    return word.casefold().replace("’", "'")


def _flat(lists: Iterable[Sequence[str]], numbers: dict[str, int]) -> NDArray[np.int32]:
    """Word numbers of all texts in one row, -1 for other words and, five times, between texts."""
    flat: list[int] = []
    for words in lists:
        flat.extend(numbers.get(_fold(word), -1) for word in words)
        flat.extend([-1] * WINDOW)
    return np.array(flat, dtype=np.int32)


def _together(ids: NDArray[np.int32], size: int) -> sparse.coo_array:
    """How often words stand together; a word n places away counts one n-th."""
    total = sparse.csr_array((size, size), dtype=np.float64)
    for distance in range(1, WINDOW + 1):
        left, right = ids[:-distance], ids[distance:]
        both = (left >= 0) & (right >= 0)
        ones = np.full(int(both.sum()), 1.0 / distance)
        pairs = sparse.coo_array((ones, (left[both], right[both])), shape=(size, size))
        total = total + pairs.tocsr()
    return (total + total.T).tocoo()


def _positive_information(counts: sparse.coo_array) -> sparse.csr_array:
    sums = np.asarray(counts.sum(axis=1)).ravel()
    contexts = sums**_SMOOTHING / (sums**_SMOOTHING).sum()
    rows, columns = counts.coords
    information = np.log(counts.data / np.maximum(sums[rows] * contexts[columns], 1e-12))
    kept = information > 0
    values = information[kept].astype(np.float32)
    return sparse.csr_array((values, (rows[kept], columns[kept])), shape=counts.shape)


def _factors(information: sparse.csr_array) -> NDArray[np.float32]:
    from sklearn.utils.extmath import randomized_svd

    size = min(DIMENSIONS, min(information.shape) - 1)
    left, values, _ = randomized_svd(sparse.csr_matrix(information), size, n_iter=3, random_state=0)
    scaled = left * np.sqrt(values)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(scaled / np.maximum(lengths, 1e-6), dtype=np.float32)
