"""What the tests of the commands share: a caller in this process, and small inputs."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from quality.cli import main

STORY = (
    "The harbour board voted 7-2 on Monday to close the north quay until May, its chair "
    "Ines Valder said. Repairs will cost 2.4 million and begin on 3 March.\n"
    "Fishing crews were told on Friday. Eleven boats will move to Tilsmark meanwhile, the "
    "harbour office said in a letter.\n"
)
CHROME = "Home > News > Local\n"


@dataclass(frozen=True)
class Done:
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str


Quality = Callable[..., Done]


@pytest.fixture
def quality(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Quality:
    """`quality ARGUMENTS` in an empty directory; `stdin` takes bytes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: object, stdin: bytes = b"") -> Done:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Two stories, one under site chrome; settled long ago, so that nothing waits for them."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    write(folder / "a.txt", CHROME + STORY)
    write(folder / "b.txt", "Snow closed the Orvan pass on Tuesday, the road service said.\n" * 2)
    return folder


def write(path: Path, content: str | bytes) -> Path:
    """A file that was last changed in 2001."""
    import os

    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (10**9, 10**9))
    return path
