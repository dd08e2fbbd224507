"""Arguments of tasks that neither Prefect nor Dask looks into."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Sealed(Generic[Value]):
    """A value as it is.

    Prefect looks through every collection, dataclass and model it is given for futures, and
    a batch holds hundreds of pages. Its own `quote` is a tuple, which Dask takes apart.
    """

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value
