"""IUrl: `context.Request.Url`, `OriginalUrl`, `Api.ServiceUrl`.  The object is a `runtime.message.Url`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.apim.carriers import carrier
from apimpy.dotnet.apim.views import QueryView
from apimpy.dotnet.decl import clr_type, shortcuts
from apimpy.dotnet.exceptions import ArgumentNullException
from apimpy.dotnet.values import from_text as from_python
from apimpy.dotnet.web.uri import from_text

if TYPE_CHECKING:
    from apimpy.dotnet.web.uri_parse import Uri

__all__ = ["url"]

url = clr_type("Apim.IUrl", kind="interface", python=carrier("message", "Url"))

url.prop("string Scheme", attr="scheme")
url.prop("string Host", attr="host")
url.prop("int Port", attr="port")
url.prop("string Path", attr="path")


def _joined(self: Any, name: str | None, default: str | None = None) -> str | None:
    """`Query.GetValueOrDefault(name, default)`"""
    if name is None:
        raise ArgumentNullException("key")
    values: list[str] | None = self.query.get(name)
    if values is None:
        found = QueryView(self.query).joined(name)
        return default if found is None else found
    text = values[0] if len(values) == 1 else ",".join(values)
    return text if text.isascii() else from_python(text)


def _has_parameter(self: Any, name: str | None) -> bool:
    if name is None:
        raise ArgumentNullException("key")
    return name in self.query or name in QueryView(self.query)


@url.prop("IReadOnlyDictionary<string, string[]> Query")
@shortcuts(GetValueOrDefault=_joined, ContainsKey=_has_parameter)
def query(self: Any) -> QueryView:
    return QueryView(self.query)


@url.prop("string QueryString")
def query_string(self: Any) -> str:
    raw: str = self.query_string
    return "?" + raw if raw else ""


@url.method("Uri ToUri()")
def to_uri(self: Any) -> Uri:
    return from_text(str(self))


@url.method("string ToString()")
def to_string(self: Any) -> str:
    return str(self)
