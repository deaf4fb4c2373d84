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

__all__ = ["Sections", "default_global"]

_DEFAULT = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>"


def default_global(sink: Sink) -> Document:
    """What a new service has as its global policy."""
    document = read(SourceFile("<default global policy>", _DEFAULT), sink)
    assert document is not None
    return document


class Sections:
    """Effective sections of chains of documents.  Chains that share a document share its steps.

    Documents are told apart by identity: they must live as long as this does.
    """

    __slots__ = ("_made", "_traced")

    def __init__(self, *, traced: bool = False) -> None:
        self._traced = traced
        self._made: dict[tuple[int, str, bool], tuple[Step, ...]] = {}

    def steps(self, chain: Sequence[BoundDocument], section: str) -> tuple[Step, ...]:
        """The effective section of the narrowest scope: bases replaced, steps in order."""
        return self._effective(chain, len(chain) - 1, section) if chain else ()

    def _effective(self, chain: Sequence[BoundDocument], index: int, section: str) -> tuple[Step, ...]:
        document = chain[index]
        policies = document.sections.get(section)
        if policies is None:
            return self._effective(chain, index - 1, section) if index else ()
        out: list[Step] = []
        for policy, step in zip(policies, self._own(document, section, index == len(chain) - 1), strict=True):
            if policy.element != "base":
                out.append(step)
            elif index:
                out.extend(self._effective(chain, index - 1, section))
        return tuple(out)

    def _own(self, document: BoundDocument, section: str, narrowest: bool) -> tuple[Step, ...]:
        key = (id(document), section, narrowest)
        made = self._made.get(key)
        if made is None:
            place = Plan(section, document.scope, narrowest=narrowest, traced=self._traced)
            made = self._made[key] = make_steps(document.sections[section], place)
        return made
