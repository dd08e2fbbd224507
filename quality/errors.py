"""The tree of errors. Each message says where, what happened, and the cure.

    QualityError
    ├── StartError            nothing was processed (exit code 1)
    │   ├── UsageError        a command line or call that makes no sense
    │   ├── SettingsError     quality.toml or a parameter is wrong
    │   ├── RuleError         a rule file is wrong
    │   ├── ModelError        a model is missing, damaged or of another version
    │   ├── StateError        a state database is foreign, damaged, locked or of another scheme
    │   └── OutputError       the run's folder cannot be written
    └── PageError             one input failed; the others go on (a row in failures.jsonl)
        ├── ReadError         the file could not be read or decoded
        └── ExtractError      no text could be extracted
            └── LimitError    a page went over a byte, node or time limit

All of them pickle, so that they can cross from worker processes.
"""

from __future__ import annotations


class QualityError(Exception):
    """Base of all errors that this package raises on purpose."""


class StartError(QualityError):
    """Nothing was processed; the message names the cure."""


class UsageError(StartError):
    """A command line or call that makes no sense."""


class SettingsError(StartError):
    """A setting is unknown, of the wrong type or out of range."""


class RuleError(StartError):
    """A rule file is wrong."""


class ModelError(StartError):
    """A model is missing, damaged or of another version."""


class StateError(StartError):
    """A state database is foreign, damaged, locked or of another scheme."""


class OutputError(StartError):
    """The run's folder cannot be written."""


class PageError(QualityError):
    """One input failed; becomes a row in failures.jsonl."""

    stage = "score"


class ReadError(PageError):
    """The file could not be read or decoded."""

    stage = "read"


class ExtractError(PageError):
    """No text could be extracted."""

    stage = "extract"


class LimitError(ExtractError):
    """A page went over a byte, node or time limit."""
