"""The report works in a browser: no script error, the filter filters, columns sort."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from quality.write.html import HtmlReport
from quality.write.jsonl import encode

PATHS = ("harbour.txt", "orchard.txt", "<b>odd & name</b>.txt")
COLLECT = (
    "<script>var errors = []; addEventListener('error', e => errors.push(e.message));</script>"
)
# Types into the filter, sorts by words twice, and leaves what it sees in the title.
TRY = """<script>
{
const shown = () => [...document.querySelectorAll('#documents tbody tr')].filter(r => !r.hidden)
  .map(r => r.cells[0].querySelector('a').textContent);
const all = shown(), box = document.querySelector('#filter'), found = {};
for (const q of ['ORCH', 'nothing such', 'thin', '']) {
  box.value = q; box.dispatchEvent(new Event('input')); found[q] = shown();
}
document.querySelectorAll('#documents th')[2].click(); const up = shown();
document.querySelectorAll('#documents th')[2].click(); const down = shown();
document.title = JSON.stringify({errors, all, found, up, down});
}
</script>"""


def record(number: int, path: str) -> dict[str, Any]:
    """A row of documents.jsonl with one block more a document."""
    text = "The board voted on Monday. " * (number + 1)
    block = {
        "start": 0,
        "end": len(text),
        "kind": "paragraph",
        "label": "filler" if number == 1 else "reporting",
        "scores": {"reporting": 0.7, "filler": 0.2, "advice": 0.05, "other": 0.05},
        "generated": 0.1,
        "reason": "Reads like reporting; 1 name.",
        "evidence": [
            {"kind": "feature", "name": "x</script>", "weight": 0.3, "start": 4, "end": 9}
        ],
    }
    return {
        "id": str(number),
        "path": path,
        "record": 0,
        "url": None,
        "host": None,
        "title": None,
        "published": None,
        "language": "en",
        "text": text,
        "blocks": [block],
        "sections": [{"first": 0, "last": 0, "template": None, "duplicates": []}],
        "duplicates": [],
        "shares": {},
        "verdict": "thin" if number == 1 else "reporting",
        "flags": [],
    }


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three documents and one failure."""
    folder = tmp_path_factory.mktemp("run")
    failure = {"path": "bad.docx", "record": 0, "stage": "read", "error": "ReadError"}
    (folder / "failures.jsonl").write_bytes(encode({**failure, "message": "<i>no reader</i>"}))
    writer = HtmlReport(folder / "report")
    for number, path in enumerate(PATHS):
        writer.add(record(number, path))
    writer.close()
    return folder / "report"


def dom_of(page: Path, profile: Path) -> str:
    """The page's DOM after its scripts have run."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if browser is None:
        pytest.skip("needs chromium")
    quiet = ("--no-first-run", "--disable-background-networking", "--disable-component-update")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync", *quiet,
         f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    if done.returncode != 0 or not done.stdout:
        pytest.skip(f"chromium does not run here: {done.stderr[-200:]}")
    return done.stdout


def test_chrome_is_no_example_of_a_template(tmp_path: Path) -> None:
    """A line of chrome that looks like a heading is not shown as a template's heading."""
    writer = HtmlReport(tmp_path)
    for number, (text, label) in enumerate((("The Road Ahead", "heading"), ("ADVERT", "chrome"))):
        found = record(number, f"{number}.txt") | {"text": text}
        found["blocks"][0] |= {"end": len(text), "kind": "heading", "label": label}
        template = {"id": "outlook-1", "documents": 4, "hosts": 1, "coverage": 1.0}
        found["sections"] = [{"first": 0, "last": 0, "template": template, "duplicates": []}]
        writer.add(found)
    writer.close()
    index = (tmp_path / "index.html").read_text()
    assert "The Road Ahead" in index
    assert "ADVERT" not in index


def test_a_text_is_named_by_its_first_heading(tmp_path: Path) -> None:
    """Where no title is known; chrome over it is no part of the text, and prose no title."""
    found = record(0, "wall.txt") | {"text": "Share\n# The old wall\nIt fell."}
    block = found["blocks"][0]
    found["blocks"] = [
        {**block, "start": 0, "end": 5, "label": "chrome"},
        {**block, "start": 6, "end": 20, "kind": "heading", "label": "heading"},
        {**block, "start": 21, "end": 29},
    ]
    writer = HtmlReport(tmp_path)
    for one in (found, record(1, "prose.txt")):
        writer.add(one)
    writer.close()
    named, unnamed = ((tmp_path / f"documents/0000{n}.html").read_text() for n in (1, 2))
    assert "<h1>The old wall</h1>" in named
    assert "<h1>prose.txt</h1>" in unnamed


def test_index_filters_and_sorts(report: Path, tmp_path: Path) -> None:
    """Whatever case the words have; names with markup stay text."""
    html = (report / "index.html").read_text()
    page = report / "tried.html"
    page.write_text(html.replace("<head>", "<head>" + COLLECT).replace("</body>", TRY + "</body>"))
    title = re.search("<title>(.*?)</title>", dom_of(page, tmp_path), re.DOTALL)
    assert title is not None
    seen = json.loads(title[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert seen["errors"] == []
    assert seen["all"] == list(PATHS)
    expected = {"ORCH": [PATHS[1]], "nothing such": [], "thin": [PATHS[1]], "": list(PATHS)}
    assert seen["found"] == expected
    assert (seen["up"], seen["down"]) == (list(PATHS), list(reversed(PATHS)))


def test_nothing_comes_from_the_network(report: Path) -> None:
    """Pages are self-contained; scraped markup is shown, not run."""
    for page in report.rglob("*.html"):
        html = page.read_text()
        assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
        assert "<i>no reader" not in html
        assert "x</script>" not in html
