"""Backends of a model as the policies use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.backends.breaker import Rule
from apimpy.backends.entity import Backend, Credentials, Member, Pool
from apimpy.document.named_values import REFERENCE
from apimpy.record import replace
from apimpy.runtime.message import Dial, Url
from apimpy.spell import nearest

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from apimpy.configuration.model import BackendSpec, GatewayFile, ProxySpec
    from apimpy.configuration.model import Credentials as CredentialsSpec
    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = ["entities"]


def entities(model: GatewayFile, sink: Sink) -> dict[str, Backend | Pool]:
    """Backend entities by id; `{{names}}` in URLs and credentials are replaced."""
    values = {v.name: None if v.value is None else v.value.text for v in model.named_values}
    ignore = model.options.get("breaker_error_reasons") == "ignore"
    singles = {b.id: _single(b, values, ignore, sink) for b in model.backends if b.kind != "Pool"}
    folded = {id_.lower(): backend for id_, backend in singles.items()}
    pools = {b.id.lower() for b in model.backends if b.kind == "Pool"}
    found: dict[str, Backend | Pool] = dict(singles)
    for spec in model.backends:
        if spec.kind == "Pool":
            found[spec.id] = _pool(spec, folded, pools, sink)
    return found


def _pool(spec: BackendSpec, singles: Mapping[str, Backend], pools: set[str], sink: Sink) -> Pool:
    members = []
    for member in spec.pool:
        backend = singles.get(member.backend.id.lower())
        if backend is not None:
            priority = 1 if member.priority is None else member.priority
            members.append(Member(backend, priority, 1 if member.weight is None else member.weight))
        elif member.backend.id.lower() in pools:
            sink.report("CFG007", "a pool cannot hold another pool", member.backend.span)
    return Pool(spec.id, tuple(members), spec.affinity)


def _single(spec: BackendSpec, values: Mapping[str, str | None], ignore_reasons: bool, sink: Sink) -> Backend:
    where = spec.url_span or spec.span
    text = _filled(spec.url or "http://invalid/", values, where, sink)
    try:
        url = Url.of_backend(text)
    except ValueError:
        if text != spec.url and "{{" not in text:  # any other has been reported where it was read
            message = f"the URL of the backend '{spec.id}' is no http or https URL when its named values are put in"
            sink.report("CFG007", message, where)
        url = Url("http", "invalid", 80, "/")
    credentials = None if spec.credentials is None else _credentials(spec.credentials, values, spec.span, sink)
    rule = _rule(spec.breaker[0]) if spec.breaker else None
    if rule is not None and ignore_reasons:
        rule = replace(rule, reasons=frozenset())
    return Backend(spec.id, url, spec.region, credentials, rule, _dial(spec, values, sink))


def _credentials(given: CredentialsSpec, values: Mapping[str, str | None], span: Span, sink: Sink) -> Credentials:
    headers: dict[str, list[str]] = {}
    for name, secret in given.headers:
        headers.setdefault(name, []).append(_filled(secret.text, values, span, sink))
    query = tuple((name, _filled(secret.text, values, span, sink)) for name, secret in given.query)
    authorization = None
    if given.parameter is not None:
        authorization = f"{given.scheme} {_filled(given.parameter.text, values, span, sink)}".strip()
    return Credentials(
        tuple((n, tuple(v)) for n, v in headers.items()), query, authorization, given.identity, given.certificates
    )


def _rule(given: Mapping[str, Any]) -> Rule | None:
    """The rule of a breaker; None when it can never trip."""
    condition = given["failureCondition"]
    if condition is None or (condition["count"] is None and condition["percentage"] is None):
        return None
    usual = Rule()
    return Rule(
        given["name"] or "",
        condition["count"],
        condition["percentage"],
        condition["interval"] or usual.interval,
        condition["statusCodeRanges"],
        frozenset(reason.lower() for reason in condition["errorReasons"]),
        given["tripDuration"] or usual.trip,
        bool(given["acceptRetryAfter"]),
    )


def _dial(spec: BackendSpec, values: Mapping[str, str | None], sink: Sink) -> Dial | None:
    proxy: ProxySpec | None = spec.proxy
    if proxy is None and spec.check_chain and spec.check_name:
        return None
    url, account = None, None
    if proxy is not None:
        url = _filled(proxy.url, values, spec.span, sink)
        if proxy.username:
            password = "" if proxy.password is None else _filled(proxy.password.text, values, spec.span, sink)
            account = (proxy.username, password)
    return Dial(spec.check_chain, spec.check_name, url, account)


def _filled(text: str, values: Mapping[str, str | None], span: Span, sink: Sink) -> str:
    def value(m: re.Match[str]) -> str:
        found = values.get(m[1])
        if found is None and m[1] not in values:
            near = nearest(m[1], values)
            help_ = f"did you mean {near!r}?" if near else None
            sink.report("DOC007", f"Cannot find a property '{m[1]}'", span, help=help_)
        return m[0] if found is None else found

    return REFERENCE.sub(value, text)
