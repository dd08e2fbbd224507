"""Packages fetched by name for benchmarks, kept in `out/downloads`, never part of the project.

Their pages belong to others: they are measured on, not shipped and not trained on.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "out" / "downloads"


class UnavailableError(Exception):
    """A package could not be fetched; the message names the cure."""


def sdist(name: str, version: str) -> Path:
    """The folder of a source distribution from the Python package index."""
    target = FOLDER / f"{name}-{version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    only = ["--no-deps", "--no-binary", name, "--dest", "."]
    return _unpacked(target, [*pip, *only, f"{name}=={version}"], f"{name}-{version}.tar.gz")


def npm(name: str, version: str) -> Path:
    """The folder of a package from npm's index."""
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    return _unpacked(FOLDER / f"{name}-{version}", command, f"{name}-{version}.tgz")


def deb(name: str) -> Path:
    """The files of a Debian package, in the version that this machine's sources offer."""
    target = FOLDER / name
    if not target.is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        for left_over in FOLDER.glob(f"{name}_*.deb"):
            left_over.unlink()
        _run(["apt-get", "download", "--quiet", name], FOLDER)
        archive = max(FOLDER.glob(f"{name}_*.deb"))
        _run(["dpkg-deb", "--extract", archive.name, f"{name}.part"], FOLDER)
        (FOLDER / f"{name}.part").rename(target)
        archive.unlink()
    return target


def _unpacked(target: Path, command: Sequence[str], archive: str) -> Path:
    if not target.is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        _run(command, FOLDER)
        part = target.with_name(target.name + ".part")
        with tarfile.open(FOLDER / archive) as packed:
            packed.extractall(part, filter="data")
        # What was cut off half-way is not taken for whole.
        part.rename(target)
        (FOLDER / archive).unlink()
    return target


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UnavailableError(f"{command[0]} is not on this machine: install it") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        what = f"`{' '.join(command)}` failed: {''.join(last)}"
        raise UnavailableError(
            f"{what}. Is a package index within reach, and is its list new (apt-get update)?"
        )
