"""`quality rules`: the chrome rules in force."""

from __future__ import annotations

import argparse

from quality.cli.parsing import add_command


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `rules`."""
    parser = add_command(
        commands,
        "rules",
        _rules,
        help="list the chrome rules in force",
        example="quality rules --language de",
    )
    parser.add_argument("--language", metavar="CODE", help="rules of one language (or `any`)")
    parser.add_argument("--markdown", action="store_true", help="as docs/rules.md shows them")


def _rules(options: argparse.Namespace) -> int:
    from quality.chrome.rules import RuleSet, rules_markdown

    rules = RuleSet.load(None if options.language is None else [options.language])
    if options.markdown:
        print(rules_markdown(rules), end="")
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table("rule", "category", "alone", "example", box=None, pad_edge=False)
    for rule in rules.rules:
        table.add_row(rule.id, rule.category, "yes" if rule.alone else "", rule.examples[0])
    Console().print(table)
    return 0
