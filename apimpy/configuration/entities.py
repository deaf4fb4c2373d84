"""Backends of a model as the policies use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.document.named_values import REFERENCE
from apimpy.policies._entity import BackendEntity, PoolEntity
from apimpy.runtime.message import Url
from apimpy.spell import nearest

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from apimpy.configuration.model import BackendSpec, GatewayFile
    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = ["entities"]


def entities(model: GatewayFile, sink: Sink) -> dict[str, Any]:
    """Backend entities by id; `{{names}}` in URLs and credentials are replaced."""
    values = {v.name: None if v.value is None else v.value.text for v in model.named_values}
    return {b.id: _entity(b, values, sink) for b in model.backends}


def _entity(spec: BackendSpec, values: Mapping[str, str | None], sink: Sink) -> Any:
    if spec.url is None:
        return PoolEntity(spec.id)
    where = spec.url_span or spec.span
    text = _filled(spec.url, values, where, sink)
    try:
        url = Url.parse(text)
    except ValueError:
        if text != spec.url and "{{" not in text:  # any other has been reported where it was read
            message = f"the URL of the backend '{spec.id}' is no http or https URL when its named values are put in"
            sink.report("CFG007", message, where)
        url = Url("http", "invalid", 80, "/")
    given = spec.credentials
    if given is None:
        return BackendEntity(spec.id, url, spec.region)
    headers: dict[str, list[str]] = {}
    for name, secret in given.headers:
        headers.setdefault(name, []).append(_filled(secret.text, values, spec.span, sink))
    query = tuple((name, _filled(secret.text, values, spec.span, sink)) for name, secret in given.query)
    if given.parameter is not None:
        parameter = _filled(given.parameter.text, values, spec.span, sink)
        headers["Authorization"] = [f"{given.scheme} {parameter}".strip()]
    return BackendEntity(spec.id, url, spec.region, tuple((n, tuple(v)) for n, v in headers.items()), query)


def _filled(text: str, values: Mapping[str, str | None], span: Span, sink: Sink) -> str:
    def value(m: re.Match[str]) -> str:
        found = values.get(m[1])
        if found is None and m[1] not in values:
            near = nearest(m[1], values)
            help_ = f"did you mean {near!r}?" if near else None
            sink.report("DOC007", f"Cannot find a property '{m[1]}'", span, help=help_)
        return m[0] if found is None else found

    return REFERENCE.sub(value, text)
