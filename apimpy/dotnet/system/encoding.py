"""System.Text.Encoding and its classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import TypeDecl, bare, clr_type, reads_bare
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    NotSupportedException,
)
from apimpy.dotnet.system.exception_ import DecoderFallbackException, EncoderFallbackException
from apimpy.dotnet.system.integers import byte
from apimpy.dotnet.system.string_ import char_array
from apimpy.dotnet.values import Array, check_size, from_text, to_text, well_formed
from apimpy.pattern import pattern
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Encoding", "encoding", "get_encoding"]

_BYTE = byte.of()
_BEYOND_ASCII = pattern(b"([\x80-\xff]+)")


class Encoding(Record, frozen=True, eq=True):
    """An encoding: .NET's names for it, Python's codec, and what to do with what it cannot express."""

    web_name: str
    code_page: int
    display_name: str
    codec: str
    class_name: str
    preamble: bytes = b""
    strict: bool = False
    most_bytes: tuple[int, int] = (1, 0)
    """GetMaxByteCount: factor and summand of the number of chars."""
    emit_preamble: bool = True

    @property
    def clr_type(self) -> Any:
        return _CLASSES[self.class_name].of()

    def clr_to_string(self) -> str:
        return f"System.Text.{self.class_name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Encoding) and (
            (other.code_page, other.strict, other.emit_preamble) == (self.code_page, self.strict, self.emit_preamble)
        )

    def __hash__(self) -> int:
        return hash(self.code_page)

    def encode(self, text: str) -> bytes:
        if text.isascii() and self.most_bytes[0] != 2 and self.codec in ("utf-8", "ascii", "latin-1"):
            return text.encode("ascii")
        if self.strict:
            try:
                return to_text(text).encode(self.codec)
            except UnicodeEncodeError as e:
                raise EncoderFallbackException(
                    f"Unable to translate Unicode character \\\\u{ord(e.object[e.start]):04X} at index {e.start} "
                    "to specified code page."
                ) from e
        if self.codec == "ascii":
            return text.encode("ascii", "replace")  # each half of a pair becomes a question mark
        if self.codec == "latin-1":
            return "".join(_best_fit(c) for c in text).encode("latin-1")
        if self.codec == "utf-7":
            return to_text(text).encode("utf-7")  # halves of pairs are units like others
        return well_formed(text).encode(self.codec)

    def decode(self, data: bytes) -> str:
        check_size(len(data))
        if self.strict:
            try:
                return from_text(data.decode(self.codec))
            except UnicodeDecodeError as e:
                raise DecoderFallbackException(
                    f"Unable to translate bytes [{data[e.start]:02X}] at index {e.start} from specified code page "
                    "to Unicode."
                ) from e
        if self.codec == "ascii":
            return data.decode("ascii", "replace").replace("\ufffd", "?")
        if self.codec == "utf-7":  # bytes that are not ASCII stand for themselves
            parts = _BEYOND_ASCII.split(data)
            return "".join(
                [from_text(p.decode("utf-7", "replace")) if p.isascii() else p.decode("latin-1") for p in parts]
            )
        return from_text(data.decode(self.codec, "replace"))


def _best_fit(c: str) -> str:
    """Latin-1's replacement of what it lacks: a look-alike letter, else a question mark."""
    import unicodedata

    if c <= "\xff":
        return c
    if "\uff01" <= c <= "\uff5e":
        return chr(ord(c) - 0xFEE0)
    if "\u0100" <= c <= "\u017f":
        base = unicodedata.normalize("NFD", c)[0]
        return base if base <= "\x7f" else "?"
    return "?"


_UTF8 = Encoding("utf-8", 65001, "Unicode (UTF-8)", "utf-8", "UTF8Encoding", b"\xef\xbb\xbf", most_bytes=(3, 3))
_UTF8_NO_MARK = Encoding(
    "utf-8", 65001, "Unicode (UTF-8)", "utf-8", "UTF8Encoding", b"\xef\xbb\xbf", most_bytes=(3, 3), emit_preamble=False
)
_ASCII = Encoding("us-ascii", 20127, "US-ASCII", "ascii", "ASCIIEncoding", most_bytes=(1, 1))
_LATIN1 = Encoding("iso-8859-1", 28591, "Western European (ISO)", "latin-1", "Latin1Encoding", most_bytes=(1, 1))
_UTF16 = Encoding("utf-16", 1200, "Unicode", "utf-16-le", "UnicodeEncoding", b"\xff\xfe", most_bytes=(2, 2))
_UTF16_BE = Encoding(
    "utf-16BE", 1201, "Unicode (Big-Endian)", "utf-16-be", "UnicodeEncoding", b"\xfe\xff", most_bytes=(2, 2)
)
_UTF32 = Encoding("utf-32", 12000, "Unicode (UTF-32)", "utf-32-le", "UTF32Encoding", b"\xff\xfe\0\0", most_bytes=(4, 4))
_UTF32_BE = Encoding(
    "utf-32BE", 12001, "Unicode (UTF-32 Big-Endian)", "utf-32-be", "UTF32Encoding", b"\0\0\xfe\xff", most_bytes=(4, 4)
)
_UTF7 = Encoding("utf-7", 65000, "Unicode (UTF-7)", "utf-7", "UTF7Encoding", most_bytes=(3, 2))

_ALL = (_UTF8, _ASCII, _LATIN1, _UTF16, _UTF16_BE, _UTF32, _UTF32_BE, _UTF7)
_BY_PAGE = {e.code_page: e for e in _ALL}
_ALIASES: dict[str, Encoding] = {e.web_name.lower(): e for e in _ALL} | {
    "ascii": _ASCII,
    "iso646-us": _ASCII,
    "ansi_x3.4-1968": _ASCII,
    "us": _ASCII,
    "cp367": _ASCII,
    "ibm367": _ASCII,
    "csascii": _ASCII,
    "iso_8859-1": _LATIN1,
    "iso8859-1": _LATIN1,
    "latin1": _LATIN1,
    "l1": _LATIN1,
    "ibm819": _LATIN1,
    "cp819": _LATIN1,
    "csisolatin1": _LATIN1,
    "iso-ir-100": _LATIN1,
    "utf-16le": _UTF16,
    "unicode": _UTF16,
    "ucs-2": _UTF16,
    "iso-10646-ucs-2": _UTF16,
    "unicodefffe": _UTF16_BE,
    "utf-32le": _UTF32,
    "unicode-1-1-utf-8": _UTF8,
    "unicode-2-0-utf-8": _UTF8,
    "x-unicode-1-1-utf-8": _UTF8,
    "x-unicode-2-0-utf-8": _UTF8,
    "csunicode11utf7": _UTF7,
    "unicode-1-1-utf-7": _UTF7,
    "unicode-2-0-utf-7": _UTF7,
}
_REGISTER = (
    "For information on defining a custom encoding, see the documentation for the Encoding.RegisterProvider method."
)


def get_encoding(name: str | None) -> Encoding:
    if name is None:
        raise ArgumentNullException("name")
    found = _ALIASES.get(name.lower())
    if found is None:
        raise ArgumentException(f"'{name}' is not a supported encoding name. {_REGISTER}", "name")
    return found


def _get_by_page(page: int) -> Encoding:
    if page == 0:
        return _UTF8
    if not 0 <= page <= 65535:
        raise ArgumentOutOfRangeException("codepage", "Valid values are between 0 and 65535, inclusive.")
    found = _BY_PAGE.get(page)
    if found is None:
        raise NotSupportedException(f"No data is available for encoding {page}. {_REGISTER}")
    return found


# --- the class and its static members --------------------------------------------------------------------------------

encoding = clr_type("System.Text.Encoding", bases="object, ICloneable", python=Encoding)


def _always(value: Encoding) -> Callable[[], Encoding]:
    return lambda: value


for _name, _value in {
    "UTF8": _UTF8,
    "ASCII": _ASCII,
    "Unicode": _UTF16,
    "BigEndianUnicode": _UTF16_BE,
    "UTF32": _UTF32,
    "UTF7": _UTF7,
    "Default": _UTF8_NO_MARK,
}.items():
    encoding.prop(f"static Encoding {_name}", _always(_value))
encoding.prop("static Encoding Latin1", _always(_LATIN1), since="core")
encoding.method("static Encoding GetEncoding(string name)", get_encoding)
encoding.method("static Encoding GetEncoding(int codepage)", _get_by_page)


def _bytes(data: Any, name: str = "bytes") -> bytes:
    if data is None:
        raise ArgumentNullException(name, "Array cannot be null.")
    return bytes(data)


def _part(data: Any, index: int, count: int, name: str) -> Any:
    if data is None:
        raise ArgumentNullException(name, "Array cannot be null.")
    if index < 0 or count < 0:
        raise ArgumentOutOfRangeException("index" if index < 0 else "count", "Non-negative number required.")
    if index + count > len(data):
        raise ArgumentOutOfRangeException(name, "Index and count must refer to a location within the buffer.")
    return data[index : index + count]


def _text(value: str | None, name: str = "s") -> str:
    if value is None:
        raise ArgumentNullException(name)
    return value


def _chars(value: Any) -> str:
    if value is None:
        raise ArgumentNullException("chars", "Array cannot be null.")
    return "".join(value)


def _convert(source: Encoding | None, target: Encoding | None, data: Any) -> Array:
    if source is None or target is None:
        raise ArgumentNullException("srcEncoding" if source is None else "dstEncoding", "Array cannot be null.")
    return Array(_BYTE, target.encode(source.decode(_bytes(data))))


encoding.method("static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes)", _convert)
encoding.method(
    "static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes, int index, int count)",
    lambda source, target, data, index, count: _convert(source, target, _part(data, index, count, "bytes")),
)


# --- encoding and decoding -------------------------------------------------------------------------------------------


def _encoded(self: Encoding, s: str | None) -> bytes:
    if s is None:
        raise ArgumentNullException("s", "String reference not set to an instance of a String.")
    return self.encode(s)


@encoding.method("byte[] GetBytes(string s)")
@bare(_encoded)
def _get_bytes(self: Encoding, s: str | None) -> Array:
    return Array(_BYTE, _encoded(self, s))


@encoding.method("string GetString(byte[] bytes)")
@reads_bare
def _get_string(self: Encoding, data: Any) -> str:
    return self.decode(_bytes(data))


def _into(target: Any, at: int, values: Any, name: str, encoding_name: str) -> int:
    """Write into an array, as the overloads that fill a buffer do."""
    if target is None:
        raise ArgumentNullException(name, "Array cannot be null.")
    if at < 0 or at > len(target):
        raise ArgumentOutOfRangeException(
            f"{name[:-1]}Index",
            "Index was out of range. Must be non-negative and less than the size of the collection.",
        )
    if at + len(values) > len(target):
        fallback = "EncoderReplacementFallback" if name == "bytes" else "DecoderReplacementFallback"
        raise ArgumentException(
            f"The output {name[:-1]} buffer is too small to contain the {'en' if name == 'bytes' else 'de'}coded "
            f"{'data' if name == 'bytes' else 'characters'}, encoding '{encoding_name}' fallback "
            f"'System.Text.{fallback}'.",
            name,
        )
    target[at : at + len(values)] = values
    return len(values)


def _encode_part(self: Encoding, value: Any, index: int, count: int, name: str) -> bytes:
    return self.encode("".join(_part(value, index, count, name)))


encoding.method(
    "byte[] GetBytes(string s, int index, int count)",
    lambda self, s, index, count: Array(_BYTE, _encode_part(self, _text(s), index, count, "s")),
    since="core",
)
encoding.method("byte[] GetBytes(char[] chars)", lambda self, chars: Array(_BYTE, self.encode(_chars(chars))))
encoding.method(
    "byte[] GetBytes(char[] chars, int index, int count)",
    lambda self, chars, index, count: Array(_BYTE, _encode_part(self, chars, index, count, "chars")),
)
for _kind, _source in (("char[]", "chars"), ("string", "s")):
    encoding.method(
        f"int GetBytes({_kind} {_source}, int charIndex, int charCount, byte[] bytes, int byteIndex)",
        lambda self, value, index, count, target, at, source=_source: _into(
            target, at, _encode_part(self, value, index, count, source), "bytes", self.display_name
        ),
    )


@encoding.method("string GetString(byte[] bytes, int index, int count)")
def _get_string_part(self: Encoding, data: Any, index: int, count: int) -> str:
    if self.codec == "ascii" and data is not None and (index < 0 or count < 0):
        raise ArgumentOutOfRangeException("byteIndex" if index < 0 else "byteCount", "Non-negative number required.")
    return self.decode(bytes(_part(data, index, count, "bytes")))


encoding.method("char[] GetChars(byte[] bytes)", lambda self, data: char_array(self.decode(_bytes(data))))
encoding.method(
    "char[] GetChars(byte[] bytes, int index, int count)",
    lambda self, data, index, count: char_array(self.decode(bytes(_part(data, index, count, "bytes")))),
)
encoding.method(
    "int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)",
    lambda self, data, index, count, target, at: _into(
        target, at, self.decode(bytes(_part(data, index, count, "bytes"))), "chars", self.display_name
    ),
)
encoding.method("int GetByteCount(string s)", lambda self, s: len(self.encode(_text(s, "chars"))))
encoding.method(
    "int GetByteCount(string s, int index, int count)",
    lambda self, s, index, count: len(_encode_part(self, _text(s), index, count, "s")),
    since="core",
)
encoding.method("int GetByteCount(char[] chars)", lambda self, chars: len(self.encode(_chars(chars))))
encoding.method(
    "int GetByteCount(char[] chars, int index, int count)",
    lambda self, chars, index, count: len(_encode_part(self, chars, index, count, "chars")),
)
encoding.method("int GetCharCount(byte[] bytes)", lambda self, data: len(self.decode(_bytes(data))))
encoding.method(
    "int GetCharCount(byte[] bytes, int index, int count)",
    lambda self, data, index, count: len(self.decode(bytes(_part(data, index, count, "bytes")))),
)


# --- facts -----------------------------------------------------------------------------------------------------------


def _most_chars(self: Encoding, count: int) -> int:
    if count < 0:
        raise ArgumentOutOfRangeException("byteCount", "Non-negative number required.")
    if self.codec.startswith("utf-16"):
        return (count >> 1) + (count & 1) + 1
    if self.codec.startswith("utf-32"):
        return count // 2 + 2
    return count + (1 if self.codec == "utf-8" else 0)


def _most_bytes(self: Encoding, count: int) -> int:
    if count < 0:
        raise ArgumentOutOfRangeException("charCount", "Non-negative number required.")
    factor, summand = self.most_bytes
    return factor * count + summand


encoding.method("int GetMaxByteCount(int charCount)", _most_bytes)
encoding.method("int GetMaxCharCount(int byteCount)", _most_chars)
encoding.method("byte[] GetPreamble()", lambda self: Array(_BYTE, self.preamble if self.emit_preamble else b""))
encoding.method("object Clone()", lambda self: self)
encoding.prop("string WebName", attr="web_name")
encoding.prop("string BodyName", attr="web_name")
encoding.prop("string HeaderName", attr="web_name")
encoding.prop("string EncodingName", attr="display_name")
encoding.prop("int CodePage", attr="code_page")
encoding.prop("int WindowsCodePage", lambda self: 1200 if self.code_page not in (20127, 28591) else 1252)
encoding.prop("bool IsSingleByte", lambda self: self.codec in ("ascii", "latin-1"))
encoding.prop("bool IsReadOnly", lambda _self: True)
encoding.prop("bool IsBrowserDisplay", lambda self: self.code_page in (65001, 28591))
encoding.prop("bool IsBrowserSave", lambda self: self.code_page in (65001, 28591, 1200))
encoding.prop("bool IsMailNewsDisplay", lambda self: self.code_page in (65001, 28591, 20127, 65000))
encoding.prop("bool IsMailNewsSave", lambda self: self.code_page in (65001, 28591, 20127, 65000))
encoding.method("bool IsAlwaysNormalized()", lambda self: self.code_page == 28591)


# --- the classes -----------------------------------------------------------------------------------------------------


def _class(name: str) -> TypeDecl:
    return clr_type(f"System.Text.{name}", bases="Encoding", allowed="")


def _variant(base: Encoding, preamble: bool, strict: bool) -> Encoding:
    return Encoding(
        base.web_name,
        base.code_page,
        base.display_name,
        base.codec,
        base.class_name,
        base.preamble,
        strict,
        base.most_bytes,
        preamble,
    )


utf8_encoding = _class("UTF8Encoding")
utf8_encoding.ctor("UTF8Encoding()", lambda: _variant(_UTF8, False, False))
utf8_encoding.ctor("UTF8Encoding(bool encoderShouldEmitUTF8Identifier)", lambda mark: _variant(_UTF8, mark, False))
utf8_encoding.ctor(
    "UTF8Encoding(bool encoderShouldEmitUTF8Identifier, bool throwOnInvalidBytes)",
    lambda mark, strict: _variant(_UTF8, mark, strict),
)
unicode_encoding = _class("UnicodeEncoding")
unicode_encoding.ctor("UnicodeEncoding()", _always(_UTF16))
unicode_encoding.ctor(
    "UnicodeEncoding(bool bigEndian, bool byteOrderMark)",
    lambda big, mark: _variant(_UTF16_BE if big else _UTF16, mark, False),
)
unicode_encoding.ctor(
    "UnicodeEncoding(bool bigEndian, bool byteOrderMark, bool throwOnInvalidBytes)",
    lambda big, mark, strict: _variant(_UTF16_BE if big else _UTF16, mark, strict),
)
ascii_encoding = _class("ASCIIEncoding")
ascii_encoding.ctor("ASCIIEncoding()", _always(_ASCII))
utf32_encoding = _class("UTF32Encoding")
utf32_encoding.ctor("UTF32Encoding()", _always(_UTF32))
utf7_encoding = _class("UTF7Encoding")
utf7_encoding.ctor("UTF7Encoding()", _always(_UTF7))
latin1_encoding = _class("Latin1Encoding")

_CLASSES = {
    t.name: t for t in (utf8_encoding, unicode_encoding, ascii_encoding, utf32_encoding, utf7_encoding, latin1_encoding)
}
