"""A skeleton of every policy: what it cannot be without, and what it is hardly ever without.

`skeleton` has places to fill in, as snippets of Visual Studio Code have them (`${1:name}`, `${2|a,b|}`); `filled` puts
in what stands there, which is an element that lint has nothing against.  Samples are written as they stand in XML.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from apimpy.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["filled", "skeleton", "snippets"]

_PLACE = pattern(r"\$\{\d+(?::((?:\\.|[^}])*)|\|([^,|]*)[^}]*)\}|\$0")
_INDENT = "\t"


def snippets(policies: list[dict[str, Any]]) -> dict[str, Any]:
    """The snippets of an editor, by policy."""
    by_name = {policy["name"]: policy for policy in policies}
    return {
        name: {
            "scope": "xml",
            "prefix": [name],
            "description": policy["summary"],
            "body": skeleton(policy, by_name),
        }
        for name, policy in by_name.items()
    }


def filled(lines: list[str], policies: str) -> str:
    """A skeleton with its first suggestions in place; `policies` is put into containers."""
    text = "\n".join(lines).replace(_INDENT, "  ")
    return _PLACE.sub(lambda m: policies if m[0] == "$0" else _literal(m[1] or m[2]), text)


def _literal(text: str) -> str:
    return text.replace("\\}", "}").replace("\\$", "$")


def skeleton(policy: dict[str, Any], by_name: dict[str, dict[str, Any]]) -> list[str]:
    """The lines of a policy; policies in it are looked up in `by_name`."""
    return list(_element(policy["name"], policy, by_name, count(1), ""))


def _element(
    name: str, content: dict[str, Any], by_name: dict[str, dict[str, Any]], numbers: Iterator[int], indent: str
) -> Iterator[str]:
    wanted = _wanted(content)
    attributes = [
        f'{a["name"]}="{_place(a, a["name"], numbers)}"'
        for a in content["attributes"]
        if a["required"] or a["sample"] or a["name"] in wanted
    ]
    start = " ".join([f"{indent}<{name}", *attributes])
    inner: list[str] = []
    for child in content["children"]:
        if child["min"] or child["usual"] or f"<{child['name']}>" in wanted:
            declared = by_name[child["name"]] if child["policy"] else child
            inner += _element(child["name"], declared, by_name, numbers, indent + _INDENT)
    holds = content["policies"]
    if holds is not None and holds["allowed"]:
        inner += _element(holds["allowed"][0], by_name[holds["allowed"][0]], by_name, numbers, indent + _INDENT)
    elif holds is not None:
        inner.append(f"{indent}{_INDENT}$0")
    text = content["text"]
    if text is not None and not inner and (text["required"] or text["sample"]):
        yield f"{start}>{_place(text, name, numbers)}</{name}>"
    elif inner:
        yield f"{start}>"
        yield from inner
        yield f"{indent}</{name}>"
    else:
        yield f"{start} />"


def _wanted(content: dict[str, Any]) -> set[str]:
    """The names that rules ask for: the first of those that would do."""
    return {rule["names"][0] for rule in content["rules"] if rule["kind"] in ("exactly-one-of", "at-least-one-of")}


def _place(value: dict[str, Any], name: str, numbers: Iterator[int]) -> str:
    """One place to fill in."""
    number = next(numbers)
    words = ["true", "false"] if value["type"] == "bool" else value["allowed"]
    if words and not value["sample"]:
        return f"${{{number}|{','.join(words)}|}}"
    shown: str = value["sample"] or (f"{value['min'] or 1:g}" if value["type"] in ("int", "number") else name)
    shown = shown.replace("$", "\\$").replace("}", "\\}")
    return f"${{{number}:{shown}}}"
