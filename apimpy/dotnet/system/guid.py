"""System.Guid."""

from __future__ import annotations

import re
from typing import Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ClrError,
    FormatException,
)
from apimpy.dotnet.system.casing import WHITE
from apimpy.dotnet.system.integers import byte
from apimpy.dotnet.system.object_ import wrap32
from apimpy.dotnet.values import Array, Runtime
from apimpy.pattern import pattern

__all__ = ["Guid", "guid", "parse_guid"]

_SHAPE = "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
_DIGITS = "Guid string should only contain hexadecimal characters."
_DASHES = "Dashes are in the wrong position for GUID parsing."
_FORMATS = 'Format string can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x".'
_HEX = pattern("[0-9a-fA-F]{32}")
_USUAL = pattern("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER = pattern(r"\+?(?:0[xX])?0*([0-9a-fA-F]*)")
_BRACE = "Expected {0xdddddddd, etc}."
_PREFIX = "Expected 0x prefix."
_COMMA = "Could not find a comma, or the length between the previous token and the comma was zero (i.e., '0x,'etc.)."
_END_BRACE = (
    "Could not find a brace, or the length between the previous token and the brace was zero (i.e., '0x,'etc.)."
)
_WRAPS = {"B": "{}", "P": "()"}


class Guid:
    """Sixteen bytes, held as the 32 hexadecimal digits of its text."""

    __slots__ = ("hex",)

    def __init__(self, digits: str) -> None:
        self.hex = digits

    def clr_to_string(self) -> str:
        h = self.hex
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def clr_format(self, fmt: str | None) -> str:
        kind = fmt.upper() if fmt else "D"
        if kind == "D":
            return self.clr_to_string()
        if kind == "N":
            return self.hex
        if kind in _WRAPS:
            return _WRAPS[kind][0] + self.clr_to_string() + _WRAPS[kind][1]
        if kind == "X":
            h = self.hex
            rest = ",".join(f"0x{h[i : i + 2]}" for i in range(16, 32, 2))
            return f"{{0x{h[:8]},0x{h[8:12]},0x{h[12:16]},{{{rest}}}}}"
        raise FormatException(_FORMATS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guid) and other.hex == self.hex

    def __lt__(self, other: Guid) -> bool:
        return self.hex < other.hex

    def __hash__(self) -> int:
        return hash(self.hex)

    def __repr__(self) -> str:
        return f"Guid({self.clr_to_string()})"


_EMPTY = Guid("0" * 32)
_BYTE = byte.of()


# --- bytes -----------------------------------------------------------------------------------------------------------


def _swapped(data: bytes) -> bytes:
    """Between the order of the text and that of ToByteArray: the first three groups are little-endian."""
    return data[3::-1] + data[5:3:-1] + data[7:5:-1] + data[8:]


def to_bytes(self: Guid) -> bytes:
    return _swapped(bytes.fromhex(self.hex))


def _from_bytes(data: Any) -> Guid:
    if data is None:
        raise ArgumentNullException("b")
    if len(data) != 16:
        raise ArgumentException("Byte array for GUID must be exactly 16 bytes long.", "b")
    return Guid(_swapped(bytes(data)).hex())


def _from_parts(a: int, b: int, c: int, *rest: int) -> Guid:
    return Guid(f"{a & 0xFFFFFFFF:08x}{b & 0xFFFF:04x}{c & 0xFFFF:04x}{bytes(rest).hex()}")


def _from_parts_and_bytes(a: int, b: int, c: int, d: Any) -> Guid:
    if d is None:
        raise ArgumentNullException("d")
    if len(d) != 8:
        raise ArgumentException("Byte array for GUID must be exactly 8 bytes long.", "d")
    return _from_parts(a, b, c, *d)


# --- parsing ---------------------------------------------------------------------------------------------------------


def _number(text: str) -> int:
    """A group of digits; a sign and 0x are let through."""
    m = _NUMBER.fullmatch(text)
    if m is None:
        raise FormatException(_DIGITS)
    if len(m[1]) > 8:
        raise FormatException("Unrecognized Guid format.")
    return int(m[1] or "0", 16)


def _dashed(text: str) -> Guid:
    if len(text) != 36:
        raise FormatException(_SHAPE)
    if not text[8] == text[13] == text[18] == text[23] == "-":
        raise FormatException(_DASHES)
    groups = text[:8], text[9:13], text[14:18], text[19:23], text[24:28], text[28:]
    return Guid("".join([f"{_number(group):0{len(group)}x}" for group in groups]))


def _plain(text: str) -> Guid:
    if len(text) != 32:
        raise FormatException(_SHAPE)
    if not _HEX.fullmatch(text):
        raise FormatException(_DIGITS)
    return Guid(text.lower())


def _wrapped(text: str, brackets: str) -> Guid:
    if len(text) != 38 or text[0] != brackets[0] or text[-1] != brackets[1]:
        raise FormatException(_SHAPE)
    return _dashed(text[1:-1])


def _hex_groups(text: str) -> Guid:
    """`{0xdddddddd,0xdddd,0xdddd,{0xdd,…}}`, with white space anywhere."""
    text = re.sub(f"[{WHITE}]", "", text)
    if text[:1] != "{":
        raise FormatException(_BRACE)
    at = 1
    digits = ""
    for i in range(11):
        if i == 3:
            if text[at : at + 1] != "{":
                raise FormatException(_BRACE)
            at += 1
        if text[at : at + 2].lower() != "0x":
            raise FormatException(_PREFIX)
        end = text.find("," if i < 10 else "}", at + 2)
        if end <= at + 2:
            raise FormatException(_COMMA if i < 10 else _END_BRACE)
        value = _number(text[at + 2 : end])
        if i >= 3 and value > 255:
            raise FormatException("Value was either too large or too small for an unsigned byte.")
        digits += f"{value:08x}" if i == 0 else f"{value & 0xFFFF:04x}" if i < 3 else f"{value:02x}"
        at = end + 1
    if text[at : at + 1] != "}":
        raise FormatException("Could not find the ending brace.")
    if len(text) != at + 1:
        raise FormatException("Additional non-parsable characters are at the end of the string.")
    return Guid(digits)


def parse_guid(text: str | None, param: str = "input") -> Guid:
    if text is None:
        raise ArgumentNullException(param)
    if _USUAL.fullmatch(text):
        return Guid(text.replace("-", "").lower())
    text = text.strip(WHITE)
    if not text:
        raise FormatException("Unrecognized Guid format.")
    if text[0] == "(":
        return _wrapped(text, "()")
    if text[0] == "{":
        return _wrapped(text, "{}") if "-" in text else _hex_groups(text)
    return _dashed(text) if "-" in text else _plain(text)


def _parse_exact(text: str | None, fmt: str | None) -> Guid:
    if text is None or fmt is None:
        raise ArgumentNullException("input" if text is None else "format")
    text, kind = text.strip(WHITE), fmt.upper()
    if kind == "D":
        return _dashed(text)
    if kind == "N":
        return _plain(text)
    if kind in _WRAPS:
        return _wrapped(text, _WRAPS[kind])
    if kind == "X":
        return _hex_groups(text)
    raise FormatException(_FORMATS)


def _try_parse(text: str | None) -> tuple[bool, Guid]:
    try:
        return True, parse_guid(text)
    except ClrError:
        return False, _EMPTY


def _try_parse_exact(text: str | None, fmt: str | None) -> tuple[bool, Guid]:
    try:
        return True, _parse_exact(text, fmt)
    except ClrError:
        return False, _EMPTY


def _new_guid(rt: Runtime) -> Guid:
    bits = rt.random.getrandbits(128)
    bits = bits & ~(0xF000 << 64) & ~(0xC000 << 48) | 0x4000 << 64 | 0x8000 << 48
    return Guid(f"{bits:032x}")


# --- declarations ----------------------------------------------------------------------------------------------------

guid = clr_type(
    "System.Guid", kind="struct", bases="IComparable, IComparable<Guid>, IEquatable<Guid>, IFormattable", python=Guid
)
_B = "byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k"
guid.ctor("Guid()", lambda: _EMPTY)
guid.ctor("Guid(string g)", lambda text: parse_guid(text, "g"))
guid.ctor("Guid(byte[] b)", _from_bytes)
guid.ctor("Guid(int a, short b, short c, byte[] d)", _from_parts_and_bytes)
guid.ctor(f"Guid(int a, short b, short c, {_B})", _from_parts)
guid.ctor(f"Guid(uint a, ushort b, ushort c, {_B})", _from_parts)
guid.const("Guid Empty", _EMPTY)
guid.method("static Guid NewGuid()", _new_guid, rt=True)
guid.method("static Guid Parse(string input)", parse_guid)
guid.method("static Guid ParseExact(string input, string format)", _parse_exact)
guid.method("static bool TryParse(string? input, out Guid result)", _try_parse)
guid.method("static bool TryParseExact(string? input, string? format, out Guid result)", _try_parse_exact)
guid.method("byte[] ToByteArray()", lambda self: Array(_BYTE, to_bytes(self)))
guid.method("string ToString()", Guid.clr_to_string)
guid.method("string ToString(string? format)", Guid.clr_format)
guid.method("string ToString(string? format, IFormatProvider? provider)", lambda self, fmt, _p: self.clr_format(fmt))
guid.method("bool Equals(Guid g)", Guid.__eq__)
guid.method("bool Equals(object? o)", Guid.__eq__)
guid.method("bool operator ==(Guid a, Guid b)", lambda a, b: a.hex == b.hex)
guid.method("bool operator !=(Guid a, Guid b)", lambda a, b: a.hex != b.hex)


@guid.method("int CompareTo(Guid value)")
def _compare(self: Guid, other: Guid) -> int:
    return (self.hex > other.hex) - (self.hex < other.hex)


@guid.method("int CompareTo(object? value)")
def _compare_object(self: Guid, other: Any) -> int:
    if other is None:
        return 1
    if not isinstance(other, Guid):
        raise ArgumentException("Object must be of type GUID.", "value")
    return _compare(self, other)


@guid.method("int GetHashCode()")
def _hash(self: Guid) -> int:
    data = to_bytes(self)
    a, b, c, d = (int.from_bytes(data[i : i + 4], "little") for i in range(0, 16, 4))
    return wrap32(a ^ b ^ c ^ d)
