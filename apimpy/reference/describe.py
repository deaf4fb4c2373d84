"""A policy's declaration as plain data: the one reading of it that every derived file is made from.

    describe(catalogue().get("retry"))
    {"name": "retry", "summary": "Runs its policies once, …", "sections": ["inbound", …], "attributes": […], …}

Numbers of `max` are None where there is no bound; `type` is one of string, enum, int, number, bool, bytes, any, or what
a text must look like (url, guid, …).
"""

from __future__ import annotations

import inspect
from typing import Any

from apimpy.policy.base import Field, Item, Policy, fields_of
from apimpy.policy.facts import GATEWAYS, SCOPES, SECTIONS
from apimpy.policy.fields import REQUIRED

__all__ = ["REFERENCE", "describe"]

REFERENCE = "https://learn.microsoft.com/azure/api-management/"
"""Where the platform describes its policies."""

_TYPES: dict[type, str] = {str: "string", bool: "bool", int: "int", float: "number", bytes: "bytes", object: "any"}


def describe(policy: type[Policy]) -> dict[str, Any]:
    """Everything a policy declares."""
    summary, details = _prose(policy)
    return {
        "name": policy.element,
        "summary": summary,
        "details": details,
        "category": policy.category,
        "status": policy.maturity,
        "support": {"level": policy.support.level, "note": policy.support.note},
        "reference": f"{REFERENCE}{policy.docs}" if policy.docs else None,
        "sections": _in_order(policy.sections, SECTIONS),
        "unlistedSections": _in_order(policy.unlisted, SECTIONS),
        "scopes": _in_order(policy.scopes, SCOPES),
        "gateways": _in_order(policy.gateways, GATEWAYS),
        "repeatable": policy.repeatable,
        **_content(policy),
    }


def _prose(item: type[Item]) -> tuple[str, str]:
    """First paragraph and the rest of a docstring, without the line breaks of the source."""
    text = inspect.cleandoc(item.__doc__ or "") if "__doc__" in item.__dict__ else ""
    first, _, rest = text.partition("\n\n")
    paragraphs = [" ".join(part.split()) for part in rest.split("\n\n") if part]
    return " ".join(first.split()), "\n\n".join(paragraphs)


def _in_order(names: frozenset[str], order: tuple[str, ...]) -> list[str]:
    return [n for n in order if n in names] + sorted(names - set(order))


def _content(item: type[Item]) -> dict[str, Any]:
    """Attributes, text, child elements and rules of an element."""
    found: dict[str, Any] = {"attributes": [], "text": None, "children": [], "policies": None}
    for f in fields_of(item):
        kind = f.spec.kind
        if kind == "attr":
            found["attributes"].append({"name": f.name, **_value(f), "aliases": list(f.spec.aliases)})
        elif kind == "text":
            found["text"] = {**_value(f), "liquid": f.spec.liquid, "markup": f.spec.inner_xml}
        elif kind == "steps":
            found["policies"] = {"min": f.spec.at_least, "allowed": list(f.spec.allowed)}
        else:
            found["children"].append(_child(f))
    found["attributes"].sort(key=lambda a: not a["required"])
    rules = [
        {
            "kind": r.kind,
            "names": list(r.names),
            "needs": list(r.needs),
            "severity": "warning" if r.warning else "error",
        }
        for r in item.rules
    ]
    return found | {"rules": rules, "ordered": item.ordered}


def _value(f: Field) -> dict[str, Any]:
    spec = f.spec
    type_ = "enum" if spec.allowed and f.kind is str else _TYPES[f.kind]
    if type_ == "string" and spec.format:
        type_ = spec.format
    required = spec.default is REQUIRED
    default = None if required or isinstance(spec.default, bytes) else spec.default
    return {
        "type": type_,
        "required": required,
        "default": default,
        "otherwise": spec.otherwise,
        "expressions": f.is_value,
        "min": spec.minimum,
        "max": spec.maximum,
        "allowed": list(spec.allowed),
        "nonEmpty": spec.non_empty,
        "unit": spec.unit,
        "unlisted": spec.unlisted,
        "sample": spec.sample,
        "description": spec.doc,
    }


def _child(f: Field) -> dict[str, Any]:
    of, spec = f.spec.of, f.spec
    assert of is not None
    assert issubclass(of, Item)
    least = 1 if spec.kind == "child" and spec.default is REQUIRED else spec.at_least
    is_policy = issubclass(of, Policy)
    found = {
        "name": of.element,
        "min": least,
        "max": spec.at_most,
        "aliases": list(spec.aliases),
        "policy": is_policy,
        "usual": spec.usual,
        "description": spec.doc or ("" if is_policy else " ".join(filter(None, _prose(of)))),
    }
    return found if is_policy else found | _content(of)
