"""Stage 2 of the line model: two readers of each line in its context, and what they agree on.

Trees and a small network err on different lines. Of articles of hosts left out (full pages, .5 %
of the content lost, by the order alone) trees reach F1 .936, networks .934, the mean of both
.940; of those of dev hosts .896, .910 and .910. Of extractor output of dev hosts, lines read,
they take .61, .65 and .69 of the chrome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.chrome.context import context_names
from quality.chrome.features import Floats
from quality.forest import Forest
from quality.network import Network

# What the network makes of the lines around counts as said by this column.
_AROUND = context_names().index("line 1 before")


@dataclass(frozen=True, slots=True)
class Readers:
    """Trees and a network over the same rows; the word of each counts half."""

    forest: Forest
    network: Network

    def margins(self, rows: Floats, sizes: Sequence[int]) -> Floats:
        """Log-odds of each row of `in_context`; `sizes` are the rows of each page."""
        both = self.forest.margins(rows) + self.network.margins(rows, sizes)
        return np.asarray(both / 2, np.float32)

    def contributions(self, rows: Floats, which: Sequence[int]) -> Floats:
        """What each column adds to the log-odds of the rows `which` of one page."""
        own, around = self.network.contributions(rows, which)
        own[:, _AROUND] += around
        both = self.forest.contributions(rows[list(which)]) + own
        return np.asarray(both / 2, np.float32)

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Both as named arrays, to be stored; `from_arrays` reads them back."""
        return self.forest.arrays(prefix) | self.network.arrays(prefix)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> Readers:
        """Both as stored under `prefix`. Raises KeyError where an array is missing."""
        return cls(Forest.from_arrays(arrays, prefix), Network.from_arrays(arrays, prefix))
