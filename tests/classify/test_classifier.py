"""Labels: the same in any company, careful where nothing can be told."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from quality.classify.classifier import ParagraphClassifier, Passage
from quality.classify.labels import Label, Paragraph
from quality.modelfiles import default_root

FOREIGN = [
    "Le conseil municipal a voté lundi soir la fermeture de la piscine, faute de moyens pour "
    "réparer la toiture, a annoncé le maire devant une cinquantaine d'habitants.",
    "Der Stadtrat hat am Montagabend beschlossen, das Schwimmbad zu schließen, weil das Geld für "
    "die Reparatur des Daches fehlt, sagte die Bürgermeisterin vor rund fünfzig Einwohnern.",
    "El ayuntamiento decidió el lunes cerrar la piscina porque no hay dinero para arreglar el "
    "tejado, según dijo la alcaldesa ante medio centenar de vecinos.",
    "De gemeenteraad besloot maandagavond het zwembad te sluiten omdat er geen geld is om het dak "
    "te herstellen, zei de burgemeester tegen een vijftigtal inwoners.",
    "Rada miejska zdecydowała w poniedziałek o zamknięciu basenu, ponieważ brakuje pieniędzy na "
    "naprawę dachu, powiedziała burmistrz do około pięćdziesięciu mieszkańców.",
    "Городской совет в понедельник решил закрыть бассейн, потому что нет денег на ремонт крыши.",
    "市议会周一晚上决定关闭游泳池，因为没有钱修理屋顶，市长对大约五十名居民说。",
]

OURS = {
    Label.REPORTING: "The council voted 7-2 on Monday to close the Harwell Street pool after "
    "surveyors found £400,000 of damage to its roof, mayor Dana Whitlock told residents.",
    Label.FILLER: "In today's fast-paced world, finding the right balance has never been more "
    "important. This comprehensive overview underscores the value of a thoughtful approach.",
    Label.GENERATED_ADVICE: "Foster Open Communication: Encourage team members to share their "
    "ideas and concerns regularly to build trust and enhance collaboration.",
    Label.ADVICE: "Loosen the two 5 mm bolts under the saddle, slide it back a centimetre, then "
    "tighten them to 6 Nm and check that the nose still points straight ahead.",
}
MILD = "Check the fit of the strap regularly and replace worn parts before they fail."


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_get_no_label(shipped: ParagraphClassifier, text: str) -> None:
    """The model knows English; anything else is uncertain, with the reason said."""
    (scored,) = shipped.score([Paragraph(text)])
    assert scored.label is Label.UNCERTAIN
    assert scored.scores is None
    assert "English" in scored.reason or "short" in scored.reason


@pytest.mark.parametrize("text", ["", "Read more", "Ha!", "12 % 4,500 --"])
def test_short_text_gets_no_label(shipped: ParagraphClassifier, text: str) -> None:
    """Too little to tell anything by."""
    (scored,) = shipped.score([Paragraph(text)])
    assert scored.label is Label.UNCERTAIN
    assert "short" in scored.reason.lower()


@pytest.mark.parametrize("label", OURS)
def test_plain_cases_are_told(shipped: ParagraphClassifier, label: Label) -> None:
    """Cases that no reader would hesitate about."""
    (scored,) = shipped.score([Paragraph(OURS[label])])
    assert scored.label is label


def test_order_and_company_make_no_difference(
    small: ParagraphClassifier, seed_texts: list[str]
) -> None:
    """A paragraph is labelled the same wherever it stands among the others."""
    rows = [Paragraph(text, (), before) for text, before in pairwise(seed_texts[:61])]
    forward = small.score(rows)
    assert small.score(rows[::-1])[::-1] == forward
    assert [small.score([row])[0] for row in rows[:10]] == forward[:10]


def test_template_evidence_raises_generated(shipped: ParagraphClassifier) -> None:
    """The same advice in a section that recurs across sites reads as more generated."""
    row = Paragraph(MILD, ("Practical insights",))
    (without,) = shipped.label_document([row])
    (within,) = shipped.label_document([row], [0.9])
    assert without.generated is not None
    assert within.generated is not None
    assert within.generated > without.generated
    assert within.evidence[-1].kind == "template"


def test_section_speaks_with(shipped: ParagraphClassifier) -> None:
    """Generic company makes a paragraph of advice read as more generated, honest company less."""
    generic = [Paragraph(OURS[Label.GENERATED_ADVICE], ("Tips",)) for _ in range(6)]
    honest = [Paragraph(OURS[Label.ADVICE], ("Tips",)) for _ in range(6)]
    row = Paragraph(MILD, ("Tips",))
    among_generic = shipped.label_document([*generic, row])[-1].generated
    among_honest = shipped.label_document([*honest, row])[-1].generated
    assert among_generic is not None
    assert among_honest is not None
    assert among_generic > among_honest


def test_shipped_model_is_small_and_quick_to_load() -> None:
    """At most 6 MB on disk and a second to load (three where the machine is busy)."""
    folder = default_root() / "paragraph"
    size = sum(file.stat().st_size for file in folder.iterdir())
    begin = time.process_time()
    ParagraphClassifier.load(folder)
    assert time.process_time() - begin < 1.0
    assert size < 6_000_000


def test_company_changes_no_document(shipped: ParagraphClassifier, seed_texts: list[str]) -> None:
    """Every number, reason and span of a document is the same alone and among others."""
    rows = [
        Paragraph(text, (text[:9],), before)
        for before, text in pairwise(["", *seed_texts, *seed_texts])
    ]
    cuts = [0, 1, 1, 3, 40, 47, 200, len(rows)]
    passages = [Passage(rows[first:last], [0.3] * (last - first)) for first, last in pairwise(cuts)]
    alone = [shipped.label_documents([passage])[0] for passage in passages]
    assert shipped.label_documents(passages) == alone
    assert shipped.label_documents(passages[::-1]) == alone[::-1]
