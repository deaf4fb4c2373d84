"""What a step changed: the state of an exchange before and after, compared.

    before = look(ex); …; after = look(ex)
    data = changes(before, after, mask)

No policy says what it did; the comparison says it for all of them, in the words of the platform's traces.  A value
that was changed in place (a member of a JObject in a variable) goes unnoticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.values import to_string, well_formed
from apimpy.record import Record
from apimpy.runtime.message import Request, Response

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.masking import Mask
    from apimpy.runtime.message import Body

__all__ = ["Look", "changes", "look", "request_data", "response_data", "shown"]

TEXT = 4096
"""Characters of a value that are shown."""
_NO_LOOK = ["text/", "application/json", "+json", "application/xml", "+xml", "application/x-www-form-urlencoded"]

_Headers = tuple[tuple[str, str], ...]


class _Bytes(Record, frozen=True, eq=True):
    """A body as it was: which object, and its bytes when they were known."""

    identity: int
    data: bytes | None


class _Answer(Record, frozen=True, eq=True):
    identity: int
    status: int
    reason: str
    headers: _Headers
    body: _Bytes


class Look(Record, frozen=True):
    """The state of an exchange at one moment."""

    method: str
    url: str
    headers: _Headers
    body: _Bytes
    response: _Answer | None
    variables: dict[str, Any]
    backend: tuple[str | None, str | None] | None
    queued: dict[str, str]


def look(ex: Exchange) -> Look:
    """The state now."""
    request, response, backend = ex.request, ex.response, ex.backend
    answer = None
    if response is not None:
        answer = _Answer(
            id(response), response.status, response.reason, tuple(response.headers.items()), _bytes(response.body)
        )
    target = None if backend is None else (backend.id, None if backend.url is None else str(backend.url))
    return Look(
        request.method,
        str(request.url),
        tuple(request.headers.items()),
        _bytes(request.body),
        answer,
        dict(ex.variables),
        target,
        dict(ex.queued or ()),
    )


def _bytes(body: Body) -> _Bytes:
    return _Bytes(id(body), body.data if body.stream is None else None)


def shown(value: Any, mask: Mask) -> Any:
    """A boxed C# value for people, as JSON holds it; long texts are cut."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return float(value) if isinstance(value, float) else int(value)
    if isinstance(value, Response):
        return f"Response {value.status} {value.reason}".rstrip()
    if isinstance(value, Request):
        return f"Request {value.method} {mask.url(value.url)}"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    try:
        text = well_formed(to_string(value))
    except ClrError as error:
        return f"({error.text})"
    return cut(mask.text(text))


def cut(text: str) -> str:
    """At most `TEXT` characters, and how many are missing."""
    return text if len(text) <= TEXT else f"{text[:TEXT]}… ({len(text) - TEXT} more characters)"


def request_data(request: Request, mask: Mask) -> dict[str, Any]:
    """A request as traces show it."""
    return {
        "method": request.method,
        "url": mask.url(request.url),
        "headers": mask.headers(request.headers),
        **_body_data(request.body.wire(), request.headers.get("Content-Type", ""), mask),
    }


def response_data(response: Response, mask: Mask) -> dict[str, Any]:
    """A response as traces show it."""
    return {
        "status": {"code": response.status, "reason": response.reason},
        "headers": mask.headers(response.headers),
        **_body_data(response.body.wire(), response.headers.get("Content-Type", ""), mask),
    }


def _body_data(data: bytes | None, kind: str, mask: Mask) -> dict[str, Any]:
    """`{}` when there is nothing, or nothing is known of a stream."""
    if not data:
        return {}
    body: dict[str, Any] = {"length": len(data)}
    if not kind or any(part in kind.lower() for part in _NO_LOOK):
        body["text"] = cut(mask.text(data.decode("utf-8", "replace")))
    return {"body": body}


def changes(before: Look, after: Look, mask: Mask) -> dict[str, Any]:
    """`{"message": [sentences], …}` with the new values beside them; `{}` when nothing changed."""
    lines: list[str] = []
    data: dict[str, Any] = {}
    _variables(before, after, mask, lines, data)
    if before.method != after.method:
        lines.append(f"Request method was set to {after.method}")
    if before.url != after.url:
        from apimpy.runtime.message import Url

        url = mask.url(Url.parse(after.url))
        lines.append(f"Request URL was set to {url}")
        data["url"] = url
    lines += _header_lines("Request", before.headers, after.headers, mask)
    if _replaced(before.body, after.body):
        lines.append(_body_line("Request", after.body))
        data |= _body_data(after.body.data, "", mask)
    if before.backend != after.backend and after.backend is not None:
        id_, base = after.backend
        known = f"'{id_}' ({base})" if id_ and base else f"'{id_}'" if id_ else base
        lines.append(f"Backend was set to {known}")
    _answer(before.response, after.response, mask, lines, data)
    for name, value in after.queued.items():
        if before.queued.get(name) != value:
            lines.append(f"Response will have the header '{name}' with '{mask.named(name, value)}'")
    if lines:
        data = {"message": lines[0] if len(lines) == 1 else lines, **data}
    return data


def _variables(before: Look, after: Look, mask: Mask, lines: list[str], data: dict[str, Any]) -> None:
    new = {k: v for k, v in after.variables.items() if k not in before.variables or before.variables[k] is not v}
    if not new:
        return
    named = [{"name": well_formed(name), "value": shown(value, mask)} for name, value in new.items()]
    for _ in named:
        lines.append("Context variable was successfully set.")
    if len(named) == 1:
        data |= named[0]
    else:
        data["variables"] = named


def _answer(before: _Answer | None, after: _Answer | None, mask: Mask, lines: list[str], data: dict[str, Any]) -> None:
    if after is None:
        if before is not None:
            lines.append("Response was dropped")
        return
    if before is None:
        lines.append(f"Response {after.status} {after.reason}".rstrip())
        data["response"] = {
            "status": {"code": after.status, "reason": after.reason},
            "headers": mask.headers(after.headers),
            **_body_data(after.body.data, dict(after.headers).get("Content-Type", ""), mask),
        }
        return
    if before.status != after.status or before.identity != after.identity:
        lines.append(f"Response status code was set to {after.status}")
    if before.reason != after.reason or before.identity != after.identity:
        lines.append(f"Response status reason was set to '{after.reason}'")
    lines += _header_lines("Response", before.headers, after.headers, mask)
    if _replaced(before.body, after.body):
        lines.append(_body_line("Response", after.body))
        data |= _body_data(after.body.data, "", mask)


def _replaced(before: _Bytes, after: _Bytes) -> bool:
    """Another body, or other bytes; that a stream has been read is no change."""
    if before.identity != after.identity:
        return before.data != after.data or before.data is None
    return before.data is not None and after.data is not None and before.data != after.data


def _body_line(what: str, body: _Bytes) -> str:
    return f"{what} body was replaced" if body.data is None else f"{what} body was set ({len(body.data)} bytes)"


def _header_lines(what: str, before: _Headers, after: _Headers, mask: Mask) -> list[str]:
    if before == after:
        return []
    old, new = _by_name(before), _by_name(after)
    out = [f"{what} header '{name}' was removed" for key, (name, _) in old.items() if key not in new]
    for key, (name, values) in new.items():
        if key not in old or old[key][1] != values:
            joined = ", ".join(mask.named(name, v) for v in values)
            out.append(f"{what} header '{name}' was set to '{cut(joined)}'")
    return out


def _by_name(headers: _Headers) -> dict[str, tuple[str, list[str]]]:
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), (name, []))[1].append(value)
    return found
