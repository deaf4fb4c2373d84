"""System.BitConverter (little-endian, as every platform it runs on)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentException, ArgumentNullException, ArgumentOutOfRangeException
from apimpy.dotnet.system.integers import byte
from apimpy.dotnet.values import Array, check_size

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["bit_converter"]

bit_converter = clr_type("System.BitConverter", kind="static")
bit_converter.const("bool IsLittleEndian", True)

_BYTE = byte.of()
_RANGE = "Index was out of range. Must be non-negative and less than the size of the collection."
_SHORT = "Destination array is not long enough to copy all the items in the collection. Check array index and length."


def _writer(code: str) -> Callable[[Any], Array]:
    pack = struct.Struct("<" + code).pack
    return lambda value: Array(_BYTE, pack(value))


def _single_bytes(value: float) -> Array:
    try:
        return Array(_BYTE, struct.pack("<f", value))
    except OverflowError:
        return Array(_BYTE, struct.pack("<f", float("inf") if value > 0 else float("-inf")))


def _check(data: Any, start: int, size: int) -> bytes:
    if data is None:
        raise ArgumentNullException("value")
    if not 0 <= start < len(data):
        raise ArgumentOutOfRangeException("startIndex", _RANGE)
    if start > len(data) - size:
        raise ArgumentException(_SHORT, "value")
    return bytes(data[start : start + size])


def _reader(code: str) -> Callable[[Any, int], Any]:
    layout = struct.Struct("<" + code)
    return lambda data, start: layout.unpack(_check(data, start, layout.size))[0]


for _name, _alias, _code in (
    ("Int16", "short", "h"),
    ("UInt16", "ushort", "H"),
    ("Int32", "int", "i"),
    ("UInt32", "uint", "I"),
    ("Int64", "long", "q"),
    ("UInt64", "ulong", "Q"),
    ("Double", "double", "d"),
    ("Single", "float", "f"),
    ("Boolean", "bool", "?"),
):
    bit_converter.method(f"static byte[] GetBytes({_alias} value)", _single_bytes if _code == "f" else _writer(_code))
    bit_converter.method(f"static {_alias} To{_name}(byte[] value, int startIndex)", _reader(_code))
bit_converter.method("static byte[] GetBytes(char value)", lambda c: Array(_BYTE, ord(c).to_bytes(2, "little")))
bit_converter.method(
    "static char ToChar(byte[] value, int startIndex)",
    lambda data, start: chr(int.from_bytes(_check(data, start, 2), "little")),
)


# --- bits ------------------------------------------------------------------------------------------------------------


def _bits(source: str, target: str) -> Callable[[Any], Any]:
    return lambda value: struct.unpack("<" + target, struct.pack("<" + source, value))[0]


bit_converter.method("static long DoubleToInt64Bits(double value)", _bits("d", "q"))
bit_converter.method("static double Int64BitsToDouble(long value)", _bits("q", "d"))
bit_converter.method("static int SingleToInt32Bits(float value)", _bits("f", "i"), since="core")
bit_converter.method("static float Int32BitsToSingle(int value)", _bits("i", "f"), since="core")


# --- text ------------------------------------------------------------------------------------------------------------


def _text(data: Any) -> str:
    if data is None:
        raise ArgumentNullException("value")
    check_size(3 * len(data))
    return bytes(data).hex("-").upper()


def _text_of(data: Any, start: int, length: int) -> str:
    if data is None:
        raise ArgumentNullException("value")
    if start < 0 or (start >= len(data) and start > 0):
        raise ArgumentOutOfRangeException("startIndex", _RANGE)
    if length < 0:
        raise ArgumentOutOfRangeException("length", "Value must be positive.")
    if start > len(data) - length:
        raise ArgumentException(_SHORT, "value")
    return _text(data[start : start + length])


def _text_from(data: Any, start: int) -> str:
    if data is None:
        raise ArgumentNullException("value")
    return _text_of(data, start, max(len(data) - start, 0))


bit_converter.method("static string ToString(byte[] value)", _text)
bit_converter.method("static string ToString(byte[] value, int startIndex)", _text_from)
bit_converter.method("static string ToString(byte[] value, int startIndex, int length)", _text_of)
