"""Evidence is marked in the text without losing a character."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quality.write.html.marks import pieces

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(-2, 2)), max_size=6)


@given(text=st.text(max_size=40), offset=st.integers(0, 9), spans=SPANS)
def test_pieces_join_to_the_text(
    text: str, offset: int, spans: list[tuple[int, int, float]]
) -> None:
    """Whatever the evidence, the pieces are the text."""
    evidence = [{"name": "e", "weight": w, "start": s, "end": e} for s, e, w in spans]
    assert "".join(piece.text for piece in pieces(text, offset, evidence)) == text


def test_evidence_marks_its_words() -> None:
    """The piece under the span carries the name."""
    found = pieces("one two three", 10, [{"name": "two", "weight": 0.5, "start": 14, "end": 17}])
    assert [(piece.text, bool(piece.names)) for piece in found] == [
        ("one ", False),
        ("two", True),
        (" three", False),
    ]
