"""Distinguished names and alternative names as .NET writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.values import from_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.x509 import Certificate, Name

__all__ = ["NAME_TYPES", "name_info", "name_text"]

NAME_TYPES = ("SimpleName", "EmailName", "UpnName", "DnsName", "DnsFromAlternativeName", "UrlName")
_KEYS = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "T",
    "2.5.4.42": "G",
    "2.5.4.43": "I",
    "1.2.840.113549.1.9.1": "E",
    "0.9.2342.19200300.100.1.25": "DC",
}
_QUOTED = frozenset(',+="\n<>#;')
_CLASSES = {
    "EmailName": "RFC822Name",
    "DnsName": "DNSName",
    "DnsFromAlternativeName": "DNSName",
    "UrlName": "UniformResourceIdentifier",
}
_UPN = "1.3.6.1.4.1.311.20.2.3"


def name_text(name: Name, *, most_significant_first: bool = False) -> str:
    """`CN=…, O=…, C=…`: the last part comes first, as in `Subject`."""
    parts = [" + ".join(f"{_key(a.oid.dotted_string)}={_quote(str(a.value))}" for a in rdn) for rdn in name.rdns]
    return from_text(", ".join(parts if most_significant_first else reversed(parts)))


def _key(oid: str) -> str:
    return _KEYS.get(oid, "OID." + oid)


def _quote(value: str) -> str:
    if value and value == value.strip() and _QUOTED.isdisjoint(value):
        return value
    return '"' + value.replace('"', '""') + '"'


def _attribute(name: Name, *oids: str) -> str:
    """The last value (the first as written) of the first of these attributes that is there."""
    for oid in oids:
        for rdn in reversed(name.rdns):
            for attribute in rdn:
                if attribute.oid.dotted_string == oid:
                    return str(attribute.value)
    return ""


def name_info(cert: Certificate, kind: str, *, issuer: bool) -> str:
    """`GetNameInfo`: "" when there is no such name."""
    name = cert.issuer if issuer else cert.subject
    if kind == "SimpleName":
        found = _attribute(name, "2.5.4.3", "2.5.4.11", "2.5.4.10", "1.2.840.113549.1.9.1")
    else:
        found = _alternative(cert, kind, issuer)
        if not found and kind == "EmailName":
            found = _attribute(name, "1.2.840.113549.1.9.1")
        if not found and kind == "DnsName":
            found = _attribute(name, "2.5.4.3")
    return from_text(found)


def _alternative(cert: Certificate, kind: str, issuer: bool) -> str:
    from cryptography import x509

    names: Iterable[Any]
    try:
        if issuer:
            names = cert.extensions.get_extension_for_class(x509.IssuerAlternativeName).value
        else:
            names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for name in names:
        if kind == "UpnName":
            if isinstance(name, x509.OtherName) and name.type_id.dotted_string == _UPN:
                return _der_text(name.value)
        elif isinstance(name, getattr(x509, _CLASSES[kind])):
            return str(name.value)
    return ""


def _der_text(data: bytes) -> str:
    """The text of a short DER string."""
    return data[2 : 2 + data[1]].decode("utf-8", "replace") if len(data) > 2 and data[1] < 0x80 else ""
