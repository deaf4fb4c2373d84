"""The parts of a declaration: attributes, text, child elements, nested policies.

    class Retry(Policy, element="retry", sections=ALL):
        condition: Value[bool] = attr(doc="Try again while this holds.")
        count: Value[int] = attr(minimum=1, maximum=50, doc="Most retries.")
        policies: tuple[Policy, ...] = steps(at_least=1)

`Value[T]` allows expressions, a plain type is literal only.  A field without a default is required.  Its XML name is
the Python name with `-` unless given.
"""

from __future__ import annotations

from typing import Any, Literal

from apimpy.record import Record

__all__ = ["REQUIRED", "FieldSpec", "attr", "child", "children", "steps", "text"]

REQUIRED: Any = object()
"""The default of a field that has none."""


class FieldSpec(Record, frozen=True, eq=True):
    """One field, as the author of a policy declared it."""

    kind: Literal["attr", "text", "child", "children", "steps"]
    doc: str = ""
    name: str | None = None
    default: Any = REQUIRED
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    """An enumeration: compared ignoring case, kept in this spelling."""
    non_empty: bool = False
    aliases: tuple[str, ...] = ()
    """Other spellings, accepted with a warning."""
    unit: str = ""
    format: str = ""
    """What a text must look like, for readers: `url`, `guid`, `timespan`, …; the policy checks it."""
    otherwise: str = ""
    """What holds when it is left out and the default is None, in words."""
    unlisted: bool = False
    """The reference does not name it; other sources of the platform do."""
    liquid: bool = False
    """A text that may be a Liquid template."""
    sample: str = ""
    """What snippets put there.  An optional attribute or text that has one is part of them."""
    usual: bool = False
    """A child element that snippets have though it may be left out."""
    strip: bool = True
    inner_xml: bool = False
    """Child elements are content, taken as text."""
    of: type | None = None
    """The class of child elements."""
    at_least: int = 0
    at_most: int | None = None


def attr(
    *,
    default: Any = REQUIRED,
    name: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    allowed: tuple[str, ...] = (),
    non_empty: bool = False,
    aliases: tuple[str, ...] = (),
    unit: str = "",
    format: str = "",
    otherwise: str = "",
    unlisted: bool = False,
    sample: str = "",
    doc: str = "",
) -> Any:
    """An attribute."""
    return FieldSpec(
        "attr",
        doc,
        name,
        default,
        minimum,
        maximum,
        allowed,
        non_empty,
        aliases,
        unit,
        format,
        otherwise,
        unlisted,
        sample=sample,
    )


def text(
    *,
    default: Any = REQUIRED,
    strip: bool = True,
    inner_xml: bool = False,
    liquid: bool = False,
    unlisted: bool = False,
    sample: str = "",
    doc: str = "",
) -> Any:
    """The character data of the element.  `strip`: white space around a literal does not count."""
    return FieldSpec(
        "text",
        doc,
        default=default,
        strip=strip,
        inner_xml=inner_xml,
        liquid=liquid,
        unlisted=unlisted,
        sample=sample,
    )


def child(of: type, *, default: Any = None, aliases: tuple[str, ...] = (), usual: bool = False, doc: str = "") -> Any:
    """At most one child element (exactly one when `default` is REQUIRED)."""
    return FieldSpec("child", doc, default=default, of=of, at_most=1, aliases=aliases, usual=usual)


def children(of: type, *, at_least: int = 0, at_most: int | None = None, usual: bool = False, doc: str = "") -> Any:
    """Child elements of one kind, as a tuple."""
    return FieldSpec("children", doc, default=(), of=of, at_least=at_least, at_most=at_most, usual=usual)


def steps(*, at_least: int = 0, allowed: tuple[str, ...] = (), doc: str = "") -> Any:
    """Nested policies: any that may stand in the section, or only those `allowed`."""
    return FieldSpec("steps", doc, default=(), at_least=at_least, allowed=allowed)
