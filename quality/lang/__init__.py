"""Data packs: what is particular to a language (rules, headings, words), and telling languages.

A pack is a folder here, named by its ISO 639-1 code, with `stopwords.txt` and `chrome.toml`,
and where there is more, `headings.toml` and `outline.toml`. `any` holds what belongs to no
language. Nothing but files is needed to add one (docs/adding.md, "A language").
"""

from __future__ import annotations

from quality.lang.detect import detect, is_language
from quality.lang.packs import NO_LANGUAGE, available, data, function_words

__all__ = ["NO_LANGUAGE", "available", "data", "detect", "function_words", "is_language"]
