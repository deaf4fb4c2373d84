"""The expressions of `cases.py` as a Python programmer would write them, with what C# demands of them.

The same objects (`apimpy.runtime`), the same results, the same failures: null is refused where C# refuses it,
integers stay inside 32 bits, a missing key and a bad cast are C#'s exceptions, numbers and dates are written in the
invariant culture.  Beyond that every function is as short and as direct as its author could make it: JSON bodies are
plain dictionaries from orjson, dates are `datetime`, and nothing goes through the library that expressions use, except
where a variable holds one of its objects (a `JObject`, a parsed token).
"""

from __future__ import annotations

import base64
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from apimpy.dotnet.apim.jwt import Jwt
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    FormatException,
    IndexOutOfRangeException,
    InvalidCastException,
    KeyNotFoundException,
    NullReferenceException,
    OverflowException,
)
from apimpy.dotnet.json_net.tree import JArray, JObject, JToken, JValue
from apimpy.dotnet.values import from_text, to_string
from apimpy.runtime.message import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import Runtime
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.message import Body, Request

__all__ = ["HANDWRITTEN"]

_WHITE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_INTEGER = re.compile(r"[\t-\r ]*([+-]?[0-9]+)[\t-\r ]*\0*\Z")
_ORDER_PATH = re.compile("^/shop/v[0-9]+/orders/[0-9]+")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_EPOCH = 62_135_596_800


# --- what several of them need ---------------------------------------------------------------------------------------


def header(message: Request | Response, name: str, default: str) -> str:
    """`Headers.GetValueOrDefault(name, default)`: several values are joined."""
    values = message.headers.getall(name, None)
    if values is None:
        return default
    return from_text(values[0] if len(values) == 1 else ",".join(values))


def variable(context: Exchange, name: str) -> Any:
    """`Variables[name]`"""
    try:
        return context.variables[name]
    except KeyError:
        raise KeyNotFoundException(f"The given key '{name}' was not present in the dictionary.") from None


def text_variable(context: Exchange, name: str) -> str:
    """`(string)Variables[name]` where null is written as nothing."""
    value = variable(context, name)
    if value is not None and type(value) is not str:
        raise InvalidCastException(f"Unable to cast {name} to type 'System.String'.")
    return value or ""


def int_variable(context: Exchange, name: str) -> int:
    """`(int)Variables[name]`"""
    value = variable(context, name)
    if value is None:
        raise NullReferenceException
    if type(value) is not int:
        raise InvalidCastException(f"Unable to cast {name} to type 'System.Int32'.")
    return value


def number(text: str) -> int:
    """`int.Parse`"""
    found = _INTEGER.match(text)
    if found is None:
        raise FormatException(f"The input string '{text}' was not in a correct format.")
    value = int(found[1])
    if not -0x80000000 <= value < 0x80000000:
        raise OverflowException("Value was either too large or too small for an Int32.")
    return value


def wrapped(value: int) -> int:
    """Unchecked arithmetic of `int`."""
    return value if -0x80000000 <= value < 0x80000000 else ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def json_object(body: Body) -> dict[str, Any] | None:
    """`As<JObject>(preserveContent: true)`"""
    data = body.read(True)
    if data is None:
        return None
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FormatException(str(error)) from None
    if type(found) is not dict:
        raise FormatException("not an object")
    return found


def token_text(token: JToken | None) -> str | None:
    """`(string)token`"""
    if token is None:
        return None
    if not isinstance(token, JValue):
        raise ArgumentException("Can not convert to String.")
    value = token.value
    return value if value is None or type(value) is str else to_string(value)


def token_int(token: JToken | None) -> int:
    """`(int)token`"""
    if token is None:
        raise ArgumentNullException("value")
    if not isinstance(token, JValue) or not isinstance(token.value, int):
        raise ArgumentException("Can not convert to Int32.")
    value = int(token.value)
    if not -0x80000000 <= value < 0x80000000:
        raise OverflowException("Value was either too large or too small for an Int32.")
    return value


# --- status codes and plain members ----------------------------------------------------------------------------------


def status_either(context: Exchange, rt: Runtime) -> bool:
    response = context.response
    if response is None:
        raise NullReferenceException
    return response.status == 408 or response.status == 429


def status_range(context: Exchange, rt: Runtime) -> bool:
    response = context.response
    if response is None:
        raise NullReferenceException
    return 300 <= response.status < 500


def plain_member(context: Exchange, rt: Runtime) -> str:
    subscription = context.subscription
    if subscription is None:
        raise NullReferenceException
    return subscription.id


def absent_parent(context: Exchange, rt: Runtime) -> str:
    product = context.product
    return "none" if product is None else from_text(product.name)


def last_error(context: Exchange, rt: Runtime) -> str:
    error = context.last_error
    if error is None:
        raise NullReferenceException
    return from_text(f"{error.source}: {error.message}")


# --- headers, parameters, URL parts ----------------------------------------------------------------------------------


def header_equals(context: Exchange, rt: Runtime) -> bool:
    return header(context.request, "X-Channel", "") == "mobile"


def header_default(context: Exchange, rt: Runtime) -> str:
    return header(context.request, "X-Region", "unknown")


def header_key(context: Exchange, rt: Runtime) -> bool:
    return "X-Trace" not in context.request.headers


def header_first(context: Exchange, rt: Runtime) -> str:
    try:
        return from_text(context.request.headers.getall("Accept")[0])
    except KeyError:
        raise KeyNotFoundException("The given key 'Accept' was not present in the dictionary.") from None


def query_default(context: Exchange, rt: Runtime) -> str:
    values = context.request.url.query.get("api-version")
    if values is None:
        for name, candidates in context.request.url.query.items():
            if name.lower() == "api-version":
                values = candidates
                break
        else:
            return "2023-01-01"
    return from_text(",".join(values))


def url_parts(context: Exchange, rt: Runtime) -> str:
    original, url = context.request.original_url, context.request.url
    query = "?" + url.query_string if url.query_string else ""
    return f"{original.scheme}://{original.host}{url.path}{query}"


def parameter_key(context: Exchange, rt: Runtime) -> str:
    api = context.api
    if api is None:
        raise NullReferenceException
    parameters = context.request.matched_parameters
    model = parameters.get("model")
    if model is None:
        model = next((v for k, v in parameters.items() if k.lower() == "model"), None)
        if model is None:
            raise KeyNotFoundException("The given key 'model' was not present in the dictionary.")
    return from_text(f"{model}-{context.deployment.region}-{api.revision}")


def escaped_url(context: Exchange, rt: Runtime) -> str:
    return "/login?back=" + quote(str(context.request.original_url), safe="")


# --- variables -------------------------------------------------------------------------------------------------------


def variable_bearer(context: Exchange, rt: Runtime) -> str:
    return "Bearer " + text_variable(context, "accessToken")


def variable_known(context: Exchange, rt: Runtime) -> bool:
    if "fallback" not in context.variables:
        return False
    value = context.variables["fallback"]
    if value is None:
        raise NullReferenceException
    if type(value) is not bool:
        raise InvalidCastException("Unable to cast fallback to type 'System.Boolean'.")
    return value


def variable_default(context: Exchange, rt: Runtime) -> bool:
    value = context.variables.get("mode")
    if value is None:
        value = "batch"
    elif type(value) is not str:
        raise InvalidCastException("Unable to convert context variable `mode`.")
    return value == "batch"


def variable_hole(context: Exchange, rt: Runtime) -> str:
    return f"cache-{to_string(variable(context, 'tenant'))}-{int_variable(context, 'attempt')}"


# --- text ------------------------------------------------------------------------------------------------------------


def split_domain(context: Exchange, rt: Runtime) -> str:
    user = context.user
    if user is None:
        raise NullReferenceException
    try:
        return from_text(user.email).split("@")[1]
    except IndexError:
        raise IndexOutOfRangeException from None


def ends_with(context: Exchange, rt: Runtime) -> bool:
    user = context.user
    if user is None:
        raise NullReferenceException
    return not user.email.endswith("@example.com")


def first_address(context: Exchange, rt: Runtime) -> str:
    request = context.request
    return header(request, "X-Forwarded-For", request.ip_address).split(",")[0].strip(_WHITE)


def replaced_path(context: Exchange, rt: Runtime) -> str:
    return context.request.url.path.replace("/v1/", "/v2/").rstrip("/")


def same_method(context: Exchange, rt: Runtime) -> bool:
    return context.request.method.upper() == "POST"


def masked_key(context: Exchange, rt: Runtime) -> str:
    key = header(context.request, "X-Key", "")
    if len(key) < 12:
        return "none"
    return f"{key[:4]}…{key[-4:]}"


def lower_contains(context: Exchange, rt: Runtime) -> bool:
    return "json" in header(context.request, "Content-Type", "").lower()


# --- numbers and time ------------------------------------------------------------------------------------------------


def parsed_number(context: Exchange, rt: Runtime) -> int:
    return wrapped(wrapped(number(header(context.request, "X-Attempt", "1")) * 1000) + 250)


def number_from_variables(context: Exchange, rt: Runtime) -> int:
    waited = wrapped(int_variable(context, "wait") * int_variable(context, "attempt"))
    least = min(waited, 60)
    return least % 7 if least >= 0 else -(-least % 7)


def later_date(context: Exchange, rt: Runtime) -> str:
    later = datetime.fromtimestamp(context.started, UTC) + timedelta(minutes=15)
    return later.strftime("%Y-%m-%dT%H:%M:%SZ")


def unix_time(context: Exchange, rt: Runtime) -> int:
    wait = int_variable(context, "wait")
    half = wait // 2 if wait >= 0 else -(-wait // 2)
    return (rt.clock.ticks() + half * 10_000_000) // 10_000_000 - _EPOCH


# --- Convert, Guid, Regex --------------------------------------------------------------------------------------------


def basic_header(context: Exchange, rt: Runtime) -> str:
    pair = text_variable(context, "client") + ":" + text_variable(context, "secret")
    return "Basic " + base64.b64encode(pair.encode()).decode()


def guid_digits(context: Exchange, rt: Runtime) -> str:
    value = text_variable(context, "correlation")
    if not _GUID.match(value):  # what `uuid` takes beyond that form, C# refuses
        raise FormatException("Unrecognized Guid format.")
    return uuid.UUID(value).hex


def regex_path(context: Exchange, rt: Runtime) -> bool:
    return _ORDER_PATH.search(context.request.url.path) is not None


# --- bodies and JSON -------------------------------------------------------------------------------------------------


def body_member(context: Exchange, rt: Runtime) -> str:
    body = context.request.body
    if body.is_empty:
        raise NullReferenceException
    found = json_object(body)
    if found is None or "model" not in found:
        raise NullReferenceException
    value = found["model"]
    return from_text(value) if type(value) is str else orjson.dumps(value).decode()


def response_variable(context: Exchange, rt: Runtime) -> str:
    response = variable(context, "login")
    if response is None:
        raise NullReferenceException
    if not isinstance(response, Response):
        raise InvalidCastException("Unable to cast login to type 'Apim.IResponse'.")
    body = response.body
    if body.is_empty:
        raise NullReferenceException
    found = json_object(body)
    if found is None:
        raise NullReferenceException
    value = found.get("access_token")
    if type(value) is dict or type(value) is list:
        raise ArgumentException("Can not convert to String.")
    return "Bearer " + (from_text(value) if type(value) is str else to_string(value))


def object_member(context: Exchange, rt: Runtime) -> int:
    session = variable(context, "session")
    if session is None:
        raise NullReferenceException
    if not isinstance(session, JObject):
        raise InvalidCastException("Unable to cast session to type 'Newtonsoft.Json.Linq.JObject'.")
    return token_int(session.get("ttl"))


def built_object(context: Exchange, rt: Runtime) -> str:
    response, user = context.response, context.user
    if response is None or user is None:
        raise NullReferenceException
    built = {
        "code": response.status,
        "message": "No backend for " + header(context.request, "X-Channel", ""),
        "details": {"id": user.id},
    }
    return orjson.dumps(built, option=orjson.OPT_INDENT_2).decode()


# --- sequences, tokens, cookies, failures ----------------------------------------------------------------------------


def linq_pool(context: Exchange, rt: Runtime) -> str | None:
    pool = variable(context, "pool")
    if pool is None:
        raise ArgumentNullException("source")
    if not isinstance(pool, JArray):
        raise InvalidCastException("Unable to cast pool to type 'Newtonsoft.Json.Linq.JArray'.")
    for backend in pool:
        throttled = backend.child_at("throttled")
        if throttled is None:
            raise ArgumentNullException("value")
        if not isinstance(throttled, JValue) or type(throttled.value) is not bool:
            raise ArgumentException("Can not convert to Boolean.")
        if not throttled.value:
            return token_text(backend.child_at("name"))
    return None


def jwt_claim(context: Exchange, rt: Runtime) -> bool:
    token = variable(context, "jwt")
    if token is None:
        raise NullReferenceException
    if not isinstance(token, Jwt):
        raise InvalidCastException("Unable to cast jwt to type 'Apim.Jwt'.")
    roles = token.claims.get("roles")
    return "writer" in (",".join(roles) if roles is not None else "")


def cookie(context: Exchange, rt: Runtime) -> str:
    for part in header(context.request, "Cookie", "").split(";"):
        pair = part.strip(_WHITE)
        if pair.startswith("sid="):
            return pair[4:]
    return ""


def caught(context: Exchange, rt: Runtime) -> int:
    tenant = variable(context, "tenant")
    if tenant is None:
        raise ArgumentNullException("s")
    if type(tenant) is not str:
        raise InvalidCastException("Unable to cast tenant to type 'System.String'.")
    try:
        return number(tenant)
    except FormatException:
        return -1


def weighted_loop(context: Exchange, rt: Runtime) -> str | None:
    pool = variable(context, "pool")
    if pool is None:
        raise NullReferenceException
    if not isinstance(pool, JArray):
        raise InvalidCastException("Unable to cast pool to type 'Newtonsoft.Json.Linq.JArray'.")
    left = 35
    for backend in pool:
        if not isinstance(backend, JObject):
            raise InvalidCastException("Unable to cast to type 'Newtonsoft.Json.Linq.JObject'.")
        left = wrapped(left - token_int(backend.get("weight")))
        if left < 0:
            return token_text(backend.get("url"))
    return None


HANDWRITTEN: dict[str, Callable[[Any, Any], Any]] = {
    f.__name__: f
    for f in (
        *(status_either, status_range, plain_member, absent_parent, last_error),
        *(header_equals, header_default, header_key, header_first, query_default, url_parts, parameter_key),
        *(escaped_url, variable_bearer, variable_known, variable_default, variable_hole),
        *(split_domain, ends_with, first_address, replaced_path, same_method, masked_key, lower_contains),
        *(parsed_number, number_from_variables, later_date, unix_time, basic_header, guid_digits, regex_path),
        *(body_member, response_variable, object_member, built_object),
        *(linq_pool, jwt_claim, cookie, caught, weighted_loop),
    )
}
