"""The environment Prefect is started in: where it keeps its things, and how it is tuned.

To be set before the first import of prefect, which reads it once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

# Beside the runs, not in ~/.prefect: a project's history goes with the project, and a
# profile made for another project is neither read nor written.
HOME = Path("out/prefect")

# Where a person has said which Prefect to use, we take that one.
_OWN = ("PREFECT_HOME", "PREFECT_PROFILE", "PREFECT_API_URL", "PREFECT_PROFILES_PATH")

_QUIET: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLI_PROMPT": "false",
    # Relative, so that the UI finds its API on whatever port and through whatever tunnel.
    "PREFECT_UI_API_URL": "/api",
}

_TUNED: Mapping[str, str] = {
    # The embedded server took 12 to 18 s to start on 2 cores, and over 20 s (Prefect's own
    # limit) on a fresh database while another process was busy.
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # Task run events are written in batches; one by one they lag behind on SQLite and a
    # burst of 1,000 ends in 503 answers.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # A run every five minutes is 100,000 a year; Prefect forgets after 90 days.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    # The zombie automation waits for three of these.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}


def prepare(environ: MutableMapping[str, str] | None = None) -> None:
    """Set what is not set yet. What the user has set stays."""
    environ = os.environ if environ is None else environ
    if not any(name in environ for name in _OWN):
        environ["PREFECT_HOME"] = str(HOME.absolute())
        # Prefect's server does not make the directory of its database.
        HOME.mkdir(parents=True, exist_ok=True)
    for name, value in {**_QUIET, **_TUNED}.items():
        environ.setdefault(name, value)


def quieten(environ: MutableMapping[str, str] | None = None) -> None:
    """Let Prefect log warnings only: for commands that show their own progress."""
    environ = os.environ if environ is None else environ
    environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    environ.setdefault("PREFECT_LOGGING_SERVER_LEVEL", "ERROR")
