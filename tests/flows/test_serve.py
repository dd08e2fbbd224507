"""`serve`: a schedule yields runs, and what dies or is stopped leaves nothing lost or wrong."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.faults.served import Served, served, write_pages

PAGES = 24


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What was sent to the people of `notify.example.yaml`."""
    return []


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, root: Path, told: list[str]) -> Iterator[Served]:
    """A served pipeline over a few pages, hurt by one test after another."""
    folder = tmp_path_factory.mktemp("served")
    write_pages(folder / "inbox", PAGES)
    # Last by name: in the run that carries on.
    (folder / "inbox" / "z-broken.html.gz").write_bytes(b"\x1f\x8b no gzip at all")
    with served(folder, "--batch-files", "1") as it, _receiver(told) as address:
        _notify(it, root / "flows/automations/notify.example.yaml", address)
        yield it


def test_kill_9_of_a_flow_loses_nothing(one: Served) -> None:
    """Its run is crashed, and the next of the schedule carries on from the last batch.

    With the pinned versions: SQLAlchemy 2.1 makes schedules that create no runs.
    """
    one.kill(one.wait_for_middle())
    one.wait_until_scored(PAGES)
    one.wait(lambda: "CompletedWithErrors" in one.states(), "the end of the second run")
    assert one.scored_twice() == []
    assert one.states().count("Crashed") == 1
    carried_on = next(run for run in one.ended() if run.state == "CompletedWithErrors")
    assert carried_on.of_schedule


def test_a_finished_run_is_published(one: Served) -> None:
    """The event of a finished run starts `publish-report`."""
    index = one.out / "published" / "index.html"
    one.wait(index.exists, "the published report")
    assert "<a href=" in index.read_text(encoding="utf-8")


def test_failures_are_told(one: Served, told: list[str]) -> None:
    """As the shipped example has it, by the event `quality.failures`; crashed runs too."""
    one.wait(lambda: any("quality.failures" in text for text in told), "the notification")
    text = next(text for text in told if "quality.failures" in text)
    assert "ReadError" in text
    assert str(one.out.name) in text
    one.wait(lambda: any("prefect.flow-run.Crashed" in text for text in told), "the other")


def test_sigterm_ends_all_of_it_cleanly(one: Served) -> None:
    """No process stays, the run in its middle says that it was ended, the exit code is 0."""
    write_pages(one.inbox, PAGES, first=300)
    pids = [one.wait_for_middle(), one.pid("runner"), one.pid("server")]
    assert one.stop(signal.SIGTERM) == 0
    assert [Path(f"/proc/{pid}").exists() for pid in pids] == [False] * 3
    assert one.flow_pids() == []
    assert "aborted by a termination signal" in one.log.read_text(encoding="utf-8")


@contextmanager
def _receiver(told: list[str]) -> Iterator[str]:
    """The address of a server that keeps what is posted to it."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def _notify(one: Served, example: Path, address: str) -> None:
    """Apply the example as operating.md says, with the id of a block of ours."""
    from prefect.blocks.notifications import CustomWebhookNotificationBlock
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.deployments import apply_automation

    block = CustomWebhookNotificationBlock(
        name="receiver", url=address, json_data={"text": "{{subject}}\n{{body}}"}
    )
    with temporary_settings({PREFECT_API_URL: one.url}):
        made = block.save("receiver", overwrite=True)
        ready = one.folder / "notify.yaml"
        text = example.read_text(encoding="utf-8")
        ready.write_text(text.replace("00000000-0000-0000-0000-000000000000", str(made)))
        apply_automation(ready)
