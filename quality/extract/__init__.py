"""Pages to documents: text, blocks and sections."""

from quality.extract.blockmodel import BlockModel
from quality.extract.limits import Limits
from quality.extract.page import extract
from quality.extract.sections import split_sections

__all__ = ["BlockModel", "Limits", "extract", "split_sections"]
