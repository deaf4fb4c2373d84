"""System.Net.IPAddress against what .NET answers."""

from __future__ import annotations

import pytest

from apimpy.dotnet.exceptions import ArgumentNullException, ClrError, FormatException
from apimpy.dotnet.universe import universe
from apimpy.dotnet.web import ipaddress as ip
from apimpy.dotnet.web.octets import byte_array


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("1.2.3", "1.2.0.3"),
        ("0x7f.1", "127.0.0.1"),
        ("010.0.0.1", "8.0.0.1"),
        ("65536", "0.1.0.0"),
        ("[::1]", "::1"),
        ("[::1]:80", "::1"),
        ("fe80::1%2", "fe80::1%2"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0:0::1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::1.2.3.4", "::1.2.3.4"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("::ffff:0:1.2.3.4", "::ffff:0:1.2.3.4"),
        ("::5efe:1.2.3.4", "::5efe:1.2.3.4"),
        ("::0001:0002", "::0.1.0.2"),
        ("::", "::"),
        ("1::", "1::"),
    ],
)
def test_parse(text: str, expected: str) -> None:
    assert ip.parse(text).clr_to_string() == expected
    assert ip.try_parse(text)[0]


@pytest.mark.parametrize(
    "text", ["256.1.1.1", "1.2.3.4 ", "", "x", "1.2.3.4.5", "2001:db8::1/64", "1.2.3.", "08.1.1.1"]
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(FormatException, match="An invalid IP address was specified"):
        ip.parse(text)
    assert ip.try_parse(text) == (False, None)


def test_members() -> None:
    universe()
    address = ip.parse("10.1.2.3")
    assert list(ip.get_address_bytes(address)) == [10, 1, 2, 3]
    assert ip.family(address).clr_to_string() == "InterNetwork"
    assert ip.family(ip.parse("::1")).clr_to_string() == "InterNetworkV6"
    assert ip.address_number(address) == 50462986
    assert ip.map_to_v6(ip.parse("1.2.3.4")).clr_to_string() == "::ffff:1.2.3.4"
    assert ip.new_bytes(byte_array(bytes([1, 2, 3, 4]))) == ip.parse("1.2.3.4")
    assert ip.new_number(16777343) == ip.parse("127.0.0.1")
    assert [ip.is_loopback(ip.parse(t)) for t in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "8.8.8.8")] == [
        True,
        True,
        True,
        False,
    ]
    swap = {d.signature.split()[1]: d.impl for d in ip.ip_address.declarations["HostToNetworkOrder"]}
    assert (swap["int"](1), swap["short"](1), swap["long"](1)) == (16777216, 256, 72057594037927936)


def test_errors() -> None:
    universe()
    with pytest.raises(ArgumentNullException):
        ip.parse(None)
    with pytest.raises(ClrError, match="An invalid IP address was specified"):
        ip.new_bytes(byte_array(b"123"))
