"""Whether the parts of a model fit together: ids that lead somewhere, nothing twice, templates that can be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from apimpy.configuration.templates import TemplateError, parse_template
from apimpy.pattern import pattern
from apimpy.spell import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from apimpy.configuration.model import ApiSpec, GatewayFile, McpSpec, ProductSpec, Ref, SubscriptionSpec
    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = ["SYSTEM_GROUPS", "check_model", "lookup"]

SYSTEM_GROUPS = {"administrators": "Administrators", "developers": "Developers", "guests": "Guests"}
_METHOD = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
T = TypeVar("T")


def lookup(table: Mapping[str, T], id_: str) -> T | None:
    """What an id stands for; letter case does not matter."""
    found = table.get(id_)
    if found is not None:
        return found
    folded = id_.lower()
    return next((value for name, value in table.items() if name.lower() == folded), None)


def check_model(model: GatewayFile, sink: Sink) -> None:
    """Everything there is to say about a model without its policies."""
    names = {
        "API": _ids("API", ((a.id, a.span) for a in model.apis if a.current), sink),
        "product": _ids("product", ((p.id, p.span) for p in model.products), sink),
        "user": _ids("user", ((u.id, u.span) for u in model.users), sink),
        "group": [*_ids("group", ((g.id, g.span) for g in model.groups), sink), *SYSTEM_GROUPS],
        "version set": _ids("version set", ((v.id, v.span) for v in model.version_sets), sink),
        "backend": _ids("backend", ((b.id, b.span) for b in model.backends), sink),
    }
    names["API"] = list(dict.fromkeys([*names["API"], *(a.id for a in model.apis)]))
    _ids("subscription", ((s.id, s.span) for s in model.subscriptions), sink)
    _ids("named value", ((v.name, v.span) for v in model.named_values), sink)

    def led(kind: str, refs: Iterable[Ref | None]) -> None:
        for ref in refs:
            if ref is not None:
                _leads(kind, ref, names[kind], sink)

    for api in model.apis:
        led("version set", [api.version_set])
        if api.mcp is not None:
            led("backend", [api.mcp.backend])
            led("API", [tool.api for tool in api.mcp.tools])
            _check_mcp(api, api.mcp, model, sink)
        _check_operations(api, sink)
    for product in model.products:
        led("API", product.apis)
        led("group", product.groups)
    for subscription in model.subscriptions:
        led("API" if subscription.scope == "api" else "product", [subscription.target])
        led("user", [subscription.user])
    for user in model.users:
        led("group", user.groups)
    for backend in model.backends:
        led("backend", [member.backend for member in backend.pool])
    _check_revisions(model.apis, sink)
    _check_paths(model, sink)
    _check_open(model.products, sink)
    _check_keys(model.subscriptions, sink)


def _check_mcp(api: ApiSpec, mcp: McpSpec, model: GatewayFile, sink: Sink) -> None:
    """An MCP server has tools or stands for a server; its tools are operations of APIs over HTTP."""
    if bool(mcp.tools) == (mcp.backend is not None or api.service_url is not None):
        message = f"the API '{api.id}' is of the type mcp: it has tools, or a backend that is an MCP server"
        sink.report("CFG006", message, api.span)
    pools = {b.id.lower() for b in model.backends if b.pool}
    if mcp.backend is not None and mcp.backend.id.lower() in pools:
        sink.report("CFG007", f"the backend of an MCP server is no pool: '{mcp.backend.id}'", mcp.backend.span)
    _ids("tool", ((tool.name, tool.span) for tool in mcp.tools), sink)
    apis = {a.id: a for a in model.apis if a.current}
    for tool in mcp.tools:
        found = lookup(apis, tool.api.id)
        if found is None:
            continue
        if found.mcp is not None:
            sink.report("CFG007", f"the tool '{tool.name}' is no operation of an API over HTTP", tool.api.span)
        elif all(o.id.lower() != tool.operation.lower() for o in found.operations):
            near = nearest(tool.operation, [o.id for o in found.operations])
            help_ = f"did you mean {near!r}?" if near else None
            message = f"the API '{found.id}' has no operation '{tool.operation}'"
            sink.report("CFG008", message, tool.api.span, help=help_)


def _ids(kind: str, rows: Iterable[tuple[str, Span]], sink: Sink) -> list[str]:
    """The ids of a kind; CFG009 for one that comes again."""
    seen: dict[str, tuple[str, Span]] = {}
    for id_, span in rows:
        _, first = seen.setdefault(id_.lower(), (id_, span))
        if first is not span:
            sink.report("CFG009", f"there are two {kind}s '{id_}'", span, related=((first, "the first"),))
    return [id_ for id_, _ in seen.values()]


def _leads(kind: str, ref: Ref, known: Iterable[str], sink: Sink) -> None:
    names = list(known)
    if ref.id in names:
        return
    folded = next((name for name in names if name.lower() == ref.id.lower()), None)
    if folded is not None:
        sink.report("CFG021", f"the {kind} is called '{folded}', not '{ref.id}'", ref.span)
        return
    near = nearest(ref.id, names)
    help_ = f"did you mean '{near}'?" if near else (f"there are: {', '.join(sorted(names))}" if names else None)
    sink.report("CFG008", f"there is no {kind} '{ref.id}'", ref.span, help=help_)


def _check_operations(api: ApiSpec, sink: Sink) -> None:
    seen: dict[tuple[str, str], str] = {}
    for operation in api.operations:
        span = operation.template_span or operation.span
        if not _METHOD.fullmatch(operation.method):
            sink.report("CFG007", f"'{operation.method}' is no HTTP method", operation.span)
        try:
            parse_template(operation.url_template)
        except TemplateError as error:
            message = f"the URL template '{operation.url_template}' of the operation '{operation.id}': {error}"
            sink.report("CFG012", message, span)
            continue
        shape = re.sub(r"\{\*?[^{}]*\}", "{}", operation.url_template.strip("/").lower())
        other = seen.setdefault((operation.method.upper(), shape), operation.id)
        if other != operation.id:
            sink.report("CFG009", f"the operations '{other}' and '{operation.id}' have one method and template", span)


def _check_revisions(apis: Iterable[ApiSpec], sink: Sink) -> None:
    by_id: dict[str, list[ApiSpec]] = {}
    for api in apis:
        by_id.setdefault(api.id.lower(), []).append(api)
    for revisions in by_id.values():
        if len(revisions) == 1:
            continue
        seen: dict[str, ApiSpec] = {}
        for api in revisions:
            first = seen.setdefault(api.revision, api)
            if first is not api and not (first.current and api.current):  # two current ones have been reported
                sink.report("CFG009", f"the API '{api.id}' has two revisions {api.revision}", api.span)
        if not any(api.current for api in revisions):
            sink.report("CFG006", f"no revision of the API '{revisions[0].id}' is current", revisions[0].span)


def _check_paths(model: GatewayFile, sink: Sink) -> None:
    """One API for a path and version.  Sets that name versions in different ways may share a path."""
    schemes = {v.id.lower(): (v.scheme, v.name.lower()) for v in model.version_sets}
    seen: dict[tuple[object, ...], ApiSpec] = {}
    for api in model.apis:
        if not api.current:
            continue
        version = None if api.version is None or api.version_set is None else api.version.lower()
        scheme = None if version is None or api.version_set is None else schemes.get(api.version_set.id.lower())
        path = api.path.strip("/").lower()
        other = seen.setdefault((path, version, scheme), api)
        if other.id.lower() != api.id.lower():
            shown = f"the path '{api.path}'" + (f" and the version '{api.version}'" if version else "")
            sink.report("CFG014", f"the APIs '{other.id}' and '{api.id}' have {shown}", api.span)


def _check_open(products: Iterable[ProductSpec], sink: Sink) -> None:
    first: dict[str, str] = {}
    for product in products:
        if product.subscription_required:
            continue
        for ref in product.apis:
            other = first.setdefault(ref.id.lower(), product.id)
            if other != product.id:
                message = f"the API '{ref.id}' is in two products without keys: '{other}' and '{product.id}'"
                sink.report("CFG013", message, ref.span)


def _check_keys(subscriptions: Iterable[SubscriptionSpec], sink: Sink) -> None:
    seen: dict[str, str] = {}
    for subscription in subscriptions:
        for secret in (subscription.primary, subscription.secondary):
            if secret is None:
                continue
            if not secret.text:
                sink.report("CFG007", f"a key of the subscription '{subscription.id}' is empty", subscription.span)
                continue
            other = seen.setdefault(secret.text, subscription.id)
            if other != subscription.id:
                message = f"the subscriptions '{other}' and '{subscription.id}' have the same key"
                sink.report("CFG019", message, subscription.span)
