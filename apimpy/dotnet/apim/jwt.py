"""Jwt, `AsJwt` and `TryParseJwt`: a token's contents, never its validity."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType, Type, array_of
from apimpy.dotnet.decl import bare, clr_type, shortcuts
from apimpy.dotnet.exceptions import ArgumentNullException, KeyNotFoundException
from apimpy.dotnet.values import Array, from_text, to_text
from apimpy.dotnet.web.octets import string_array
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.dotnet.collections_.dictionary import Dictionary
    from apimpy.dotnet.time.datetime import DateTime

__all__ = ["Jwt", "parse_jwt"]


class Jwt(Record, frozen=True):
    """A parsed token.  `claims` are the payload's members, each as texts."""

    algorithm: str | None
    type: str | None
    claims: dict[str, list[str]]
    times: dict[str, DateTime]

    def first(self, name: str) -> str | None:
        values = self.claims.get(name)
        return values[0] if values else None

    def clr_to_string(self) -> str:
        return "Apim.Jwt"


def parse_jwt(text: str | None) -> Jwt | None:
    """A token, with or without `Bearer` before it; None for anything else."""
    if text is None:
        return None
    token = to_text(text).strip()
    if token[:7].lower() == "bearer ":
        token = token[7:].strip()
    parts = token.split(".")
    if len(parts) not in (3, 5):
        return None
    header, payload = _members(parts[0]), _members(parts[1])
    if header is None or payload is None:
        return None
    times: dict[str, DateTime] = {}
    for name in ("exp", "nbf", "iat"):
        if name in payload:
            moment = _moment(payload[name])
            if moment is None:
                return None
            times[name] = moment
    claims = {from_text(n): _texts(v) for n, v in payload.items()}
    return Jwt(_member(header, "alg"), _member(header, "typ"), claims, times)


def _members(part: str) -> dict[str, Any] | None:
    data = part.replace("-", "+").replace("_", "/")
    try:
        found = json.loads(base64.b64decode(data + "=" * (-len(data) % 4), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _member(header: dict[str, Any], name: str) -> str | None:
    value = header.get(name)
    return None if value is None else _text(value)


def _texts(value: Any) -> list[str]:
    return [_text(v) for v in value] if isinstance(value, list) else [_text(value)]


def _text(value: Any) -> str:
    """A claim as text: numbers as digits, booleans in lower case, objects as JSON."""
    from apimpy.dotnet.system.number_format import double_text

    if isinstance(value, str):
        return from_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, int):
        return str(value)
    return from_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _moment(value: Any) -> DateTime | None:
    """Seconds since 1970 as DateTime (UTC)."""
    from apimpy.dotnet.time.datetime import UTC, DateTime
    from apimpy.dotnet.time.ticks import MAX_TICKS, MILLISECOND, UNIX_EPOCH

    try:
        ticks = UNIX_EPOCH + round(float(value) * 1000) * MILLISECOND
    except (TypeError, ValueError, OverflowError):
        return None
    return DateTime(ticks, UTC) if 0 <= ticks <= MAX_TICKS else None


jwt = clr_type("Apim.Jwt", python=Jwt)
extensions = clr_type("Apim.ExpressionSyntaxExtensions", kind="static")

jwt.prop("string? Algorithm", attr="algorithm")
jwt.prop("string? Type", attr="type")


@jwt.prop("string? Id")
def id_(self: Jwt) -> str | None:
    return self.first("jti")


@jwt.prop("string? Issuer")
def issuer(self: Jwt) -> str | None:
    return self.first("iss")


@jwt.prop("string? Subject")
def subject(self: Jwt) -> str | None:
    return self.first("sub")


@jwt.prop("IEnumerable<string> Audiences")
def audiences(self: Jwt) -> Array:
    return string_array(self.claims.get("aud", []))


def _joined(self: Jwt, name: str | None, default: str | None = None) -> str | None:
    """`Claims.GetValueOrDefault(name, default)`"""
    if name is None:
        raise ArgumentNullException("key")
    values = self.claims.get(name)
    return default if values is None else ",".join(values)


def _has_claim(self: Jwt, name: str | None) -> bool:
    if name is None:
        raise ArgumentNullException("key")
    return name in self.claims


def _claim_values(self: Jwt, name: str | None) -> list[str]:
    if name is None:
        raise ArgumentNullException("key")
    values = self.claims.get(name)
    if values is None:
        raise KeyNotFoundException(f"The given key '{name}' was not present in the dictionary.")
    return values


@bare(_claim_values)
def _claim(self: Jwt, name: str | None) -> Array:
    """`Claims[name]`"""
    return string_array(_claim_values(self, name))


@jwt.prop("IReadOnlyDictionary<string, string[]> Claims")
@shortcuts(GetValueOrDefault=_joined, ContainsKey=_has_claim, this=_claim)
def claims(self: Jwt) -> Dictionary:
    from apimpy.dotnet.collections_.dictionary import Dictionary

    string = _string()
    made = Dictionary(string, array_of(string))
    for name, values in self.claims.items():
        made.put(name, Array(string, values))
    return made


def _string() -> Type:
    universe = ClrType.universe
    assert universe is not None
    return universe.named("System.String")


@jwt.prop("DateTime? ExpirationTime")
def expiration_time(self: Jwt) -> DateTime | None:
    return self.times.get("exp")


@jwt.prop("DateTime? NotBefore")
def not_before(self: Jwt) -> DateTime | None:
    return self.times.get("nbf")


@jwt.prop("DateTime? IssuedAt")
def issued_at(self: Jwt) -> DateTime | None:
    return self.times.get("iat")


extensions.method("static Jwt? AsJwt(this string? input)", parse_jwt)


@extensions.method("static bool TryParseJwt(this string? input, out Jwt? result)")
def try_parse_jwt(text: str | None) -> tuple[bool, Jwt | None]:
    found = parse_jwt(text)
    return found is not None, found
