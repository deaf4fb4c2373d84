"""The docstring of a rule, taken apart: it is the rule's page, and its examples are the rule's tests.

    Fixed headings, in this order: What it does, Why, Avoid, Prefer, Configuration (which may be left out).

A fenced block of `xml` is an example.  It is a whole document, or policies of one section: inbound unless a word after
`xml` says otherwise.  Words after it say for what it is checked: `gateway=v2` the kind of gateway, `scope=product` the
scope of the document, `pools=models:2` a gateway file with such a pool; a size of 0 is a
backend whose certificate is not looked at, `keys=api-key` the header of the
subscription keys, `remarks=17000` that many letters of remarks behind it.
"""

from __future__ import annotations

import re
from inspect import cleandoc

from apimpy.record import Record

__all__ = ["HEADINGS", "Example", "Page", "page_of"]

HEADINGS = ("What it does", "Why", "Avoid", "Prefer", "Configuration")
_BLOCK = re.compile(r"^```xml ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTIONS = ("inbound", "backend", "outbound", "on-error")


class Example(Record, frozen=True, eq=True):
    """A block as it is written, and the document it stands for."""

    written: str
    document: str
    gateway: str | None = None
    scope: str | None = None
    pools: dict[str, int] | None = None
    keys: str = ""


class Page(Record, frozen=True, eq=True):
    """`summary` is the first sentence; `parts` the text below each heading."""

    summary: str
    parts: dict[str, str]

    @property
    def avoid(self) -> list[Example]:
        return _examples(self.parts["Avoid"])

    @property
    def prefer(self) -> list[Example]:
        return _examples(self.parts["Prefer"])


def page_of(docstring: str | None) -> Page:
    """Take a docstring apart.  ValueError says what it lacks."""
    summary, *rest = re.split(r"^## +(.*)$", cleandoc(docstring or ""), flags=re.MULTILINE)
    parts = {title.strip(): text.strip() for title, text in zip(rest[::2], rest[1::2], strict=True)}
    wanted = [h for h in HEADINGS if h in parts or h != "Configuration"]
    if list(parts) != wanted:
        raise ValueError(f"the headings are {', '.join(wanted)}; found: {', '.join(parts) or 'none'}")
    page = Page(summary.strip(), parts)
    if not page.summary or "\n" in page.summary:
        raise ValueError("the first line is one sentence, followed by an empty line")
    if not page.avoid or not page.prefer:
        raise ValueError("Avoid and Prefer each show an example (```xml)")
    return page


def _examples(text: str) -> list[Example]:
    found = []
    for m in _BLOCK.finditer(text):
        said = dict(word.split("=", 1) for word in m[1].split() if "=" in word)
        sections = [word for word in m[1].split() if "=" not in word]
        pools = None
        if "pools" in said:
            pairs = (pair.split(":") for pair in said["pools"].split(","))
            pools = {name: int(size) for name, size in pairs}
        whole = _whole(" ".join(sections) or "inbound", m[2])
        if "remarks" in said:
            whole += f"<!-- {'x' * int(said['remarks'])} -->\n"
        found.append(Example(m[2], whole, said.get("gateway"), said.get("scope"), pools, said.get("keys", "")))
    return found


def _whole(section: str, text: str) -> str:
    """A block as a document."""
    if re.match(r"\s*(<!--.*?-->\s*)*<(policies|fragment)\b", text, re.DOTALL):
        return text
    if section not in _SECTIONS:
        raise ValueError(f"after ```xml stands a section, not {section!r}")
    lines = ["<policies>"]
    for name in _SECTIONS:
        inside = f"\n<base />\n{text}" if name == section else "<base />"
        if name == section == "backend":
            inside = f"\n{text}"
        lines.append(f"<{name}>{inside}</{name}>")
    return "\n".join([*lines, "</policies>", ""])
