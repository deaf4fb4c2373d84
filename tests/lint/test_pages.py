"""Pages and index are what the rules say, and every link of a page leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apimpy.diagnostics import CODES
from apimpy.lint.codes import HOME, TEXTS, page_uri
from apimpy.lint.document import PAGES, index, pages
from apimpy.lint.documentation import page_of
from apimpy.lint.registry import INDEX, entries

DOCS = [*sorted(PAGES.glob("*.md")), *(PAGES.parent / name for name in ("lint.md", "ci.md"))]
GOOD = """One sentence.

## What it does
It looks.
## Why
So.
## Avoid
```xml
<a/>
```
## Prefer
```xml outbound
<b/>
```
"""


def test_index_is_derived() -> None:
    """`make gen` has been run."""
    assert Path(INDEX).read_text("utf-8") == index()


def test_pages_are_derived() -> None:
    """`make gen` has been run; no page is left of a rule that is gone."""
    assert {p.name: p.read_text("utf-8") for p in PAGES.glob("*.md")} == pages()


def test_every_code_is_explained() -> None:
    """The table of texts has a row for every code, and no other."""
    assert list(TEXTS) == list(CODES)


def test_every_finding_has_a_page() -> None:
    """The address of a code is that of a page that is there."""
    rows = [*((e.code, e.name) for e in entries()), *((c.code, c.name) for c in CODES.values()), ("CS0103", "x")]
    for code, name in rows:
        assert (PAGES / page_uri(code, name).removeprefix(HOME)).is_file(), code


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Files exist, and so do headings."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        page = (path.parent / file) if file else path
        assert page.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}, target


def test_examples_become_documents() -> None:
    """Policies are put into the section that is named; a document stays as it is."""
    page = page_of(GOOD)
    assert "<inbound>\n<base />\n<a/>\n</inbound>" in page.avoid[0].document
    assert "<outbound>\n<base />\n<b/>\n</outbound>" in page.prefer[0].document
    whole = page_of(GOOD.replace("<a/>", "<fragment><a/></fragment>")).avoid[0]
    assert whole.document == whole.written == "<fragment><a/></fragment>\n"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("## Why\nSo.\n", "", "the headings are"),
        ("## Why", "## Reason", "the headings are"),
        ("One sentence.", "", "the first line is one sentence"),
        ("<b/>\n```", "", "Avoid and Prefer each show an example"),
        ("xml outbound", "xml middle", "after ```xml stands a section"),
    ],
)
def test_a_page_that_lacks_something(old: str, new: str, complaint: str) -> None:
    """The author of a rule is told what is missing."""
    with pytest.raises(ValueError, match=re.escape(complaint)):
        page_of(GOOD.replace(old, new)).prefer  # noqa: B018
