"""System.Convert's encodings: numbers in base 2, 8, 10 and 16, Base64 and hexadecimal."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from typing import Any

from apimpy.dotnet.decl import bare, enum_type, reads_bare
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    FormatException,
    OverflowException,
)
from apimpy.dotnet.system.arithmetic import overflow_message
from apimpy.dotnet.system.convert import convert
from apimpy.dotnet.system.integers import byte
from apimpy.dotnet.values import Array, EnumValue

__all__ = ["from_base64", "to_base64"]

base64_formatting_options = enum_type("System.Base64FormattingOptions", ("None", "InsertLineBreaks"), allowed="")

_BYTE = byte.of()
_BAD_BASE64 = (
    "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, "
    "or an illegal character among the padding characters."
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BLANKS = str.maketrans("", "", " \t\r\n")
_FORMATS = {2: "b", 8: "o", 16: "x"}
_DIGITS = {2: "01", 8: "01234567", 10: "0123456789", 16: "0123456789abcdefABCDEF"}


# --- numbers in a base -----------------------------------------------------------------------------------------------


def _parse(text: str | None, base: int, bits: int, signed: bool) -> int:
    """`Convert.ToInt32("ff", 16)` and its kin: in other bases than 10 the digits are a bit pattern."""
    if base not in _DIGITS:
        raise ArgumentException("Invalid Base.")
    if text is None:
        return 0
    if not text:
        raise ArgumentOutOfRangeException(
            "Index was out of range. Must be non-negative and less than the size of the collection."
        )
    i, negative = 0, False
    if text[0] == "-":
        if base != 10:
            raise ArgumentException("String cannot contain a minus sign if the base is not 10.")
        if not signed:
            raise OverflowException(
                "The string was being parsed as an unsigned number and could not have a negative sign."
            )
        negative, i = True, 1
    elif text[0] == "+":
        i = 1
    if base == 16 and text[i : i + 2] in ("0x", "0X"):
        i += 2
    end = i
    while end < len(text) and text[end] in _DIGITS[base]:
        end += 1
    if end == i:
        raise FormatException("Could not find any recognizable digits.")
    digits = text[i:end].lstrip("0") or "0"
    width = 64 if bits == 64 else 32
    value = int(digits[:100], base)
    if value >> width or len(digits) > 100:
        raise OverflowException(overflow_message(width, base == 10 and signed))
    if end < len(text):
        raise FormatException("Additional non-parsable characters are at the end of the string.")
    value = -value if negative else value
    if base != 10 and signed and not value >> bits:
        return value - (1 << bits) if value >> (bits - 1) else value
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if not low <= value <= high:
        raise OverflowException(overflow_message(bits, signed))
    return value


def _text(value: int, base: int, bits: int) -> str:
    if base == 10:
        return str(value)
    if base not in _FORMATS:
        raise ArgumentException("Invalid Base.")
    return format(value & ((1 << bits) - 1), _FORMATS[base])


def _parser(bits: int, signed: bool) -> Any:
    return lambda value, base: _parse(value, base, bits, signed)


def _writer(bits: int) -> Any:
    return lambda value, base: _text(value, base, bits)


for _name, _alias, _bits, _signed in (
    ("SByte", "sbyte", 8, True),
    ("Byte", "byte", 8, False),
    ("Int16", "short", 16, True),
    ("UInt16", "ushort", 16, False),
    ("Int32", "int", 32, True),
    ("UInt32", "uint", 32, False),
    ("Int64", "long", 64, True),
    ("UInt64", "ulong", 64, False),
):
    convert.method(f"static {_alias} To{_name}(string? value, int fromBase)", _parser(_bits, _signed))
for _alias, _bits in (("byte", 8), ("short", 16), ("int", 32), ("long", 64)):
    convert.method(f"static string ToString({_alias} value, int toBase)", _writer(_bits))


# --- Base64 ----------------------------------------------------------------------------------------------------------


@reads_bare
def to_base64(data: Any) -> str:
    if data is None:
        raise ArgumentNullException("inArray")
    return b2a_base64(bytes(data), newline=False).decode("ascii")


def _decoded(text: str | None) -> bytes:
    if text is None:
        raise ArgumentNullException("s")
    packed = text.translate(_BLANKS)
    if not _BASE64.fullmatch(packed):
        raise FormatException(_BAD_BASE64)
    return a2b_base64(packed)


@bare(_decoded)
def from_base64(text: str | None) -> Array:
    """White space is ignored; the padding is required."""
    return Array(_BYTE, _decoded(text))


def _broken_lines(data: Any, options: EnumValue) -> str:
    text = to_base64(data)
    if options.value not in (0, 1):
        raise ArgumentException(f"Illegal enum value: {options.value}.", "options")
    return "\r\n".join(text[i : i + 76] for i in range(0, len(text), 76)) if options.value else text


def _slice(data: Any, offset: int, length: int, name: str = "inArray") -> Any:
    if data is None:
        raise ArgumentNullException(name)
    if length < 0:
        raise ArgumentOutOfRangeException(
            "length", "Index was out of range. Must be non-negative and less than the size of the collection."
        )
    if offset < 0:
        raise ArgumentOutOfRangeException("offset", "Value must be positive.")
    if offset > len(data) - length:
        raise ArgumentOutOfRangeException("offset", "Offset and length must refer to a position in the string.")
    return data[offset : offset + length]


convert.method("static string ToBase64String(byte[] inArray)", to_base64)
convert.method("static string ToBase64String(byte[] inArray, Base64FormattingOptions options)", _broken_lines)
convert.method(
    "static string ToBase64String(byte[] inArray, int offset, int length)",
    lambda data, offset, length: to_base64(_slice(data, offset, length)),
)
convert.method(
    "static string ToBase64String(byte[] inArray, int offset, int length, Base64FormattingOptions options)",
    lambda data, offset, length, options: _broken_lines(_slice(data, offset, length), options),
)
convert.method("static byte[] FromBase64String(string s)", from_base64)
convert.method(
    "static byte[] FromBase64CharArray(char[] inArray, int offset, int length)",
    lambda chars, offset, length: from_base64("".join(_slice(chars, offset, length))),
)


@convert.method(
    "static int ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut)"
)
def _to_base64_chars(data: Any, offset: int, length: int, out: Any, at: int) -> int:
    text = to_base64(_slice(data, offset, length))
    if out is None:
        raise ArgumentNullException("outArray")
    if at < 0 or at + len(text) > len(out):
        raise ArgumentOutOfRangeException(
            "offsetOut",
            "Either offset did not refer to a position in the string, or there is an insufficient length "
            "of destination character array.",
        )
    out[at : at + len(text)] = text
    return len(text)


# --- hexadecimal -----------------------------------------------------------------------------------------------------


def _from_hex(text: str | None) -> Array:
    if text is None:
        raise ArgumentNullException("s")
    if len(text) % 2:
        raise FormatException("The input is not a valid hex string as its length is not a multiple of 2.")
    if not all(c in _DIGITS[16] for c in text):
        raise FormatException("The input is not a valid hex string as it contains a non-hex character.")
    return Array(_BYTE, bytes.fromhex(text))


convert.method("static string ToHexString(byte[] inArray)", lambda data: bytes(data).hex().upper(), since="core")
convert.method("static string ToHexStringLower(byte[] inArray)", lambda data: bytes(data).hex(), since="core")
convert.method("static byte[] FromHexString(string s)", _from_hex, since="core")
