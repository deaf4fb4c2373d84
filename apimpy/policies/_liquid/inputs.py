"""What a template can see: `body`, from the message by its content type, and `context`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.values import iterate, to_string, to_text, type_of
from apimpy.policies._content import NotText, is_json, is_xml, media_type, read
from apimpy.policies._liquid.values import MAX_DEPTH, Failure, Lazy, Members, date_in
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apimpy.policies._xml_json import Node
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Request, Response, Url

__all__ = ["Binding", "body_of", "context_of"]


class Binding(Record, frozen=True, eq=True):
    """How bodies are bound: `xsi-nil` and `parse-date` of the policy."""

    nil_is_null: bool = False
    dates: bool = True

    def text(self, value: str) -> Any:
        if self.dates and len(value) < 41 and (found := date_in(value)) is not None:
            return found
        return value


# --- bodies -----------------------------------------------------------------------------------------------------------


def body_of(ex: Exchange, message: Request | Response, binding: Binding) -> Any:
    """JSON and XML by the Content-Type of the message, other bodies as text, null when there is none.

    Failure when the body is not what its type says.
    """
    kind = media_type(message)
    try:
        content = read(ex, message)
    except NotText as error:
        raise Failure(f"The body cannot be read: {error}.") from error
    if content is None:
        return None
    if is_json(kind):
        return from_json(content.text, binding)
    if is_xml(kind):
        return from_xml(content.text, binding)
    return content.text


def from_json(text: str, binding: Binding) -> Any:
    import orjson

    try:
        return _json(orjson.loads(text.encode("utf-8", "surrogateescape")), binding, 0)
    except orjson.JSONDecodeError as error:
        raise Failure(f"The body is not JSON: {error}.") from error


def _json(value: Any, binding: Binding, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Failure("The body is nested too deeply.")
    if isinstance(value, str):
        return binding.text(value)
    if isinstance(value, dict):
        return Members({name: _json(held, binding, depth + 1) for name, held in value.items()})
    if isinstance(value, list):
        return [_json(held, binding, depth + 1) for held in value]
    return value


def from_xml(text: str, binding: Binding) -> Any:
    from apimpy.policies._xml_json import parsed

    try:
        _, root = parsed(text)
    except ValueError as error:
        raise Failure(f"The body is not XML: {error}") from error
    return Members({_local(root.name): _element(root, binding)})


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _element(node: Node, binding: Binding) -> Any:
    """The parser bounds the depth."""
    if any(_local(name) == "nil" and ":" in name and value in ("true", "1") for name, value in node.attributes):
        return None if binding.nil_is_null else ""
    attributes = [(n, v) for n, v in node.attributes if n != "xmlns" and not n.startswith("xmlns:")]
    inner = node.elements
    if not inner and not attributes:
        return binding.text("".join(piece for piece in node.content if isinstance(piece, str)))
    held: dict[str, Any] = {f"@{_local(name)}": binding.text(value) for name, value in attributes}
    if texts := node.texts:
        held["#text"] = binding.text("".join(texts))
    repeated: set[str] = set()
    for child in inner:
        name, value = _local(child.name), _element(child, binding)
        if name in repeated:
            held[name].append(value)
        elif name in held:
            held[name] = [held[name], value]
            repeated.add(name)
        else:
            held[name] = value
    return Members(held)


# --- context ----------------------------------------------------------------------------------------------------------


def context_of(ex: Exchange) -> Members:
    """`context`, as far as templates may see it."""
    return Lazy(
        {
            "Request": lambda: _request(ex.request),
            "Response": lambda: None if ex.response is None else _response(ex, ex.response),
            "Variables": lambda: Lazy({name: _variable(value) for name, value in ex.variables.items()}),
        }
    )


def _variable(value: Any) -> Callable[[], Any]:
    return lambda: from_clr(value)


def _request(request: Request) -> Members:
    return Lazy(
        {
            "Url": lambda: _url(request.url),
            "Method": lambda: request.method,
            "OriginalMethod": lambda: request.method,
            "OriginalUrl": lambda: _url(request.original_url),
            "IpAddress": lambda: request.ip_address,
            "MatchedParameters": lambda: Members(request.matched_parameters),
            "HasBody": lambda: not request.body.is_empty and not request.body.consumed,
            "ClientCertificates": lambda: [] if request.certificate is None else [_certificate(request.certificate)],
            "Headers": lambda: _headers(request),
        }
    )


def _response(ex: Exchange, response: Response) -> Members:
    return Lazy(
        {
            "StatusCode": lambda: response.status,
            "StatusReason": lambda: response.reason,
            "Method": lambda: ex.request.method,
            "Headers": lambda: _headers(response),
        }
    )


def _headers(message: Request | Response) -> Members:
    return _joined((str(name), [value]) for name, value in message.headers.items())


def _joined(pairs: Iterable[tuple[str, list[str]]]) -> Members:
    """Names that ignore case, each with its values as one text."""
    held: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for name, values in pairs:
        held.setdefault(spelled.setdefault(name.lower(), name), []).extend(values)
    return Members({name: ",".join(values) for name, values in held.items()})


def _url(url: Url) -> Members:
    return Lazy(
        {
            "Scheme": lambda: url.scheme,
            "Host": lambda: url.host,
            "Port": lambda: url.port,
            "Path": lambda: url.path,
            "Query": lambda: _joined(url.query.items()),
            "QueryString": lambda: f"?{url.query_string}" if url.query_string else "",
            "ToUri": lambda: str(url),
            "ToString": lambda: str(url),
        }
    )


def _certificate(held: Any) -> Members:
    from apimpy.dotnet.crypto.x509_name import name_text

    return Lazy(
        {
            "Thumbprint": lambda: held.thumbprint,
            "Subject": lambda: to_text(name_text(held.raw.subject)),
            "Issuer": lambda: to_text(name_text(held.raw.issuer)),
            "SerialNumber": lambda: held.serial.hex().upper(),
        }
    )


# --- values of expressions --------------------------------------------------------------------------------------------

_WHOLE = ("Newtonsoft.Json.Linq.JObject", "Newtonsoft.Json.Linq.JArray")
_MARKUP = ("System.Xml.Linq.XDocument", "System.Xml.Linq.XElement")


def from_clr(value: Any, depth: int = 0) -> Any:
    """The value of a variable: JSON and XML trees become objects, collections lists, other things their text."""
    from decimal import Decimal

    from apimpy.dotnet.time.datetime import DateTime

    if value is None or isinstance(value, (bool, float, Decimal, DateTime)):
        return value
    if type(value) is str:
        return to_text(value)
    if isinstance(value, int):
        return int(value)
    kind = type_of(value).full_name
    if kind in _WHOLE:
        return from_json(to_text(to_string(value)), Binding())
    if kind in _MARKUP:
        return from_xml(to_text(to_string(value)), Binding())
    if kind == "Newtonsoft.Json.Linq.JValue":
        return from_clr(value.value, depth)
    if hasattr(value, "clr_iter") or kind.endswith("[]"):
        if depth > MAX_DEPTH:
            raise Failure("The value is nested too deeply.")
        return [from_clr(item, depth + 1) for item in iterate(value)]
    return to_text(to_string(value))
