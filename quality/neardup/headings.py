"""What headings are about, whatever words they use: families of forms and light stems."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from quality import lang
from quality.tokens import fold, words

# Up to so many words may stand between the words of a form ("what * comes * next").
MAX_GAP = 2
_FRAME = re.compile(r"^[\W\d_]+|[\W_]+$")
_ENDINGS = re.compile(r"(?:ings?|edly|ed|ies|es|ly|s)$")
# "l'avenir", "dell'arte", but not "what's" and "they're".
_ELISION = re.compile(r"([^\W\d_]{1,5})'(\w{3,})")
# Outside English so many letters of a word stand for it: cutting words off does nearly as well
# as stemmers over the languages of Europe (McNamee and Mayfield, Information Retrieval 2004).
STEM_CHARS = 6
# Shorter words lose their meaning with their ending ("thing", "used", "yes").
_MIN_STEM = 4


# A page asks for each heading several times. Remembered up to so many, some megabytes.
_MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True)
class Form:
    """Words in order; a word that ends in `*` is a stem."""

    family: str
    parts: tuple[str, ...]
    at_start: bool
    at_end: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The heading families of one language."""

    kinds: dict[str, str]
    """`generic`, `open` or `format` of each family."""
    by_word: dict[str, tuple[Form, ...]]
    by_stem: dict[str, tuple[Form, ...]]
    """Forms that begin with a stem, by its first three letters."""
    stock_forms: tuple[tuple[str, re.Pattern[str]], ...]
    """Whole headings of content farms, by family."""
    openers: frozenset[str]
    """Question words and the like that headings begin with."""
    nouns_have_capitals: bool
    """Whether every noun has a capital, so that one capital alone names nothing."""
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def families(self, heading: str) -> tuple[str, ...]:
        """The families a heading belongs to, sorted.

        >>> lexicon("en").families("The Road Ahead for Smart Farming")
        ('outlook',)
        """
        known = self._known.get(heading)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[heading] = self._families(heading)
        return known

    def _families(self, heading: str) -> tuple[str, ...]:
        tokens = _words(heading.replace("&", " and "))
        found = set()
        for start, token in enumerate(tokens):
            for form in self._starting_with(token):
                if form.family not in found and _matches(form, tokens, start):
                    found.add(form.family)
        return tuple(sorted(found))

    def stock(self, heading: str) -> str | None:
        """The family of stock headings a whole heading belongs to.

        >>> lexicon("en").stock("Actionable Recommendations")
        'recommendations'
        """
        normal = _normal(heading)
        return next((family for family, form in self.stock_forms if form.fullmatch(normal)), None)

    def _starting_with(self, token: str) -> Iterator[Form]:
        yield from self.by_word.get(token, ())
        yield from self.by_stem.get(token[:3], ())


@cache
def lexicon(code: str | None) -> Lexicon:
    """The heading families of a language; empty where its pack has no `outline.toml`.

    Names of families carry the language, English ones none: a German page with a conclusion is
    no parallel to an English one.
    """
    raw = lang.data(code, "outline.toml") if code else None
    facts = tomllib.loads(raw.decode("utf-8")) if raw else {}
    mark = "" if code == "en" else f"{code}:"
    tables = {f"{mark}{name}": table for name, table in facts.items() if isinstance(table, dict)}
    by_word: dict[str, list[Form]] = {}
    by_stem: dict[str, list[Form]] = {}
    for family, table in tables.items():
        for form in map(_form, [family] * len(table["forms"]), table["forms"]):
            first = form.parts[0]
            if first.endswith("*"):
                by_stem.setdefault(first[:3], []).append(form)
            else:
                by_word.setdefault(first, []).append(form)
    return Lexicon(
        kinds={family: str(table["kind"]) for family, table in tables.items()},
        by_word={word: tuple(forms) for word, forms in by_word.items()},
        by_stem={stem: tuple(forms) for stem, forms in by_stem.items()},
        stock_forms=_stock_forms(code),
        openers=frozenset(facts.get("openers", ())),
        nouns_have_capitals=facts.get("nouns_have_capitals", False),
    )


def _stock_forms(code: str | None) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The families of `headings.toml` that honest pages seldom use."""
    raw = lang.data(code, "headings.toml") if code else None
    tables = tomllib.loads(raw.decode("utf-8")) if raw else {}
    return tuple(
        (family, re.compile("|".join(_whole(form) for form in table["forms"])))
        for family, table in tables.items()
        if not table["open"]
    )


def _whole(form: str) -> str:
    """A pattern for a whole normalised heading; `*` in it stands for one to six words."""
    subject = r"\S+(?: \S+){0,5}"
    return " ".join(subject if part == "*" else re.escape(part) for part in form.split())


def _normal(heading: str) -> str:
    """A heading folded, without a number at its front and marks at its end."""
    return _FRAME.sub("", fold(heading)).strip()


def stems(heading: str, *, language: str | None, topic: Iterable[str] = ()) -> tuple[str, ...]:
    """The stems of a heading's content words, without numbers and without the topic's stems.

    >>> stems("3. Sensible Steps for Farmers", language="en", topic=["farmer"])
    ('sensibl', 'step')
    """
    function = lang.function_words(language or "en")
    stem = stem_of if (language or "en") == "en" else _cut
    without = set(topic)
    kept = []
    for word in _words(heading):
        found = stem(word)
        if word in function or word[0].isdigit() or found in without or len(word) < 2:
            continue
        kept.append(found)
    return tuple(kept)


def opener(heading: str, *, language: str | None) -> str:
    """The question word a heading begins with, else nothing.

    >>> opener("Where This Could Lead", language="en")
    'where'
    """
    first = _words(heading)[:1]
    return first[0] if first and first[0] in lexicon(language or "en").openers else ""


def _cut(word: str) -> str:
    return word[:STEM_CHARS]


@lru_cache(maxsize=1 << 14)
def stem_of(word: str) -> str:
    """A folded word without its commonest English endings; equal for forms of one word."""
    if len(word) <= _MIN_STEM:
        return word
    stem = word[:-2] if word.endswith("'s") else word
    shorter = _ENDINGS.sub("", stem)
    if len(shorter) >= _MIN_STEM:
        stem = shorter
    return stem[:-1] if len(stem) > _MIN_STEM and stem[-1] in "ey" else stem


def _words(heading: str) -> list[str]:
    """The folded words of a heading; what is elided before one is a word of its own."""
    return words(_ELISION.sub(r"\1 \2", fold(heading)))


def _form(family: str, text: str) -> Form:
    at_start, at_end = text.startswith("^"), text.endswith("$")
    parts = tuple(part for part in text.strip("^$").split() if part != "*")
    return Form(family, parts, at_start, at_end)


def _matches(form: Form, tokens: Sequence[str], start: int) -> bool:
    if form.at_start and start:
        return False
    position = start
    for number, part in enumerate(form.parts):
        reach = 1 if number == 0 else MAX_GAP + 1
        for offset in range(reach):
            if position + offset < len(tokens) and _is(tokens[position + offset], part):
                position += offset + 1
                break
        else:
            return False
    return not form.at_end or position == len(tokens)


def _is(token: str, part: str) -> bool:
    return token.startswith(part[:-1]) if part.endswith("*") else token == part
