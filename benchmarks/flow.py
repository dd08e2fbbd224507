"""What Prefect costs: the flow beside `quality score` on the same files.

    python -m benchmarks.flow [--files 2000] [--rounds 3] [--json FILE]

Both score the same directory with a state of their own, alternately, `rounds` times. The
fixed part is what a run with nothing new takes; the overhead is what the flow takes beyond
its fixed part, against what `quality score` takes beyond its own. Figures are medians over
the rounds, each of the pair of one round.

Whole times of a run of a minute differ by several percent on a shared machine, more than
there is to be measured: they are given with their least and largest, for what they are worth.
The bar is held against what the flow's own process spends more, in two parts
(benchmarks.flow_inside): outside the core, told to a hundredth of a second; and in the core,
where both do the same, but not beside as many objects of others. Of the latter the least of
all rounds counts, as noise only adds. Workers know nothing of Prefect. The server runs on
its own and is measured apart: processor time, memory, growth of its database for a run.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from flows import environment
from flows.server import answers, free_port

ROOT = Path(__file__).parent.parent
BAR = 0.02
# From so many files up the bar holds; below, Prefect's fixed start is what one sees.
BAR_FROM_FILES = 2_000
_SPENT = "spent.json"
_TICKS_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took."""

    wall_s: float
    cpu_s: float
    core_s: float
    outside_s: float
    peak_mb: float
    """Of the process itself; its workers are the same in both."""

    @property
    def workers_s(self) -> float:
        """Processor time of the worker processes."""
        return self.cpu_s - self.core_s - self.outside_s


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether the bar holds."""
    parser = argparse.ArgumentParser(description="Overhead of the flow against quality score.")
    parser.add_argument("--files", type=int, default=BAR_FROM_FILES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="worker processes of both")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-flow-") as place:
        figures = measure(Path(place), options.files, options.rounds, options.jobs)
    print_figures(figures)
    if options.json is not None:
        options.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return 0 if options.files < BAR_FROM_FILES or figures["overhead"] < BAR else 3


def measure(place: Path, files: int, rounds: int, jobs: int) -> dict[str, float]:
    """All figures, in seconds, megabytes and shares."""
    inbox, empty = place / "inbox", place / "empty"
    write_inbox(inbox, files)
    empty.mkdir()
    costs: dict[str, list[Cost]] = {}
    with _server(place) as server:
        before = server.figures()
        for number in range(rounds):
            for name, source in (("none", empty), ("all", inbox)):
                # Each goes first in turn, so that neither finds the files warmer.
                for kind in ("cli", "flow") if number % 2 == 0 else ("flow", "cli"):
                    folder = place / f"{kind}-{name}-{number}"
                    folder.mkdir()
                    command = _command(kind, source, folder, jobs)
                    cost = _run(command, server.environ, folder / _SPENT)
                    costs.setdefault(f"{kind} {name}", []).append(cost)
        after = server.figures()
    return {
        "files": files,
        "rounds": rounds,
        **_beside("wall", {name: [c.wall_s for c in found] for name, found in costs.items()}),
        **_beside("cpu", {name: [c.cpu_s for c in found] for name, found in costs.items()}),
        **_parts(costs["cli all"], "quality score"),
        **_parts(costs["flow all"], "the flow"),
        **_overheads(costs),
        "peak MB of quality score": max(cost.peak_mb for cost in costs["cli all"]),
        "peak MB of the flow": max(cost.peak_mb for cost in costs["flow all"]),
        # Half of the runs had nothing to do; their share is small and stays in.
        "server cpu s a run": (after["cpu_s"] - before["cpu_s"]) / rounds,
        "server peak MB": after["peak_mb"],
        "database KB a run": (after["db_kb"] - before["db_kb"]) / rounds,
    }


def _beside(what: str, found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    cli = _beyond(found["cli all"], found["cli none"])
    flow = _beyond(found["flow all"], found["flow none"])
    overheads = [mine / theirs - 1 for mine, theirs in zip(flow, cli, strict=True)]
    return {
        f"{what} s of quality score": statistics.median(found["cli all"]),
        f"{what} s of the flow": statistics.median(found["flow all"]),
        f"fixed {what} s": statistics.median(_beyond(found["flow none"], found["cli none"])),
        f"overhead of {what}, whole": statistics.median(overheads),
        f"overhead of {what}, least": min(overheads),
        f"overhead of {what}, largest": max(overheads),
    }


def _parts(found: Sequence[Cost], name: str) -> dict[str, float]:
    return {
        f"core s of {name}": statistics.median(cost.core_s for cost in found),
        f"worker s of {name}": statistics.median(cost.workers_s for cost in found),
        f"outside s of {name}": statistics.median(cost.outside_s for cost in found),
    }


def _overheads(costs: Mapping[str, Sequence[Cost]]) -> dict[str, float]:
    """What the flow spends beyond its fixed part: shares of what `quality score` does."""
    out = {name: [cost.outside_s for cost in found] for name, found in costs.items()}
    whole = {name: [cost.cpu_s for cost in found] for name, found in costs.items()}
    cli = _beyond(out["cli all"], out["cli none"])
    flow = _beyond(out["flow all"], out["flow none"])
    work = statistics.median(_beyond(whole["cli all"], whole["cli none"]))
    outside = statistics.median(_beyond(flow, cli)) / work
    least = {name: min(cost.core_s for cost in found) for name, found in costs.items()}
    core = (least["flow all"] - least["cli all"]) / work
    return {
        "overhead outside the core": outside,
        "overhead in the core": core,
        "overhead": outside + max(0.0, core),
    }


def _beyond(some: Sequence[float], fixed: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(some, fixed, strict=True)]


def write_inbox(folder: Path, files: int) -> None:
    """Files of 25 sentences drawn from our sample pages: few near-duplicates among them."""
    rng = random.Random(0)
    pool = sorted(
        {
            sentence.strip()
            for page in sorted((ROOT / "seeds" / "pages").rglob("*.txt"))
            for sentence in re.split(r"(?<=[.?!])\s+", page.read_text(encoding="utf-8"))
            if 6 <= len(sentence.split()) <= 40
        }
    )
    folder.mkdir()
    for number in range(files):
        paragraphs = [" ".join(rng.sample(pool, 5)) for _ in range(5)]
        if number % 2:
            page, text = f"{number}.txt", "\n\n".join([f"Notes of day {number}", *paragraphs])
        else:
            page, text = f"{number}.html", _html(number, paragraphs)
        path = folder / page
        path.write_text(text, encoding="utf-8")
        os.utime(path, (1_700_000_000, 1_700_000_000))


def _html(number: int, paragraphs: Sequence[str]) -> str:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return (
        f"<!doctype html><html><head><title>Notes {number}</title></head><body>"
        "<nav><a href='/'>Home</a> <a href='/news'>News</a></nav>"
        f"<article><h1>Notes of day {number}</h1>{body}</article>"
        "<footer>All rights reserved.</footer></body></html>"
    )


def _command(kind: str, source: Path, folder: Path, jobs: int) -> list[str]:
    common = [str(source), "--state", str(folder / "state.db"), "--jobs", str(jobs)]
    inside = ["-m", "benchmarks.flow_inside", str(folder / _SPENT)]
    if kind == "cli":
        return [*inside, "quality", "score", *common, "--out", str(folder / "run")]
    return [*inside, "flows", "score", *common, "--out", str(folder)]


def _run(command: Sequence[str], environ: Mapping[str, str], spent: Path) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=dict(environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, errors = process.communicate()
    wall_s = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {errors.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s, cpu_s, **orjson.loads(spent.read_bytes()))


@dataclass(frozen=True, slots=True)
class _Server:
    pid: int
    home: Path
    environ: Mapping[str, str]

    def figures(self) -> dict[str, float]:
        """Processor time, peak memory and database size by now."""
        # Events are written in batches every few seconds.
        time.sleep(8)
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{self.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+)", status)
        size = sum(path.stat().st_size for path in self.home.glob("prefect.db*"))
        return {
            "cpu_s": (int(fields[11]) + int(fields[12])) / _TICKS_S,
            "peak_mb": int(peak[1]) / 1024 if peak else 0.0,
            "db_kb": size / 1024,
        }


@contextmanager
def _server(place: Path) -> Iterator[_Server]:
    home, port = place / "prefect", free_port(4500)
    home.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environ["PREFECT_HOME"] = str(home)
    environment.prepare(environ)
    url = f"http://127.0.0.1:{port}/api"
    command = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 180
        while not answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("Prefect's server does not start")
            time.sleep(0.5)
        yield _Server(process.pid, home, {**environ, "PREFECT_API_URL": url})
    finally:
        process.terminate()
        process.wait()


def print_figures(figures: Mapping[str, float]) -> None:
    """A table; shares in percent."""
    for name, value in figures.items():
        shown = f"{value:.2%}" if name.startswith("overhead") else f"{value:,.2f}"
        print(f"{name:>30}  {shown}")


if __name__ == "__main__":
    sys.exit(main())
