"""From shares of words to one word about a document."""

from __future__ import annotations

from collections.abc import Mapping

from quality.report import Verdict


def verdict_of(
    shares: Mapping[str, float],
    words: int,
    *,
    reporting: float = 0.5,
    thin: float = 0.5,
    max_uncertain: float = 0.5,
    min_words: int = 40,
) -> Verdict:
    """The verdict for a document with these shares of `words` labelled words.

    Uncertain words are left out of the comparison, unless there are too many of them.

    >>> verdict_of({"filler": 0.5, "generated_advice": 0.3, "reporting": 0.2}, 400).value
    'thin'
    >>> verdict_of({"reporting": 0.9, "filler": 0.1}, 12).value
    'undecided'
    """
    uncertain = shares.get("uncertain", 0.0)
    if not shares or words < min_words or uncertain > max_uncertain:
        return Verdict.UNDECIDED
    decided = 1.0 - uncertain
    if shares.get("reporting", 0.0) / decided >= reporting:
        return Verdict.REPORTING
    empty = shares.get("filler", 0.0) + shares.get("generated_advice", 0.0)
    return Verdict.THIN if empty / decided >= thin else Verdict.MIXED
