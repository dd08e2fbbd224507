"""The English list of stock headings keeps to its own rules."""

from __future__ import annotations

import tomllib
from typing import Any

from quality import lang
from quality.tokens import fold


def _groups() -> dict[str, Any]:
    raw = lang.data("en", "headings.toml")
    assert raw is not None
    return tomllib.loads(raw.decode("utf-8"))


def test_forms_are_normalised() -> None:
    """Forms are folded, trimmed, with single spaces."""
    forms = [form for group in _groups().values() for form in group["forms"]]
    assert [form for form in forms if fold(" ".join(form.split())) != form] == []


def test_no_form_stands_twice() -> None:
    """A form belongs to one group, once."""
    forms = [form for group in _groups().values() for form in group["forms"]]
    assert sorted({form for form in forms if forms.count(form) > 1}) == []


def test_headings_are_many_and_in_families() -> None:
    """150 stock headings and more, in the families a house template is made of."""
    groups = _groups()
    assert sum(len(group["forms"]) for group in groups.values()) >= 150
    assert {"how-to", "life-hacks", "use-cases", "pros-and-cons", "forecast", "takeaways"} <= set(
        groups
    )
    assert {group["open"] for group in groups.values()} == {True, False}
