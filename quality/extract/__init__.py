"""Pages to documents: text, blocks and sections."""
