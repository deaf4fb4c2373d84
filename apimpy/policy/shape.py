"""Where white space means nothing, as the declarations of policies say it; what nobody knows is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policy.base import SECTIONS, Item, fields_of
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.document.model import Document
    from apimpy.document.spacing import Shape
    from apimpy.policy.base import Catalogue

__all__ = ["shape_of"]


def shape_of(document: Document, catalogue: Catalogue) -> Shape:
    """The shape of a document's root element."""
    if document.kind == "policies":
        return _Root(catalogue)
    if document.kind == "fragment":
        return _Section(catalogue)
    return _policy(document.root.name, catalogue)


class _Unknown(Record, frozen=True):
    """Nothing is known about it."""

    free: bool = False
    texts: bool = True

    def child(self, name: str) -> Shape:
        return self


class _Section(Record, frozen=True):
    """Policies."""

    catalogue: Catalogue
    free: bool = True
    texts: bool = False

    def child(self, name: str) -> Shape:
        return _policy(name, self.catalogue)


class _Root(Record, frozen=True):
    """Sections."""

    catalogue: Catalogue
    free: bool = True
    texts: bool = False

    def child(self, name: str) -> Shape:
        return _Section(self.catalogue) if name in SECTIONS else _Unknown()


class _Declared(Record, frozen=True):
    """A policy, or an element of one, with the fields of its class."""

    cls: type[Item]
    catalogue: Catalogue
    free: bool
    texts: bool

    def child(self, name: str) -> Shape:
        specs = [f.spec for f in fields_of(self.cls)]
        for spec in specs:
            if spec.of is not None and issubclass(spec.of, Item) and name in (spec.of.element, *spec.aliases):
                return _declared(spec.of, self.catalogue)
        if any(spec.kind == "steps" for spec in specs):
            return _policy(name, self.catalogue)
        return _Unknown()


def _declared(cls: type[Item], catalogue: Catalogue) -> Shape:
    texts = [f.spec for f in fields_of(cls) if f.spec.kind == "text"]
    return _Declared(cls, catalogue, not any(t.inner_xml or not t.strip for t in texts), bool(texts))


def _policy(name: str, catalogue: Catalogue) -> Shape:
    cls = catalogue.get(name)
    return _Unknown() if cls is None else _declared(cls, catalogue)
