"""Site repetition on hosts with many pages: `python -m benchmarks.chrome_manuals`.

The shared data has one host with eight pages and more. Manuals that Debian packages as websites are
such hosts: 30 of them in nine languages, made by ten programs, 16 pages each. What is text is known
from the element it stands in. They are measured on, not trained on and not part of the project; the
first run fetches 120 MB with apt-get. Constants of `quality/chrome/sites.py` were chosen while
looking at them; `--unseen` measures on thirteen others.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import downloads
from benchmarks.chrome import show
from benchmarks.chrome_lines import compared, decided, page_of_lines, table
from benchmarks.chrome_sites import repetition_of
from quality.chrome.labelled import CHROME, CONTENT, HEADING, LabelledPage
from quality.chrome.lines import LineModel
from quality.chrome.sites import MIN_DOCUMENTS
from quality.document import BlockKind
from quality.errors import ExtractError
from quality.extract.dom import candidates
from quality.extract.html import parse
from quality.modelfiles import default_root

PAGES = 16
# Pages with less text are lists of links; those with more lines, whole books.
LEAST_CHARS, MOST_LINES = 600, 1_200
# Fewer lines of furniture say nothing of a page, fewer of a host nothing of it.
LEAST_CHROME, LEAST_CHROME_OF_HOST = 2, 60


_Hosts = Mapping[str, Sequence[LabelledPage]]


class Manual(NamedTuple):
    """Where the pages of a host are, which elements hold their text, and what of these does not."""

    package: str
    pages: str
    text: str
    furniture: tuple[str, ...] = ()


def _of_class(tag: str, name: str) -> str:
    return f"//{tag}[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"


_SPHINX = _of_class("div", "body")
_DOCBOOK = (_of_class("div", "navheader"), _of_class("div", "navfooter"))
_APACHE = (
    "//div[@id='quickview']",
    _of_class("div", "toplang"),
    _of_class("div", "top"),
    _of_class("*", "outofdate"),
)
_HANDBOOK = ("//div[@id='banner']", "//p[@id='title']", _of_class("ul", "docnav"))
_HANDBOOKS = {
    "de": "de-DE",
    "es": "es-ES",
    "fr": "fr-FR",
    "it": "it-IT",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-BR",
    "ru": "ru-RU",
}
_POSTGRES = "postgresql-doc-15/html"

HOSTS: Mapping[str, Manual] = {
    **{
        f"apache, {code}": Manual(
            "apache2-doc",
            f"apache2-doc/manual/{code}/**/*.html*",
            "//div[@id='page-content']",
            _APACHE,
        )
        for code in ("en", "fr")
    },
    "cmake": Manual("cmake-doc", "cmake-data/html/module/*.html", _SPHINX),
    **{
        f"debian handbook, {code}": Manual(
            "debian-handbook", f"debian-handbook/html/{folder}/*.html", "//body", _HANDBOOK
        )
        for code, folder in _HANDBOOKS.items()
    },
    "developers-reference, fr": Manual(
        "developers-reference-fr", "developers-reference/fr/*.html", _SPHINX
    ),
    "fish": Manual("fish-common", "fish/cmds/*.html", _SPHINX),
    "java.util": Manual("openjdk-17-doc", "**/api/java.base/java/util/*.html", "//main"),
    "javax.swing": Manual("openjdk-17-doc", "**/api/java.desktop/javax/swing/*.html", "//main"),
    **{
        f"libreoffice, {code}": Manual(
            f"libreoffice-help-{code}",
            f"libreoffice/help/{code}/text/shared/0*/*.html",
            "//div[@id='DisplayArea']",
        )
        for code in ("es", "it", "pl", "pt")
    },
    "lilypond": Manual(
        "lilypond-doc-html",
        "lilypond/html/Documentation/notation/*.html",
        "//div[@id='main']",
        (_of_class("table", "nav_table"), "//div[@id='footer']", _of_class("*", "footer")),
    ),
    "mkdocs": Manual("mkdocs-doc", "mkdocs/html/**/*.html", "//*[@role='main']", ("//footer",)),
    "node": Manual("nodejs-doc", "nodejs/api/*.html", "//div[@id='apicontent']"),
    "postgresql": Manual("postgresql-doc-15", f"{_POSTGRES}/[a-r]*.html", "//body", _DOCBOOK),
    "postgresql, sql": Manual("postgresql-doc-15", f"{_POSTGRES}/sql-*.html", "//body", _DOCBOOK),
    "python": Manual("python3.11-doc", "python3.11/html/library/*.html", _SPHINX),
    "rust, book": Manual("rust-doc", "rust-doc/html/book/ch*.html", "//main"),
    "rust, reference": Manual("rust-doc", "rust-doc/html/reference/**/*.html", "//main"),
    "sphinx": Manual("sphinx-doc", "sphinx-doc/html/usage/**/*.html", _SPHINX),
    "sqlite": Manual("sqlite3-doc", "sqlite3/*.html", "//body", (_of_class("div", "nosearch"),)),
    "sqlite, c3ref": Manual(
        "sqlite3-doc", "sqlite3/c3ref/*.html", "//body", (_of_class("div", "nosearch"),)
    ),
}


# Manuals that were not looked at before figures on them were first printed. Since then their
# totals, and some of the lines lost, were in sight when menus came to be judged as a whole.
_ARTICLE = f"{_SPHINX} | //div[@itemprop='articleBody']"
UNSEEN: Mapping[str, Manual] = {
    "bind": Manual("bind9-doc", "bind9-doc/arm/*.html", _ARTICLE),
    "borgbackup": Manual("borgbackup-doc", "borgbackup/html/**/*.html", _ARTICLE),
    "buildbot": Manual("buildbot-doc", "buildbot/html/manual/**/*.html", _ARTICLE),
    "llvm": Manual("llvm-14-doc", "llvm-14-doc/html/*.html", _ARTICLE),
    "slurm": Manual("slurm-wlm-doc", "slurm-wlm/html/*.html", "//div[@role='main']"),
    **{
        name: Manual(f"python-{name}-doc", f"python-{name}-doc/{pages}", _ARTICLE)
        for name, pages in {
            "babel": "html/*.html",
            "flask": "html/**/*.html",
            "h5py": "html/**/*.html",
            "ipython": "html/**/*.html",
            "jinja2": "html/*.html",
            "markdown": "docs/**/*.html",
            "requests": "html/**/*.html",
            "werkzeug": "html/**/*.html",
        }.items()
    },
}

# And the same again, fetched once all that `UNSEEN` has seen was built.
FRESH: Mapping[str, Manual] = {
    "attrs": Manual("python-attr-doc", "python-attr-doc/html/*.html", _ARTICLE),
    "imagemagick": Manual(
        "imagemagick-6-doc",
        "imagemagick-6-common/html/www/*.html",
        _of_class("div", "magick-template"),
    ),
    "lxml": Manual("python-lxml-doc", "python-lxml/html/apidoc/*.html", _ARTICLE),
    "mako": Manual("python-mako-doc", "python-mako-doc/html/*.html", "//div[@id='docs-body']"),
    "oneTBB": Manual(
        "libtbb-doc",
        "libtbb-dev/html/**/*.html",
        "//div[@id='main-content']",
        (_of_class("div", "prev-next-area"),),
    ),
    "pandas": Manual(
        "python-pandas-doc",
        "python-pandas-doc/html/**/*.html",
        "//main",
        (_of_class("div", "prev-next-area"),),
    ),
    "scrapy": Manual("python-scrapy-doc", "python-scrapy-doc/html/topics/*.html", _ARTICLE),
    **{
        name: Manual(package, f"{package}/html/**/*.html", _SPHINX)
        for name, package in {
            "aiohttp": "python-aiohttp-doc",
            "bottle": "python-bottle-doc",
            "click": "python-click-doc",
            "cython": "cython-doc",
            "psycopg2": "python-psycopg2-doc",
            "pygments": "python-pygments-doc",
            "rsyslog": "rsyslog-doc",
        }.items()
    },
    "yade": Manual("yade-doc", "yade/html/*.html", _SPHINX),
}


def pages_of(name: str, manual: Manual) -> list[LabelledPage]:
    """The pages of a host, drawn the same way in every run, each line with what it is."""
    folder = downloads.deb(manual.package) / "usr" / "share"
    named = {*folder.glob(manual.pages), *folder.glob(f"doc/{manual.pages}")}
    paths = sorted(path for path in named if path.is_file())
    random.Random(1).shuffle(paths)
    found: list[LabelledPage] = []
    for path in paths:
        lines, labels = _labelled_lines(path, manual)
        chars = sum(len(line) for line, what in zip(lines, labels, strict=True) if what == CONTENT)
        is_enough = chars >= LEAST_CHARS and labels.count(CHROME) >= LEAST_CHROME
        if not is_enough or len(lines) > MOST_LINES:
            continue
        found.append(page_of_lines(f"{name}/{len(found)}", lines, labels, "dense"))
        if len(found) == PAGES:
            break
    return found


def _labelled_lines(path: Path, manual: Manual) -> tuple[list[str], list[int]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        tree = parse(data.decode("utf-8", "replace"))
    except ExtractError:
        return [], []
    text = set(tree.xpath(manual.text))
    furniture = {element for where in manual.furniture for element in tree.xpath(where)}
    lines, labels = [], []
    for block in candidates(tree):
        around = [block.element, *block.element.iterancestors()]
        nearest = next((one for one in around if one in text or one in furniture), None)
        is_text = nearest is not None and nearest not in furniture
        kind = HEADING if block.kind is BlockKind.HEADING else CONTENT
        for line in filter(str.strip, block.text.split("\n")):
            lines.append(line)
            labels.append(kind if is_text else CHROME)
    return lines, labels


def figures(hosts: Mapping[str, Sequence[LabelledPage]]) -> Iterator[str]:
    """Each host with and without repetition, and all of them: bar .80 taken at .5 % lost."""
    model = LineModel.load(default_root() / "line")
    repeated = {
        key: found for own in hosts.values() for key, found in repetition_of(own, MIN_DOCUMENTS)
    }
    systems = {
        "quality, repetition off": decided(lambda _: model),
        "quality, repetition on": decided(lambda _: model, repetition=repeated),
    }
    for name, own in hosts.items():
        yield f"{name}: {len(own)} pages"
        yield from table(own, systems, compared, ())
    pages = [page for own in hosts.values() for page in own]
    yield f"all: {len(hosts)} hosts, {len(pages)} pages"
    yield from table(pages, systems, compared, ((0.005, "share", 0.80),))


def _fetched(arguments: argparse.Namespace) -> dict[str, list[LabelledPage]]:
    """The pages of the chosen set, by host; hosts that cannot be fetched are named and left out.

    Exits where none can be.
    """
    chosen = FRESH if arguments.fresh else UNSEEN if arguments.unseen else HOSTS
    hosts: dict[str, list[LabelledPage]] = {}
    for name, manual in chosen.items():
        try:
            own = pages_of(name, manual)
        except downloads.UnavailableError as error:
            print(f"{manual.package} is left out: {error}")
            continue
        if sum(int((page.compared == CHROME).sum()) for page in own) >= LEAST_CHROME_OF_HOST:
            hosts[name] = own
    if not hosts:
        sys.exit("No manual could be fetched: nothing to measure.")
    return hosts


def measure(figures: Callable[[_Hosts], Iterator[str]], purpose: str | None) -> None:
    """Show the figures of the set of manuals that the command line names."""
    parser = argparse.ArgumentParser(description=(purpose or "").splitlines()[0])
    sets = parser.add_mutually_exclusive_group()
    sets.add_argument("--unseen", action="store_true", help="thirteen others, 17 MB")
    sets.add_argument("--fresh", action="store_true", help="fifteen more, 29 MB")
    show(figures(_fetched(parser.parse_args())))


if __name__ == "__main__":
    measure(figures, __doc__)
