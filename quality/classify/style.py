"""Style counts of paragraphs: how many names, figures, imperatives, hedges, and where.

The model sees each count through steps ("at least 2 names"), so that it can be linear,
learn bends, and an explanation can still say it in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quality.classify.encode import (
    ABBR,
    CAPITAL,
    FIGURE,
    LOWER,
    MARK,
    MONEY,
    NAME,
    NUM,
    PCT,
    PUNCTUATION,
    URL,
    WORD,
    WORD_ED,
    WORD_ING,
    WORD_LY,
    WORD_TION,
    YEAR,
    Encoded,
    Encoder,
)

Column = NDArray[np.float64]

# Marks counted together.
MARKS = {
    "question marks": "?",
    "exclamation marks": "!",
    "colons": ":",
    "semicolons": ";",
    "brackets": "(",
    "commas": ",",
    "quotation marks": '"“”',
    "dashes": "–—",
    "table bars": "|",
    "code marks": "_=<>{}[]`/\\@#",
    "ellipses": "…",
}
_SHAPES = {
    "names": (NAME,),
    "figures": (NUM, YEAR, MONEY, PCT),
    "years": (YEAR,),
    "sums of money": (MONEY,),
    "percentages": (PCT,),
    "abbreviations": (ABBR,),
    "links": (URL,),
    "rare -ing words": (WORD_ING,),
    "rare -ed words": (WORD_ED,),
    "rare -ly words": (WORD_LY,),
    "rare -tion words": (WORD_TION,),
    "particular words": (NAME, NUM, YEAR, MONEY, PCT, ABBR, URL),
    "rare words": tuple(range(WORD, MARK)),
}
# A label is up to six words before a colon or dash: "Quality Control: Check …".
_LABEL_WORDS = 6


class Style:
    """Counts by word classes (name -> words); all class words must be in the vocabulary."""

    def __init__(self, encoder: Encoder, classes: Mapping[str, Sequence[str]]) -> None:
        self.classes = {name: tuple(words) for name, words in classes.items()}
        groups: dict[str, list[int]] = {f"{name} words": [] for name in classes}
        for name, words in classes.items():
            groups[f"{name} words"] = [encoder.ids[word] for word in words if word in encoder.ids]
        for name, marks in MARKS.items():
            groups[name] = [encoder.ids[mark] for mark in marks if mark in encoder.ids]
        self._by_word = _indicator(groups.values(), len(encoder.tokens))
        self._by_id = _indicator(_SHAPES.values(), len(encoder.tokens))
        self._counted = [*groups, *_SHAPES]
        self._verbs = _member(groups["imperative words"], len(encoder.tokens))
        self._ends = _member([encoder.ids.get(mark, MARK) for mark in ".!?"], len(encoder.tokens))
        colons = [encoder.ids[mark] for mark in ":–—" if mark in encoder.ids]
        self._colons = _member(colons, len(encoder.tokens))
        self._colon = encoder.ids.get(":", MARK)
        self._question = encoder.ids.get("?", MARK)
        self.names: tuple[str, ...] = tuple(self._columns(encoder.encode([""])))
        self.place = {name: column for column, name in enumerate(self.names)}

    def values(self, encoded: Encoded) -> NDArray[np.float32]:
        """One row a paragraph, one column a name of `names`."""
        return np.column_stack(list(self._columns(encoded).values())).astype(np.float32)

    def _columns(self, encoded: Encoded) -> dict[str, Column]:
        size = np.maximum(_sum(encoded, encoded.forms != PUNCTUATION), 1.0)
        counts = np.hstack(
            [
                _times(encoded, encoded.words, self._by_word),
                _times(encoded, encoded.ids, self._by_id),
            ]
        )
        columns = dict(zip(self._counted, counts.T, strict=True))
        columns |= {f"{name}, share": column / size for name, column in list(columns.items())}
        columns |= self._measures(encoded, size)
        return columns

    def _measures(self, encoded: Encoded, size: Column) -> dict[str, Column]:
        letters = encoded.forms < FIGURE
        lengths = np.where(letters, encoded.lengths, 0)
        worded = np.maximum(_sum(encoded, letters), 1.0)
        begins = encoded.starts & (encoded.forms != PUNCTUATION)
        sentences = np.maximum(_sum(encoded, begins), 1.0)
        commands = _sum(encoded, begins & self._verbs[encoded.words])
        return {
            "words": size,
            "sentences": sentences,
            "words a sentence": size / sentences,
            "letters a word": _sum(encoded, lengths) / worded,
            "capitals, share": _sum(encoded, encoded.forms == CAPITAL) / size,
            "sentences opened by a command": commands,
            "sentences opened by a command, share": commands / sentences,
            "list form": encoded.listed.astype(np.float64),
            **self._edges(encoded),
        }

    def _edges(self, encoded: Encoded) -> dict[str, Column]:
        """What the first and last tokens look like."""
        filled = encoded.bounds[1:] > encoded.bounds[:-1]
        first, last = encoded.bounds[:-1][filled], encoded.bounds[1:][filled] - 1
        offset = np.arange(len(encoded.ids)) - encoded.bounds[encoded.rows]
        label = self._colons[encoded.words] & (offset >= 1) & (offset <= _LABEL_WORDS)
        found: dict[str, NDArray[np.bool_]] = {
            "opens with a command": self._verbs[encoded.words[first]],
            "opens with a name": encoded.ids[first] == NAME,
            "opens in lower case": encoded.forms[first] == LOWER,
            "opens with a figure": encoded.forms[first] == FIGURE,
            "ends without a full stop": ~self._ends[encoded.words[last]],
            "ends with a colon": encoded.words[last] == self._colon,
            "ends with a question": encoded.words[last] == self._question,
        }
        columns = {"opens with a label": np.minimum(_sum(encoded, label), 1.0)}
        for name, mask in found.items():
            columns[name] = np.zeros(len(filled))
            columns[name][filled] = mask
        return columns


def steps(values: NDArray[np.float32], most: int = 6) -> list[list[float]]:
    """For each count the values at which a step is worth having: its quantiles, at most `most`."""
    found = []
    for column in values.T:
        some = np.unique(column)
        cuts = [float(value) for value in some[1:]]
        if len(some) > most + 1:
            positive = column[column > 0]
            wanted = np.quantile(positive, np.linspace(0, 1, most + 2)[1:-1], method="higher")
            cuts = sorted({float(value) for value in (*wanted, some[1])})[:most]
        found.append(cuts)
    return found


def _member(ids: Sequence[int], size: int) -> NDArray[np.bool_]:
    member = np.zeros(size, dtype=bool)
    member[list(ids)] = True
    return member


def _indicator(groups: object, size: int) -> sparse.csr_array:
    columns = [_member(list(ids), size) for ids in groups]  # type: ignore[attr-defined]
    return sparse.csr_array(np.column_stack(columns).astype(np.float32))


def _sum(encoded: Encoded, values: NDArray[np.generic]) -> Column:
    """Sums of a value over each row's tokens."""
    total = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
    return (total[encoded.bounds[1:]] - total[encoded.bounds[:-1]]).astype(np.float64)


def _times(encoded: Encoded, ids: NDArray[np.int64], table: sparse.csr_array) -> Column:
    ones = np.ones(len(ids), dtype=np.float32)
    shape = (len(encoded.bounds) - 1, table.shape[0])
    tokens = sparse.csr_array((ones, ids, encoded.bounds), shape=shape)
    return np.asarray((tokens @ table).todense(), dtype=np.float64)
