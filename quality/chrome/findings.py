"""What is said of a block that is chrome: evidence, strongest first, one sentence, a category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

from quality.chrome.explain import Contribution
from quality.chrome.menus import Menu
from quality.chrome.signals import Signals
from quality.chrome.sites import Repetition
from quality.document import Document, Evidence, EvidenceKind

_UNNAMED = "furniture"
_REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class ChromeFinding:
    """One block that is chrome."""

    block: int
    evidence: tuple[Evidence, ...]
    """Strongest first; spans are offsets into the document's text."""
    reason: str
    """One plain sentence."""
    category: str
    """A rule's category, `repeated` over the site, or `furniture` where only the model says so."""


def finding_of(
    document: Document,
    signals: Signals,
    why: Sequence[Contribution],
    menu: Menu | None = None,
) -> ChromeFinding:
    """The finding for one block; `why` is what the line model's score stands on.

    `menu` is the one it goes with, where nothing else takes it.
    """
    block = document.blocks[signals.block]
    evidence = []
    if signals.hit is not None:
        evidence.append(
            Evidence(
                EvidenceKind.RULE,
                signals.hit.id,
                1.0,
                block.start + signals.hit.start,
                block.start + signals.hit.end,
            )
        )
    elif signals.thread is not None:
        name = f"beside {signals.thread.id}"
        evidence.append(Evidence(EvidenceKind.RULE, name, 1.0, block.start, block.end))
    if signals.repetition is not None and signals.least_repeated < inf:
        evidence.append(_site_evidence(signals.repetition, block.start, block.end))
    if menu is not None:
        name = f"menu of {menu.lines} lines"
        odds = log(menu.gone / (menu.lines - menu.gone))
        evidence.append(Evidence(EvidenceKind.FEATURE, name, odds, block.start, block.end))
    if signals.score > 0:
        chance = min(max(signals.score, 1e-6), 1 - 1e-6)
        odds = log(chance / (1 - chance))
        evidence.append(Evidence(EvidenceKind.FEATURE, "line model", odds, block.start, block.end))
    evidence += [
        Evidence(
            EvidenceKind.FEATURE,
            item.name,
            item.weight,
            block.start + item.start,
            block.start + item.end,
        )
        for item in why
    ]
    return ChromeFinding(
        signals.block,
        tuple(evidence),
        _reason(signals, why, menu),
        _category(signals),
    )


def _site_evidence(repetition: Repetition, start: int, end: int) -> Evidence:
    what = "shape" if repetition.shape else "line"
    name = f"{what} in {repetition.documents} documents of the site"
    return Evidence(EvidenceKind.SITE, name, repetition.share, start, end)


def _category(signals: Signals) -> str:
    if signals.hit is not None:
        return str(signals.hit.category)
    if signals.least_repeated < inf:
        return _REPEATED
    return _UNNAMED if signals.thread is None else str(signals.thread.category)


def _reason(signals: Signals, why: Sequence[Contribution], menu: Menu | None) -> str:
    repetition = signals.repetition
    if menu is not None:
        return (
            f"Stands in a run of {menu.lines} short lines, {menu.gone} of which are taken for "
            "site furniture."
        )
    if signals.hit is not None:
        name = str(signals.hit.category).replace("-", " ")
        return f"Site chrome: {name} (rule {signals.hit.id})."
    if repetition is not None and signals.least_repeated < inf:
        what = "of this shape" if repetition.shape else "with this wording"
        where = ", beside the same lines" if repetition.fixed else ""
        if repetition.fixed and repetition.passage is not None:
            where += " that read like site furniture on the whole"
        return (
            f"Site chrome: lines {what} stand in {repetition.documents} documents of the site "
            f"({repetition.share:.0%}){where}."
        )
    speaking = [item.name for item in why if item.weight > 0][:3]
    if signals.thread is not None:
        beside = f"beside a line that rule {signals.thread.id} names"
        return f"Reads like a reader's comment: {', '.join([beside, *speaking])}."
    return "Reads like site furniture" + (f": {', '.join(speaking)}." if speaking else ".")
