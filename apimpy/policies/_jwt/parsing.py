"""A token's text taken apart, strictly: one text is one token.

Base64url is accepted only in its canonical form (no padding, no stray bits, no other characters), so two different
texts are never the same signed token.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

from apimpy.pattern import pattern
from apimpy.policies._jwt.failure import invalid
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.dotnet.apim.jwt import Jwt

__all__ = ["MALFORMED", "Token", "members", "octets", "parse", "segments"]

_ALPHABET = pattern(r"[A-Za-z0-9_-]*")
_TO_BASE64 = str.maketrans("-_", "+/")
_LONGEST = 256_000
"""Characters of a token: the limit of the platform's library."""
MALFORMED = "IDX12741: JWT must have three segments (JWS) or five segments (JWE)."


class Token(Record, frozen=True):
    """A token in compact form with three segments; nothing about it has been checked yet.

    `signed` is what the signature is about.  `jwt` is what expressions see.
    """

    algorithm: str
    key_id: str | None
    claims: dict[str, Any]
    signed: bytes
    signature: bytes
    jwt: Jwt


def octets(text: str) -> bytes:
    """Bytes of canonical base64url.  ValueError for anything else."""
    if not _ALPHABET.fullmatch(text):
        raise ValueError("not base64url")
    plain = text.translate(_TO_BASE64)
    data = binascii.a2b_base64(plain + "=" * (-len(plain) % 4))
    if binascii.b2a_base64(data, newline=False).rstrip(b"=") != plain.encode():
        raise ValueError("not canonical base64url")
    return data


def members(data: bytes) -> dict[str, Any]:
    """The members of a JSON object.  ValueError for anything else."""
    import orjson

    found = orjson.loads(data)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  like every other input that is none
    return found


def segments(text: str) -> list[str]:
    """Three (signed) or five (encrypted) segments.  TokenError for anything else."""
    if len(text) > _LONGEST:
        raise invalid(
            f"IDX10209: Token has length: '{len(text)}' which is larger than the MaximumTokenSizeInBytes: '{_LONGEST}'."
        )
    parts = text.split(".")
    if len(parts) not in (3, 5):
        raise invalid(MALFORMED)
    return parts


def header_of(segment: str) -> dict[str, Any]:
    """The protected header.  TokenError when it is none, or asks for what nobody here understands."""
    try:
        header = members(octets(segment))
    except ValueError:
        raise invalid("IDX12709: JWT is not well formed: its header is not JSON in base64url.") from None
    if not isinstance(header.get("alg"), str):
        raise invalid("IDX12709: JWT is not well formed: its header names no algorithm.")
    if "crit" in header:
        raise invalid("IDX12709: JWT is not supported: its header has critical extensions.")
    if not isinstance(header.get("kid", ""), (str, type(None))):
        raise invalid("IDX12709: JWT is not well formed: its key id is not text.")
    return header


def parse(text: str) -> Token:
    """A signed (or unsigned) token.  TokenError when the text is none."""
    from apimpy.dotnet.apim.jwt import parse_jwt

    head, payload, tail = text.split(".")
    header = header_of(head)
    try:
        claims, signature = members(octets(payload)), octets(tail)
    except ValueError:
        raise invalid("IDX12709: JWT is not well formed: its payload is not JSON in base64url.") from None
    try:
        jwt = parse_jwt(text)
    except RecursionError:
        jwt = None
    if jwt is None:
        raise invalid("IDX12709: JWT is not well formed: a claim cannot be read.")
    return Token(header["alg"], header.get("kid"), claims, f"{head}.{payload}".encode(), signature, jwt)
