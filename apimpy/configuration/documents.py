"""The policy documents of a model: read once each, bound once for each scope they stand in, and checked together."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from apimpy.configuration.templates import TemplateError, parse_template
from apimpy.document.reader import load, read
from apimpy.pipeline.check import bind_document, binding, check_document
from apimpy.pipeline.scopes import default_global
from apimpy.policies import catalogue
from apimpy.policies._inside import inside
from apimpy.policy.value import Constant
from apimpy.spell import nearest

if TYPE_CHECKING:
    from apimpy.configuration.model import ApiSpec, GatewayFile, OperationSpec, PolicyText, ProductSpec
    from apimpy.diagnostics import Sink
    from apimpy.document.model import Document, Element
    from apimpy.pipeline.check import BoundDocument
    from apimpy.policy.base import Policy
    from apimpy.policy.bind import Binding, Compiler
    from apimpy.source import Span

__all__ = ["Documents"]

_COUNTING = ("-token-limit", "-emit-token-metric")
_BACKENDS = {
    "set-backend-service": ("backend-id",),
    "llm-content-safety": ("backend-id",),
    "llm-semantic-cache-lookup": ("embeddings-backend-id",),
    "azure-openai-semantic-cache-lookup": ("embeddings-backend-id",),
}
"""The attributes that name a backend."""
_NO_PARAMETER = "Only parameters specified in the original URL template can be used in the rewrite template"


class Documents:
    """The documents of a model, read once each and bound once for each scope they stand in."""

    def __init__(self, model: GatewayFile, sink: Sink, compiler: Compiler | None = None) -> None:
        self._model, self._sink = model, sink
        self._values = {v.name: None if v.value is None else v.value.text for v in model.named_values}
        self._read: dict[str, Document | None] = {}
        self._bound: dict[tuple[str, str], BoundDocument | None] = {}
        self._alone: list[tuple[Document, BoundDocument]] = []
        self.fragments = self._fragments()
        self._cx: Binding = binding(catalogue(), self.fragments, sink, None, compiler)
        self._default = bind_document("global", default_global(sink), self._cx)

    @property
    def counts_tokens(self) -> bool:
        """A policy counts tokens."""
        return any(_counts(d.root.children) for d in self._read.values() if d is not None)

    @property
    def stateful(self) -> frozenset[str]:
        """The elements that keep state from request to request."""
        return frozenset(name for name, policy in self._used() if policy.without_state is not None)

    @property
    def keeps_vectors(self) -> bool:
        """A policy looks for what lies near."""
        return any(policy.keeps_vectors for _, policy in self._used())

    def _used(self) -> Iterator[tuple[str, type[Policy]]]:
        """The policies that documents name, some more than once."""
        names = {name for d in self._read.values() if d is not None for name in _names(d.root.children)}
        return ((name, policy) for name in names if (policy := self._cx.catalogue.get(name)) is not None)

    @property
    def count(self) -> int:
        """How many documents were read."""
        return len(self._read)

    def _document(self, text: PolicyText) -> Document | None:
        name = text.path or (text.inline.name if text.inline else "")
        if name not in self._read:
            if text.inline is not None:
                self._read[name] = read(text.inline, self._sink, named_values=self._values)
            elif not os.path.isfile(text.path):
                self._read[name] = None
                self._sink.report("CFG010", f"there is no file {text.path}", text.span)
            else:
                self._read[name] = load(text.path, self._sink, named_values=self._values)
        return self._read[name]

    def _fragments(self) -> dict[str, Document]:
        found = {id_: self._document(text) for id_, text in self._model.fragments.items()}
        return {id_: document for id_, document in found.items() if document is not None}

    def bound(self, scope: str, text: PolicyText | None) -> BoundDocument | None:
        """The document of a scope; None when it has none, or it is of no use."""
        if text is None:
            return None
        document = self._document(text)
        if document is None:
            return None
        key = (scope, document.file.name)
        if key not in self._bound:
            if document.kind == "policies":
                self._bound[key] = bind_document(scope, document, self._cx)
            else:
                self._bound[key] = None
                message = f"the policy of a scope has the root <policies>, not <{document.root.name}>"
                self._sink.report("DOC006", message, document.root.name_span)
        return self._bound[key]

    def chain(
        self, product: ProductSpec | None, api: ApiSpec | None, operation: OperationSpec | None
    ) -> list[BoundDocument]:
        """The documents that a request meets, broad to narrow."""
        scopes = [
            ("product", product.policy if product else None),
            ("api", api.policy if api else None),
            ("operation", operation.policy if operation else None),
        ]
        chain = [self.bound("global", self._model.policy) or self._default]
        chain += [b for b in (self.bound(scope, text) for scope, text in scopes) if b is not None]
        return chain

    def all_bound(self) -> Iterator[tuple[Document, BoundDocument]]:
        """Every document with its policies, once for every scope it stands in, and every fragment on its own."""
        for (_, name), bound in self._bound.items():
            document = self._read.get(name)
            if bound is not None and document is not None:
                yield document, bound
        yield from self._alone

    def outer(self) -> dict[int, list[tuple[BoundDocument, ...]]]:
        """For every bound document, by identity: the chains of documents that its `<base />` may stand for."""
        found: dict[int, list[tuple[BoundDocument, ...]]] = {}
        for api in self._model.apis:
            members = [p for p in self._model.products if any(r.id.lower() == api.id.lower() for r in p.apis)]
            for product in (None, *members):
                for operation in (None, *api.operations):
                    chain = self.chain(product, api, operation)
                    for at, document in enumerate(chain):
                        before = tuple(chain[:at])
                        known = found.setdefault(id(document), [])
                        if before not in known:
                            known.append(before)
        return found

    def check(self, event_loggers: Collection[str] | None) -> None:
        """Bind everything, and look at what only the whole can tell."""
        model, sink = self._model, self._sink
        for fragment in self.fragments.values():
            alone = check_document(fragment, catalogue(), self.fragments, sink, compiler=self._cx.compiler)
            self._alone.append((fragment, alone))
        self.bound("global", model.policy)
        for product in model.products:
            self.bound("product", product.policy)
        for api in model.apis:
            self.bound("api", api.policy)
            for operation in api.operations:
                _check_rewrites(self.bound("operation", operation.policy), operation, sink)
        backends = None if model.single else {b.id for b in model.backends}
        for document in self._bound.values():
            for policy in _policies(document):
                if policy.element == "log-to-eventhub" and event_loggers is not None:
                    _check_logger(policy, event_loggers, sink)
                elif backends is not None:
                    for name in _BACKENDS.get(policy.element, ()):
                        _check_backend(policy, name, backends, sink)


def _counts(elements: Iterable[Element]) -> bool:
    return any(e.name.endswith(_COUNTING) or _counts(e.children) for e in elements)


def _names(elements: Iterable[Element]) -> Iterable[str]:
    for element in elements:
        yield element.name
        yield from _names(element.children)


def _policies(document: BoundDocument | None) -> Iterable[Policy]:
    for policies in document.sections.values() if document is not None else ():
        for policy in policies:
            yield from inside(policy)


def _where(policy: Policy, attribute: str) -> Span:
    at = policy.source.get(attribute)
    return at.value_span if at is not None else policy.source.name_span


def _check_logger(policy: Policy, known: Collection[str], sink: Sink) -> None:
    id_ = getattr(policy, "logger_id", None)
    if id_ not in known:
        help_ = f"there are: {', '.join(sorted(known))}" if known else "--event-logger NAME=FILE makes one"
        sink.report("CFG001", f"Logger with id '{id_}' could not be found.", _where(policy, "logger-id"), help=help_)


def _check_backend(policy: Policy, attribute: str, known: Collection[str], sink: Sink) -> None:
    id_ = getattr(policy, attribute.replace("-", "_"), None)
    if isinstance(id_, Constant) and id_.value not in known and "{{" not in id_.value:
        near = nearest(id_.value, known)
        help_ = f"did you mean '{near}'?" if near else None
        message = f"Backend with id '{id_.value}' could not be found."
        sink.report("CFG008", message, _where(policy, attribute), help=help_)


def _check_rewrites(document: BoundDocument | None, operation: OperationSpec, sink: Sink) -> None:
    """A rewrite template of an operation names parameters of the operation's own template only."""
    rewrites = [p for p in _policies(document) if p.element == "rewrite-uri"]
    if not rewrites:
        return
    from apimpy.policies.rewrite_uri import placeholders

    try:
        known = {name.lower() for name in parse_template(operation.url_template).parameters}
    except TemplateError:
        return
    for policy in rewrites:
        template = getattr(policy, "template", None)
        if isinstance(template, Constant):
            for name in placeholders(template.value):
                if name.lower() not in known:
                    sink.report("POL017", f"{_NO_PARAMETER}: {name}", _where(policy, "template"))
