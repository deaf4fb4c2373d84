"""System.String: construction, indexing, cutting, padding, case.  Searching, comparing and composing are beside it.

`string_search`, `string_compare` and `string_compose` add their members to the declaration made here.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    IndexOutOfRangeException,
)
from apimpy.dotnet.system.casing import WHITE, lower, upper
from apimpy.dotnet.system.char_ import char
from apimpy.dotnet.system.object_ import type_code
from apimpy.dotnet.values import Array, EnumValue, check_size, from_text, to_text

__all__ = ["INDEX", "char_array", "string_"]

string_ = clr_type(
    "System.String",
    alias="string",
    python=str,
    bases="object, IComparable, IComparable<string>, IEquatable<string>, IConvertible, ICloneable, "
    "System.Collections.Generic.IEnumerable<char>",
)

INDEX = "Index was out of range. Must be non-negative and less than the size of the collection."
_CHAR = char.of()


def char_array(units: str) -> Array:
    return Array(_CHAR, units)


# --- construction and indexing ---------------------------------------------------------------------------------------


def _from_chars(value: Any) -> str:
    return "" if value is None else "".join(value)


def _from_slice(value: Any, start: int, length: int) -> str:
    if value is None:
        raise ArgumentNullException("value")
    if start < 0:
        raise ArgumentOutOfRangeException("startIndex", "StartIndex cannot be less than zero.")
    if length < 0:
        raise ArgumentOutOfRangeException("length", "Length cannot be less than zero.")
    if start + length > len(value):
        raise ArgumentOutOfRangeException("startIndex", INDEX)
    return "".join(value[start : start + length])


def _repeat(c: str, count: int) -> str:
    if count < 0:
        raise ArgumentOutOfRangeException("count", "Count cannot be less than zero.")
    check_size(count)
    return c * count


def _char_at(self: str, index: int) -> str:
    if 0 <= index < len(self):
        return self[index]
    raise IndexOutOfRangeException


string_.ctor("String(char[]? value)", _from_chars)
string_.ctor("String(char[] value, int startIndex, int length)", _from_slice)
string_.ctor("String(char c, int count)", _repeat)
string_.const("string Empty", "")
string_.prop("int Length", len)
string_.indexer("char this[int index]", _char_at)


# --- cutting ---------------------------------------------------------------------------------------------------------


@string_.method("string Substring(int startIndex)")
def _substring(self: str, start: int) -> str:
    if 0 <= start <= len(self):
        return self[start:]
    raise _bad_start(start)


def _bad_start(start: int) -> ArgumentOutOfRangeException:
    if start < 0:
        return ArgumentOutOfRangeException("startIndex", "StartIndex cannot be less than zero.")
    return ArgumentOutOfRangeException("startIndex", "startIndex cannot be larger than length of string.")


@string_.method("string Substring(int startIndex, int length)")
def _substring_of(self: str, start: int, length: int) -> str:
    end = start + length
    if start >= 0 and length >= 0 and end <= len(self):
        return self[start:end]
    if not 0 <= start <= len(self):
        raise _bad_start(start)
    if length < 0:
        raise ArgumentOutOfRangeException("length", "Length cannot be less than zero.")
    raise ArgumentOutOfRangeException("length", "Index and length must refer to a location within the string.")


@string_.method("string Remove(int startIndex)")
def _remove(self: str, start: int) -> str:
    if start < 0:
        raise _bad_start(start)
    if start >= len(self):
        raise ArgumentOutOfRangeException("startIndex", "startIndex must be less than length of string.")
    return self[:start]


@string_.method("string Remove(int startIndex, int count)")
def _remove_of(self: str, start: int, count: int) -> str:
    if start < 0:
        raise _bad_start(start)
    if count < 0:
        raise ArgumentOutOfRangeException("count", "Count cannot be less than zero.")
    if start + count > len(self):
        raise ArgumentOutOfRangeException("count", "Index and count must refer to a location within the string.")
    return self[:start] + self[start + count :]


@string_.method("string Insert(int startIndex, string value)")
def _insert(self: str, start: int, value: str | None) -> str:
    if value is None:
        raise ArgumentNullException("value")
    if not 0 <= start <= len(self):
        raise ArgumentOutOfRangeException("startIndex")
    check_size(len(self) + len(value))
    return self[:start] + value + self[start:]


@string_.method("char[] ToCharArray()")
def _to_char_array(self: str) -> Array:
    return Array(_CHAR, self)


@string_.method("char[] ToCharArray(int startIndex, int length)")
def _to_char_array_of(self: str, start: int, length: int) -> Array:
    if start < 0 or start > len(self) or start + length > len(self):
        raise ArgumentOutOfRangeException("startIndex", INDEX)
    if length < 0:
        raise ArgumentOutOfRangeException("length", INDEX)
    return Array(_CHAR, self[start : start + length])


@string_.method("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)")
def _copy_to(self: str, start: int, destination: Any, at: int, count: int) -> None:
    if destination is None:
        raise ArgumentNullException("destination")
    if count < 0:
        raise ArgumentOutOfRangeException("count", "Count cannot be less than zero.")
    if start < 0:
        raise ArgumentOutOfRangeException("sourceIndex", INDEX)
    if start + count > len(self):
        raise ArgumentOutOfRangeException("sourceIndex", "Index and count must refer to a location within the string.")
    if at < 0 or at + count > len(destination):
        raise ArgumentOutOfRangeException(
            "destinationIndex", "Index and count must refer to a location within the string."
        )
    destination[at : at + count] = self[start : start + count]


# --- trimming and padding --------------------------------------------------------------------------------------------


string_.method("string Trim()", lambda self: self.strip(WHITE))
string_.method("string TrimStart()", lambda self: self.lstrip(WHITE))
string_.method("string TrimEnd()", lambda self: self.rstrip(WHITE))
string_.method("string Trim(params char[]? trimChars)", lambda self, chars: self.strip("".join(chars or WHITE)))
string_.method("string TrimStart(params char[]? trimChars)", lambda self, chars: self.lstrip("".join(chars or WHITE)))
string_.method("string TrimEnd(params char[]? trimChars)", lambda self, chars: self.rstrip("".join(chars or WHITE)))


def _width(width: int) -> int:
    if width < 0:
        raise ArgumentOutOfRangeException("totalWidth", "Non-negative number required.")
    check_size(width)
    return width


string_.method("string PadLeft(int totalWidth)", lambda self, width: self.rjust(_width(width)))
string_.method("string PadLeft(int totalWidth, char paddingChar)", lambda self, width, c: self.rjust(_width(width), c))
string_.method("string PadRight(int totalWidth)", lambda self, width: self.ljust(_width(width)))
string_.method("string PadRight(int totalWidth, char paddingChar)", lambda self, width, c: self.ljust(_width(width), c))


# --- case and form ---------------------------------------------------------------------------------------------------

string_.method("string ToUpper()", upper)
string_.method("string ToUpper(CultureInfo culture)", lambda self, _culture: upper(self))
string_.method("string ToUpperInvariant()", upper)
string_.method("string ToLower()", lower)
string_.method("string ToLower(CultureInfo culture)", lambda self, _culture: lower(self))
string_.method("string ToLowerInvariant()", lower)

normalization_form = enum_type(
    "System.Text.NormalizationForm", {"FormC": 1, "FormD": 2, "FormKC": 5, "FormKD": 6}, allowed=""
)
_FORMS: dict[int, Any] = {1: "NFC", 2: "NFD", 5: "NFKC", 6: "NFKD"}


def _normalize_to(self: str, form: EnumValue) -> str:
    name = _FORMS.get(form.value)
    if name is None:
        raise ArgumentException("Invalid or unsupported normalization form.", "normalizationForm")
    return self if self.isascii() else from_text(unicodedata.normalize(name, to_text(self)))


def _normalize(self: str) -> str:
    return self if self.isascii() else from_text(unicodedata.normalize("NFC", to_text(self)))


string_.method("string Normalize()", _normalize)
string_.method("string Normalize(NormalizationForm normalizationForm)", _normalize_to)
string_.method("bool IsNormalized()", lambda self: _normalize(self) == self)
string_.method(
    "bool IsNormalized(NormalizationForm normalizationForm)", lambda self, form: _normalize_to(self, form) == self
)


# --- the object itself -----------------------------------------------------------------------------------------------


def _itself(self: str) -> str:
    return self


def _characters(self: str) -> Any:
    from apimpy.dotnet.collections_.enumerator import enumerator
    from apimpy.dotnet.typecheck import element_type

    return enumerator(self, element_type(self))


def _copy(value: str | None) -> str:
    if value is None:
        raise ArgumentNullException("str")
    return value


def _is_null_or_white(value: str | None) -> bool:
    return not value or not value.strip(WHITE)


def _is_null_or_empty(value: str | None) -> bool:
    return not value


string_.method("static bool IsNullOrEmpty(string? value)", _is_null_or_empty)
string_.method("static bool IsNullOrWhiteSpace(string? value)", _is_null_or_white)
string_.method("string ToString()", _itself)
string_.method("string ToString(IFormatProvider? provider)", lambda self, _provider: self)
string_.method("object Clone()", _itself)
string_.method("IEnumerator<char> GetEnumerator()", _characters)
string_.method("static string Copy(string str)", _copy)
string_.method("static string Intern(string str)", _copy)
string_.method("static string? IsInterned(string str)", _copy)
string_.method("TypeCode GetTypeCode()", lambda _self: type_code.enum_members["String"])
