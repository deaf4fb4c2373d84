"""What is derived from the declarations and committed is current: the page about expressions, the library's index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import apimpy
from apimpy.csharp import nodes as n
from apimpy.csharp.parser import parse
from apimpy.dotnet import document
from apimpy.dotnet import universe as library
from apimpy.dotnet.constructs import CONSTRUCTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(apimpy.__file__).parents[1]
EXAMPLES = [example for _, rows in CONSTRUCTS for _, example in rows]
ACCEPTED = [
    example for title, rows in CONSTRUCTS for name, example in rows if "not" not in title and "unbraced" not in name
]


def test_page_is_current() -> None:
    """`docs/expressions.md` is what `make gen` would write."""
    assert document.PAGE.read_text(encoding="utf-8") == document.page(), "run: python -m apimpy.dotnet.document"


def test_index_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`apimpy/dotnet/index.json` is what `make gen` would write."""
    monkeypatch.setattr(library, "INDEX", tmp_path / "index.json")
    library.write_index()
    committed = Path(library.__file__).parent / "index.json"
    assert (tmp_path / "index.json").read_bytes() == committed.read_bytes(), "run: python -m apimpy.dotnet.universe"


def test_command(tmp_path: Path) -> None:
    """The page is the same when the module runs as a program, as `make gen` does it."""
    made = tmp_path / "page.md"
    words = [sys.executable, "-m", "apimpy.dotnet.document", str(made)]
    subprocess.run(words, cwd=ROOT, check=True, timeout=120)
    assert made.read_bytes() == document.PAGE.read_bytes()


@pytest.mark.parametrize("example", ACCEPTED)
def test_constructs_work(example: str) -> None:
    """What the page presents as part of the language compiles."""
    assert document.state_of(example) == "implemented"


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e not in ACCEPTED])
def test_constructs_refused(example: str) -> None:
    """What the page presents as missing does not compile."""
    assert document.state_of(example).startswith(("refused: ", "not supported yet: "))


def _nodes(value: Any) -> Iterator[n.Node]:
    if isinstance(value, n.Node):
        yield value
        for name in type(value).record_fields:
            yield from _nodes(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


def test_every_kind_of_node_has_an_example() -> None:
    """A construct that is added to the language is added to the page."""
    shown = set()
    for example in EXAMPLES:
        tree, _ = parse(example[2:-1], block=example[1] == "{")
        shown |= {type(node) for node in _nodes(tree)}
    kinds = {k for k in vars(n).values() if isinstance(k, type) and issubclass(k, (n.Expr, n.Stmt))}
    kinds -= {n.Expr, n.Stmt, n.Placeholder}
    assert not {k.__name__ for k in kinds - shown}


def test_page_names_what_is_not_supported() -> None:
    """Every usable member without an implementation stands there with its reason."""
    page = document.page()
    for t in library.universe().types():
        if not t.allowed:
            continue
        for name, items in t.declarations.items():
            for d in items:
                if d.unsupported and t.allows(name):
                    assert f"{d.signature}  // not supported: {d.unsupported}" in page


@pytest.mark.parametrize(
    "line",
    [
        "### System.String (string)",
        "string Substring(int startIndex, int length)",
        "IUser? User",
        "static string Join(char separator, params string[] value)  // modern .NET",
        "### System.Collections.Generic.Dictionary<TKey, TValue>",
        "new DateTime(int year, int month, int day)",
        "`context` is an `IProxyRequestContext`.",
    ],
)
def test_page_has(line: str) -> None:
    """Types with parameters and alias, members as declared, remarks."""
    assert line in document.page().splitlines()
