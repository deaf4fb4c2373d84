"""System.Net.IPAddress and the readers of IP addresses that `Uri` shares with it."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    FormatException,
    InvalidOperationException,
)
from apimpy.dotnet.web.octets import byte_array
from apimpy.pattern import pattern
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import Array, EnumValue

__all__ = ["IPAddress", "parse_ipv4", "parse_ipv6"]

_PART = pattern(r"0[xX][0-9A-Fa-f]+\Z|[0-9]+\Z")
_INVALID = "An invalid IP address was specified."


class IPAddress(Record, frozen=True, eq=True):
    """An address as its 4 or 16 bytes, with the zone of an IPv6 one."""

    data: bytes
    scope: int = 0

    @property
    def is_v6(self) -> bool:
        return len(self.data) == 16

    def without_scope(self) -> str:
        if not self.is_v6:
            return ".".join(map(str, self.data))
        words = [int.from_bytes(self.data[i : i + 2], "big") for i in range(0, 16, 2)]
        lead, tail = words[:6], ".".join(map(str, self.data[12:]))
        if not any(words[:4]) and (
            (lead[4:] == [0, 0] and words[6]) or lead[4:] == [0, 0xFFFF] or lead[4:] == [0xFFFF, 0]
        ):
            middle = {(0, 0): "::", (0, 0xFFFF): "::ffff:", (0xFFFF, 0): "::ffff:0:"}[words[4], words[5]]
            return middle + tail
        if lead[4:] == [0, 0x5EFE]:  # ISATAP
            head = ipaddress.IPv6Address(self.data[:12] + b"\1\2\3\4").compressed
            return head.removesuffix("102:304") + tail
        return ipaddress.IPv6Address(self.data).compressed

    def clr_to_string(self) -> str:
        return self.without_scope() + (f"%{self.scope}" if self.scope else "")


def parse_ipv4(text: str) -> int | None:
    """One to four numbers, each decimal, octal (`010`) or hexadecimal (`0x7f`); the last fills the rest."""
    parts = text.split(".")
    if len(parts) > 4 or not all(len(p) < 20 and _PART.match(p) for p in parts):
        return None
    numbers = []
    for part in parts:
        octal = len(part) > 1 and part[0] == "0" and part[1] not in "xX"
        try:
            numbers.append(int(part, 8) if octal else int(part, 0))
        except ValueError:
            return None
    *lead, last = numbers
    if any(n > 255 for n in lead) or last >= 1 << 8 * (4 - len(lead)):
        return None
    for i, n in enumerate(lead):
        last |= n << 8 * (3 - i)
    return last


def parse_ipv6(text: str) -> IPAddress | None:
    """An IPv6 address without brackets; a zone that is no number counts as none."""
    address, percent, zone = text.partition("%")
    if percent and not zone:
        return None
    try:
        data = ipaddress.IPv6Address(address).packed
    except ValueError:
        return None
    return IPAddress(data, int(zone) if zone.isdecimal() and len(zone) < 10 else 0)


def _parse(text: str) -> IPAddress | None:
    if ":" in text:
        if text.startswith("["):
            inside, _, port = text[1:].partition("]")
            return parse_ipv6(inside) if not port or re.fullmatch(r":\d+", port) else None
        return parse_ipv6(text)
    number = parse_ipv4(text)
    return None if number is None else IPAddress(number.to_bytes(4, "big"))


address_family = enum_type(
    "System.Net.Sockets.AddressFamily", {"Unspecified": 0, "InterNetwork": 2, "InterNetworkV6": 23}, allowed=""
)
ip_address = clr_type(
    "System.Net.IPAddress",
    python=IPAddress,
)

for _name, _data in (
    ("Any", bytes(4)),
    ("Broadcast", b"\xff" * 4),
    ("Loopback", b"\x7f\0\0\1"),
    ("None", b"\xff" * 4),
    ("IPv6Any", bytes(16)),
    ("IPv6Loopback", bytes(15) + b"\1"),
    ("IPv6None", bytes(16)),
):
    ip_address.const(f"IPAddress {_name}", IPAddress(_data))


@ip_address.ctor("IPAddress(byte[] address)")
def new_bytes(address: Array | None) -> IPAddress:
    if address is None:
        raise ArgumentNullException("address")
    if len(address) not in (4, 16):
        raise ArgumentException(_INVALID, "address")
    return IPAddress(bytes(address))


@ip_address.ctor("IPAddress(byte[] address, long scopeid)")
def new_scoped(address: Array | None, scope: int) -> IPAddress:
    if address is None:
        raise ArgumentNullException("address")
    if len(address) != 16:
        raise ArgumentException(_INVALID, "address")
    return IPAddress(bytes(address), scope)


@ip_address.ctor("IPAddress(long newAddress)")
def new_number(number: int) -> IPAddress:
    if not 0 <= number < 1 << 32:
        raise ArgumentOutOfRangeException("newAddress")
    return IPAddress(number.to_bytes(4, "little"))


@ip_address.method("static IPAddress Parse(string ipString)")
def parse(text: str | None) -> IPAddress:
    if text is None:
        raise ArgumentNullException("ipString")
    found = _parse(text)
    if found is None:
        raise FormatException(_INVALID)
    return found


@ip_address.method("static bool TryParse(string? ipString, out IPAddress? address)")
def try_parse(text: str | None) -> tuple[bool, IPAddress | None]:
    found = None if text is None else _parse(text)
    return found is not None, found


@ip_address.method("static bool IsLoopback(IPAddress address)")
def is_loopback(address: IPAddress | None) -> bool:
    if address is None:
        raise ArgumentNullException("address")
    data = address.data
    if address.is_v6:
        return data == bytes(15) + b"\1" or (data[:12] == bytes(10) + b"\xff\xff" and data[12] == 127)
    return data[0] == 127


@ip_address.prop("AddressFamily AddressFamily")
def family(self: IPAddress) -> EnumValue:
    return address_family.enum_members["InterNetworkV6" if self.is_v6 else "InterNetwork"]  # type: ignore[no-any-return]


@ip_address.method("byte[] GetAddressBytes()")
def get_address_bytes(self: IPAddress) -> Array:
    return byte_array(self.data)


@ip_address.method("bool Equals(object? comparand)")
def equals(self: IPAddress, other: Any) -> bool:
    return isinstance(other, IPAddress) and self == other


@ip_address.method("int GetHashCode()")
def get_hash_code(self: IPAddress) -> int:
    return hash(self) & 0x7FFFFFFF


ip_address.method("string ToString()", IPAddress.clr_to_string)


@ip_address.method("IPAddress MapToIPv6()")
def map_to_v6(self: IPAddress) -> IPAddress:
    return self if self.is_v6 else IPAddress(bytes(10) + b"\xff\xff" + self.data)


@ip_address.method("IPAddress MapToIPv4()")
def map_to_v4(self: IPAddress) -> IPAddress:
    return IPAddress(self.data[12:]) if self.is_v6 else self


@ip_address.prop("bool IsIPv4MappedToIPv6")
def is_mapped(self: IPAddress) -> bool:
    return self.is_v6 and self.data[:12] == bytes(10) + b"\xff\xff"


@ip_address.prop("bool IsIPv6LinkLocal")
def is_link_local(self: IPAddress) -> bool:
    return self.is_v6 and self.data[0] == 0xFE and self.data[1] & 0xC0 == 0x80


@ip_address.prop("bool IsIPv6Multicast")
def is_multicast(self: IPAddress) -> bool:
    return self.is_v6 and self.data[0] == 0xFF


@ip_address.prop("bool IsIPv6SiteLocal")
def is_site_local(self: IPAddress) -> bool:
    return self.is_v6 and self.data[0] == 0xFE and self.data[1] & 0xC0 == 0xC0


@ip_address.prop("bool IsIPv6Teredo")
def is_teredo(self: IPAddress) -> bool:
    return self.is_v6 and self.data[:4] == b"\x20\x01\0\0"


@ip_address.prop("long ScopeId")
def scope_id(self: IPAddress) -> int:
    if not self.is_v6:
        raise InvalidOperationException("The attempted operation is not supported for the type of object referenced.")
    return self.scope


@ip_address.prop("long Address")
def address_number(self: IPAddress) -> int:
    if self.is_v6:
        raise InvalidOperationException("The attempted operation is not supported for the type of object referenced.")
    return int.from_bytes(self.data, "little")


def _swapper(size: int) -> Callable[[int], int]:
    def swap(value: int) -> int:
        return int.from_bytes(value.to_bytes(size, "little", signed=True), "big", signed=True)

    return swap


for _type, _size in (("short", 2), ("int", 4), ("long", 8)):
    for _verb, _param in (("HostToNetworkOrder", "host"), ("NetworkToHostOrder", "network")):
        ip_address.method(f"static {_type} {_verb}({_type} {_param})", _swapper(_size))
