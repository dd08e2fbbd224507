"""What a scoring run is asked to do: the form in Prefect's UI, and the options of `score`."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Runner(StrEnum):
    """Where pages are analysed."""

    PROCESSES = "processes"
    DASK = "dask"


class ScoreParameters(BaseModel):
    """What to score, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Scoring")

    source: Path = Field(
        default=Path("inbox"),
        title="Source",
        description="File or directory to score; directories with everything below them.",
    )
    out: Path = Field(
        default=Path("out"),
        title="Output",
        description="Directory in which each run makes its own folder.",
    )
    state: Path = Field(
        default=Path("out/state.db"),
        title="State",
        description="Memory between runs: what is scored, and what was seen before.",
    )
    settings: Path | None = Field(
        default=None,
        title="Settings",
        description="A quality.toml with thresholds and limits. Empty: built in.",
    )
    rescore: bool = Field(
        default=False,
        title="Score again",
        description="Score everything, also what is known from earlier runs.",
    )
    jobs: int = Field(
        default=0,
        ge=0,
        le=256,
        title="Worker processes",
        description="0 takes one for each core.",
    )
    batch_files: int = Field(
        default=0,
        ge=0,
        le=10_000,
        title="Pages a batch",
        description="One transaction and one task run each. 0: as in the settings, and more "
        "where a run would have over 100 batches.",
    )
    runner: Runner = Field(
        default=Runner.PROCESSES,
        title="Task runner",
        description="Analyse in processes of this machine, or on a Dask cluster.",
    )
    dask_address: str | None = Field(
        default=None,
        pattern=r"^(tcp|tls|ws|wss|ucx)://\S+$",
        title="Dask address",
        description="Scheduler of a running cluster, such as tcp://host:8786. Empty: a temporary "
        "cluster on this machine.",
    )
    drift_window: int = Field(
        default=10,
        ge=5,
        le=100,
        title="Drift window",
        description="How many earlier runs a run is compared with; no alarm before five.",
    )
    shards: int = Field(
        default=1,
        ge=1,
        le=10_000,
        title="Shards",
        description="Among how many runs the inputs are shared out, by a hash of their paths.",
    )
    shard: int = Field(
        default=0, ge=0, title="Shard", description="Which of them this run takes, from 0."
    )
    reports_url: str | None = Field(
        default=None,
        pattern=r"^(https?|file)://\S+$",
        title="Address of reports",
        description="Where the output directory is served, for the link on the run's page. "
        "Empty: a file address.",
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> ScoreParameters:
        if self.dask_address is not None and self.runner is not Runner.DASK:
            raise ValueError("a Dask address needs the task runner dask")
        if self.shard >= self.shards:
            raise ValueError(f"there is no shard {self.shard} of {self.shards}; they count from 0")
        return self

    def takes(self, name: str) -> bool:
        """Whether an input of this name belongs to this shard, on whatever machine."""
        digest = hashlib.sha256(name.encode()).digest()
        return int.from_bytes(digest[:8]) % self.shards == self.shard
