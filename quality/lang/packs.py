"""The files of the language packs, read from the package wherever it is installed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from quality.tokens import fold

# The folder of what belongs to no language: symbols, addresses, dates.
NO_LANGUAGE = "any"


@cache
def available() -> tuple[str, ...]:
    """The codes of the languages with a pack, sorted; `any` is none of them."""
    return tuple(
        sorted(
            entry.name
            for entry in files("quality.lang").iterdir()
            if entry.name != NO_LANGUAGE and entry.joinpath("stopwords.txt").is_file()
        )
    )


def data(code: str, name: str) -> bytes | None:
    """A file of a pack, such as `data("en", "chrome.toml")`; None where the pack has none."""
    file = files("quality.lang").joinpath(code, name)
    return file.read_bytes() if file.is_file() else None


@cache
def function_words(code: str) -> frozenset[str]:
    """The function words of a language, folded; empty where it has no pack."""
    raw = data(code, "stopwords.txt")
    if raw is None:
        return frozenset()
    lines = raw.decode("utf-8").splitlines()
    return frozenset(
        word for line in lines if not line.startswith("#") for word in fold(line).split()
    )
