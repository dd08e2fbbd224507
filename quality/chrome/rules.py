"""Whole-line phrase rules: what stock lines of site furniture look like, in many languages.

Matching takes time linear in the length of a line (RE2), and hardly more for more rules
(`matcher.py`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quality.chrome.matcher import Matcher
from quality.chrome.rule_files import Category, Rule, parse_rules
from quality.errors import RuleError
from quality.lang import NO_LANGUAGE, available, data

# Bullets, arrows and emoji around a line do not count towards its length.
_DECORATION_CHARS = 40
# Longer lines meet the few rules alone that take such lines.
LONG_CHARS = 200

_SAME = {
    **dict.fromkeys("\u2018\u2019\u02bc\u0060\u00b4\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0e\ufe0f\u200e\u200f", ""),
}
# Few characters of a line are odd: finding them takes a quarter of the time of `translate`.
_ODD = re.compile(f"[{''.join(_SAME)}]")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
# Characters that begin or end a line and belong to what it says; all other signs around a
# line (bullets, arrows, bars, emoji, full stops, colons) are decoration.
_OPENING = frozenset("([{<\"'©®@+$€£%§")
_CLOSING = frozenset(")]}\"'*?%+©®")


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A line that a rule took whole: `line[start:end]`, without outer white space.

    `alone` is True where the rule suffices as evidence by itself.
    """

    id: str
    category: Category
    language: str
    start: int
    end: int
    alone: bool


class RuleSet:
    """The chrome rules in force, ready to match lines."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self.rules: tuple[Rule, ...] = parse_rules(files)
        self.fingerprint = _fingerprint(files)
        self._longest = max((rule.most_chars for rule in self.rules), default=0)
        # By language, made when a line of that language comes: half a second for all rules.
        self._matchers: dict[tuple[str | None, bool], list[_Matching]] = {}

    @classmethod
    def load(cls, languages: Iterable[str] | None = None) -> RuleSet:
        """The rules of these languages' packs (default: of all) and of `any`.

        Raises RuleError where a language has no rules, or a rule file is wrong.
        """
        known = {code: data(code, "chrome.toml") for code in (NO_LANGUAGE, *available())}
        files = {code: raw for code, raw in known.items() if raw is not None}
        if languages is None:
            return cls(files)
        wanted = {NO_LANGUAGE, *languages}
        missing = sorted(wanted - set(files))
        if missing:
            names = ", ".join(sorted(files))
            raise RuleError(f"{missing[0]}: no chrome rules for this language; known: {names}.")
        return cls({code: raw for code, raw in files.items() if code in wanted})

    def match(self, line: str, language: str | None = None) -> RuleHit | None:
        """The rule that takes the whole line, if any; the strongest where there are several.

        In force are the rules of no language, of English (much furniture is in English
        everywhere) and of the text's language; all of them where that is not known.
        """
        found = self.find(line, language)
        if not found:
            return None
        best = max(found, key=lambda rule: (rule.alone, rule.language == language))
        start = len(line) - len(line.lstrip())
        end = len(line.rstrip())
        return RuleHit(best.id, best.category, best.language, start, end, best.alone)

    def find(self, line: str, language: str | None = None) -> list[Rule]:
        """All rules that take the whole line: the folded ones, then the cased, as in the files."""
        if len(line) > self._longest + _DECORATION_CHARS:
            return []
        form = line_form(line)
        return [
            rule
            for matching in self._matchings(language, is_long=len(form) > LONG_CHARS)
            for rule in matching.rules_matching(form)
            if len(form) <= rule.most_chars
        ]

    def __reduce__(self) -> tuple[type[RuleSet], tuple[dict[str, bytes]]]:
        # Compiled patterns do not pickle; worker processes build their own.
        return RuleSet, (self._files,)

    def _matchings(self, language: str | None, *, is_long: bool) -> list[_Matching]:
        known = language if language in self._files else NO_LANGUAGE
        key = None if language is None else known
        if (key, is_long) not in self._matchers:
            in_force = set(self._files) if key is None else {NO_LANGUAGE, "en", key}
            least = LONG_CHARS + 1 if is_long else 0
            rules = [
                rule
                for rule in self.rules
                if rule.language in in_force and rule.most_chars >= least
            ]
            found = [_Matching(rules, cased=cased) for cased in (False, True)]
            self._matchers[key, is_long] = [matching for matching in found if matching.rules]
        return self._matchers[key, is_long]


class _Matching:
    """The cased or the other rules among some, ready to match."""

    def __init__(self, rules: Sequence[Rule], *, cased: bool) -> None:
        self._cased = cased
        self.rules = [rule for rule in rules if rule.cased is cased]
        self._matcher = Matcher([rule.pattern for rule in self.rules])

    def rules_matching(self, form: str) -> list[Rule]:
        text = form if self._cased else form.lower()
        return [self.rules[number] for number in sorted(self._matcher.match(text))]


def line_form(line: str) -> str:
    """A line as the rules see it.

    NFKC, one kind of white space, apostrophe, quotation mark and dash, nothing invisible,
    Markdown links shown as their text, no bullets, arrows, emoji or end marks around it.
    Capitals are kept.

    >>> line_form("▶ **Don’t miss our [newsletter](/news)** »")
    "Don't miss our newsletter"
    """
    text = " ".join(line.split())
    if not text.isascii():
        text = _ODD.sub(_same, unicodedata.normalize("NFKC", text))
        text = " ".join(text.split())
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    start, end = 0, len(text)
    while start < end and not (text[start].isalnum() or text[start] in _OPENING):
        if text[start] == "#" and text[start + 1 : start + 2].isalnum():
            break  # a hashtag or a post's number, not a Markdown heading
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in _CLOSING):
        end -= 1
    return text[start:end].removesuffix("**") or text


def _same(odd: re.Match[str]) -> str:
    return _SAME[odd[0]]


def rules_markdown(ruleset: RuleSet) -> str:
    """docs/rules.md: all rules by language and category, with an example each."""
    lines = [
        "# Chrome rules",
        "",
        "Made by `make docs` from `quality/lang/*/chrome.toml`; do not edit. How to add one:",
        "[adding.md](adding.md).",
        "",
        f"{len(ruleset.rules)} rules. *Alone* means that the rule suffices as evidence; the "
        "others need a second signal",
        "(line model or site repetition).",
    ]
    heading = None
    for rule in sorted(ruleset.rules, key=_page_order):
        if heading != (rule.language, rule.category):
            heading = (rule.language, rule.category)
            lines += ["", f"## {rule.language}: {rule.category}", ""]
            lines += ["| rule | alone | example | not |", "|---|---|---|---|"]
        cells = (rule.id, "yes" if rule.alone else "", rule.examples[0], rule.counterexamples[0])
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines) + "\n"


def _page_order(rule: Rule) -> tuple[bool, str, int, str]:
    place = list(Category).index(rule.category)
    return rule.language != NO_LANGUAGE, rule.language, place, rule.id


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _fingerprint(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for code in sorted(files):
        digest.update(f"{code}:{len(files[code])}:".encode())
        digest.update(files[code])
    return digest.hexdigest()
