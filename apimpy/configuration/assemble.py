"""A model to what runs: every document read and bound once, one program for every chain of scopes that occurs.

    assembled = assemble(model, sink)
    if assembled is not None:
        gateway = Gateway(assembled.configuration(default_backend), services)

The effective policy of a request is a function of product (or none), API revision and operation; all of them are made
here, so that a request only looks them up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from apimpy.backends.entity import Backend
from apimpy.configuration.check import SYSTEM_GROUPS, check_model, lookup
from apimpy.configuration.documents import Documents
from apimpy.configuration.entities import entities
from apimpy.configuration.mcp import MCP, mcp_server
from apimpy.record import Record
from apimpy.runtime.exchange import Api, Deployment, Group, Operation, Product, Subscription, User

if TYPE_CHECKING:
    from apimpy.backends.entity import Pool
    from apimpy.configuration.keys import Subscriber
    from apimpy.configuration.model import ApiSpec, GatewayFile, ProductSpec, Ref, SubscriptionSpec
    from apimpy.configuration.routing import ApiRoute, OperationRoute
    from apimpy.configuration.serving import Configuration
    from apimpy.diagnostics import Sink
    from apimpy.policy.bind import Compiler
    from apimpy.runtime.message import Url

__all__ = ["Assembled", "assemble", "check"]


class Assembled(Record, frozen=True):
    """A model whose policies are bound."""

    model: GatewayFile
    documents: Documents
    backends: Mapping[str, Backend | Pool]
    """Backend entities by id."""

    @property
    def counts_tokens(self) -> bool:
        """Vocabularies are needed."""
        return self.documents.counts_tokens

    @property
    def stateful(self) -> frozenset[str]:
        """The policies that keep state from request to request, by element."""
        return self.documents.stateful

    @property
    def keeps_vectors(self) -> bool:
        """Policies look for what lies near, which not every store can."""
        return self.documents.keeps_vectors

    @property
    def deployment(self) -> Deployment:
        """What `context.Deployment` says."""
        managed = self.model.kind != "self-hosted"
        given: dict[str, Any] = dict(self.model.deployment)
        if not managed:
            given.setdefault("gateway_id", "self-hosted")
        return Deployment(**given, is_managed=managed, certificates=self.model.certificates)

    def configuration(self, default: Url | None = None) -> Configuration:
        """The tables of a gateway.  `default`: the backend of APIs that name none."""
        return _Tables(self.model, self.documents, self.backends, default).configuration()


def assemble(model: GatewayFile, sink: Sink, *, event_loggers: Collection[str] | None = None) -> Assembled | None:
    """Check and bind; None when the sink has errors.  `event_loggers`: those that policies may name; None: any."""
    documents, backends = check(model, sink, event_loggers=event_loggers)
    return None if sink.errors else Assembled(model, documents, backends)


def check(
    model: GatewayFile,
    sink: Sink,
    *,
    event_loggers: Collection[str] | None = None,
    compiler: Compiler | None = None,
) -> tuple[Documents, dict[str, Backend | Pool]]:
    """Report what is wrong with a model and its policies.  `compiler`: another one than that of `serve`."""
    check_model(model, sink)
    for subscription in model.subscriptions:
        if subscription.end is not None and _seconds(subscription.end) is None:
            sink.report("CFG007", f"the end of '{subscription.id}' is no ISO 8601 date", subscription.span)
    documents = Documents(model, sink, compiler)
    documents.check(event_loggers)
    return documents, entities(model, sink)


def _seconds(date: str) -> float | None:
    """UTC seconds of a date; None when it is none."""
    try:
        parsed = datetime.fromisoformat(date)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


class _Tables:
    """Makes the run-time objects of a model, and the routes and keys that lead to them."""

    def __init__(
        self, model: GatewayFile, documents: Documents, backends: Mapping[str, Backend | Pool], default: Url | None
    ) -> None:
        from apimpy.pipeline.compile import Programs

        self._backends = backends
        self._model, self._documents = model, documents
        self._programs = Programs()
        self._version_sets = {v.id: v for v in model.version_sets}
        groups = SYSTEM_GROUPS | {g.id: g.name or g.id for g in model.groups}
        self._groups = {id_: Group(id_, name) for id_, name in groups.items()}
        self._apis = [_api(spec, self._service(spec, default)) for spec in model.apis]
        current = {api.id: api for api in self._apis if api.is_current_revision}
        self._products = {p.id: self._product(p, current) for p in model.products}
        self._users = {
            u.id: User(u.id, u.email, u.first_name, u.last_name, u.note, groups=self._named_groups(u.groups))
            for u in model.users
        }

    def _service(self, spec: ApiSpec, default: Url | None) -> Url | None:
        """The base of an API's backend; of an MCP server with tools, the server in this gateway."""
        from apimpy.runtime.message import Url

        if spec.service_url:
            return Url.of_backend(spec.service_url)
        if spec.mcp is None:
            return default
        if spec.mcp.backend is None:
            return Url(MCP, f"{spec.id.lower()};rev={spec.revision}", 80, "/")
        entity = lookup(self._backends, spec.mcp.backend.id)
        return entity.url if isinstance(entity, Backend) else None

    def configuration(self) -> Configuration:
        from apimpy.configuration.keys import KeyRing
        from apimpy.configuration.routing import Router
        from apimpy.configuration.secrets import mask_of
        from apimpy.configuration.serving import Configuration

        routes = [self._route(spec, api) for spec, api in zip(self._model.apis, self._apis, strict=True)]
        subscribers = [self._subscriber(s) for s in self._model.subscriptions if s.state == "active"]
        unmatched = self._programs.of(self._documents.chain(None, None, None))
        servers = {
            api.service_url.host: mcp_server(spec, self._model)
            for spec, api in zip(self._model.apis, self._apis, strict=True)
            if api.service_url is not None and api.service_url.scheme == MCP
        }
        return Configuration(Router(routes), KeyRing(subscribers), unmatched, servers, mask_of(self._model))

    def _named_groups(self, refs: Iterable[Ref]) -> tuple[Group, ...]:
        found = (lookup(self._groups, ref.id) for ref in refs)
        return tuple(group for group in found if group is not None)

    def _product(self, spec: ProductSpec, apis: Mapping[str, Api]) -> Product:
        found = (lookup(apis, ref.id) for ref in spec.apis)
        return Product(
            spec.id,
            spec.name or spec.id,
            spec.approval_required,
            spec.subscription_required,
            spec.subscriptions_limit,
            spec.state,
            self._named_groups(spec.groups),
            tuple(api for api in found if api is not None),
        )

    # --- routes -------------------------------------------------------------------------------------------------------

    def _route(self, spec: ApiSpec, api: Api) -> ApiRoute:
        from apimpy.configuration.routing import ApiRoute, Versioning

        members = [p for p in self._model.products if any(r.id.lower() == spec.id.lower() for r in p.apis)]
        opened = next((p for p in members if not p.subscription_required), None)
        version_set = lookup(self._version_sets, spec.version_set.id) if spec.version_set else None
        return ApiRoute(
            api,
            self._operations(spec, [p for p in members if p.policy is not None]),
            Versioning(version_set.scheme, version_set.name.lower()) if version_set and spec.version else None,
            spec.online,
            not spec.subscription_required,
            self._products[opened.id] if opened else None,
        )

    def _operations(self, spec: ApiSpec, products: list[ProductSpec]) -> tuple[OperationRoute, ...]:
        from apimpy.configuration.routing import OperationRoute

        chain, of = self._documents.chain, self._programs.of
        return tuple(
            OperationRoute(
                Operation(o.id, o.name or o.id, o.method, o.url_template, o.responses),
                of(chain(None, spec, o)),
                {p.id: of(chain(p, spec, o)) for p in products},
            )
            for o in spec.operations
        )

    # --- keys ---------------------------------------------------------------------------------------------------------

    def _subscriber(self, spec: SubscriptionSpec) -> Subscriber:
        from apimpy.configuration.keys import Subscriber

        product: Product | None = None
        apis: frozenset[str] | None = None
        if spec.scope == "product" and spec.target is not None:
            product = lookup(self._products, spec.target.id)
            apis = frozenset(api.id for api in product.apis) if product else frozenset()
        elif spec.scope == "api" and spec.target is not None:
            folded = spec.target.id.lower()
            apis = frozenset(api.id for api in self._apis if api.id.lower() == folded)
        primary, secondary = (s.text if s is not None else None for s in (spec.primary, spec.secondary))
        subscription = Subscription(
            spec.id,
            spec.name or spec.id,
            primary,
            primary,
            secondary,
            spec.created,
            spec.start,
            spec.end,
            spec.allow_tracing,
        )
        user = lookup(self._users, spec.user.id) if spec.user else None
        return Subscriber(subscription, product, user, apis, _seconds(spec.end) if spec.end else None)


def _api(spec: ApiSpec, service: Url | None) -> Api:
    return Api(
        spec.id,
        spec.name or spec.id,
        spec.path,
        spec.revision,
        spec.version,
        spec.current,
        service,
        spec.protocols,
        spec.key_header,
        spec.key_query,
        spec.mcp is not None,
    )
