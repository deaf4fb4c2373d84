"""Sections of the documents along the chain of scopes, and how `<base />` joins them.

A missing section stands for `<base />`; a section that is there and empty runs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.document.reader import read
from apimpy.policy.plan import Plan, make_steps
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document
    from apimpy.pipeline.check import BoundDocument
    from apimpy.runtime.flow import Step

__all__ = ["default_global", "section_steps"]

_DEFAULT = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>"


def default_global(sink: Sink) -> Document:
    """What a new service has as its global policy."""
    document = read(SourceFile("<default global policy>", _DEFAULT), sink)
    assert document is not None
    return document


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
