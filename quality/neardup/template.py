"""House templates: outlines that recur over documents of different subjects.

A document is templated when enough other documents (of other near-duplicate clusters) run
parallel to it, section by section, and what recurs fits any subject: headings of families
that fit anything or that are worded anew each time, and bodies that hold little that is
particular. Recipes, encyclopaedias, match reports and records recur too; their headings and
their particulars keep them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xxhash import xxh3_64_hexdigest

from quality.document import Evidence, EvidenceKind
from quality.neardup.align import Pair, tokens
from quality.neardup.generic import Recurring, fits_any_subject, is_vague, worth
from quality.neardup.headings import lexicon
from quality.neardup.outline import Outline, SectionOutline, outline
from quality.neardup.outline_store import OutlineStore
from quality.neardup.peers import SAME_HOST, Peer, Stored, any_host_limits
from quality.state import State
from quality.tokens import fold, words

__all__ = [
    "Outline",
    "Template",
    "TemplateMatch",
    "TemplateMatches",
    "TemplateRegistry",
    "outline",
]

# A house template shows in four documents: the one judged and three others (issue 4).
MIN_PEERS = 3
# Outlines that can show a template at all.
MIN_SECTIONS = 3
# On a large host a template shows in more than a stray few of the documents compared.
MIN_SHARE = 0.06
# A host with so many documents shows its template itself; other hosts need no look.
OWN_COMPANY = 12
# A section of a document that is not templated is worth naming from here on.
MIN_WORTH = 0.5
# Without other documents: so many stock headings of different families, and what they weigh.
MIN_STOCK = 4
STOCK_COVERAGE = 0.25
# Example headings kept of a template.
EXAMPLES = 3
_DDL = """
CREATE TABLE IF NOT EXISTS template_members (
    template TEXT NOT NULL, document TEXT NOT NULL, host TEXT NOT NULL,
    heading TEXT NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (template, document)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS template_members_document ON template_members (document);
"""


@dataclass(frozen=True, slots=True)
class TemplateMatch:
    """A section that recurs: in how many documents and hosts, and since when."""

    id: str
    documents: int
    """Distinct near-duplicate clusters, this document's own included; 1 for a stock heading."""
    hosts: int
    """Known hosts among them."""
    coverage: float
    """Share of the parallel documents that have this section."""
    first_seen: str
    """When the first of them was added, ISO 8601 in UTC; empty for a stock heading."""
    example_headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateMatches:
    """What recurs of a document, by section, and whether it is templated as a whole."""

    sections: tuple[TemplateMatch | None, ...]
    templated: bool
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    """The headings of the sections that recur, with their coverage."""


@dataclass(frozen=True, slots=True)
class Template:
    """A section template in the registry, counted over templated documents."""

    id: str
    first_seen: str
    documents: int
    hosts: int
    example_headings: tuple[str, ...]


class TemplateRegistry:
    """Outlines of all documents in the state, and what recurs among them."""

    def __init__(self, state: State) -> None:
        self.state = state
        state.define(_DDL)
        self.outlines = OutlineStore(state)

    def add(self, document_id: str, host: str | None, title: str | None, outline: Outline) -> None:  # noqa: ARG002 - the outline has its subject taken out already
        """Remember a document's outline; adding it again changes nothing."""
        if len(outline.sections) >= MIN_SECTIONS:
            self.outlines.put(document_id, host or "", outline.sections)
        else:
            self.outlines.remove(document_id)

    def remove(self, document_id: str) -> None:
        """Forget a document's outline and where it was a member."""
        self.outlines.remove(document_id)
        with self.state.transaction() as connection:
            connection.execute("DELETE FROM template_members WHERE document = ?", (document_id,))

    def judge(
        self, outline: Outline, host: str | None, cluster_of: Callable[[str], str]
    ) -> TemplateMatches:
        """What of an outline recurs in the documents added, and whether it is templated.

        Depends on which documents were added, not on their order, nor on whether this one was.
        """
        kinds = lexicon(outline.language or "en").kinds
        judged = Stored.of(outline.document, host or "", "", outline.sections)
        partly: _Finding | None = None
        if len(outline.sections) >= MIN_SECTIONS:
            for peers in self._groups_of_peers(judged, cluster_of):
                finding = _Finding(judged, tuple(peers))
                if fits_any_subject(finding.recurring(), kinds):
                    matches = finding.matches()
                    self._register(judged, matches)
                    return _templated(outline, finding, matches)
                partly = partly or finding
        named = partly.matches(kinds) if partly else _stock(outline)
        return TemplateMatches(_by_section(outline, named), templated=False)

    def templates(self) -> list[Template]:
        """The section templates seen so far, the one in most documents first."""
        rows = self.state.connection.execute(
            "SELECT template, min(since), count(*), count(DISTINCT nullif(host, '')) "
            "FROM template_members GROUP BY template ORDER BY 3 DESC, 1"
        ).fetchall()
        return [
            Template(template, since, documents, hosts, self._examples(template))
            for template, since, documents, hosts in rows
        ]

    def _examples(self, template: str) -> tuple[str, ...]:
        rows = self.state.connection.execute(
            "SELECT DISTINCT heading FROM template_members WHERE template = ? "
            "ORDER BY heading LIMIT ?",
            (template, EXAMPLES),
        )
        return tuple(heading for (heading,) in rows)

    def _groups_of_peers(
        self, judged: Stored, cluster_of: Callable[[str], str]
    ) -> Iterator[list[Peer]]:
        """Peers on the same host, then peers on any; groups too small to count are left out."""
        if judged.host:
            home = self.outlines.of_host(judged.host)
            peers = home.peers(judged, SAME_HOST, cluster_of)
            if len(peers) >= max(MIN_PEERS, MIN_SHARE * len(home.members)):
                yield peers
            if len(home.members) >= OWN_COMPANY:
                return
        anywhere = self.outlines.sharing(judged.sections)
        limits = any_host_limits(self.outlines.count())
        peers = anywhere.peers(judged, limits, cluster_of)
        if len(peers) >= MIN_PEERS:
            peers = anywhere.mutual(peers, SAME_HOST, cluster_of)
            if len(peers) >= MIN_PEERS:
                yield peers

    def _register(self, judged: Stored, matches: Sequence[TemplateMatch | None]) -> None:
        rows = sorted(
            {
                (match.id, judged.document, judged.host, section.heading, match.first_seen)
                for section, match in zip(judged.sections, matches, strict=True)
                if match is not None
            }
        )
        known = self.state.connection.execute(
            "SELECT * FROM template_members WHERE document = ? ORDER BY template",
            (judged.document,),
        ).fetchall()
        if known == rows:
            return
        with self.state.transaction() as connection:
            connection.execute(
                "DELETE FROM template_members WHERE document = ?", (judged.document,)
            )
            connection.executemany(
                "INSERT OR IGNORE INTO template_members VALUES (?, ?, ?, ?, ?)", rows
            )


@dataclass(frozen=True, slots=True)
class _Finding:
    """A document and the documents that run parallel to it."""

    judged: Stored
    peers: tuple[Peer, ...]

    def held(self) -> list[list[tuple[Peer, Pair]]]:
        """For each section of the document, where it recurs."""
        return [
            [(peer, pair) for peer in self.peers for pair in peer.pairs if pair.own == number]
            for number in range(len(self.judged.sections))
        ]

    def recurring(self) -> list[Recurring]:
        """The sections that recur in enough documents."""
        return [
            _recurring(section, found)
            for section, found in zip(self.judged.sections, self.held(), strict=True)
            if len(found) >= MIN_PEERS
        ]

    def matches(self, kinds: Mapping[str, str] | None = None) -> list[TemplateMatch | None]:
        """A match for each section that recurs; with `kinds` only for those that fit anything."""
        return [
            self._match(section, found)
            if len(found) >= MIN_PEERS
            and (kinds is None or worth(_recurring(section, found), kinds) >= MIN_WORTH)
            else None
            for section, found in zip(self.judged.sections, self.held(), strict=True)
        ]

    def _match(self, section: SectionOutline, found: Sequence[tuple[Peer, Pair]]) -> TemplateMatch:
        others = [peer.stored.sections[pair.other] for peer, pair in found]
        hosts = {peer.stored.host for peer, _ in found} | {self.judged.host}
        headings = sorted({section.heading} | {other.heading for other in others})
        return TemplateMatch(
            id=_template_id([section, *others]),
            documents=len(found) + 1,
            hosts=len(hosts - {""}),
            coverage=round(len(found) / len(self.peers), 3),
            first_seen=min(peer.stored.added for peer, _ in found),
            example_headings=tuple(headings[:EXAMPLES]),
        )


def _recurring(section: SectionOutline, found: Sequence[tuple[Peer, Pair]]) -> Recurring:
    return Recurring(section, tuple(peer.stored.sections[pair.other] for peer, pair in found))


def _template_id(sections: Collection[SectionOutline]) -> str:
    """An id of what most headings of a section have in common, the same from all its documents."""
    count = Counter(token for section in sections for token in tokens(section))
    if not count:
        return "section-" + _digest(min(section.form for section in sections))
    core = sorted(token for token, times in count.items() if times > len(sections) / 2)
    first = min(count, key=lambda token: (-count[token], "family:" not in token, token))
    name = first.rpartition(":")[2] if ":" in first else _whole_word(first, sections)
    return f"{name}-{_digest(' '.join(core or [first]))}"


def _whole_word(stem: str, sections: Collection[SectionOutline]) -> str:
    """The word that headings most often have for a stem, for people to read."""
    count = Counter(
        word
        for section in sections
        for word in words(fold(section.heading))
        if word.startswith(stem)
    )
    return min(count, key=lambda word: (-count[word], word), default=stem)


def _digest(text: str) -> str:
    return xxh3_64_hexdigest(text.encode())[:8]


def _templated(
    outline: Outline, finding: _Finding, matches: Sequence[TemplateMatch | None]
) -> TemplateMatches:
    pairs = zip(outline.sections, matches, strict=True)
    evidence = tuple(
        Evidence(EvidenceKind.TEMPLATE, match.id, match.coverage, *section.span)
        for section, match in pairs
        if match is not None
    )
    reason = (
        f"{len(evidence)} of its {len(matches)} sections recur in the same order in "
        f"{len(finding.peers)} other documents on other subjects and fit any subject"
    )
    return TemplateMatches(_by_section(outline, matches), True, reason, evidence)  # noqa: FBT003 - the field is named `templated`


def _stock(outline: Outline) -> list[TemplateMatch | None]:
    """Stock headings of content farms over vague sections, where several stand together.

    All there is to go by when a document is the first of its site: weak evidence only.
    """
    stock = lexicon(outline.language or "en").stock
    found = [stock(section.heading) if is_vague(section) else None for section in outline.sections]
    if len({family for family in found if family}) < MIN_STOCK:
        return [None] * len(found)
    return [
        TemplateMatch(f"stock-{family}", 1, 0, STOCK_COVERAGE, "", (section.heading,))
        if family
        else None
        for section, family in zip(outline.sections, found, strict=True)
    ]


def _by_section(
    outline: Outline, matches: Sequence[TemplateMatch | None]
) -> tuple[TemplateMatch | None, ...]:
    return tuple(None if main is None else matches[main] for main in outline.main)
