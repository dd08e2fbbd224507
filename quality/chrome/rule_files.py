"""Reading rule files: `lang/<code>/chrome.toml`, checked row by row, into `Rule`s.

A file holds `[[rule]]` rows and, if it likes, `[macros]`: named pieces of pattern that are
written `{name}` in patterns. The macros of `any` are known to all packs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import re2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quality.errors import RuleError
from quality.lang import NO_LANGUAGE

# Longer lines are left to rules that say so: the longest stock line seen that is no consent
# text, disclosure or author box has about 140 characters.
DEFAULT_MOST_CHARS = 160

_ID = re.compile(r"([a-z]{2,3})\.([a-z-]+)\.([a-z0-9-]+)")
_MACRO = re.compile(r"\{([a-z_]+)\}")
_COUNT = re.compile(r"\{\d*,?(\d+)\}")
# A count multiplies the automaton: `.{1,80}` is 80 copies. The rule's `most_chars` limits
# lines just as well.
_MOST_COUNT = 6


class Category(StrEnum):
    """What a line of site furniture is for."""

    COMMENT = "comment"
    FORM = "form"
    NEWSLETTER = "newsletter"
    SHARE = "share"
    CONSENT = "consent"
    RELATED = "related"
    READ_MORE = "read-more"
    BYLINE = "byline"
    AUTHOR = "author"
    DISCLOSURE = "disclosure"
    PAYWALL = "paywall"
    ADVERTISEMENT = "advertisement"
    COPYRIGHT = "copyright"
    BREADCRUMB = "breadcrumb"
    APP = "app"
    SYNDICATION = "syndication"
    CREDIT = "credit"
    NAVIGATION = "navigation"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class Rule:
    """A form that whole lines take when they are site furniture.

    `pattern` is in RE2 syntax, macros filled in, and must match the whole of a line as
    `line_form` shows it. `alone`: the rule suffices as evidence; else a second signal is
    needed. `cased`: capitals matter. Lines over `most_chars` never match.
    """

    id: str
    category: Category
    language: str
    pattern: str
    alone: bool
    cased: bool
    most_chars: int
    examples: tuple[str, ...]
    counterexamples: tuple[str, ...]


class _Row(BaseModel):
    """A `[[rule]]` as written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    category: str
    pattern: str = Field(min_length=1)
    alone: bool
    cased: bool = False
    most_chars: int = Field(default=DEFAULT_MOST_CHARS, ge=1, le=1000)
    examples: list[str] = Field(min_length=1)
    counterexamples: list[str] = Field(min_length=1)


def parse_rules(files: Mapping[str, bytes]) -> tuple[Rule, ...]:
    """The rules of rule files by language code, `any` first.

    Raises RuleError with the file, the rule and the cure.
    """
    order = sorted(files, key=lambda code: (code != NO_LANGUAGE, code))
    shared: dict[str, str] = {}
    rules: dict[str, Rule] = {}
    for code in order:
        table = _parse_toml(code, files[code])
        macros = {**shared, **_macros(code, table.get("macros", {}), shared)}
        if code == NO_LANGUAGE:
            shared = macros
        for number, row in enumerate(table.get("rule", []), start=1):
            rule = _rule(code, number, row, macros)
            if rule.id in rules:
                raise _error(code, rule.id, "the id is used twice", "Rename or remove one.")
            rules[rule.id] = rule
    return tuple(rules.values())


def _parse_toml(code: str, raw: bytes) -> dict[str, Any]:
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(
            f"{_file(code)}: not valid TOML ({error}). Correct that line; patterns go into "
            "'single quotes', those with an apostrophe into '''three'''."
        ) from error
    unknown = sorted(set(table) - {"macros", "rule"})
    if unknown:
        raise RuleError(
            f"{_file(code)}: unknown table {unknown[0]!r}. Known: [macros] and [[rule]]."
        )
    return table


def _macros(code: str, written: dict[str, str], shared: dict[str, str]) -> dict[str, str]:
    """The macros of a file, each filled in with those above it."""
    macros: dict[str, str] = {}
    for name, pattern in written.items():
        macros[name] = _fill(code, f"macro {name}", pattern, {**shared, **macros})
    return macros


def _rule(code: str, number: int, written: dict[str, Any], macros: dict[str, str]) -> Rule:
    name = str(written.get("id", f"number {number}"))
    try:
        row = _Row.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise _error(
            code,
            name,
            f"{field}: {first['msg'].lower()}",
            "A rule has id, category, pattern, alone, examples and counterexamples, "
            "and may have cased and most_chars.",
        ) from error
    category = _category(code, row)
    pattern = _fill(code, row.id, row.pattern, macros)
    count = max(map(int, _COUNT.findall(row.pattern)), default=0)
    if count > _MOST_COUNT:
        raise _error(
            code,
            row.id,
            f"the pattern counts up to {count}",
            "Write * or + and limit the whole line with most_chars.",
        )
    try:
        _check(pattern)
    except re2.error as error:
        raise _error(
            code,
            row.id,
            f"the pattern does not compile ({_reason(error)})",
            "Patterns are in RE2 syntax: no look-around, no back references.",
        ) from error
    return Rule(
        id=row.id,
        category=category,
        language=code,
        pattern=pattern,
        alone=row.alone,
        cased=row.cased,
        most_chars=row.most_chars,
        examples=tuple(row.examples),
        counterexamples=tuple(row.counterexamples),
    )


def _category(code: str, row: _Row) -> Category:
    if row.category not in set(Category):
        known = ", ".join(Category)
        raise _error(code, row.id, f"unknown category {row.category!r}", f"Take one of: {known}.")
    parts = _ID.fullmatch(row.id)
    if parts is None or parts[1] != code or parts[2] != row.category:
        raise _error(
            code,
            row.id,
            "the id does not say language, category and name",
            f"Write it as '{code}.{row.category}.what-it-catches', in small letters.",
        )
    return Category(row.category)


def _fill(code: str, name: str, pattern: str, macros: dict[str, str]) -> str:
    """The pattern with its macros put in, each as a group."""

    def put_in(match: re.Match[str]) -> str:
        if match[1] not in macros:
            known = ", ".join(sorted(macros)) or "none"
            raise _error(code, name, f"unknown macro {{{match[1]}}}", f"Known here: {known}.")
        return f"(?:{macros[match[1]]})"

    return _MACRO.sub(put_in, pattern)


def _check(pattern: str) -> None:
    """Raises re2.error, with what is wrong, for a pattern that RE2 cannot read.

    A set reads a pattern without compiling it, in half the time, but does not say what is wrong.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        re2.Set.FullMatchSet(options).Add(pattern)
    except re2.error:
        re2.compile(pattern, options)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _file(code: str) -> str:
    return f"lang/{code}/chrome.toml"


def _error(code: str, name: str, what: str, cure: str) -> RuleError:
    return RuleError(f"{_file(code)}: rule {name!r}: {what}. {cure}")
