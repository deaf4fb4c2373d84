"""Declarations in the words of `facts.toml`: one line for each fact.

category caching                       sections inbound outbound        repeatable (or: once)
@count int required expressions min=1 max=50           an attribute: type, then what restricts it
/when 1..* ; /set-body 0..1 policy ; /when/* 0..*      child elements; one that is a policy; any policy
/when@condition bool required expressions              their own attributes
#text string required expressions                      character data
rule exactly-one-of base-url backend-id                what goes together
ordered                                                the children have an order
"""

from __future__ import annotations

from typing import Any

__all__ = ["lines_of"]


def lines_of(policy: dict[str, Any]) -> list[str]:
    """The facts of a description (`apimpy.reference.describe`)."""
    found = [f"category {policy['category']}", f"status {policy['status']}"]
    found.append(" ".join(["sections", *policy["sections"]]))
    if policy["unlistedSections"]:
        found.append(" ".join(["unlisted", *policy["unlistedSections"]]))
    found.append(" ".join(["scopes", *policy["scopes"]]))
    found.append(" ".join(["gateways", *policy["gateways"]]))
    found.append("repeatable" if policy["repeatable"] else "once")
    return found + _content(policy, "")


def _content(element: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}@{a['name']} {_value(a)}" for a in element["attributes"]]
    if element["text"] is not None:
        found.append(f"{path}#text {_value(element['text'])}")
    if element["ordered"]:
        found.append(f"{path} ordered".strip())
    for rule in element["rules"]:
        words = [path, "rule", rule["kind"], *rule["names"]]
        if rule["needs"]:
            words += ["needs", *rule["needs"]]
        if rule["severity"] == "warning":
            words.append("warning")
        found.append(" ".join(filter(None, words)))
    for child in element["children"]:
        words = [f"{path}/{child['name']}", f"{child['min']}..{'*' if child['max'] is None else child['max']}"]
        if child["policy"]:
            words.append("policy")
        if child["aliases"]:
            words.append("aliases=" + "|".join(child["aliases"]))
        found.append(" ".join(words))
        if not child["policy"]:
            found += _content(child, f"{path}/{child['name']}")
    inner = element["policies"]
    if inner is not None and inner["allowed"]:
        found += [f"{path}/{name} 0..* policy" for name in inner["allowed"]]
        if inner["min"]:
            found.append(" ".join([f"{path} rule at-least-one-of".strip(), *(f"<{n}>" for n in inner["allowed"])]))
    elif inner is not None:
        found.append(f"{path}/* {inner['min']}..*")
    return found


def _value(value: dict[str, Any]) -> str:
    type_ = "xml" if value.get("markup") and not value["expressions"] else value["type"]
    words = [type_, *(word for word in ("required", "expressions") if value[word])]
    default = value["otherwise"] if value["default"] is None else value["default"]
    if default != "":
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        words.append("=" + shown.replace(" ", "_"))
    words += [f"{word}={value[word]:g}" for word in ("min", "max") if value[word] is not None]
    words += [f"unit={value['unit']}"] if value["unit"] else []
    words += [f"{word}={'|'.join(value[word])}" for word in ("allowed", "aliases") if value.get(word)]
    return " ".join(words + [word for word in ("unlisted", "liquid") if value.get(word)])
