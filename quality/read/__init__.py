"""Containers to pages: one module a format, listed in `READERS`."""
