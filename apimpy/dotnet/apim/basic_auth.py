"""BasicAuthCredentials, `AsBasic`, `TryParseBasic`; Authorization of `get-authorization-context`."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from apimpy.dotnet.apim.jwt import extensions
from apimpy.dotnet.decl import clr_type
from apimpy.record import Record, field

__all__ = ["Authorization", "BasicAuthCredentials", "parse_basic"]


class BasicAuthCredentials(Record, frozen=True):
    user_id: str
    password: str


class Authorization(Record, frozen=True):
    """Claims are boxed values."""

    access_token: str
    claims: dict[str, Any] = field(default_factory=dict)


def parse_basic(text: str | None) -> BasicAuthCredentials | None:
    """`Basic` and base64 of `user:password` (ISO 8859-1, split at the first colon); None for anything else."""
    value = (text or "").strip()
    if value[:6].lower() != "basic ":
        return None
    try:
        decoded = base64.b64decode("".join(value[6:].split()), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return None
    user, colon, password = decoded.partition(":")
    return BasicAuthCredentials(user, password) if colon else None


basic = clr_type("Apim.BasicAuthCredentials", python=BasicAuthCredentials)
authorization = clr_type("Apim.Authorization", python=Authorization)


basic.prop("string UserId", attr="user_id")
basic.prop("string Username", attr="user_id")
basic.prop("string Password", attr="password")
authorization.prop("string AccessToken", attr="access_token")
authorization.prop("IReadOnlyDictionary<string, object> Claims", attr="claims")

extensions.method("static BasicAuthCredentials? AsBasic(this string? input)", parse_basic)


@extensions.method("static bool TryParseBasic(this string? input, out BasicAuthCredentials? result)")
def try_parse_basic(text: str | None) -> tuple[bool, BasicAuthCredentials | None]:
    found = parse_basic(text)
    return found is not None, found
