"""Content quality and boilerplate detection, paragraph by paragraph, with reasons."""

from __future__ import annotations

__version__ = "0.1.0"
