"""One Prefect server for all tests of flows, in a directory of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import environment

SENTENCES = (
    "The harbour office counted {n} boats on Monday, said its clerk Ada Wren.",
    "Repairs to pier {n} begin in March and cost 40,000 crowns, the council decided.",
    "Three members voted against the plan, among them Tom Alder of ward {n}.",
)


def write_pages(folder: Path, count: int, *, first: int = 0) -> Path:
    """`count` short texts, no two alike, old enough to be settled."""
    import os

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        page = folder / f"page-{number:04}.txt"
        words = " ".join(f"{word}{number}" for word in ("salt", "mast", "quay", "rope", "tar"))
        lines = [line.format(n=number) for line in SENTENCES]
        page.write_text("\n\n".join([f"Harbour notes {number}", *lines, words]) + "\n")
        os.utime(page, (1_700_000_000, 1_700_000_000))
    return folder


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Prefect's embedded server on a fresh database; never the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        patch.delenv("PREFECT_API_URL", raising=False)
        environment.prepare()
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
        from prefect.testing.utilities import prefect_test_harness

        with (
            prefect_test_harness(server_startup_timeout=120),
            # The heartbeat's thread costs every flow run a second at its end.
            temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
        ):
            yield
