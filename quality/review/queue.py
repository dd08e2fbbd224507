"""What to ask a person, in which order, and where the answers are kept.

Answers are rows as in `seeds/paragraphs.jsonl` (seeds/GUIDE.md), one appended and synced
for each answer, so that nothing is lost when the page is closed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quality.classify.labels import CLASSES, Label
from quality.errors import UsageError
from quality.tokens import count_words

ANSWERS = (*(str(kind) for kind in CLASSES), str(Label.CHROME), str(Label.HEADING))
# Fewer words than this two careful readers do not agree on either.
LEAST_WORDS = 8
# Paragraphs of one host teach alike: after these, other hosts come first.
MOST_OF_A_HOST = 20
# As much of the lines around as the model sees.
_AROUND_CHARS = 160


@dataclass(frozen=True, slots=True)
class Item:
    """A paragraph to be labelled, with what a reader needs around it.

    `scores` are the model's, of the four functions; `id` is a hash of the text.
    """

    id: str
    text: str
    headings: tuple[str, ...]
    before: str | None
    after: str | None
    site: str
    path: str
    label: str
    scores: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """The item as plain JSON values."""
        return asdict(self)


def load_items(
    documents: Iterable[Mapping[str, Any]],
    *,
    labels: Collection[str] = (str(Label.UNCERTAIN),),
    answered: Collection[str] = (),
) -> list[Item]:
    """The paragraphs with one of `labels`, the least certain first, each text once.

    `documents` are rows of documents.jsonl; `answered` ids are left out.
    """
    found: dict[str, Item] = {}
    for document in documents:
        for item in _items(document):
            if item.label in labels and item.id not in answered:
                found.setdefault(item.id, item)
    ranked = sorted(found.values(), key=lambda item: (_margin(item), item.id))
    seen: Counter[str] = Counter()
    early: list[Item] = []
    late: list[Item] = []
    for item in ranked:
        seen[item.site] += 1
        (early if seen[item.site] <= MOST_OF_A_HOST else late).append(item)
    return early + late


def _items(document: Mapping[str, Any]) -> Iterator[Item]:
    text, stack = document["text"], list[str]()
    blocks = document["blocks"]
    lines = [text[block["start"] : block["end"]] for block in blocks]
    for number, block in enumerate(blocks):
        if block["label"] == Label.HEADING:
            stack = [document["title"] or "", lines[number]]
        elif block["scores"] and count_words(lines[number]) >= LEAST_WORDS:
            yield Item(
                id=hashlib.sha256(lines[number].strip().encode()).hexdigest()[:16],
                text=lines[number].strip(),
                headings=tuple(dict.fromkeys(heading for heading in stack if heading)),
                before=lines[number - 1][:_AROUND_CHARS] if number else None,
                after=lines[number + 1][:_AROUND_CHARS] if number + 1 < len(lines) else None,
                site=document["host"] or document["path"],
                path=document["path"],
                label=block["label"],
                scores=block["scores"],
            )


def _margin(item: Item) -> float:
    first, second = sorted(item.scores.values(), reverse=True)[:2]
    return first - second


class Answers:
    """The file of answers: appended to, read again at the next start."""

    def __init__(self, path: Path) -> None:
        """Read what is there. Raises UsageError where the file holds anything else."""
        self.path = path
        self._rows = list(_rows(path)) if path.exists() else []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def ids(self) -> set[str]:
        """Ids of all items answered."""
        return {row["id"] for row in self._rows}

    def add(self, item: Item, label: str) -> None:
        """Keep an answer. Raises UsageError for a label that is none."""
        if label not in ANSWERS:
            raise UsageError(f"{label!r} is no label; known: {', '.join(ANSWERS)}.")
        row = {
            "id": item.id,
            "label": label,
            "headings": list(item.headings),
            "before": item.before,
            "after": item.after,
            "text": item.text,
            "topic": None,
            "register": None,
            "site": item.site,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._rows.append(row)

    def undo(self) -> str | None:
        """Take the last answer back; its item's id, None where there is none."""
        if not self._rows:
            return None
        last = self._rows.pop()
        part = self.path.with_name(self.path.name + ".part")
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in self._rows]
        part.write_text("".join(lines), encoding="utf-8")
        part.replace(self.path)
        return str(last["id"])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            yield {"id": row["id"], "label": row["label"], "text": row["text"], **row}
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{path}, line {number}: not an answer of a review ({error!r}). "
                "Name another file with --labels."
            ) from error
