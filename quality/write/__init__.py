"""What a run leaves behind: one module a format, listed in `WRITERS`."""
