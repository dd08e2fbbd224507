"""Settings: what a user may turn, with bounds, from `quality.toml`.

Results depend on these values, the models and the rules alone; `Settings.fingerprint`
is the part of the ledger's key that stands for the settings.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quality.errors import SettingsError
from quality.extract.limits import DEFAULT_LIMITS
from quality.read.readers import MAX_BYTES

Share = Annotated[float, Field(ge=0, le=1)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadSettings(_Group):
    """Which files are read, and how much of one."""

    max_bytes: int = Field(
        default=MAX_BYTES, ge=1_000, description="Largest page, in bytes, after decompression."
    )
    settle_s: float = Field(
        default=1.0,
        ge=0,
        le=3600,
        description="Files that change within this many seconds wait for the next run.",
    )


class ExtractSettings(_Group):
    """Limits of one page."""

    max_nodes: int = Field(
        default=DEFAULT_LIMITS.max_nodes, ge=100, description="Most HTML nodes of a page."
    )
    timeout_s: float = Field(
        default=20.0, gt=0, le=3600, description="Seconds after which a page is cut off."
    )


class ChromeSettings(_Group):
    """How much chrome is taken, and what may be lost."""

    line_model: bool = Field(default=True, description="Use the line model beside the rules.")
    site_repetition: bool = Field(
        default=True, description="Use lines repeated over a host's documents."
    )
    strictness: Share = Field(
        default=0.5,
        description="0 keeps every doubtful line, 1 takes every doubtful line; "
        "0.5 is the threshold chosen for at most 0.5 % of content lost.",
    )


class NearDuplicateSettings(_Group):
    """When two texts count as near-duplicates."""

    similarity: Share = Field(
        default=0.5, ge=0.3, description="Least Jaccard similarity of word 3-grams."
    )
    containment: Share = Field(
        default=0.4, ge=0.3, description="Least share of the shorter text found in the other."
    )


class LabelSettings(_Group):
    """How sure a paragraph label must be."""

    min_confidence: Share = Field(
        default=0.0,
        description="Labels less sure than this become uncertain, on top of the threshold that "
        "was chosen when the model was trained.",
    )


class VerdictSettings(_Group):
    """When a document is called reporting or thin."""

    reporting: Share = Field(default=0.5, description="Least share of words in reporting.")
    thin: Share = Field(
        default=0.5, description="Least share of words in filler and generated advice."
    )
    max_uncertain: Share = Field(
        default=0.5, description="Above this share of uncertain words: undecided."
    )
    min_words: int = Field(
        default=40, ge=0, description="Documents with fewer labelled words are undecided."
    )


class RunSettings(_Group):
    """How a run works; nothing here changes results."""

    batch_files: int = Field(
        default=500, ge=1, le=10_000, description="Pages a batch: one transaction, one task run."
    )
    jobs: int = Field(
        default=0, ge=0, le=256, description="Worker processes; 0 takes one for each core."
    )


class Settings(_Group):
    """All settings. Every field has a default; `quality.toml` names only what differs."""

    read: ReadSettings = ReadSettings()
    extract: ExtractSettings = ExtractSettings()
    chrome: ChromeSettings = ChromeSettings()
    neardup: NearDuplicateSettings = NearDuplicateSettings()
    labels: LabelSettings = LabelSettings()
    verdict: VerdictSettings = VerdictSettings()
    run: RunSettings = RunSettings()
    models: Path | None = Field(
        default=None, description="Folder with the models. Empty: those of the package."
    )

    @classmethod
    def load(cls, path: Path | None) -> Settings:
        """Settings from a TOML file; defaults where `path` is None.

        Raises SettingsError naming file, field and what was expected.
        """
        if path is None:
            return cls()
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                f"{path}: cannot be read ({error.strerror}). Give an existing file with --settings."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: not valid TOML: {error}. Correct that line.") from error
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise SettingsError(f"{path}: {_first_error(error)}") from error

    @property
    def fingerprint(self) -> str:
        """Hash of the settings that change results: 16 hex digits."""
        values = self.model_dump(mode="json", exclude={"run": True, "models": True})
        values["read"].pop("settle_s")
        content = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()[:16]


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        group = Settings.model_fields.get(str(first["loc"][0]))
        fields: dict[str, object] = dict(Settings.model_fields)
        if len(first["loc"]) > 1 and group is not None and group.default is not None:
            fields = dict(type(group.default).model_fields)
        return f"unknown setting {name!r}; known here: {', '.join(fields)}."
    what = "expected a path" if first["type"] == "path_type" else first["msg"]
    if first["type"] == "model_type":
        what = f"expected a table, [{name}] with settings below it"
    return f"{name} = {first['input']!r}: {what}. Correct or remove it."
