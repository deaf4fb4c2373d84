"""What is derived from the rules and committed: `rules/index.json`, and the pages in `docs/rules`.

    python -m apimpy.lint.document

A page is the rule's docstring below a line with code, category, level and kind; the codes of the other stages get
theirs from `codes.TEXTS`.  A test compares files and rules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import apimpy
from apimpy.diagnostics import CODES
from apimpy.lint.codes import CSHARP, TEXTS
from apimpy.lint.documentation import HEADINGS, page_of
from apimpy.lint.registry import INDEX, modules
from apimpy.lint.rule import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.diagnostics import Code
    from apimpy.lint.rule import Rule

__all__ = ["PAGES", "index", "pages"]

PAGES = Path(apimpy.__file__).parents[1] / "docs" / "rules"
_MADE = "<!-- Written by `make gen` from {source}; edit that. -->"
_HEAD = """# What does `apimpy lint` find?

<!-- Written by `make gen` from the rules in apimpy/lint/rules and the table apimpy/lint/codes.py; edit those. -->

Every finding has a code and a name, and a page here.
Either can be given to `select`, `ignore` and `levels` ([how to configure lint](../lint.md)), and to a comment in a
document:

```xml
<!-- apimpy: ignore SEC003 the key of a public sandbox -->
```
"""
_KINDS = {
    "service": "Azure refuses to save the document",
    "runtime": "it fails when a request gets there",
    "advice": "advice",
    "unsupported": "valid, and not supported by apimpy yet",
}


def index() -> str:
    """The text of `rules/index.json`."""
    rows = [
        {
            "code": rule.code,
            "name": rule.name,
            "category": rule.category,
            "level": int(rule.level),
            "kind": rule.kind,
            "elements": list(rule.elements),
            "whole": rule.whole,
            "summary": page_of(rule.__doc__).summary,
        }
        for rule in sorted(modules(), key=lambda r: r.code)
    ]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def pages() -> dict[str, str]:
    """The text of every page by file name."""
    rules = sorted(modules(), key=lambda r: r.code)
    found = {f"{rule.name}.md": _rule_page(rule) for rule in rules}
    found |= {f"{code.name}.md": _code_page(code) for code in CODES.values()}
    found["csharp.md"] = CSHARP.format(made=_MADE.format(source="apimpy/lint/codes.py"))
    found["README.md"] = "\n".join([_HEAD, *_rule_tables(rules), *_code_tables(), ""])
    return found


def _rule_page(rule: type[Rule]) -> str:
    page = page_of(rule.__doc__)
    source = f"apimpy/lint/rules/{rule.category.replace('-', '_')}/{rule.name.replace('-', '_')}.py"
    facts = f"{rule.code} · [{rule.category}](README.md#{rule.category}) · {rule.level} · {_KINDS[rule.kind]}"
    lines = [f"# {rule.name}", "", _MADE.format(source=source), "", facts, "", page.summary]
    for heading in HEADINGS:
        if heading in page.parts:
            lines += ["", f"## {heading}", "", page.parts[heading]]
    return "\n".join([*lines, ""])


def _code_page(code: Code) -> str:
    facts = f"{code.code} · {code.severity} · {_KINDS[code.kind]}"
    made = _MADE.format(source="apimpy/lint/codes.py")
    return "\n".join([f"# {code.name}", "", made, "", facts, "", TEXTS[code.code], ""])


def _rule_tables(rules: list[type[Rule]]) -> Iterator[str]:
    for category, about in CATEGORIES.items():
        held = [r for r in rules if r.category == category]
        if not held:
            continue
        yield f"## {category}\n\n{about[0].upper()}{about[1:]}.\n\n| code | rule | level | finds |\n|---|---|---|---|"
        for rule in held:
            summary = page_of(rule.__doc__).summary
            yield f"| {rule.code} | [{rule.name}]({rule.name}.md) | {rule.level} | {summary} |"
        yield ""


_STAGES = {
    "DOC": "Reading a document",
    "POL": "Policies",
    "EXP": "Expressions, beyond the C# language",
    "LNT": "Remarks to the linter",
    "CFG": "Gateway files, APIOps folders and settings",
}


def _code_tables() -> Iterator[str]:
    for family, title in _STAGES.items():
        yield f"## {title}\n\n| code | name | level |\n|---|---|---|"
        for code in CODES.values():
            if code.code.startswith(family):
                yield f"| {code.code} | [{code.name}]({code.name}.md) | {code.severity} |"
        yield ""
    yield "## C#\n\nThe codes of the C# compiler, `CS0103` and its like: [csharp](csharp.md)."


def main() -> None:
    """Write everything; pages of rules that are gone are deleted."""
    Path(INDEX).write_text(index(), "utf-8", newline="\n")
    PAGES.mkdir(exist_ok=True)
    written = pages()
    for old in PAGES.glob("*.md"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (PAGES / name).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
