"""Imports go downwards only, and siblings do not see each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS = {
    "document": 0,
    "errors": 0,
    "tokens": 1,
    "lang": 1,
    "state": 1,
    "modelfiles": 1,
    "labelled": 1,
    "forest": 1,
    "network": 1,
    "unbroken": 1,
    "read": 2,
    "extract": 2,
    "chrome": 2,
    "neardup": 2,
    "classify": 2,
    "ledger": 2,
    "report": 3,
    "verdict": 3,
    "settings": 4,
    "write": 4,
    "summary": 4,
    "workers": 4,
    "analysis": 5,
    "pipeline": 5,
    "run": 5,
    "review": 5,
    "cli": 6,
    "__main__": 6,
}
# Steps of one floor that may see each other, each for a reason its module states.
NEIGHBOURS = {
    ("verdict", "report"),
    ("write", "summary"),
    ("pipeline", "analysis"),
    ("run", "analysis"),
    ("run", "pipeline"),
    ("__main__", "cli"),
}
FILES = sorted((ROOT / "quality").rglob("*.py"))


def room(path: Path) -> str:
    """The room a file belongs to."""
    part = path.relative_to(ROOT / "quality").parts[0]
    return part.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """All absolute module names a file imports, late imports included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "quality":
                yield from (f"quality.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards(path: Path) -> None:
    """A module imports from lower floors, from its own room, and from nowhere else here."""
    own = room(path)
    if own == "__init__":
        return
    wrong = []
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "quality" or len(parts) == 1 or parts[1] == "__version__":
            continue
        other = parts[1]
        allowed = (
            other == own
            or FLOORS[other] < FLOORS[own]
            or (own, other) in NEIGHBOURS
            or (FLOORS[own] == 1 and other == "tokens")
        )
        if not allowed:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_flows_know_prefect(path: Path) -> None:
    """The core runs without Prefect."""
    assert not [name for name in imported(path) if name.split(".")[0] == "prefect"]


def test_every_room_has_a_floor() -> None:
    """A new room is given its floor here, so that the other tests see it."""
    assert {room(path) for path in FILES} - {"__init__"} <= FLOORS.keys()
