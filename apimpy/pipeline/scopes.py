"""Sections of the documents along the chain of scopes, and how `<base />` joins them.

A missing section stands for `<base />`; a section that is there and empty runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from apimpy.document.reader import read
from apimpy.policy.base import SECTIONS, Policy
from apimpy.policy.bind import Binding, bind_policies
from apimpy.policy.plan import Plan, make_steps
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document
    from apimpy.runtime.flow import Step

__all__ = ["BoundDocument", "bind_document", "default_global", "section_steps"]

_DEFAULT = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>"


def default_global(sink: Sink) -> Document:
    """What a new service has as its global policy."""
    document = read(SourceFile("<default global policy>", _DEFAULT), sink)
    assert document is not None
    return document


@dataclass(frozen=True, slots=True)
class BoundDocument:
    """One document's policies by section; a section that is missing has no entry."""

    scope: str
    sections: dict[str, tuple[Policy, ...]]


def bind_document(scope: str, document: Document, cx: Binding) -> BoundDocument:
    """Bind every section of a `<policies>` document."""
    sections: dict[str, tuple[Policy, ...]] = {}
    for element in document.root.children:
        if element.name not in SECTIONS:
            cx.report(
                "POL006",
                f"The element 'policies' has invalid child element '{element.name}'. "
                "List of possible elements expected: 'inbound, backend, outbound, on-error'.",
                element.name_span,
            )
            continue
        if element.name in sections:
            cx.report("POL015", f"the section <{element.name}> appears twice", element.name_span)
            continue
        for a in element.attributes:
            cx.report("POL003", f"The '{a.name}' attribute is not declared.", a.name_span)
        if element.value is not None:
            cx.report("POL008", f"The element '{element.name}' cannot contain text.", element.value.span)
        if element.name == "backend" and len(element.children) > 1:
            message = "backend section allows only one policy to be specified"
            cx.report("POL012", message, element.children[1].name_span)
        bound = bind_policies(element.children, replace(cx, section=element.name, scope=scope))
        sections[element.name] = bound
    if document.root.value is not None:
        cx.report("POL008", "The element 'policies' cannot contain text.", document.root.value.span)
    return BoundDocument(scope, sections)


def section_steps(chain: Sequence[BoundDocument], section: str) -> tuple[Step, ...]:
    """The effective section of the narrowest scope: bases replaced, steps in order."""
    if not chain:
        return ()
    return _effective(chain, len(chain) - 1, section)


def _effective(chain: Sequence[BoundDocument], index: int, section: str) -> tuple[Step, ...]:
    document = chain[index]
    policies = document.sections.get(section)
    if policies is None:
        return _effective(chain, index - 1, section) if index else ()
    place = Plan(section, document.scope, narrowest=index == len(chain) - 1)
    steps = make_steps(policies, place)
    out: list[Step] = []
    for policy, step in zip(policies, steps, strict=True):
        if policy.element != "base":
            out.append(step)
        elif index:
            out.extend(_effective(chain, index - 1, section))
    return tuple(out)
