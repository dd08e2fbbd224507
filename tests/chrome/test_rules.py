"""The chrome rules: what they catch, what they leave, and what a broken rule file says."""

from __future__ import annotations

import pickle
import time

import pytest

from quality.chrome.rule_files import Category, Rule
from quality.chrome.rules import RuleSet, line_form, rules_markdown
from quality.errors import RuleError
from quality.lang import available

RULES = RuleSet.load()
BY_ID = pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)

# Our own headings and sentences of the kinds that furniture is most easily confused with.
HEADINGS = [
    "Introduction", "Background", "What happened next", "Next steps", "Related work", "Results",
    "The road back to work", "About the survey", "Terms of the deal", "Follow the money",
    "Share of renters by city", "Reactions", "More than a bridge", "Read between the lines",
    "By the numbers", "By land and by sea", "Home at last", "Search for survivors", "Menu changes",
    "Contact sports and concussion", "Privacy in the age of cameras", "Sign of the times",
    "Subscribers leave the cable", "Advertising slump", "Cookies and milk", "The author returns",
    "Photo finish in Leeds", "Image problem", "Page turner", "Category five", "Copyright battle",
    "Comment period opens", "How to register to vote", "Login problems at the bank", "Conclusion",
    "Who gets the money?", "Frequently asked questions", "What the report says", "Notes", "Method",
]  # fmt: skip
REPORTING = [
    "By Tuesday evening 4,000 homes in the valley were still without power, the utility said.",
    "The report was published on Thursday by the auditor, who found nine errors.",
    "Published in 1911, the map shows a pier that was never built.",
    "Share prices fell 3 percent after the ferry company cut its forecast.",
    "Comments from 212 residents were read into the record before the vote.",
    "The council will advertise the post again in May, Mrs Oduya said.",
    "Follow-up tests at two wells found no lead, according to the laboratory.",
    "Subscribe or lose the paper, the editor told a crowd of 300 in the hall.",
    "Reporting from the harbour was difficult, as the road had washed away.",
    "He read more than 40 letters aloud, then asked the court to sign the order.",
    "Skip Jansen, who ran the mill for 30 years, died on Sunday. He was 81.",
    "Like this bridge, the older one was closed to lorries in 2019.",
    "The photo, taken in Bergen on 3 March, shows the crane leaning.",
    "Updated rules for e-bikes take effect in June, the ministry said.",
    "Affiliate unions in four ports voted to strike, 812 to 40.",
    "As an AI researcher in Leeds, she has studied the tax for a decade.",
    "All rights of way across the estate stay open, the judge ruled.",
    "Last year the farm earned a commission from the state to breed hardy rye.",
]
FILE = """
[[rule]]
id = "xx.comment.leave"
category = "comment"
pattern = 'leave a comment'
alone = true
examples = ["Leave a comment"]
counterexamples = ["Leave it"]
"""


@BY_ID
def test_a_rule_takes_its_examples(rule: Rule) -> None:
    """Every example in the rule files is taken by the rule it stands at."""
    language = None if rule.language == "any" else rule.language
    missed = [text for text in rule.examples if rule not in RULES.find(text, language)]
    assert missed == []


@BY_ID
def test_a_rule_leaves_its_counterexamples(rule: Rule) -> None:
    """No counterexample is taken by its rule, nor by another that suffices alone."""
    language = "en" if rule.language == "any" else rule.language
    taken = [
        (text, found.id)
        for text in rule.counterexamples
        for found in RULES.find(text, language)
        if found == rule or found.alone
    ]
    assert taken == []


@pytest.mark.parametrize("code", available())
def test_a_pack_has_enough_rules(code: str) -> None:
    """English has 120 rules and more, each other language 25 and more, in most categories."""
    rules = [rule for rule in RULES.rules if rule.language == code]
    assert len(rules) >= (120 if code == "en" else 25)
    rare = {Category.LEAK, Category.CREDIT, Category.NAVIGATION, Category.SYNDICATION}
    assert set(Category) - rare <= {rule.category for rule in rules} | {Category.APP}


@pytest.mark.parametrize("line", HEADINGS + REPORTING)
def test_headings_and_reporting_are_not_taken_alone(line: str) -> None:
    """No rule suffices alone against a section heading or a sentence of reporting."""
    for language in ("en", None):
        assert [rule.id for rule in RULES.find(line, language) if rule.alone] == []


@pytest.mark.parametrize(
    "line",
    [
        "▶ READ MORE »", "**Read more**", "[Read more](https://harbour.example/a)",
        "Read\u00a0more…", "\u200bRead more\u200b", "- Read more",
        "👉 Read more 👈", "READ  MORE  →", "Read more!",
    ],
)  # fmt: skip
def test_dress_does_not_matter(line: str) -> None:
    """Case, bullets, arrows, emoji, Markdown and invisible characters hide no stock line."""
    hit = RULES.match(line, "en")
    assert hit is not None
    assert hit.id == "en.read-more.bare"


def test_offsets_are_of_the_line_as_given() -> None:
    """A hit spans the line without outer white space, in the line's own characters."""
    line = "\t→ Leave\u200b a Comment \n"
    hit = RULES.match(line, "en")
    assert hit is not None
    assert line[hit.start : hit.end] == "→ Leave\u200b a Comment"
    assert line_form(line) == "Leave a Comment"


def test_the_language_of_the_text_decides() -> None:
    """A German rule is in force in German and unknown texts, not in English ones."""
    assert RULES.match("Weiterlesen", "de") is not None
    assert RULES.match("Weiterlesen", None) is not None
    assert RULES.match("Weiterlesen", "en") is None
    assert RULES.match("Read more", "de") is not None
    assert RULES.match("Read more", "sw") is not None


def test_long_lines_are_left() -> None:
    """A line over a rule's limit is left, however it begins."""
    assert RULES.match("Read more: " + "the harbour and its ferries " * 40, "en") is None


@pytest.mark.parametrize(
    "unit",
    ["a", "a ", "read more: ", "> ", "((", "by Jane ", "1/2/2024 ", "» ", "ä", "we use cookies. "],
)  # fmt: skip
def test_matching_time_is_linear_in_the_line(unit: str) -> None:
    """Twice the line costs about twice the time: no pattern backtracks."""
    short, long = (unit * 900)[:400], (unit * 900)[:800]
    RULES.find(short, "en"), RULES.find(long, "en")
    seconds = {text: min(_seconds(text) for _ in range(5)) for text in (short, long)}
    # 6: twice for the length, three times for what a busy machine adds.
    assert seconds[long] < 6 * seconds[short] + 0.001


def _seconds(line: str) -> float:
    start = time.perf_counter()
    for _ in range(20):
        RULES.find(line, "en")
    return time.perf_counter() - start


def test_the_fingerprint_is_of_the_files() -> None:
    """Another byte in a rule file is another fingerprint; the order of files is not."""
    raw = FILE.encode()
    one = RuleSet({"any": b"", "xx": raw})
    assert one.fingerprint == RuleSet({"xx": raw, "any": b""}).fingerprint
    assert one.fingerprint != RuleSet({"any": b"", "xx": raw + b"#"}).fingerprint


def test_a_rule_set_crosses_to_worker_processes() -> None:
    """A pickled rule set matches as before."""
    small = RuleSet({"any": b"", "xx": FILE.encode()})
    copy = pickle.loads(pickle.dumps(small))
    assert copy.match("Leave a comment", "xx") == small.match("Leave a comment", "xx")
    assert copy.fingerprint == small.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("alone = true", "alone =", "not valid TOML"),
        ("alone = true", "", "alone: field required"),
        ("alone = true", "alone = true\nwrong = 1", "wrong: extra inputs"),
        ("'leave a comment'", "'leave (a comment'", "does not compile"),
        ("'leave a comment'", "'leave (?!a) comment'", "does not compile"),
        ("'leave a comment'", "'leave {what}'", "unknown macro {what}"),
        ("'leave a comment'", "'leave .{1,90}'", "counts up to 90"),
        ('examples = ["Leave a comment"]', "", "examples: field required"),
        ('counterexamples = ["Leave it"]', "counterexamples = []", "counterexamples: list"),
        ('category = "comment"', 'category = "comments"', "unknown category 'comments'"),
        ("xx.comment.leave", "xx.share.leave", "does not say language, category and name"),
        ("xx.comment.leave", "en.comment.leave", "does not say language, category and name"),
        ("[[rule]]", "[[rules]]", "unknown table 'rules'"),
    ],
)
def test_a_broken_rule_says_where_and_the_cure(old: str, new: str, says: str) -> None:
    """The message names the file, what is wrong and what to do."""
    with pytest.raises(RuleError) as caught:
        RuleSet({"any": b"", "xx": FILE.replace(old, new, 1).encode()})
    message = str(caught.value)
    assert "lang/xx/chrome.toml" in message
    assert says in message
    assert message.endswith(".")
    assert message.count(". ") >= 1


def test_an_id_used_twice_is_refused() -> None:
    """Two rules of one id are an error that names the id."""
    with pytest.raises(RuleError, match=r"'xx\.comment\.leave': the id is used twice"):
        RuleSet({"any": b"", "xx": (FILE + FILE).encode()})


def test_a_language_without_rules_is_refused() -> None:
    """Asking for rules of a language without a pack names those that have one."""
    with pytest.raises(RuleError, match="xx: no chrome rules for this language; known: any, "):
        RuleSet.load(["xx"])


def test_the_page_of_rules_is_up_to_date(root) -> None:
    """docs/rules.md is what `make docs` would write."""
    assert (root / "docs" / "rules.md").read_text(encoding="utf-8") == rules_markdown(RULES)
