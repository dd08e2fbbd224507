"""Leaked model text: phrases that only a chat model, or a template left unfilled, leaves behind.

Rare (28 of 28,767 machine-written paragraphs of our origin data, 0 of 31,474 human ones), so
one is enough to call advice generated. It says nothing about other labels.
"""

from __future__ import annotations

import re

from quality.document import Evidence, EvidenceKind

# Name, a piece that every match holds (looked for first, which costs next to nothing), and
# the expression.
_LEAKS = tuple(
    (name, piece, re.compile(pattern, re.IGNORECASE))
    for name, piece, pattern in (
        (
            "talks as a language model",
            "language model",
            r"\bas an? (?:ai |large )?language model\b",
        ),
        (
            "refuses as a model does",
            "sorry",
            r"\bI(?:['’]| a)m sorry,? but I can(?:['’]t|not) "
            r"(?:assist|help|fulfil|provide|generate)",
        ),
        (
            "knowledge cut-off",
            "cut",
            r"\b(?:of|to|beyond) my (?:last )?(?:knowledge|training)(?: data)? ?cut-?off\b",
        ),
        (
            "answers a prompt",
            "here",
            r"^(?:certainly|sure|of course|absolutely)[!,] here(?:['’]s| is| are) "
            r"(?:an?|the|your|some|\d+)\b",
        ),
        (
            "offers to go on",
            " me to ",
            r"\b(?:would you like|let me know if you['’]d like) me to "
            r"(?:expand|elaborate|continue|rewrite|adjust|draft)\b",
        ),
        (
            "unfilled placeholder",
            "[",
            r"\[(?:insert|your|company|product|brand|city|name of)\b[^\]]{0,40}\]",
        ),
        ("unfilled placeholder", "{{", r"\{\{\s*\w+\s*\}\}"),
        ("marker of a chat tool", "turn0", r"\bturn0(?:search|view|news)\d+"),
        ("marker of a chat tool", "contentreference[", r"contentReference\["),
    )
)


def find_leak(text: str) -> Evidence | None:
    """The first kind of leaked model text found, with its span.

    >>> find_leak("As an AI language model, I have no favourite tea.").name
    'talks as a language model'
    >>> find_leak("The model railway opens at ten.") is None
    True
    """
    folded = text.casefold()
    for name, piece, pattern in _LEAKS:
        if piece in folded:
            match = pattern.search(text)
            if match:
                return Evidence(EvidenceKind.RULE, name, 1.0, match.start(), match.end())
    return None
