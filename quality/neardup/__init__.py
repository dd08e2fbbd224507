"""Seen before: signatures, index, templates."""
