"""Write what is derived from the declarations of the policies, in a checkout: `python -m apimpy.reference`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apimpy
from apimpy.diagnostics import Sink
from apimpy.document.reader import load
from apimpy.policies import catalogue
from apimpy.reference.describe import describe
from apimpy.reference.pages import MARK, differences, example_of, page, table
from apimpy.reference.schema import schema
from apimpy.reference.snippets import snippets

if TYPE_CHECKING:
    from apimpy.document.model import Element

__all__ = ["ROOT", "files", "main", "stale"]

ROOT = Path(apimpy.__file__).parents[1]
_PAGES = "docs/policies"
_SCHEMA = "apimpy/schema"


def files(root: Path = ROOT) -> dict[str, str]:
    """The text of every derived file, by its path below the root."""
    policies = [describe(p) for p in sorted(catalogue(), key=lambda p: p.element)]
    by_name = {p["name"]: p for p in policies}
    known = differences((root / "docs" / "compat.md").read_text(encoding="utf-8"))
    behaviour = (root / "docs" / "behaviour.md").read_text(encoding="utf-8").splitlines()
    documents = _examples(root)
    found = {
        f"{_SCHEMA}/policies.xsd": schema(policies),
        f"{_SCHEMA}/policies.json": _json({"policies": [_slim(policy) for policy in policies]}),
        f"{_SCHEMA}/policies.code-snippets": _json(snippets(policies)),
        f"{_PAGES}/README.md": table(policies),
    }
    for name, policy in by_name.items():
        mine = [point for point in known if f"`{name}`" in point]
        found[f"{_PAGES}/{name}.md"] = page(
            policy, by_name, example_of(name, documents), mine, steps=f"## {name}" in behaviour
        )
    return found


def stale(root: Path = ROOT) -> list[str]:
    """Pages that were written once and are not any more; what others write beside them is left alone."""
    here = sorted((root / _PAGES).glob("*.md"))
    names = {Path(name).name for name in files(root)}
    return [p.name for p in here if p.name not in names and MARK in p.read_text(encoding="utf-8")]


def _slim(content: Any) -> Any:
    """Without what is empty, false or not there; a default is kept whatever it is."""
    if isinstance(content, list):
        return [_slim(one) for one in content]
    if not isinstance(content, dict):
        return content
    return {
        key: _slim(value)
        for key, value in content.items()
        if value is not None and (key == "default" or (value not in ("", []) and value is not False))
    }


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _examples(root: Path) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for path in sorted((root / "examples" / "policies").glob("*.xml")):
        document = load(path, Sink())
        if document is not None:
            found[path.name] = document.root
    return found


def main() -> None:
    """Write the files and remove the pages of policies that are gone."""
    for name, text in files().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    for name in stale():
        (ROOT / _PAGES / name).unlink()
    sys.stdout.write(f"{len(files())} files\n")


if __name__ == "__main__":
    main()
