"""The Markdown pages of `docs/policies`: one for each policy, and the table of what runs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from apimpy.pattern import pattern
from apimpy.policy.facts import ALL_GATEWAYS, ALL_SCOPES, ALL_SECTIONS
from apimpy.reference.snippets import filled, skeleton

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from apimpy.document.model import Element

__all__ = ["MARK", "Example", "differences", "example_of", "page", "table"]

MARK = "<!-- Written by `make gen` from the declarations in apimpy/policies; edit those. -->"
_LEVELS = {"full": "yes", "partial": "in part", "planned": "not yet"}
_ASIDE = pattern(r" \(([^()]*`tests/[^()]*)\)")
_TEST = pattern(r"[;,]? ?`tests/[^`]*`")
_LONGEST = 20

Example = tuple[str, str]
"""Name of a file in `examples/policies`, and the element as it stands there."""


# --- one policy -------------------------------------------------------------------------------------------------------


def page(
    policy: dict[str, Any],
    by_name: dict[str, dict[str, Any]],
    example: Example | None = None,
    known: Iterable[str] = (),
    *,
    steps: bool = False,
) -> str:
    """The page of a policy.  `known`: differences from the platform; `steps`: docs/behaviour.md goes through it."""
    name = policy["name"]
    holders = [other for other in sorted(by_name) if _holds(by_name[other], name)]
    facts = list(_facts(policy))
    if holders:
        facts.append(f"| also inside | {', '.join(f'[{other}]({other}.md)' for other in holders)} |")
    if steps:
        facts.append(f"| behaviour | [step by step](../behaviour.md#{name}) |")
    parts = [f"# {name}", MARK, policy["summary"], policy["details"], "\n".join(facts), _shape(policy, by_name)]
    parts += _content(policy, "")
    if example is not None:
        file, text = example
        parts += ["## Example", f"From [{file}](../../examples/policies/{file}):", f"```xml\n{text}\n```"]
    if known := list(known):
        parts += ["## Differences from the platform", "\n".join(f"- {line}" for line in known)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _holds(content: dict[str, Any], name: str) -> bool:
    """Whether an element has a policy among its own child elements, at any depth."""
    return any(child["name"] == name if child["policy"] else _holds(child, name) for child in content["children"])


def _facts(policy: dict[str, Any]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    note = policy["support"]["note"]
    runs = _LEVELS[policy["support"]["level"]]
    if policy["support"]["level"] == "planned":
        note = "it is checked at load (`POL018`), and a request that reaches it is answered with 500."
    yield f"| runs | {runs}{': ' if note else ''}{note} |"
    if policy["status"] != "ga":
        yield f"| status on the platform | {policy['status']} |"
    sections = _all_or(policy["sections"], ALL_SECTIONS)
    if policy["unlistedSections"]:
        sections += f" (its reference page does not name {_codes(policy['unlistedSections'])})"
    yield f"| sections | {sections} |"
    yield f"| scopes | {_all_or(policy['scopes'], ALL_SCOPES)} |"
    yield f"| gateways of the platform | {_all_or(policy['gateways'], ALL_GATEWAYS)} |"
    yield f"| in one section | {'any number' if policy['repeatable'] else 'once'} |"
    if policy["reference"]:
        yield f"| reference | [{policy['reference'].rpartition('/')[2]}]({policy['reference']}) |"


def _all_or(names: list[str], all_: frozenset[str]) -> str:
    return f"all ({_codes(names)})" if set(names) == all_ else _codes(names)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)


def _shape(policy: dict[str, Any], by_name: dict[str, dict[str, Any]]) -> str:
    return f"```xml\n{filled(skeleton(policy, by_name), '<!-- policies -->')}\n```"


def _content(content: dict[str, Any], path: str) -> Iterator[str]:
    """Attributes, text, children and rules of an element; `path` names it below the policy."""
    if content["attributes"]:
        yield f"## Attributes{_of(path)}"
        yield "\n".join(_attributes(content["attributes"]))
    elif not path:
        yield "It has no attributes but `id`."
    if content["text"] is not None:
        yield f"## Text{_of(path)}"
        yield _text(content["text"])
    if content["policies"] is not None:
        yield f"## Policies{_of(path)}"
        yield _nested(content["policies"])
    if content["rules"]:
        yield f"## What goes together{_of(path, 'in')}"
        yield "\n".join(f"- {_rule(rule)}" for rule in content["rules"])
    if content["children"]:
        yield f"## Child elements{_of(path)}"
        order = "The reference has them in this order; any is accepted.\n\n" if content["ordered"] else ""
        yield order + "\n".join(_children(content["children"]))
        for child in content["children"]:
            if not child["policy"]:
                yield from _content(child, f"{path}/{child['name']}")


def _of(path: str, word: str = "of") -> str:
    """
    >>> _of("/api/operation")
    ' of `<api>` / `<operation>`'
    """
    return f" {word} " + " / ".join(f"`<{part}>`" for part in path[1:].split("/")) if path else ""


def _attributes(attributes: list[dict[str, Any]]) -> Iterator[str]:
    yield "| name | type | default | expressions | |"
    yield "|---|---|---|---|---|"
    for a in attributes:
        words = [a["description"]]
        if a["aliases"]:
            words.append(f"Also {_codes(a['aliases'])}, with a warning.")
        if a["unlisted"]:
            words.append("Not in the reference.")
        expressions = "yes" if a["expressions"] else "no"
        yield f"| `{a['name']}` | {_type(a)} | {_default(a)} | {expressions} | {_cell(' '.join(words))} |"


def _type(value: dict[str, Any]) -> str:
    if value["allowed"]:
        return _codes(value["allowed"])
    words = [value["type"]]
    low, high = value["min"], value["max"]
    if low is not None and high is not None:
        words.append(f"from {low:.10g} to {high:.10g}")
    elif low is not None:
        words.append(f"from {low:.10g}")
    elif high is not None:
        words.append(f"to {high:.10g}")
    if value["unit"]:
        words.append(f"({value['unit']})")
    return " ".join(words)


def _default(value: dict[str, Any]) -> str:
    if value["required"]:
        return "required"
    if value["default"] is None:
        return value["otherwise"] or "–"
    shown = str(value["default"])
    return f"`{shown.lower() if isinstance(value['default'], bool) else shown}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _text(text: dict[str, Any]) -> str:
    words = [text["description"]]
    words.append("XML; no expressions." if text["markup"] and not text["expressions"] else "")
    if not text["markup"] or text["expressions"]:
        words.append(f"Type: {text['type']}; expressions: {'yes' if text['expressions'] else 'no'}.")
    if not text["required"]:
        words.append("May be left out.")
    if text["liquid"]:
        words.append("With `template`, it is a Liquid template.")
    return " ".join(filter(None, words))


def _nested(inner: dict[str, Any]) -> str:
    least = "At least one policy" if inner["min"] else "Any number of policies"
    return f"{least}: {_codes(inner['allowed'])}." if inner["allowed"] else f"{least} that may stand in the section."


def _rule(rule: dict[str, Any]) -> str:
    names = _codes(rule["names"])
    said = {
        "exactly-one-of": f"exactly one of {names}",
        "at-least-one-of": f"at least one of {names}",
        "at-most-one-of": f"at most one of {names}",
        "required-together": f"{names}: all or none",
        "requires": f"{names} needs {_codes(rule['needs'])}",
    }[rule["kind"]]
    return said + (" (a warning)" if rule["severity"] == "warning" else "")


def _children(children: list[dict[str, Any]]) -> Iterator[str]:
    yield "| element | how often | |"
    yield "|---|---|---|"
    for child in children:
        name = f"`<{child['name']}>`"
        words = [child["description"]]
        if child["policy"]:
            words.append(f"The policy [{child['name']}]({child['name']}.md).")
        if child["aliases"]:
            words.append(f"Also {_codes('<' + a + '>' for a in child['aliases'])}, with a warning.")
        yield f"| {name} | {_times(child)} | {_cell(' '.join(filter(None, words)))} |"


def _times(child: dict[str, Any]) -> str:
    if child["max"] == 1:
        return "once" if child["min"] else "at most once"
    return "at least once" if child["min"] else "any number"


# --- the table --------------------------------------------------------------------------------------------------------

_HEAD = """# Policies

{mark}

Of the platform's {total} policies {full} run and {partial} run in part.
The other {planned} are checked at load (`POL018`), and a request that reaches one is answered with 500, reason \
`PolicyNotSupported`.
Every page says what its policy does, what it may hold, where it may stand, and what is known to differ.

Every policy may have the attribute `id`, which `context.LastError.PolicyId` shows when it fails.
Named values may stand in every attribute and text, whether it takes expressions or not.
`resolver` is the document of a GraphQL resolver; `http-response` and `response` are parts of it.

For editors there are an [XML schema](../../apimpy/schema/policies.xsd) and \
[snippets](../../apimpy/schema/policies.code-snippets), to be copied into `.vscode`.
For tools there is a [JSON description](../../apimpy/schema/policies.json) of everything on these pages.
What is absent in it is empty, false or not there.
The schema is for documents that are XML.
Editors are told of it by their settings; the XML extension of Visual Studio Code by `xml.fileAssociations`, with \
`"systemId": ".../policies.xsd"` for a `"pattern"` of files.
"""


def table(policies: list[dict[str, Any]]) -> str:
    """The page with all policies, by category."""
    levels = [p["support"]["level"] for p in policies]
    counts = {level: levels.count(level) for level in _LEVELS}
    lines = [_HEAD.format(mark=MARK, total=len(policies), **counts)]
    for category, members in groupby(sorted(policies, key=_by_category), key=lambda p: p["category"]):
        title = category.replace("-", " ")
        lines += [f"## {title[0].upper()}{title[1:]}", "", "| policy | runs | sections | |", "|---|---|---|---|"]
        for p in members:
            runs = _LEVELS[p["support"]["level"]]
            note = f" {p['support']['note']}" if p["support"]["note"] else ""
            sections = "all" if set(p["sections"]) == ALL_SECTIONS else ", ".join(p["sections"])
            lines.append(f"| [{p['name']}]({p['name']}.md) | {runs} | {sections} | {_cell(p['summary'] + note)} |")
        lines.append("")
    return "\n".join(lines)


def _by_category(policy: dict[str, Any]) -> tuple[str, str]:
    return policy["category"], policy["name"]


# --- what others wrote ------------------------------------------------------------------------------------------------


def differences(compat: str) -> list[str]:
    """The points of `docs/compat.md`, without the tests that hold them."""
    points: list[str] = []
    for line in compat.splitlines():
        if line.startswith("- "):
            points.append(line[2:])
        elif line.startswith("  ") and points:
            points[-1] += " " + line.strip()
    return [_ASIDE.sub(_without_tests, point) for point in points]


def _without_tests(aside: re.Match[str]) -> str:
    left = _TEST.sub("", aside[1])
    return f" ({left})" if left else ""


def example_of(name: str, documents: dict[str, Element]) -> Example | None:
    """The longest use of a policy that is still short, in the examples by file name."""
    best: tuple[int, Example] | None = None
    for file, root in sorted(documents.items()):
        for element in _walk(root):
            if element.name != name:
                continue
            text = _dedented(element)
            lines = text.count("\n") + 1
            if lines <= _LONGEST and (best is None or lines > best[0]):
                best = lines, (file, text)
    return None if best is None else best[1]


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from _walk(child)


def _dedented(element: Element) -> str:
    """The element's text with the indentation of its first line taken from every other."""
    span = element.span
    before = span.file.text[: span.start].rpartition("\n")[2]
    margin = len(before) - len(before.lstrip())
    first, *rest = span.text.split("\n")
    return "\n".join([first, *(line[margin:] if not line[:margin].strip() else line for line in rest)])
