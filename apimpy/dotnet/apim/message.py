"""IRequest, IResponse and IMessageBody over `runtime.message`.

Reading a body without `preserveContent` consumes it: a later read finds null, and an empty body is forwarded.
"""

from __future__ import annotations

import codecs
from functools import cache
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ArrayType, Named, Type
from apimpy.dotnet.apim.carriers import carrier, parse_as, texts
from apimpy.dotnet.apim.form import FormContent, parse_form
from apimpy.dotnet.apim.views import HeaderView, ParameterView, missing_key
from apimpy.dotnet.decl import bare, clr_type, shortcuts
from apimpy.dotnet.exceptions import ArgumentNullException, NotSupportedException
from apimpy.dotnet.values import from_text
from apimpy.dotnet.web.octets import byte_array, string_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import Array

__all__ = ["decode", "message_body", "request", "response"]

request = clr_type("Apim.IRequest", kind="interface", python=carrier("message", "Request"))
response = clr_type("Apim.IResponse", kind="interface", python=carrier("message", "Response"))
message_body = clr_type("Apim.IMessageBody", kind="interface", python=carrier("message", "Body"))
private_endpoint = clr_type("Apim.IPrivateEndpointConnection", kind="interface")
vnet_info = clr_type("Apim.IForwardedForInfo", kind="interface")
foundry = clr_type("Apim.IFoundry", kind="interface")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def _body(self: Any) -> Any:
    body = self.body
    return None if body.is_empty else body


def _joined(self: Any, name: str | None, default: str | None = None) -> str | None:
    """`Headers.GetValueOrDefault(name, default)`"""
    if name is None:
        raise ArgumentNullException("key")
    values = self.headers.getall(name, None)
    if values is None:
        return default
    text: str = values[0] if len(values) == 1 else ",".join(values)
    return text if text.isascii() else from_text(text)


def _has_header(self: Any, name: str | None) -> bool:
    if name is None:
        raise ArgumentNullException("key")
    return name in self.headers


def _header_values(self: Any, name: str | None) -> list[str]:
    if name is None:
        raise ArgumentNullException("key")
    values = self.headers.getall(name, None)
    if values is None:
        raise missing_key(name)
    return [v if v.isascii() else from_text(v) for v in values]


@bare(_header_values)
def _header(self: Any, name: str | None) -> Array:
    """`Headers[name]`"""
    return string_array(_header_values(self, name))


@shortcuts(GetValueOrDefault=_joined, ContainsKey=_has_header, this=_header)
def _headers(self: Any) -> HeaderView:
    return HeaderView(self.headers)


def _none(self: Any) -> None:
    return None


request.prop("IMessageBody? Body", _body)
response.prop("IMessageBody Body", attr="body")  # never null: of a response without one, the text is empty
for _decl in (request, response):
    _decl.prop("IReadOnlyDictionary<string, string[]> Headers", _headers)

request.prop("string Method", attr="method")
request.prop("IUrl Url", attr="url")
request.prop("IUrl OriginalUrl", attr="original_url")
request.prop("string IpAddress", attr="ip_address")
request.prop("X509Certificate2? Certificate", attr="certificate")
request.prop("IPrivateEndpointConnection? PrivateEndpointConnection", _none)
request.prop("IForwardedForInfo? AzureVnetInfo", _none)
request.prop("IFoundry? Foundry", _none)


def _parameter(self: Any, name: str | None) -> str:
    """`MatchedParameters[name]`"""
    if name is None:
        raise ArgumentNullException("key")
    found: str | None = self.matched_parameters.get(name)
    if found is None:
        found = ParameterView(self.matched_parameters).joined(name)
        if found is None:
            raise missing_key(name)
    return found if found.isascii() else from_text(found)


@request.prop("IReadOnlyDictionary<string, string> MatchedParameters")
@shortcuts(this=_parameter)
def matched_parameters(self: Any) -> ParameterView:
    return ParameterView(self.matched_parameters)


response.prop("int StatusCode", attr="status")
response.prop("string StatusReason", texts("reason"))

for _name in ("Name", "GroupId", "MemberName"):
    private_endpoint.prop(f"string? {_name}", _none)
for _name in ("VnetTrafficTag", "SubnetId", "PrivateLinkId"):
    vnet_info.prop(f"int? {_name}", _none)
vnet_info.prop("string? SnatVip", _none)
foundry.prop("string? Deployment", _none)


# --- body ------------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """Body bytes as C# string: UTF-8 unless a byte order mark says otherwise."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return from_text(data[len(bom) :].decode(encoding, "replace"))
    return from_text(data.decode("utf-8", "replace"))


def _json(kind: str) -> Callable[[bytes], Any]:
    from apimpy.dotnet.json_net import reader

    def parse(data: bytes) -> Any:
        if data[:1] in _OTHER_MARKS:
            return reader.parse_as(decode(data), kind)
        return parse_bytes(data, kind)

    parse_bytes = reader.parse_bytes
    return parse


_OTHER_MARKS = (b"\xff", b"\xfe", b"\0")
"""How byte order marks begin, but for that of UTF-8."""


def _xml(kind: str) -> Callable[[bytes], Any]:
    def parse(data: bytes) -> Any:
        return parse_as("System.Xml.Linq." + kind, decode(data))

    return parse


_READERS: dict[str, Callable[[], Callable[[bytes], Any]]] = {
    "System.String": lambda: decode,
    "Newtonsoft.Json.Linq.JObject": lambda: _json("JObject"),
    "Newtonsoft.Json.Linq.JToken": lambda: _json("JToken"),
    "Newtonsoft.Json.Linq.JArray": lambda: _json("JArray"),
    "System.Xml.Linq.XDocument": lambda: _xml("XDocument"),
    "System.Xml.Linq.XElement": lambda: _xml("XElement"),
    "System.Xml.Linq.XNode": lambda: _xml("XElement"),
}
"""What makes the reader: only then is the library behind it imported."""


@message_body.method("T? As<T>(bool preserveContent = false)", reify=True, effect="body")
def as_(of: Type, self: Any, preserve: bool) -> Any:
    reader = _reader(of)
    data = self.read(preserve)
    return None if data is None else reader(data)


@cache
def _reader(of: Type) -> Callable[[bytes], Any]:
    found = _READERS.get(of.decl.full_name) if isinstance(of, Named) else None
    if found is not None:
        return found()
    if isinstance(of, ArrayType) and of.full_name == "System.Byte[]":
        return byte_array
    raise NotSupportedException(f"A message body cannot be read as '{of.full_name}'.")


@message_body.method(
    "IDictionary<string, IList<string>>? AsFormUrlEncodedContent(bool preserveContent = false)", effect="body"
)
def as_form(self: Any, preserve: bool) -> FormContent | None:
    data = self.read(preserve)
    return None if data is None else parse_form(decode(data))
