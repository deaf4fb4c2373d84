"""Backend entities, in the platform's own words: what ARM, Bicep and APIOps write can stand in a gateway file.

Everything is checked; what has no effect here is reported once per backend (CFG015).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.configuration.durations import seconds_of
from apimpy.configuration.fields import Section, items, mapping, wrong_type
from apimpy.configuration.model import BackendSpec, Credentials, PoolMember, ProxySpec, Ref, Secret
from apimpy.runtime.message import Url

if TYPE_CHECKING:
    from apimpy.configuration.yaml_source import Node
    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = ["check_url", "last_id", "read_backend", "read_backends"]


def last_id(text: str) -> str:
    """The name in a relative or full resource id: `/backends/ptu` is `ptu`."""
    return text.rstrip("/").rpartition("/")[2]


def check_url(text: str, span: Span, sink: Sink) -> None:
    """A base URL: http or https, ws or wss.  One with `{{…}}` is looked at when its value is known."""
    if "{{" in text:
        return
    try:
        Url.of_backend(text)
    except ValueError:
        sink.report("CFG007", f"an http or https URL is wanted, not {text!r}", span)


def read_backend(id_: str, node: Node, span: Span, sink: Sink, *, strict: bool) -> BackendSpec:
    """One backend.  `strict` False: unknown properties are ignored (APIOps)."""
    what = f"the backend '{id_}'"
    section = Section(node, what, sink, strict=strict)
    if "properties" in section and "url" not in section:  # pasted with its envelope
        inner = section.section("properties", what)
        section.known("name", "type", "apiVersion", "id")
        section.done()
        section = inner or section
    missing: list[str] = []
    kind = section.text("type", "Single", choices=("Single", "Pool"))
    pool, affinity = _pool(section)
    url = section.optional("url")
    if url is not None:
        check_url(url, section.at("url"), sink)
    elif not pool and kind != "Pool":
        sink.report("CFG006", f"{what} needs the key 'url'", section.span)
    credentials = _credentials(section)
    breaker = _breaker(section)
    check_chain = check_name = True
    tls = section.section("tls")
    if tls is not None:
        check_chain, check_name = tls.flag("validateCertificateChain", True), tls.flag("validateCertificateName", True)
        for key in ("serverX509Names", "serverCertificateThumbprints"):
            if tls.node(key) is not None:
                missing.append(f"tls.{key}")
        tls.done()
    proxy = _proxy(section)
    if section.node("properties") is not None:
        missing.append("properties")
    region = section.optional("azureRegion")
    section.text("protocol", "http", choices=("http", "soap"))
    section.known("title", "description", "resourceId")
    section.done()
    if missing:
        message = f"{what}: {', '.join(missing)} of a backend {'is' if len(missing) == 1 else 'are'} not supported yet"
        sink.report("CFG015", message, span)
    at = section.at("url") if url is not None else None
    return BackendSpec(
        id_,
        span,
        url,
        at,
        "Pool" if pool else kind,
        region,
        credentials,
        tuple(pool),
        tuple(breaker),
        affinity,
        proxy,
        check_chain,
        check_name,
    )


def _proxy(section: Section) -> ProxySpec | None:
    proxy = section.section("proxy")
    if proxy is None:
        return None
    url, username, password = proxy.text("url", required=True), proxy.text("username"), proxy.optional("password")
    if url:
        check_url(url, proxy.at("url"), section.sink)
    proxy.done()
    return ProxySpec(url, username, None if password is None else Secret(password))


def _credentials(section: Section) -> Credentials | None:
    given = section.section("credentials")
    if given is None:
        return None
    headers, query = _named(given, "header"), _named(given, "query")
    scheme, parameter = "", None
    authorization = given.section("authorization")
    if authorization is not None:
        scheme = authorization.text("scheme", required=True)
        parameter = Secret(authorization.text("parameter", required=True))
        authorization.done()
    identity = given.section("managedIdentity")
    token = None
    if identity is not None:
        token = identity.text("resource", required=True), identity.optional("clientId")
        identity.done()
    by_id = tuple(last_id(node.text) for node in given.texts("certificateIds"))
    by_thumbprint = tuple(node.text for node in given.texts("certificate"))
    given.done()
    return Credentials(tuple(headers), tuple(query), scheme, parameter, token, by_id or by_thumbprint)


def _named(section: Section, key: str) -> list[tuple[str, Secret]]:
    """`{name: [value, …]}`; a single value may stand without its list."""
    found = []
    for name, entry in section.entries(key).items():
        node = entry.node
        for item in [node] if node.kind in ("text", "number") else items(node, f"'{name}'", section.sink):
            if item.kind in ("text", "number"):
                found.append((name, Secret(item.text)))
            else:
                wrong_type(item, f"a value of '{name}'", "a text", section.sink)
    return found


def _pool(section: Section) -> tuple[list[PoolMember], str | None]:
    """The members, and the name of the cookie of session affinity."""
    pool = section.section("pool")
    if pool is None:
        return [], None
    members = []
    for node in pool.items("services"):
        member = Section(node, "a member of a pool", section.sink, strict=section.strict)
        id_ = member.text("id", required=True)
        priority, weight = member.number("priority", most=100), member.number("weight", most=100)
        member.known("preferredCarbonEmission")
        member.done()
        if id_:
            members.append(PoolMember(Ref(last_id(id_), member.at("id")), priority, weight))
    affinity = _affinity(pool)
    pool.known("failureResponse")
    pool.done()
    if not members and pool.required("services") is not None:
        section.sink.report("CFG006", "a pool needs members", pool.at("services"))
    return members, affinity


def _affinity(pool: Section) -> str | None:
    given = pool.section("sessionAffinity")
    if given is None:
        return None
    enabled = given.flag("enabled", True)
    session = given.section("sessionId")
    name = ""
    if session is not None:
        session.text("source", "Cookie", choices=("Cookie",))
        name = session.text("name", required=True)
        session.done()
    given.known("affinityType", "cookieName", "affinityCookieName")
    given.done()
    return name if enabled and name else None


def _breaker(section: Section) -> list[dict[str, Any]]:
    breaker = section.section("circuitBreaker")
    if breaker is None:
        return []
    rules = []
    for node in breaker.items("rules"):
        rule = Section(node, "a rule of a circuit breaker", section.sink, strict=section.strict)
        condition = rule.section("failureCondition")
        if condition is None:
            rule.required("failureCondition")
        rules.append(
            {
                "name": rule.text("name"),
                "tripDuration": _duration(rule, "tripDuration"),
                "acceptRetryAfter": rule.flag("acceptRetryAfter"),
                "failureCondition": None if condition is None else _condition(condition),
            }
        )
        rule.done()
    breaker.done()
    if len(rules) > 1:
        section.sink.report("CFG007", "a backend has one rule of a circuit breaker at most", breaker.at("rules"))
    return rules


def _condition(condition: Section) -> dict[str, Any]:
    count, percentage = condition.number("count", least=1), condition.number("percentage", least=1, most=100)
    if (condition.node("count") is None) == (condition.node("percentage") is None):
        condition.sink.report("CFG006", "a failure condition needs one of count and percentage", condition.span)
    ranges = []
    for node in condition.items("statusCodeRanges"):
        row = Section(node, "a range of status codes", condition.sink, strict=condition.strict)
        low, high = row.number("min", least=100, most=599), row.number("max", least=100, most=599)
        row.required("min")
        row.required("max")
        row.done()
        if low is not None and high is not None:
            if low > high:
                condition.sink.report("CFG007", f"'min' is above 'max': {low} and {high}", row.at("min"))
            ranges.append((low, high))
    reasons = tuple(node.text for node in condition.texts("errorReasons"))
    interval = _duration(condition, "interval")
    condition.done()
    return {
        "count": count,
        "percentage": percentage,
        "interval": interval,
        "statusCodeRanges": tuple(ranges),
        "errorReasons": reasons,
    }


def _duration(section: Section, key: str) -> float | None:
    """Seconds."""
    text = section.optional(key)
    seconds = None if text is None else seconds_of(text)
    if text is not None and seconds is None:
        section.sink.report("CFG007", f"'{key}' is a duration such as PT10S, not {text!r}", section.at(key))
    return seconds


def read_backends(node: Node | None, sink: Sink) -> tuple[BackendSpec, ...]:
    """The backends of a gateway file, by id."""
    entries = mapping(node, "'backends'", sink)
    return tuple(read_backend(id_, e.node, e.key_span, sink, strict=True) for id_, e in entries.items())
