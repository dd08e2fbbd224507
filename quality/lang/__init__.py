"""Data packs: what is particular to a language (rules, headings, words)."""
