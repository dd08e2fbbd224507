"""Which language a text is in, told by its script and its function words.

No model and no dependency: function words carry 35 to 50 % of running text in the languages
with spaces, and hardly any of them is at home in more than a few languages. That is enough
to keep other languages out of a classifier trained on one; it is not a language identifier
for single words or for closely related languages.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache

from quality.lang.packs import NO_LANGUAGE, available, data, function_words

# Enough to be sure of any text, so that a book costs no more than a page.
MAX_CHARS = 4000
# Function words are 35 to 50 % of prose; lists, tables and headlines go down to a tenth.
MIN_SHARE = 0.12
# Below three hits a name ("de la Cruz") decides.
MIN_HITS = 3
# How far the best language must be ahead of the next one to be named.
LEAD = 1.2
# Real English paragraphs of 12 words and more stay above this in all but 1 in 100.
GATE_SHARE = 0.06
# English words that other languages have too ("i", "do", "at") are outweighed by that many
# accented words without a capital (names such as Brontë turn no text away).
FOREIGN_WEIGHT = 0.6
# A Chinese or Japanese character stands for about as much as three letters.
_DENSE_WEIGHT = 3

_LETTERS = re.compile(r"[^\W\d_]+")
_NOT_LATIN = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff\ufb00-\ufb06]")
# Scripts that settle the language (or its most frequent one) by themselves: the first whose
# letters reach their share of the letters that are not Latin. Japanese writes kana between
# its Chinese characters, Persian some letters that Arabic has not.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]"), 0.1),
    ("ko", re.compile(r"[\u1100-\u11ff\uac00-\ud7af]"), 0.3),
    ("zh", re.compile(r"[\u3400-\u9fff]"), 0.5),
    ("el", re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"), 0.5),
    ("fa", re.compile(r"[\u067e\u0686\u06af\u06cc]"), 0.03),
    ("ar", re.compile(r"[\u0600-\u06ff\u0750-\u077f]"), 0.5),
    ("he", re.compile(r"[\u0590-\u05ff]"), 0.5),
    ("th", re.compile(r"[\u0e00-\u0e7f]"), 0.5),
    ("hi", re.compile(r"[\u0900-\u097f]"), 0.5),
    ("bn", re.compile(r"[\u0980-\u09ff]"), 0.5),
    ("ta", re.compile(r"[\u0b80-\u0bff]"), 0.5),
    ("ka", re.compile(r"[\u10a0-\u10ff]"), 0.5),
    ("hy", re.compile(r"[\u0530-\u058f]"), 0.5),
    ("am", re.compile(r"[\u1200-\u137f]"), 0.5),
)
_DENSE = frozenset({"ja", "zh"})
# Languages that share so many function words that the likelier one is named without a lead.
_KIN = (
    frozenset({"da", "no", "sv"}),
    frozenset({"cs", "sk"}),
    frozenset({"hr", "sl"}),
    frozenset({"sr", "be", "bg", "ru", "uk"}),
    frozenset({"ca", "es", "pt"}),
    frozenset({"af", "nl"}),
)
# Languages hardly ever written with letters outside a to z.
_PLAIN_LETTERS = frozenset({"en"})


def detect(text: str) -> str | None:
    """The ISO 639-1 code of a text's language, or None where it cannot be told.

    Sure from about a dozen words on; says None rather than guess.

    >>> detect("The ferry to the island was late again, and nobody could say why it was.")
    'en'
    >>> detect("Die Fähre zur Insel war wieder zu spät, und niemand konnte sagen, warum.")
    'de'
    """
    text = text[:MAX_CHARS]
    script = _script(text)
    if script is not None:
        return script
    words = _LETTERS.findall(text.lower())
    scores, hits = _score(words)
    if not scores:
        return None
    best = max(scores, key=scores.__getitem__)
    if hits[best] < max(MIN_HITS, MIN_SHARE * len(words)):
        return None
    if best in _PLAIN_LETTERS and scores[best] < FOREIGN_WEIGHT * _accented(text):
        return None
    kin = next((group for group in _KIN if best in group), frozenset({best}))
    strangers = [score for code, score in scores.items() if code not in kin]
    return best if scores[best] >= LEAD * max(strangers, default=0.0) else None


def is_language(text: str, code: str) -> bool:
    """Whether a block can be taken for text in that language: the gate before its models.

    Kinder than `detect` to short blocks and lists of names: some function word must be
    there, and no other language may be likelier.

    >>> is_language("Photo: the old harbour at dawn, seen from the ferry.", "en")
    True
    >>> is_language("Le vieux port, vu du bateau à l'aube, avec les pêcheurs.", "en")
    False
    """
    text = text[:MAX_CHARS]
    script = _script(text)
    if script is not None:
        return script == code
    words = _LETTERS.findall(text.lower())
    scores, hits = _score(words)
    if code not in scores or hits[code] < GATE_SHARE * len(words):
        return False
    if code in _PLAIN_LETTERS and scores[code] < FOREIGN_WEIGHT * _accented(text):
        return False
    return scores[code] >= max(scores.values())


def _accented(text: str) -> int:
    """How many words that are no names have a letter outside a to z."""
    if text.isascii():
        return 0
    return sum(not word.isascii() and not word[0].isupper() for word in _LETTERS.findall(text))


def _script(text: str) -> str | None:
    """The language that the script settles; None for Latin and Cyrillic letters."""
    if text.isascii():
        return None
    foreign = "".join(_NOT_LATIN.findall(text))
    if not foreign:
        return None
    latin = sum(map(len, _LETTERS.findall(text))) - len(foreign)
    for code, letters, share in _SCRIPTS:
        count = len(letters.findall(foreign))
        if count >= share * len(foreign):
            weight = _DENSE_WEIGHT if code in _DENSE else 1
            return code if len(foreign) * weight > latin else None
    return None


def _score(words: list[str]) -> tuple[dict[str, float], Counter[str]]:
    """Per language: the weight of its function words among these, and how many they are."""
    scores: dict[str, float] = {}
    hits: Counter[str] = Counter()
    table = _table()
    for word in words:
        for code, weight in table.get(word, ()):
            scores[code] = scores.get(code, 0.0) + weight
            hits[code] += 1
    return scores, hits


@cache
def _table() -> dict[str, tuple[tuple[str, float], ...]]:
    """Each function word with its languages; one shared by n languages weighs 1/n."""
    lists = {code: function_words(code) for code in available()}
    raw = data(NO_LANGUAGE, "function_words.toml") or b""
    for code, words in tomllib.loads(raw.decode("utf-8"))["words"].items():
        lists.setdefault(code, frozenset(words.split()))
    owners: dict[str, list[str]] = {}
    for code, listed in lists.items():
        for word in set(_LETTERS.findall(" ".join(listed))):
            owners.setdefault(word, []).append(code)
    return {
        word: tuple((code, 1.0 / len(codes)) for code in codes) for word, codes in owners.items()
    }
