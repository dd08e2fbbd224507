"""A page on which a person labels what the model was unsure of, and has it learn from that."""

from quality.review.queue import Answers, Item, load_items
from quality.review.server import ReviewServer

__all__ = ["Answers", "Item", "ReviewServer", "load_items"]
