"""What runs before what: for rules about the order of policies.

for earlier in before(document, visit): …      policies that have surely run when this one does
if not known_before(document, visit): return   others may stand before it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.lint.flow import Visit
    from apimpy.lint.subject import Subject

__all__ = ["any_before", "before", "between", "known_before", "later", "sure", "visits_of"]

_UNKNOWN = ("base", "include-fragment")
_ORDER = ("", "inbound", "backend", "outbound", "on-error")


def visits_of(document: Subject, *elements: str) -> Iterator[Visit]:
    """The policies of these names that requests can reach, in order, where the walk met them."""
    return (v for v in document.flow.visits if v.policy.element in elements and v.reachable)


def sure(earlier: Visit, later: Visit) -> bool:
    """Whoever gets to the later policy has come through the earlier one, of which the order is known."""
    if later.section == "on-error" != earlier.section or earlier.policy is later.policy:
        return False
    around = earlier.inside
    if around and around[-1].element == "wait":
        return False
    if earlier.section != later.section:
        return not around and _ORDER.index(earlier.section) < _ORDER.index(later.section)
    return len(around) <= len(later.inside) and all(a is b for a, b in zip(around, later.inside, strict=False))


def before(document: Subject, visit: Visit) -> Iterator[Visit]:
    """The policies of the document that have surely run, in order."""
    return (v for v in _until(document.flow.visits, visit) if sure(v, visit))


def later(document: Subject, visit: Visit) -> Iterator[Visit]:
    """The policies of the document that run only behind this one, in order."""
    visits = document.flow.visits
    at = next(i for i, v in enumerate(visits) if v is visit)
    return (v for v in visits[at + 1 :] if v.reachable and sure(visit, v))


def between(document: Subject, first: Visit, last: Visit) -> tuple[Visit, ...]:
    """The policies that stand between two, on whatever way."""
    visits = document.flow.visits
    start = next(i for i, v in enumerate(visits) if v is first)
    end = next(i for i, v in enumerate(visits) if v is last)
    return visits[start + 1 : end]


def any_before(document: Subject, visit: Visit, *elements: str) -> bool:
    """One of these policies may run before, here or in an outer document."""
    return any(v.policy.element in elements for v in _until(document.flow.effective, visit))


def known_before(document: Subject, visit: Visit) -> bool:
    """All policies that may run before are known: no fragment and no outer document hides any."""
    if document.is_fragment:
        return False
    seen = list(_until(document.flow.effective, visit))
    hidden = ("include-fragment",) if document.around is not None else _UNKNOWN
    if any(v.policy.element in hidden for v in seen):
        return False
    missing = _ORDER[1 : _ORDER.index(visit.section) + 1]
    return document.around is not None or all(name in document.sections for name in missing)


def _until(visits: tuple[Visit, ...], visit: Visit) -> Iterator[Visit]:
    for other in visits:
        if other is visit:
            return
        yield other
