"""Elements to policies: every mismatch with the declaration becomes a diagnostic.

Binding needs the section (which policies may stand where), the fragments (inlined here, so that policies inside a
container see them too) and a function that compiles expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from apimpy.diagnostics import Severity
from apimpy.document.model import Attribute, Element, Island, Text
from apimpy.document.writer import inner_xml
from apimpy.policy.base import Catalogue, Field, Item, Policy, fields_of
from apimpy.policy.facts import ALL_SECTIONS, PLANNED, RESOLVER, SECTIONS
from apimpy.policy.fields import REQUIRED
from apimpy.policy.value import EXPECTED, Compiled, Computed, Constant, Open, is_open, parse_literal
from apimpy.record import Record, replace
from apimpy.spell import nearest

if TYPE_CHECKING:
    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = ["Binding", "Compiler", "FragmentSource", "bind_item", "bind_policies"]

_I = TypeVar("_I", bound=Item)

Compiler = Callable[[Island, str], Compiled | None]
"""Compiles an expression for an expected result; None after it has reported why it cannot."""


class FragmentSource(Protocol):
    """Where `include-fragment` looks."""

    def get(self, id: str, span: Span) -> Element | None:
        """The root of a fragment; None after it has reported that there is none."""


class Binding(Record, frozen=True, eq=True):
    """What binding needs to know.  `section` None: anywhere (a fragment on its own)."""

    catalogue: Catalogue
    sink: Sink
    compiler: Compiler
    section: str | None = None
    scope: str = "global"
    fragments: FragmentSource | None = None
    nested: bool = False
    """Inside a container."""
    in_fragment: bool = False
    owner: str = ""
    """The policy whose elements are being bound: what `LastError.Source` shows."""

    def report(
        self, code: str, message: str, span: Span, *, help: str | None = None, severity: Severity | None = None
    ) -> None:
        self.sink.report(code, message, span, help=help, severity=severity)


# --- policies ---------------------------------------------------------------------------------------------------------


def bind_policies(elements: Iterable[Element], cx: Binding) -> tuple[Policy, ...]:
    """Sibling policies in order, fragments inlined."""
    found: list[Policy] = []
    for element in elements:
        if element.name == "base":
            _check_base(element, cx, found)
        if element.name == "include-fragment":
            found.extend(_include(element, cx))
            continue
        policy = _bind_policy(element, cx)
        if policy is not None:
            found.append(policy)
    _check_repeated(found, cx)
    return tuple(found)


def _check_repeated(policies: list[Policy], cx: Binding) -> None:
    """What may stand once in a section; branches of a container are looked at one by one: only one of them may run."""
    seen: set[str] = set()
    for policy in policies:
        if policy.element in seen and not policy.repeatable and policy.element != "base":  # base: see _check_base
            message = f"<{policy.element}> may stand only once in a section"
            cx.report("POL014", message, policy.source.name_span)
        seen.add(policy.element)


def _check_base(element: Element, cx: Binding, before: list[Policy]) -> None:
    if cx.nested:
        cx.report("POL011", "base must be a direct child of a section", element.name_span)
    elif cx.in_fragment:
        cx.report("POL011", "a fragment cannot hold <base />", element.name_span)
    elif cx.scope == "global":
        message = "the global scope has no base: <base /> stands for nothing here"
        cx.report("POL011", message, element.name_span, severity=Severity.INFO)
    elif any(p.element == "base" for p in before):
        cx.report("POL011", "a section holds <base /> at most once", element.name_span)


def _include(element: Element, cx: Binding) -> tuple[Policy, ...]:
    policy = _bind_policy(element, cx)
    if policy is None:
        return ()
    if cx.fragments is None:
        return (policy,)  # it stands for policies that nobody here knows
    if cx.in_fragment:
        cx.report("POL013", "a fragment cannot include another fragment", element.name_span)
        return ()
    at = element.get("fragment-id")
    root = cx.fragments.get(getattr(policy, "fragment_id", ""), at.value_span if at else element.name_span)
    return () if root is None else bind_policies(root.children, replace(cx, in_fragment=True))


def _bind_policy(element: Element, cx: Binding) -> Policy | None:
    name = element.name
    cls = cx.catalogue.get(name)
    if cls is None:
        near = cx.catalogue.near(name)
        help_ = f"did you mean <{near}>?" if near else None
        cx.report("POL001", f"There is no policy <{name}>", element.name_span, help=help_)
        return None
    _check_place(name, cls.sections, element, cx)
    if cls.support is PLANNED:
        message = f"<{name}> is not supported yet: a request that reaches it is answered with 500"
        cx.report("POL018", message, element.name_span)
    policy = bind_item(cls, element, cx)
    assert policy is None or isinstance(policy, Policy)
    return policy


def _check_place(name: str, sections: frozenset[str], element: Element, cx: Binding) -> None:
    if cx.section is not None and cx.section not in sections:
        where = [s for s in SECTIONS if s in sections] + sorted(sections - ALL_SECTIONS)
        help_ = (
            "it is the root of a resolver's document"
            if RESOLVER in sections
            else f"it may stand in: {', '.join(where)}"
        )
        cx.report("POL002", f"<{name}> is not allowed in the section {cx.section}", element.name_span, help=help_)


# --- items ------------------------------------------------------------------------------------------------------------


def bind_item(cls: type[Item], element: Element, cx: Binding) -> Item | None:
    """An instance of a declaration; None after a problem that leaves nothing to run."""
    fields = fields_of(cls)
    if issubclass(cls, Policy):
        cx = replace(cx, owner=element.name)
    held: dict[str, Any] = {}
    good = _check_attributes(cls, fields, element, cx)
    taken: set[int] = set()
    for f in fields:
        bound = _bind_field(f, element, cx, taken)
        if bound is REQUIRED:
            good = False
        else:
            held[f.attribute] = bound
    good = _check_content(fields, element, cx, taken) and good
    if not good:
        return None
    item = _finish(cls(**held), element)
    for rule in cls.rules:
        if message := rule.broken(element):
            code = "POL007" if rule.of_children else "POL010"
            cx.report(code, message, element.name_span, severity=Severity.WARNING if rule.warning else None)
    item.check(cx)
    return item


def _finish(item: _I, element: Element) -> _I:
    object.__setattr__(item, "source", element)
    if isinstance(item, Policy):
        id_ = element.get("id")
        if id_ is not None and isinstance(id_.value, Text):
            object.__setattr__(item, "policy_id", id_.value.value)
    return item


def _check_attributes(cls: type[Item], fields: tuple[Field, ...], element: Element, cx: Binding) -> bool:
    known = {f.name for f in fields if f.spec.kind == "attr"}
    aliases = {alias: f.name for f in fields if f.spec.kind == "attr" for alias in f.spec.aliases}
    good = True
    for a in element.attributes:
        if a.name in known or (a.name == "id" and issubclass(cls, Policy)):
            continue
        if a.name in aliases:
            message = f"'{a.name}' is an old or wrong spelling of '{aliases[a.name]}'"
            cx.report("POL020", message, a.name_span)
            continue
        near = nearest(a.name, known)
        cx.report(
            "POL003",
            f"The '{a.name}' attribute is not declared.",
            a.name_span,
            help=f"did you mean '{near}'?" if near else _listing("attributes", known),
        )
        good = False
    return good


def _listing(what: str, names: Iterable[str]) -> str | None:
    known = ", ".join(sorted(names))
    return f"{what}: {known}" if known else None


def _bind_field(f: Field, element: Element, cx: Binding, taken: set[int]) -> Any:
    """The field's value, or REQUIRED when there is none and the element is of no use without it."""
    spec = f.spec
    if spec.kind == "attr":
        return _bind_attribute(f, element, cx)
    if spec.kind == "text":
        return _bind_text(f, element, cx, taken)
    if spec.kind == "steps":
        inner = element.children
        taken.update(map(id, inner))
        _check_count(len(inner), "policies", f, element, cx)
        bound = bind_policies(inner, replace(cx, nested=True))
        if spec.allowed:
            _check_allowed(bound, spec.allowed, element, cx)
        return bound
    assert spec.of is not None
    assert issubclass(spec.of, Item)
    name = spec.of.element
    inner = tuple(c for c in element.children if c.name == name or c.name in spec.aliases)
    taken.update(map(id, inner))
    _check_count(len(inner), f"<{name}>", f, element, cx)
    for c in inner:
        if c.name != name:
            cx.report("POL020", f"<{c.name}> is an old or wrong spelling of <{name}>", c.name_span)
    items = [bind_item(spec.of, c, cx) for c in inner]
    if any(item is None for item in items):
        return REQUIRED
    if spec.kind == "children":
        return tuple(items)
    return items[0] if items else spec.default


def _check_allowed(policies: Iterable[Policy], allowed: tuple[str, ...], element: Element, cx: Binding) -> None:
    for policy in policies:
        if policy.element not in allowed:
            message = (
                f"The element '{element.name}' has invalid child element '{policy.element}'. List of possible elements "
                f"expected: {', '.join(map(repr, allowed))}."
            )
            cx.report("POL006", message, policy.source.name_span)


def _check_count(count: int, what: str, f: Field, element: Element, cx: Binding) -> None:
    least, most = f.spec.at_least, f.spec.at_most
    if f.spec.kind == "child" and f.spec.default is REQUIRED:
        least = 1
    if count < least:
        cx.report("POL007", f"<{element.name}> needs at least {least} {what}", element.name_span)
    elif most is not None and count > most:
        cx.report("POL007", f"<{element.name}> may hold {what} at most {most} times", element.name_span)


def _bind_attribute(f: Field, element: Element, cx: Binding) -> Any:
    found: Attribute | None = None
    for name in (f.name, *f.spec.aliases):
        found = found or element.get(name)
    if found is None:
        if f.spec.default is REQUIRED:
            cx.report("POL004", f"The required attribute '{f.name}' is missing.", element.name_span)
        return _default(f)
    return _bind_value(f, found.value, found.value_span, element, cx)


def _default(f: Field) -> Any:
    default = f.spec.default
    return Constant(default) if f.is_value and default is not None and default is not REQUIRED else default


def _bind_value(f: Field, value: Text | Island, span: Span, element: Element, cx: Binding) -> Any:
    if isinstance(value, Island):
        if not f.is_value:
            cx.report("POL009", f"'{f.name}' of <{element.name}> does not take expressions", value.span)
            return REQUIRED
        compiled = cx.compiler(value, EXPECTED[f.kind])
        if compiled is not None and compiled.notes:
            _advise(compiled, value, cx)
        return REQUIRED if compiled is None else Computed(compiled, f.kind, cx.owner, f.name, f.spec)
    literal = value.value.strip() if f.spec.kind == "text" and f.spec.strip else value.value
    try:
        parsed = parse_literal(literal, f.kind, f.spec, f.name)
    except ValueError as error:
        if is_open(literal) and f.is_value:
            return Open()
        if not is_open(literal):
            cx.report("POL005", f"The '{f.name}' attribute is invalid - {error}", span)
        return REQUIRED
    return Constant(parsed) if f.is_value else parsed


_THERE = {"outbound": ("Response",), "on-error": ("Response", "LastError")}
"""What is never null in a section."""


_REMEDIES = {
    "EXP007": "cast the object: (string)value == …",
    "EXP010": "use ?. or compare it with null first",
    "EXP011": "As<…>(preserveContent: true)",
}
"""What to do about each kind of advice."""


def _advise(compiled: Compiled, island: Island, cx: Binding) -> None:
    """Pass on what the compiler has to say, where it applies."""
    for note in compiled.notes:
        if note.subject in _THERE.get(cx.section or "", ()):
            continue
        if note.code == "EXP011" and (cx.section not in ("inbound", "backend") or cx.owner == "set-body"):
            continue
        cx.report(note.code, note.message, island.map.span(note.start, note.end), help=_REMEDIES[note.code])


def _bind_text(f: Field, element: Element, cx: Binding, taken: set[int]) -> Any:
    if f.spec.inner_xml:
        carrier = element.children[0] if [c.name for c in element.children] == ["value"] else None
        taken.update(map(id, element.children))
        if carrier is not None and not carrier.attributes and not carrier.children:
            element = carrier
        elif element.children:
            return _bind_value(f, Text(inner_xml(element), _NO_MAP, element.span), element.span, element, cx)
    value = element.value
    if value is None:
        if f.spec.default is not REQUIRED:
            return _default(f)
        blank = "" if f.spec.strip else "".join(n.value for n in element.nodes if isinstance(n, Text))
        value = Text(blank, _NO_MAP, element.content_span)
    return _bind_value(f, value, value.span, element, cx)


_NO_MAP: Any = None
"""Literals made here are never mapped back."""


def _check_content(fields: tuple[Field, ...], element: Element, cx: Binding, taken: set[int]) -> bool:
    """Child elements nobody asked for, and text where none belongs."""
    expected = [f.spec.of.element for f in fields if f.spec.of is not None and issubclass(f.spec.of, Item)]
    listing = ", ".join(f"'{n}'" for n in expected)
    more = f" List of possible elements expected: {listing}." if listing else ""
    good = True
    for c in element.children:
        if id(c) not in taken:
            near = nearest(c.name, expected)
            message = f"The element '{element.name}' has invalid child element '{c.name}'.{more}"
            cx.report("POL006", message, c.name_span, help=f"did you mean <{near}>?" if near else None)
            good = False
    if element.value is not None and not any(f.spec.kind == "text" for f in fields):
        cx.report("POL008", f"The element '{element.name}' cannot contain text.{more}", element.value.span)
        good = False
    return good
