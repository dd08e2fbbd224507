"""The review page answers its own page, and nobody else."""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quality.errors import UsageError
from quality.review import Answers, ReviewServer, load_items

TRAIN = (sys.executable, "-c", "print('On the dev split: macro-F1 0.800')")


@pytest.fixture
def server(document: Callable[..., dict[str, Any]], tmp_path: Path) -> Iterator[ReviewServer]:
    """A review of two paragraphs."""
    items = load_items([document()])
    with ReviewServer(items, Answers(tmp_path / "reviewed.jsonl"), TRAIN) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def ask(server: ReviewServer, path: str, body: object = None, **headers: str) -> dict[str, Any]:
    """What the server answers, as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.load(answer))


def test_answers_move_the_review_on(server: ReviewServer) -> None:
    """An answer is kept and the next paragraph asked; taken back, it is asked again."""
    first = ask(server, "state")["item"]["id"]
    after = ask(server, "label", {"id": first, "label": "reporting"})
    assert (after["left"], after["answered"]) == (1, 1)
    assert ask(server, "undo", {})["item"]["id"] == first


def test_skipped_paragraphs_come_back(server: ReviewServer) -> None:
    """Skipping puts a paragraph behind the others."""
    first = ask(server, "state")["item"]["id"]
    second = ask(server, "skip", {"id": first})["item"]["id"]
    assert second != first
    assert ask(server, "skip", {"id": second})["item"]["id"] == first


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("label", {"id": "x", "label": "other"}, 400), ("nothing", {}, 400), ("label", [1], 400)],
)
def test_nonsense_is_refused(server: ReviewServer, path: str, body: object, status: int) -> None:
    """With a reason, and the review goes on."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server, path, body)
    with caught.value as answer:
        assert answer.code == status
        assert json.load(answer)["error"]
    assert ask(server, "state")["left"] == 2


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_other_sites_are_kept_out(server: ReviewServer, headers: dict[str, str]) -> None:
    """A page of another site in the same browser can neither read nor label."""
    for body in (None, {}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(server, "state" if body is None else "undo", body, **headers)
        with caught.value as answer:
            assert answer.code == 403


def test_training_is_started_and_told(server: ReviewServer) -> None:
    """The command runs beside the page, which shows its last lines and how it ended."""
    ask(server, "train", {})
    deadline = time.monotonic() + 30
    while (training := ask(server, "state")["training"])["code"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert training["code"] == 0
    assert "macro-F1 0.800" in " ".join(ask(server, "state")["training"]["lines"])


def test_a_taken_port_is_named(server: ReviewServer, tmp_path: Path) -> None:
    """The cure too."""
    with pytest.raises(UsageError, match="--port"):
        ReviewServer([], Answers(tmp_path / "a.jsonl"), TRAIN, server.server_port)
