"""Site repetition for `benchmarks.chrome`: what it finds on real hosts, what it costs on large."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from quality.chrome.labelled import LabelledPage
from quality.chrome.sites import Repetition, SiteLines
from quality.state import State

# Documents of the made-up hosts whose cost is measured, and how many of them are judged.
HOST_SIZES = (50, 500, 5000)
_JUDGED = 300
# Counting anew takes a tenth of a second a document on the largest host.
_JUDGED_ANEW = 20


def hosts_of(pages: Sequence[LabelledPage], least: int, most: int) -> list[list[LabelledPage]]:
    """Full pages by host, hosts of `least` to `most` pages."""
    hosts: dict[str, list[LabelledPage]] = {}
    for page in pages:
        if page.situation == "dense":
            hosts.setdefault(page.host, []).append(page)
    return [own for own in hosts.values() if least <= len(own) <= most]


def repetition_of(
    own: Sequence[LabelledPage], least: int
) -> Iterator[tuple[str, list[Repetition | None]]]:
    """How the lines of each page recur over its host, each page a cluster of its own."""
    with State.in_memory() as state:
        sites = SiteLines(state, min_documents=least)
        for page in own:
            sites.add("host", page.page, page.lines)
        for page in own:
            yield page.page, sites.repetition("host", page.lines, str)


def cost_of_large_hosts() -> Iterator[tuple[int, float, float]]:
    """Documents of a host, CPU milliseconds a document with nothing kept, and as judged."""
    for size in HOST_SIZES:
        rng = random.Random(1)
        pages = [_page(rng) for _ in range(size)]
        with State.in_memory() as state:
            sites = SiteLines(state)
            with state.transaction():
                for number, lines in enumerate(pages):
                    sites.add("host", str(number), lines)
            anew = min(_JUDGED_ANEW, size)
            begun = time.process_time()
            for number in range(anew):
                SiteLines(state).repetition("host", pages[number], str)
            middle = time.process_time()
            for lines in pages[:_JUDGED]:
                sites.repetition("host", lines, str)
            judged = time.process_time() - middle
        yield size, (middle - begun) / anew * 1e3, judged / min(_JUDGED, size) * 1e3


def _page(rng: random.Random) -> list[str]:
    stock = [f"Menu entry number {number} of this site" for number in range(40)]
    own = [f"A headline of {rng.randrange(10**6)} words on day {rng.random()}" for _ in range(20)]
    return [*stock, *own]
