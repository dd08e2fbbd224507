"""HTML to documents, by trafilatura alone and with the block model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.document import Document, Markup, Page
from quality.errors import ExtractError, LimitError
from quality.extract import BlockModel, Limits, extract
from quality.extract.html import HEAD_CHARS, repaired

LEAD = (
    "The harbour wall at Ensby will be repaired before the winter, the council decided on "
    "Monday evening after a debate of three hours, in which nobody spoke against it."
)
MORE = (
    "Eleven metres of the wall fell into the water during the January storm. Since then boats "
    "have been moored on the north side, where the water is too shallow for the ferry."
)
PAGE = f"""<!DOCTYPE html><html><head>
<title>Harbour wall to be repaired | The Ensby Post</title>
<meta property="og:title" content="Harbour wall to be repaired">
<link rel="canonical" href="https://www.ensbypost.example/wall">
<meta property="article:published_time" content="2026-02-03T10:00:00+00:00">
</head><body>
<nav class="main-menu"><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<article><h1>Harbour wall to be repaired</h1>
<p>{LEAD}</p><p>The work will cost <b>240,000</b> crowns, <em>not</em> counting the
<a href="/stone">stone</a>; it begins in May.</p>
<pre>wall = 240_000
stone = {{1: 31_000}}
</pre>
<h2>What broke</h2><p>{MORE}</p>
<table><tr><th>Year</th><th>Metres lost</th></tr><tr><td>2025</td><td>3</td></tr>
<tr><td>2026</td><td>11</td></tr></table>
<ul><li>Eleven metres of wall, from the crane to the old steps</li>
<li>Two bollards and the lamp at the end of the pier</li></ul>
<blockquote><p>We heard it go in the night, and in the morning there was only water.</p>
</blockquote>
<p><strong>Who pays</strong></p><p>{MORE}</p><p>{LEAD}</p>
</article>
<aside class="newsletter"><h3>Newsletter</h3><p>Get our stories by mail.</p></aside>
<footer>© 2026 The Ensby Post</footer></body></html>"""


@pytest.fixture(scope="session", params=["trafilatura", "model"])
def model(request: pytest.FixtureRequest, root: Path) -> BlockModel | None:
    """No model, and the one that comes with the project."""
    return BlockModel.load(root / "models" / "block") if request.param == "model" else None


@pytest.fixture(scope="session")
def document(model: BlockModel | None) -> Document:
    """The document of the page above."""
    return extract(page(PAGE), model=model)


def page(
    content: str, *, url: str | None = None, path: str = "inbox/a.html", record: int = 0
) -> Page:
    """An HTML page."""
    return Page("id", path, content, Markup.HTML, record, url=url)


def blocks(document: Document) -> dict[str, str]:
    """Kind by text."""
    texts = document.block_texts()
    return {text: block.kind.value for text, block in zip(texts, document.blocks, strict=True)}


def test_inline_tags_do_not_break_sentences(document: Document) -> None:
    """Bold, emphasis, links and line ends inside a paragraph leave one line of text."""
    sentence = "The work will cost 240,000 crowns, not counting the stone; it begins in May."
    assert blocks(document)[sentence] == "paragraph"


def test_kinds_and_order_are_those_of_the_page(document: Document) -> None:
    """Headings, list items, quotes, table rows and code, where the page has them."""
    found = blocks(document)
    assert found["What broke"] == "heading"
    assert found["Eleven metres of wall, from the crane to the old steps"] == "list_item"
    assert found["We heard it go in the night, and in the morning there was only water."] == "quote"
    assert found["2026 | 11"] == "table"
    assert found["wall = 240_000\nstone = {1: 31_000}"] == "code"
    assert list(found).index("What broke") < list(found).index(MORE)


def test_a_line_all_in_bold_is_a_heading(document: Document) -> None:
    """Many editors have no other way of making one."""
    assert blocks(document)["Who pays"] == "heading"


def test_levels_are_those_of_the_tags(document: Document) -> None:
    """h2 is 2; bold lines have none."""
    levels = {
        document.block_text(number): block.level for number, block in enumerate(document.blocks)
    }
    assert (levels["What broke"], levels["Who pays"]) == (2, 0)


def test_menus_forms_and_footers_stay_out(document: Document) -> None:
    """The page's furniture is no part of the text."""
    assert "News" not in blocks(document)
    assert "©" not in document.text
    assert "Newsletter" not in blocks(document)


def test_facts_come_from_the_head(document: Document) -> None:
    """Title, address, host and date."""
    assert document.title == "Harbour wall to be repaired"
    assert document.url == "https://www.ensbypost.example/wall"
    assert document.host == "ensbypost.example"
    assert document.published == "2026-02-03T10:00:00+00:00"
    assert document.language == "en"


def test_the_same_page_gives_the_same_document(
    document: Document, model: BlockModel | None
) -> None:
    """However often it is read: trafilatura's own memory of duplicates is off."""
    for _ in range(4):
        assert extract(page(PAGE), model=model) == document


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<html><head><meta http-equiv='refresh' content='0;url=/x'></head></html>", "redirects"),
        (f"<html><body><script>{'var a;' * 99}</script></body></html>", "JavaScript"),
        ("<html><frameset cols='2'><frame src='a.html'></frameset></html>", "frameset"),
        ("", "no HTML in it"),
        ("just words", "no HTML in it"),
        ("<html><body><form><input value='Search'></form></body></html>", "no main text found"),
    ],
)
def test_a_page_without_text_says_why(content: str, reason: str, model: BlockModel | None) -> None:
    """The reason tells what to do about it."""
    with pytest.raises(ExtractError, match=reason):
        extract(page(content), model=model)


@pytest.mark.parametrize("content", [f"<p>{LEAD}</p>", "<p>Closed today.</p>", "<h1>Note</h1>"])
def test_a_fragment_of_one_element_is_a_page(content: str, model: BlockModel | None) -> None:
    """HTML cut out of its page keeps its text, however short it is."""
    assert f">{extract(page(content), model=model).text}<" in content


def test_a_failure_names_its_page() -> None:
    """File and record, as the messages of the readers do."""
    with pytest.raises(ExtractError, match=r"^crawl/a\.html: no main text"):
        extract(page("<html></html>", path="crawl/a.html"))
    with pytest.raises(LimitError, match=r"^crawl\.jsonl, record 7: about "):
        extract(page(PAGE, path="crawl.jsonl", record=7), limits=Limits(max_nodes=20))


def test_pages_beyond_the_limits_are_refused() -> None:
    """Too many characters or tags."""
    with pytest.raises(LimitError, match=r"more than max_chars \(10\)"):
        extract(page(PAGE), limits=Limits(max_chars=10))
    with pytest.raises(LimitError, match=r"more than max_nodes \(20\)"):
        extract(page(PAGE), limits=Limits(max_nodes=20))


def test_the_readers_facts_win_over_the_pages(model: BlockModel | None) -> None:
    """A URL given beside the file is the page's URL."""
    found = extract(page(PAGE, url="http://Archive.example/x"), model=model)
    assert (found.url, found.host) == ("http://Archive.example/x", "archive.example")


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("inbox/brightpulse.example/a.html", "brightpulse.example"),
        ("inbox/www.News.site.co.uk/2026/a.html", "news.site.co.uk"),
        ("inbox/notes.md/a.html", None),
        ("inbox/a.html", None),
    ],
)
def test_a_folder_named_like_a_host_is_the_host(path: str, host: str | None) -> None:
    """Where no URL is known."""
    body = f"<html><body><article><p>{LEAD}</p><p>{MORE}</p></article></body></html>"
    assert extract(page(body, path=path)).host == host


def test_deep_nesting_is_survived(model: BlockModel | None) -> None:
    """Hundreds of open tags around the text do not hide it."""
    content = "<html><body>" + "<div>" * 200 + f"<p>{LEAD}</p>" * 4
    assert LEAD in extract(page(content), model=model).text


@given(
    st.sampled_from(["<!doctype html>", "<!DOCTYPE html PUBLIC />\n", "<html lang='en'/>\n", ""]),
    st.integers(HEAD_CHARS - 9, HEAD_CHARS + 9),
    st.text(alphabet="ab <>/\n\t\x00\x0b\ufffd\ufffe\ud800é漢", max_size=40),
)
def test_faulty_pages_are_mended_as_by_trafilatura(head: str, filling: int, rest: str) -> None:
    """Whatever stands after the head, and wherever the head ends."""
    from trafilatura.utils import repair_faulty_html

    content = head + "x" * filling + rest
    assert repaired(content) == repair_faulty_html(content, content[:50].lower())
