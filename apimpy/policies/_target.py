"""Where the request goes: backend base URL, operation path and query put together."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from apimpy.pattern import pattern
from apimpy.runtime.message import Url

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange

__all__ = ["escaped", "join_path", "retarget", "target"]

_UNSAFE = pattern(r"[\x00-\x20\x7f\"<>\\^`{|}#]|[^\x00-\x7f]")


def escaped(text: str) -> str:
    """Characters that cannot stand on a request line, percent-encoded; what is encoded stays."""
    return _UNSAFE.sub(lambda m: quote(m[0], errors="replace"), text)


def join_path(base: str, path: str) -> str:
    """Two paths with exactly one slash between them."""
    if not path:
        return base or "/"
    if not base or base == "/":
        return path if path.startswith("/") else "/" + path
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def retarget(ex: Exchange) -> Url:
    """Make `context.Request.Url` what goes to the backend; unchanged while no backend is known."""
    ex.request.url = url = target(ex)
    return url


def target(ex: Exchange) -> Url:
    """Where the request would go now."""
    current = ex.request.url
    base = ex.service_url if ex.backend is None or ex.backend.url is None else ex.backend.url
    path = current.path if ex.operation_path is None else ex.operation_path
    if base is None:
        return current if path == current.path else current.replace(path=path)
    query = current.query_string
    if base.query_string and not query.startswith(base.query_string):
        query = f"{base.query_string}&{query}" if query else base.query_string
    return Url(base.scheme, base.host, base.port, join_path(base.path, path), query)
