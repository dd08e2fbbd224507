"""Kill -9 while batches are added: nothing is lost, nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_killed_runs_resume_to_the_same_answers(root: Path) -> None:
    """Runs killed at random moments and resumed answer like one that was left alone."""
    command = [sys.executable, "-m", "benchmarks.neardup_kill", "--points", "4"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 of 4 states answer the same" in run.stdout
