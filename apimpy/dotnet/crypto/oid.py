"""System.Security.Cryptography.Oid and AsnEncodedData."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException
from apimpy.dotnet.web.octets import byte_array
from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.dotnet.values import Array

__all__ = ["Encoded", "Oid", "friendly_name", "read_element"]

_FRIENDLY = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.113549.1.1.4": "md5RSA",
    "1.2.840.113549.1.1.5": "sha1RSA",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256RSA",
    "1.2.840.113549.1.1.12": "sha384RSA",
    "1.2.840.113549.1.1.13": "sha512RSA",
    "1.2.840.10045.2.1": "ECC",
    "1.2.840.10045.4.1": "sha1ECDSA",
    "1.2.840.10045.4.3.2": "sha256ECDSA",
    "1.2.840.10045.4.3.3": "sha384ECDSA",
    "1.2.840.10045.4.3.4": "sha512ECDSA",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.5.4.3": "CN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "1.2.840.113549.1.9.1": "E",
    "2.5.29.14": "Subject Key Identifier",
    "2.5.29.15": "Key Usage",
    "2.5.29.17": "Subject Alternative Name",
    "2.5.29.19": "Basic Constraints",
    "2.5.29.31": "CRL Distribution Points",
    "2.5.29.32": "Certificate Policies",
    "2.5.29.35": "Authority Key Identifier",
    "2.5.29.37": "Enhanced Key Usage",
    "1.3.6.1.5.5.7.1.1": "Authority Information Access",
    "1.3.6.1.5.5.7.3.1": "Server Authentication",
    "1.3.6.1.5.5.7.3.2": "Client Authentication",
}
_VALUES = {name.lower(): value for value, name in _FRIENDLY.items()}


def friendly_name(value: str) -> str | None:
    return _FRIENDLY.get(value)


class Oid(Record):
    """An object identifier with its friendly name."""

    value: str | None
    name: str | None

    @classmethod
    def of(cls, text: str) -> Oid:
        """By number or friendly name."""
        known = _VALUES.get(text.lower())
        return cls(known, text) if known else cls(text, friendly_name(text))


class Encoded(Record, frozen=True, eq=True):
    """DER bytes under an identifier."""

    oid: Oid
    data: bytes


def read_element(der: bytes) -> tuple[int, bytes, bytes]:
    """The first element of DER: its tag, its content, and what follows it."""
    size, start = der[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start], "big")
    return der[0], der[start : start + size], der[start + size :]


oid = clr_type("System.Security.Cryptography.Oid", python=Oid)
encoded = clr_type("System.Security.Cryptography.AsnEncodedData", python=Encoded, allowed="")


@oid.ctor("Oid()")
def new() -> Oid:
    return Oid(None, None)


@oid.ctor("Oid(string oid)")
def new_text(text: str | None) -> Oid:
    return Oid(None, None) if text is None else Oid.of(text)


@oid.ctor("Oid(string? value, string? friendlyName)")
def new_named(value: str | None, name: str | None) -> Oid:
    return Oid(value, name)


@oid.ctor("Oid(Oid oid)")
def new_copy(other: Oid | None) -> Oid:
    if other is None:
        raise ArgumentNullException("oid")
    return Oid(other.value, other.name)


def _set_value(self: Oid, value: str | None) -> None:
    self.value = value


def _set_name(self: Oid, value: str | None) -> None:
    self.name = value


oid.prop("string? Value", setter=_set_value, attr="value")
oid.prop("string? FriendlyName", setter=_set_name, attr="name")
encoded.prop("Oid Oid", attr="oid")


@encoded.prop("byte[] RawData")
def raw_data(self: Encoded) -> Array:
    return byte_array(self.data)
