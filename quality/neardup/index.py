"""The index of everything seen: documents go in, relations come out.

Signatures live in the state database, their keys in memory; the keys are made anew from the
signatures when the index is opened. Judging only reads; adding and removing join the
caller's transaction. What a rolled back transaction left in memory, and what another process
has added, is noticed and made good before the next answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from quality.errors import StateError
from quality.neardup.candidates import KeyIndex, TextKeys, keys_of
from quality.neardup.clusters import MAX_LEADERS, choose_leader
from quality.neardup.judging import Judge, Limits
from quality.neardup.relations import Relations, overlaps, trigrams
from quality.neardup.signature import DEFAULT, DocumentSignature, Scheme
from quality.neardup.store import Store, StoredTexts
from quality.state import State

SCHEME_KEY = "neardup.scheme"
# Texts whose keys are made at a time: some 30 MB of working memory.
_LOAD_TEXTS = 4_096
_DEFAULT_LIMITS = Limits()


class SectionIndex:
    """Near-duplicates of documents and sections over an open state."""

    def __init__(self, state: State, scheme: Scheme, limits: Limits) -> None:
        self._scheme = scheme
        self._limits = limits
        self._state = state
        self._store = Store(state)
        self._clusters: dict[str, str] = {}
        self._reset()

    @classmethod
    def open(
        cls, state: State, scheme: Scheme = DEFAULT, *, limits: Limits = _DEFAULT_LIMITS
    ) -> SectionIndex:
        """The index in a state, made if there is none.

        Raises StateError where the stored signatures were made with another scheme.
        """
        check_scheme(state, scheme)
        index = cls(state, scheme, limits)
        if state.meta(SCHEME_KEY) is None:
            state.set_meta(SCHEME_KEY, scheme.to_json())
        index._synchronise()
        return index

    def __len__(self) -> int:
        return self._store.count_documents()

    def add(self, batch: Sequence[DocumentSignature]) -> None:
        """Remember documents, in the order given; joins the caller's transaction.

        A document known under the same path and record keeps its place when its id is the
        same, and is replaced when it is another. Adding again changes nothing.
        """
        with self._state.transaction():
            self._synchronise()
            left = {self._put(signature) for signature in batch}
            self._load(cluster=True)
            self._drop(left)
        self._clusters.clear()

    def judge(self, signature: DocumentSignature) -> Relations:
        """What is known of a document beside all that is stored; it may itself be stored."""
        return next(self.judge_batch([signature]))

    def judge_batch(self, signatures: Sequence[DocumentSignature]) -> Iterator[Relations]:
        """`judge` for many documents, in order, at a fraction of the cost."""
        self._synchronise()
        return Judge(self._store, self._keys, self._scheme, self._limits).judge(signatures)

    def cluster_of(self, document_id: str) -> str:
        """The id of the document that stands for this one's cluster; its own if unknown."""
        found = self._clusters.get(document_id)
        if found is None:
            found = self._clusters[document_id] = (
                self._store.representative(document_id) or document_id
            )
        return found

    def remove(self, paths_or_ids: Iterable[str]) -> list[str]:
        """Forget documents by path or id; the ids of those that were there."""
        with self._state.transaction():
            self._synchronise()
            names = list(dict.fromkeys(paths_or_ids))
            found = self._store.at_paths(names)
            known = {document.path for document in found}
            found += [d for name in names if name not in known for d in self._store.with_id(name)]
            removed = {document.sequence: document for document in found}
            for sequence in removed:
                self._store.delete_document(sequence)
            self._drop({document.text for document in removed.values()})
        self._clusters.clear()
        return list(dict.fromkeys(document.id for document in removed.values()))

    def stats(self) -> dict[str, int | str]:
        """What the index holds, for people."""
        return {
            "documents": self._store.count_documents(),
            "different texts": self._store.count_texts(),
            "clusters": self._store.count_clusters(),
            "keys in memory": self._keys.postings,
            "bytes in memory": self._keys.nbytes,
            "scheme": self._scheme.to_json(),
        }

    def tidy(self) -> None:
        """Make the keys in memory anew if there are some of texts that have been replaced.

        They take part in what is commonplace, and in how many texts are looked at under a key.
        """
        if self._has_old_keys:
            self._reset()
            self._synchronise()

    def rebuild(self) -> None:
        """Make keys and clusters anew from the stored signatures."""
        with self._state.transaction():
            self._reset()
            self._store.reset_leaders()
            self._load(cluster=True)
        self._clusters.clear()

    def _reset(self) -> None:
        self._keys = KeyIndex()
        self._last = 0
        self._has_old_keys = False

    def _synchronise(self) -> None:
        last = self._store.last_text()
        if last < self._last:
            self._reset()
            self._clusters.clear()
        if last > self._last:
            self._load(cluster=False)

    def _load(self, *, cluster: bool) -> None:
        while stored := self._store.texts(after=self._last, limit=_LOAD_TEXTS):
            keys = keys_of(stored.texts, self._scheme)
            self._keys.add(keys, stored.numbers, stored.leaders)
            self._last = int(stored.numbers[-1])
            if cluster:
                self._assign(stored, keys)

    def _put(self, signature: DocumentSignature) -> int | None:
        """Store one document; the text that this place carried before, if it was another."""
        known = self._store.at_place(signature.path, signature.record)
        text = self._store.find_text(signature.exact) if signature.exact else None
        if text is None and signature.exact:
            text = self._store.insert_text(signature)
        if known is not None and known.id == signature.id:
            self._store.update_document(known.sequence, signature, text)
        else:
            if known is not None:
                self._store.delete_document(known.sequence)
            self._store.insert_document(signature, text)
        return None if known is None or known.text == text else known.text

    def _drop(self, texts: set[int | None]) -> None:
        """Delete those of the texts that no document carries; regroup who followed them."""
        for text in sorted(text for text in texts if text is not None):
            if self._store.carrying(text, 1):
                continue
            self._store.delete_text(text)
            self._has_old_keys = True
            left = self._store.texts_led_by(text)
            for member in left.numbers.tolist():
                self._set_leader(member, member)
            self._assign(left, keys_of(left.texts, self._scheme))
        # Keys of what was deleted stay in memory until `tidy`, or the next opening: they lead
        # to nothing, or to a newer text of that number that verification turns away.
        self._last = self._store.last_text()

    def _assign(self, stored: StoredTexts, keys: TextKeys) -> None:
        """Let each text, in order, join the earlier representative it is most like."""
        found = self._keys.whole(keys, self._keys.match(keys))
        for row, number in enumerate(stored.numbers.tolist()):
            candidates = [text for text in found.of_row(row) if text < number]
            leaders = self._store.leaders_among(candidates)[:MAX_LEADERS]
            if not leaders:
                continue
            words = self._store.word_bytes(leaders)
            measured = overlaps(
                trigrams(stored.texts.word_bytes(row)),
                [trigrams(words[leader]) for leader in leaders],
            )
            leader = choose_leader(leaders, measured)
            if leader is not None:
                self._set_leader(number, leader)

    def _set_leader(self, text: int, leader: int) -> None:
        self._store.set_leader(text, leader)
        self._keys.set_leader(text, leader)


def check_scheme(state: State, scheme: Scheme) -> None:
    """Raise StateError where the stored signatures were made with another scheme."""
    stored = state.meta(SCHEME_KEY)
    if stored is not None and stored != scheme.to_json():
        raise StateError(
            f"{state.path}: the near-duplicate index was made with another scheme"
            f" ({_difference(stored, scheme)}). Score into a new state with --state NEW.db,"
            " or use the version that wrote this one."
        )


def _difference(stored: str, scheme: Scheme) -> str:
    """Which facts differ, as `seed 1, not 2`."""
    theirs, ours = json.loads(stored), asdict(scheme)
    return ", ".join(
        f"{name} {theirs.get(name)}, not {ours.get(name)}"
        for name in sorted(theirs | ours)
        if theirs.get(name) != ours.get(name)
    )
