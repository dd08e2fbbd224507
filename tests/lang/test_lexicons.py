"""The English lists of stock headings and marker words keep to their own rules."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from quality import lang
from quality.tokens import fold

FILES = pytest.mark.parametrize("name", ["headings.toml", "lexicon.toml"])


def _groups(name: str) -> dict[str, Any]:
    raw = lang.data("en", name)
    assert raw is not None
    return tomllib.loads(raw.decode("utf-8"))


@FILES
def test_forms_are_normalised(name: str) -> None:
    """Forms are folded, trimmed, with single spaces."""
    forms = [form for group in _groups(name).values() for form in group["forms"]]
    assert [form for form in forms if fold(" ".join(form.split())) != form] == []


@FILES
def test_no_form_stands_twice(name: str) -> None:
    """A form belongs to one group, once."""
    forms = [form for group in _groups(name).values() for form in group["forms"]]
    assert sorted({form for form in forms if forms.count(form) > 1}) == []


def test_headings_are_many_and_in_families() -> None:
    """150 stock headings and more, in the families a house template is made of."""
    groups = _groups("headings.toml")
    assert sum(len(group["forms"]) for group in groups.values()) >= 150
    assert {"how-to", "life-hacks", "use-cases", "pros-and-cons", "forecast", "takeaways"} <= set(
        groups
    )
    assert {group["open"] for group in groups.values()} == {True, False}


def test_marker_groups_say_what_they_do() -> None:
    """Each group of the lexicon has its one sentence."""
    for name, group in _groups("lexicon.toml").items():
        assert re.fullmatch(r"[A-Z].+\.", group["does"]), name
        assert len(group["forms"]) >= 20, name
