"""The spool gives back what it was given, in any order, also after replacing."""

from __future__ import annotations

import io
import pickle
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from quality.run import analyze_batch, open_run
from quality.run.batches import BatchResult
from quality.run.spool import Spool, _Pickler
from quality.settings import Settings


@pytest.fixture(scope="module")
def results(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[BatchResult]:
    """Three batches of real pages, failures among them."""
    settings = Settings.model_validate({"read": {"settle_s": 0}, "run": {"jobs": 1}})
    out = tmp_path_factory.mktemp("out")
    pages = root / "seeds" / "pages"
    with open_run([pages], settings=settings, out=out, state=None) as run:
        return [analyze_batch(batch, settings, jobs=1) for batch in run.batches(size=30)]


def same(one: BatchResult, other: BatchResult) -> bool:
    """Whether two batches hold the same; arrays cannot be asked with `==`."""
    return (
        (one.number, one.failures, one.inputs) == (other.number, other.failures, other.inputs)
        and repr(one.analyses) == repr(other.analyses)
        and all(
            a.document == b.document and np.array_equal(a.line_scores, b.line_scores)
            for a, b in zip(one.analyses, other.analyses, strict=True)
        )
    )


def test_batches_come_back_as_they_were(results: list[BatchResult]) -> None:
    """In the order that is asked for, and more than once."""
    assert sum(len(result.analyses) for result in results) >= 60
    with tempfile.TemporaryFile() as file:
        spool = Spool(file)
        assert [spool.append(result) for result in results] == list(range(len(results)))
        for numbers in ([2, 0, 1], [0, 0]):
            found = list(spool.read(numbers))
            assert all(
                same(one, results[number]) for one, number in zip(found, numbers, strict=True)
            )


def test_a_batch_can_be_replaced_while_others_are_read(results: list[BatchResult]) -> None:
    """The next reading has the new one, and the others as they were."""
    shorter = replace(results[0], analyses=results[0].analyses[:1])
    with tempfile.TemporaryFile() as file:
        spool = Spool(file)
        for result in results:
            spool.append(result)
        for result in spool.read(range(3)):
            if result.number == results[0].number:
                spool.replace(0, shorter)
        assert [len(found.analyses) for found in spool.read(range(3))] == [
            1,
            *(len(result.analyses) for result in results[1:]),
        ]


@dataclass
class Counted:
    """What a constructor with its arguments cannot make again."""

    name: str
    times: int = field(default=0, init=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a constructor would change once more."""

    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name + "!")


def test_other_dataclasses_are_kept_the_common_way() -> None:
    """Where a constructor's arguments do not make an object again, nothing of it is lost."""
    one = Counted("a")
    one.times = 3
    for value in (one, Checked("a")):
        assert pickle.loads(spooled(value)) == value


def spooled(value: object) -> bytes:
    """A value as the spool writes it."""
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()
