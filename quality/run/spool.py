"""The batches of a run between adding and judging, in a temporary file."""

from __future__ import annotations

import functools
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Any, BinaryIO, cast

from quality.run.batches import BatchResult

_Reduced = tuple[Callable[..., Any], tuple[Any, ...]]


class Spool:
    """Batches in `file`, by number, in the order in which they came."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: list[int] = []

    def __len__(self) -> int:
        return len(self._places)

    def append(self, result: BatchResult) -> int:
        """Keep a batch; its number."""
        self._places.append(self._put(result))
        return len(self._places) - 1

    def replace(self, number: int, result: BatchResult) -> None:
        """Keep another batch under a number; the old one is forgotten."""
        self._places[number] = self._put(result)

    def read(self, numbers: Iterable[int]) -> Iterator[BatchResult]:
        """The batches with these numbers, as they are kept when their turn comes."""
        for number in numbers:
            self._file.seek(self._places[number])
            # Written by this very process, into a file of its own.
            yield cast(BatchResult, pickle.load(self._file))

    def _put(self, result: BatchResult) -> int:
        place = self._file.seek(0, os.SEEK_END)
        _Pickler(self._file, pickle.HIGHEST_PROTOCOL).dump(result)
        return place


class _Pickler(pickle.Pickler):
    """Dataclasses as calls of their constructors.

    Those with slots look up their fields for each object otherwise: a batch takes 2.8 times as long
    to write, 1.6 times as long to read.
    """

    def reducer_override(self, value: object) -> _Reduced:
        kind: Any = type(value)
        values = _values_of(kind)
        return NotImplemented if values is None else (kind, values(value))


@functools.cache
def _values_of(kind: Any) -> Callable[[object], tuple[Any, ...]] | None:
    """What gives the arguments that make an object anew; None where that is not so simple.

    It is for frozen dataclasses with slots: nothing of them is elsewhere than in their fields.
    """
    own = vars(kind).get("__dataclass_params__")
    is_plain = own is not None and own.init and own.frozen and "__slots__" in vars(kind)
    if not is_plain or hasattr(kind, "__post_init__"):
        return None
    arguments = fields(kind)
    names = [one.name for one in arguments]
    if not all(one.init and not one.kw_only for one in arguments):
        return None
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)
