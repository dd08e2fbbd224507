"""Sections under headings of the kind that content farms use whatever the subject.

A heading such as "Real-World Use Cases" says by itself that a section of advice follows; honest
pages use one or two of them too. So it counts for a block only together with a house template
that recurs, or with several other stock headings in the same document.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from quality.document import BlockKind, Document
from quality.neardup.headings import lexicon

# Of the sample texts and the posts of five sites, no honest one has three (FINDINGS: four
# shared headings find farm articles without a recipe or encyclopaedia among them).
MIN_FAMILIES = 3
# Families whose sections recommend, list uses or look ahead; the others sum up or explain.
ADVICE_FAMILIES = frozenset(
    {"howto", "outlook", "proscons", "recommend", "responsible", "trends", "usecases"}
)


def advice_forms(
    document: Document, coverage: Sequence[float] = (), skip: Collection[int] = ()
) -> list[float]:
    """How far the form says that each block is template advice, 0 to 1.

    Above 0 only under a heading of an advice family: the template coverage of its section,
    or 1 where the document has several families of stock headings. The title is no section
    heading: "The Future of Your Pension" stands above all of its text; nor are blocks in `skip`
    (chrome) headings.
    """
    families = lexicon(document.language)
    texts = [
        document.block_text(number)
        for number, block in enumerate(document.blocks)
        if block.kind is BlockKind.HEADING and number not in skip
    ]
    stock = {text: families.stock(text.lstrip("# ")) for text in texts}
    has_many = len(set(filter(None, stock.values()))) >= MIN_FAMILIES
    if not has_many and not any(coverage):
        return [0.0] * len(document.blocks)
    advises = {text: not ADVICE_FAMILIES.isdisjoint(families.families(text)) for text in stock}
    first = texts[0] if texts else ""
    title = document.title if stock.get(first) else first
    forms = []
    for number, stack in enumerate(document.heading_stacks(skip)):
        is_advice = any(advises[heading] for heading in stack if heading != title)
        found = max(float(has_many), coverage[number] if coverage else 0.0)
        forms.append(found if is_advice else 0.0)
    return forms
