"""An XML schema (1.0) of policy documents, for editors: completion, hover, and most of what can be wrong with a shape.

It is for documents that are XML; expressions with raw quotes and angle brackets are no XML, and no schema helps there.
Where XSD cannot say what the binder checks, the schema accepts more: child elements in any order and number where one
of them may be repeated, every policy inside a container, the rules of what goes together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from apimpy.policy.facts import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

__all__ = ["schema"]

_XS = "http://www.w3.org/2001/XMLSchema"
_NOTE = "Written by `make gen` from the declarations in apimpy/policies; edit those."
_OPEN = r"[\s\S]*\{\{[\s\S]*"
"""A named value is put in before anything is checked."""
_EXPRESSION = r"\s*@[\(\{][\s\S]*"
_PLAIN = {"int": "xs:integer", "number": "xs:double"}


def schema(policies: list[dict[str, Any]]) -> str:
    """The schema for descriptions (`describe`)."""
    root = etree.Element(f"{{{_XS}}}schema", nsmap={"xs": _XS})
    root.append(etree.Comment(f" {_NOTE} "))
    for name, pattern in (("open", _OPEN), ("expression", _EXPRESSION)):
        restriction = _add(_add(root, "simpleType", name=name), "restriction", base="xs:string")
        _add(restriction, "pattern", value=pattern)
    _roots(root, policies)
    for policy in policies:
        element = _add(root, "element", name=policy["name"])
        _document(element, policy["summary"])
        _complex(element, policy, is_policy=True)
    etree.indent(root)
    text: str = etree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _roots(root: _Element, policies: list[dict[str, Any]]) -> None:
    """Documents and fragments, their sections, and what may stand in a container."""
    document = _add(root, "element", name="policies")
    _document(document, "The policies of one scope.")
    sections = _add(_add(document, "complexType"), "all")
    for section in SECTIONS:
        here = _add(sections, "element", name=section, minOccurs="0")
        _choice(_add(here, "complexType"), (p["name"] for p in policies if section in p["sections"]))
    fragment = _add(root, "element", name="fragment")
    _document(fragment, "Policies that documents include.")
    _add(_choice(_add(fragment, "complexType"), ()), "group", ref="policy")
    group = _add(_add(root, "group", name="policy"), "choice")
    for policy in policies:
        if policy["name"] != "base" and set(SECTIONS) & set(policy["sections"]):
            _add(group, "element", ref=policy["name"])


def _complex(element: _Element, content: dict[str, Any], *, is_policy: bool) -> None:
    """The type of an element."""
    text, children, inner = content["text"], content["children"], content["policies"]
    type_ = _add(element, "complexType")
    holder = type_
    if text is not None and not text["markup"] and not children and inner is None:
        base = _add(type_, "simpleContent")
        holder = _add(base, "extension", base=_text_type(element, text))
    else:
        if text is not None:
            type_.set("mixed", "true")
        if text is not None and text["markup"]:
            choice = _choice(type_, ())
            _children(choice, children, counted=False)
            _add(choice, "any", namespace="##other" if children else "##any", processContents="skip")
        elif inner is not None:
            _inner(type_, inner)
        elif children:
            _content_of(type_, children)
    for attribute in content["attributes"]:
        for name in (attribute["name"], *attribute["aliases"]):
            needed = attribute["required"] and not attribute["aliases"]
            declared = _add(holder, "attribute", name=name, **({"use": "required"} if needed else {}))
            if not attribute["required"] and attribute["default"] is not None:
                declared.set("default", _shown(attribute["default"])) if not attribute["aliases"] else None
            _document(declared, attribute["description"])
            _simple(declared, attribute)
    if is_policy:
        _document(_add(holder, "attribute", name="id", type="xs:string"), "What LastError.PolicyId shows.")


def _content_of(type_: _Element, children: list[dict[str, Any]]) -> None:
    if all(child["max"] == 1 and not child["aliases"] for child in children):
        _children(_add(type_, "all"), children, counted=True)
    elif len(children) == 1 and not children[0]["aliases"]:
        _children(_add(type_, "sequence"), children, counted=True)
    else:
        choice = _choice(type_, ())
        choice.set("minOccurs", str(int(any(child["min"] for child in children))))
        _children(choice, children, counted=False)


def _children(parent: _Element, children: list[dict[str, Any]], *, counted: bool) -> None:
    for child in children:
        most = "unbounded" if child["max"] is None else str(child["max"])
        bounds = {"minOccurs": str(child["min"]), "maxOccurs": most} if counted else {}
        if child["policy"]:
            _add(parent, "element", ref=child["name"], **bounds)
            continue
        for name in (child["name"], *child["aliases"]):
            element = _add(parent, "element", name=name, **bounds)
            _document(element, child["description"])
            _complex(element, child, is_policy=False)


def _inner(type_: _Element, inner: dict[str, Any]) -> None:
    """Nested policies; fragments stand for what they hold."""
    choice = _choice(type_, (*inner["allowed"], "include-fragment") if inner["allowed"] else ())
    choice.set("minOccurs", str(inner["min"]))
    if not inner["allowed"]:
        _add(choice, "group", ref="policy")


def _choice(type_: _Element, names: Iterable[str]) -> _Element:
    choice = _add(type_, "choice", minOccurs="0", maxOccurs="unbounded")
    for name in names:
        _add(choice, "element", ref=name)
    return choice


# --- values -----------------------------------------------------------------------------------------------------------


def _text_type(element: _Element, value: dict[str, Any]) -> str:
    """The name of a type for character data; what is no text gets a type of its own beside the policies."""
    if value["type"] not in _PLAIN:
        return "xs:string"
    root = element.getroottree().getroot()
    name = f"text-{value['type']}"
    if not any(e.get("name") == name for e in root):
        _union(_add(root, "simpleType", name=name), value)
    return name


def _simple(attribute: _Element, value: dict[str, Any]) -> None:
    """The type of an attribute: literals, named values, and expressions where they are allowed."""
    if value["type"] in _PLAIN or value["type"] in ("bool", "enum"):
        _union(_add(attribute, "simpleType"), value)
    elif value["nonEmpty"]:
        restriction = _add(_add(attribute, "simpleType"), "restriction", base="xs:string")
        _add(restriction, "minLength", value="1")
    else:
        attribute.set("type", "xs:string")


def _union(type_: _Element, value: dict[str, Any]) -> None:
    others = "open expression" if value["expressions"] else "open"
    union = _add(type_, "union", memberTypes=others)
    words = ["true", "false"] if value["type"] == "bool" else value["allowed"]
    if words:
        exact = _add(_add(union, "simpleType"), "restriction", base="xs:string")
        for word in words:
            _add(exact, "enumeration", value=word)
        loose = _add(_add(union, "simpleType"), "restriction", base="xs:string")
        for word in words:
            _add(loose, "pattern", value=rf"\s*{_any_case(word)}\s*")
        return
    plain = _add(_add(union, "simpleType"), "restriction", base=_PLAIN[value["type"]])
    for facet, bound in (("minInclusive", value["min"]), ("maxInclusive", value["max"])):
        if bound is not None:
            _add(plain, facet, value=f"{bound:.10g}")


def _any_case(word: str) -> str:
    """A pattern for a word in upper and lower case.

    >>> _any_case("2or-X")
    '2[oO][rR]\\\\-[xX]'
    """
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else f"\\{c}" if c in "-.+" else c for c in word)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- markup -----------------------------------------------------------------------------------------------------------


def _add(parent: _Element, tag: str, **attributes: str) -> _Element:
    return etree.SubElement(parent, f"{{{_XS}}}{tag}", attributes)


def _document(element: _Element, text: str) -> None:
    if text:
        _add(_add(element, "annotation"), "documentation").text = text
