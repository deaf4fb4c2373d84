"""Where the request goes: backend base URL, operation path and query put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.runtime.message import Url

if TYPE_CHECKING:
    from apimpy.runtime.exchange import Exchange

__all__ = ["join_path", "retarget"]


def join_path(base: str, path: str) -> str:
    """Two paths with exactly one slash between them."""
    if not path:
        return base or "/"
    if not base or base == "/":
        return path if path.startswith("/") else "/" + path
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def retarget(ex: Exchange) -> Url:
    """`context.Request.Url` as it goes to the backend; unchanged while no backend is known."""
    current = ex.request.url
    base = ex.backend.url if ex.backend is not None else ex.service_url
    path = current.path if ex.operation_path is None else ex.operation_path
    if base is None:
        if path != current.path:
            ex.request.url = current.replace(path=path)
        return ex.request.url
    query = current.query_string
    if base.query_string and not query.startswith(base.query_string):
        query = f"{base.query_string}&{query}" if query else base.query_string
    ex.request.url = Url(base.scheme, base.host, base.port, join_path(base.path, path), query)
    return ex.request.url
