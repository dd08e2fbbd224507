"""Paragraph labels: reporting, filler, generated advice, advice, other."""
