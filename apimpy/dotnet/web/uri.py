"""System.Uri as C# sees it; what a URI is and how it is parsed is in `uri_parse`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet.decl import clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    ClrError,
    InvalidOperationException,
    UriFormatException,
)
from apimpy.dotnet.web import escaping
from apimpy.dotnet.web.octets import string_array
from apimpy.dotnet.web.uri_parse import DEFAULT_PORTS, Uri, host_type, is_scheme, parse, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.dotnet.values import Array, EnumValue

__all__ = ["Uri", "from_text", "uri"]

uri_kind = enum_type("System.UriKind", ("RelativeOrAbsolute", "Absolute", "Relative"), allowed="")
uri_partial = enum_type("System.UriPartial", ("Scheme", "Authority", "Path", "Query"))
uri_format = enum_type("System.UriFormat", {"UriEscaped": 1, "Unescaped": 2, "SafeUnescaped": 3}, allowed="")
host_name_type = enum_type("System.UriHostNameType", ("Unknown", "Basic", "Dns", "IPv4", "IPv6"), allowed="")

SCHEME, USER_INFO, HOST, PORT, PATH, QUERY, FRAGMENT, STRONG_PORT = (1 << i for i in range(8))
NORMALIZED_HOST, KEEP_DELIMITER, SERIALIZATION = 0x100, 0x40000000, -(1 << 31)
uri_components = enum_type(
    "System.UriComponents",
    {
        "Scheme": SCHEME,
        "UserInfo": USER_INFO,
        "Host": HOST,
        "Port": PORT,
        "Path": PATH,
        "Query": QUERY,
        "Fragment": FRAGMENT,
        "StrongPort": STRONG_PORT,
        "NormalizedHost": NORMALIZED_HOST,
        "KeepDelimiter": KEEP_DELIMITER,
        "SerializationInfoString": SERIALIZATION,
        "AbsoluteUri": 0x7F,
        "HostAndPort": HOST | STRONG_PORT,
        "StrongAuthority": USER_INFO | HOST | STRONG_PORT,
        "SchemeAndServer": SCHEME | HOST | PORT,
        "HttpRequestUrl": SCHEME | HOST | PORT | PATH | QUERY,
        "PathAndQuery": PATH | QUERY,
    },
    flags=True,
    allowed="",
)

uri = clr_type("System.Uri", python=Uri)

for _name, _scheme in (
    ("Http", "http"),
    ("Https", "https"),
    ("Ftp", "ftp"),
    ("File", "file"),
    ("Mailto", "mailto"),
    ("News", "news"),
    ("Gopher", "gopher"),
    ("Nntp", "nntp"),
    ("NetTcp", "net.tcp"),
    ("NetPipe", "net.pipe"),
):
    uri.const(f"string UriScheme{_name}", _scheme)
uri.const("string SchemeDelimiter", "://")


def from_text(text: str) -> Uri:
    """An absolute URI (`new Uri(text)`)."""
    return parse(text, absolute=True)


def _absolute(self: Uri) -> Uri:
    if not self.is_absolute:
        raise InvalidOperationException("This operation is not supported for a relative URI.")
    return self


def _part(attribute: str) -> Callable[[Uri], Any]:
    def get(self: Uri) -> Any:
        return getattr(_absolute(self), attribute)

    return get


# --- construction ----------------------------------------------------------------------------------------------------


@uri.ctor("Uri(string uriString)")
def new_uri(text: str | None) -> Uri:
    if text is None:
        raise ArgumentNullException("uriString")
    return from_text(text)


@uri.ctor("Uri(string uriString, UriKind uriKind)")
def new_kind(text: str | None, kind: EnumValue) -> Uri:
    if text is None:
        raise ArgumentNullException("uriString")
    return parse(text, absolute=kind.value == 1, relative=kind.value == 2)


@uri.ctor("Uri(string uriString, bool dontEscape)")
def new_escaped(text: str | None, dont_escape: bool) -> Uri:
    """The flag has no effect: a URI is always brought into canonical form."""
    return new_uri(text)


@uri.ctor("Uri(Uri baseUri, string? relativeUri, bool dontEscape)")
def new_resolved_escaped(base: Uri | None, reference: str | None, dont_escape: bool) -> Uri:
    return new_resolved(base, reference)


@uri.ctor("Uri(Uri baseUri, string? relativeUri)")
def new_resolved(base: Uri | None, reference: str | None) -> Uri:
    if base is None:
        raise ArgumentNullException("baseUri")
    if not base.is_absolute:
        raise ArgumentOutOfRangeException("baseUri")
    return resolve(base, reference or "")


@uri.ctor("Uri(Uri baseUri, Uri relativeUri)")
def new_resolved_uri(base: Uri | None, reference: Uri | None) -> Uri:
    if reference is None:
        raise ArgumentNullException("relativeUri")
    return new_resolved(base, reference.original)


def _attempt(make: Callable[[], Uri]) -> tuple[bool, Uri | None]:
    try:
        return True, make()
    except UriFormatException:
        return False, None


@uri.method("static bool TryCreate(string? uriString, UriKind uriKind, out Uri? result)")
def try_create(text: str | None, kind: EnumValue) -> tuple[bool, Uri | None]:
    return (False, None) if text is None else _attempt(lambda: new_kind(text, kind))


@uri.method("static bool TryCreate(Uri? baseUri, string? relativeUri, out Uri? result)")
def try_create_resolved(base: Uri | None, reference: str | None) -> tuple[bool, Uri | None]:
    if base is None or not base.is_absolute or reference is None:
        return False, None
    return _attempt(lambda: resolve(base, reference))


@uri.method("static bool TryCreate(Uri? baseUri, Uri? relativeUri, out Uri? result)")
def try_create_uri(base: Uri | None, reference: Uri | None) -> tuple[bool, Uri | None]:
    return try_create_resolved(base, None if reference is None else reference.original)


# --- parts -----------------------------------------------------------------------------------------------------------

uri.prop("string OriginalString", attr="original")
uri.prop("bool IsAbsoluteUri", attr="is_absolute")
for _signature, _attribute in (
    ("string AbsoluteUri", "absolute_uri"),
    ("string Scheme", "scheme"),
    ("string UserInfo", "user_info"),
    ("string Host", "host"),
    ("int Port", "port"),
    ("string Authority", "authority"),
    ("string AbsolutePath", "path"),
    ("string Query", "query"),
    ("string Fragment", "fragment"),
    ("string LocalPath", "local_path"),
    ("bool IsDefaultPort", "default_port"),
):
    uri.prop(_signature, _part(_attribute))


@uri.prop("string PathAndQuery")
def path_and_query(self: Uri) -> str:
    return _absolute(self).path + self.query


@uri.prop("string[] Segments")
def segments(self: Uri) -> Array:
    return string_array(_absolute(self).segments)


@uri.prop("UriHostNameType HostNameType")
def host_kind(self: Uri) -> EnumValue:
    return host_name_type.enum_members[_absolute(self).host_kind]  # type: ignore[no-any-return]


@uri.prop("string DnsSafeHost")
def dns_safe_host(self: Uri) -> str:
    return _absolute(self).host.strip("[]")


@uri.prop("string IdnHost")
def idn_host(self: Uri) -> str:
    host = dns_safe_host(self)
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


@uri.prop("bool IsFile")
def is_file(self: Uri) -> bool:
    return _absolute(self).scheme == "file"


@uri.prop("bool IsUnc")
def is_unc(self: Uri) -> bool:
    return _absolute(self).scheme == "file" and bool(self.host)


@uri.prop("bool IsLoopback")
def is_loopback(self: Uri) -> bool:
    host = _absolute(self).host
    if self.host_kind == "IPv4":
        return host.startswith("127.")
    return host in ("localhost", "loopback", "[::1]") or (self.scheme == "file" and not host)


@uri.prop("bool UserEscaped")
def user_escaped(self: Uri) -> bool:
    return False


uri.method("string ToString()", Uri.clr_to_string)


@uri.method("bool Equals(object? comparand)")
def equals(self: Uri, other: Any) -> bool:
    if isinstance(other, str):  # .NET compares with a string as well
        try:
            other = parse(str.__str__(other))
        except ClrError:
            return False
    return isinstance(other, Uri) and self == other


@uri.method("int GetHashCode()")
def get_hash_code(self: Uri) -> int:
    return hash(self) & 0x7FFFFFFF


@uri.method("static bool operator ==(Uri? uri1, Uri? uri2)")
def op_equal(a: Uri | None, b: Uri | None) -> bool:
    return a == b


@uri.method("static bool operator !=(Uri? uri1, Uri? uri2)")
def op_unequal(a: Uri | None, b: Uri | None) -> bool:
    return a != b


@uri.method("string GetLeftPart(UriPartial part)")
def get_left_part(self: Uri, part: EnumValue) -> str:
    _absolute(self)
    if part.value == 0:
        return f"{self.scheme}://" if self.authority_form else f"{self.scheme}:"
    if part.value == 1:
        return self.prefix if self.authority_form and not self.dos else ""
    return self.prefix + self.path + (self.query if part.value == 3 else "")


@uri.method("string GetComponents(UriComponents components, UriFormat format)")
def get_components(self: Uri, components: EnumValue, format: EnumValue) -> str:
    wanted = components.value
    if wanted == SERIALIZATION:
        if not self.is_absolute:
            return self.original
        wanted = 0x7F
    _absolute(self)
    keep = bool(wanted & KEEP_DELIMITER)
    parts = wanted & ~KEEP_DELIMITER
    alone = parts & (parts - 1) == 0
    delimiters = keep or not alone
    text = _server(self, parts, delimiters)
    if parts & PATH:
        path = self.path
        bare = not delimiters or not (text or keep or parts & QUERY)
        text += path[1:] if bare and path.startswith("/") else path
    if parts & QUERY:
        text += self.query if delimiters else self.query[1:]
    if parts & FRAGMENT:
        text += self.fragment if delimiters else self.fragment[1:]
    if format.value == 1:
        return text
    return escaping.unescape(text) if format.value == 2 else escaping.unescape_safe(text)


def _server(self: Uri, parts: int, delimiters: bool) -> str:
    """The components up to the port."""
    text = ""
    if parts & SCHEME:
        text = self.scheme
        if delimiters:
            text += "://" if self.authority_form else ":"
    if parts & USER_INFO and self.user_info:
        text += self.user_info + ("@" if delimiters else "")
    if parts & (HOST | NORMALIZED_HOST):
        text += idn_host(self) if parts & NORMALIZED_HOST and self.host_kind == "Dns" else self.host
    if parts & STRONG_PORT or (parts & PORT and not self.default_port):
        port = DEFAULT_PORTS.get(self.scheme, -1) if self.port < 0 else self.port
        text += f":{port}" if text else str(port)
    return text


@uri.method("bool IsBaseOf(Uri uri)")
def is_base_of(self: Uri, other: Uri | None) -> bool:
    if other is None:
        raise ArgumentNullException("uri")
    if not other.is_absolute:
        return True
    if (self.scheme, self.authority) != (other.scheme, other.authority):
        return False
    return other.path.startswith(self.path[: self.path.rfind("/") + 1])


@uri.method("Uri MakeRelativeUri(Uri uri)")
def make_relative_uri(self: Uri, other: Uri | None) -> Uri:
    if other is None:
        raise ArgumentNullException("uri")
    _absolute(self)
    if not other.is_absolute or (self.scheme, self.authority) != (other.scheme, other.authority):
        return other
    return parse(_difference(self.path, other.path) + other.query + other.fragment)


def _difference(here: str, there: str) -> str:
    if here == there:
        return ""
    common = 0
    for i, (a, b) in enumerate(zip(here, there, strict=False)):
        if a != b:
            break
        if a == "/":
            common = i + 1
    up, down = "../" * here[common:].count("/"), there[common:]
    if not up and ":" in down.partition("/")[0]:
        return "./" + down
    return up + down or "./"


# --- static helpers --------------------------------------------------------------------------------------------------


@uri.method("static string EscapeDataString(string stringToEscape)")
def escape_data_string(value: str | None) -> str:
    if value is None:
        raise ArgumentNullException("stringToEscape")
    return escaping.escape_data(value)


@uri.method("static string EscapeUriString(string stringToEscape)")
def escape_uri_string(value: str | None) -> str:
    if value is None:
        raise ArgumentNullException("stringToEscape")
    return escaping.escape_uri(value)


@uri.method("static string UnescapeDataString(string stringToUnescape)")
def unescape_data_string(value: str | None) -> str:
    if value is None:
        raise ArgumentNullException("stringToUnescape")
    return escaping.unescape(value)


@uri.method("static bool IsWellFormedUriString(string? uriString, UriKind uriKind)")
def is_well_formed_uri_string(text: str | None, kind: EnumValue) -> bool:
    found = try_create(text, kind)[1]
    return found is not None and found.well_formed


@uri.method("bool IsWellFormedOriginalString()")
def is_well_formed_original_string(self: Uri) -> bool:
    return self.well_formed


@uri.method("static UriHostNameType CheckHostName(string? name)")
def check_host_name(name: str | None) -> EnumValue:
    return host_name_type.enum_members[host_type(name or "")]  # type: ignore[no-any-return]


@uri.method("static bool CheckSchemeName(string? schemeName)")
def check_scheme_name(name: str | None) -> bool:
    return name is not None and is_scheme(name)


@uri.method("static char HexUnescape(string pattern, ref int index)")
def hex_unescape(text: str | None, index: int) -> tuple[str, int]:
    if not 0 <= index < len(text or ""):
        raise ArgumentOutOfRangeException("index")
    assert text is not None
    if is_hex_encoding(text, index):
        return chr(int(text[index + 1 : index + 3], 16)), index + 3
    return text[index], index + 1


@uri.method("static string HexEscape(char character)")
def hex_escape(character: str) -> str:
    if character > "\xff":
        raise ArgumentOutOfRangeException("character")
    return f"%{ord(character):02X}"


@uri.method("static bool IsHexDigit(char character)")
def is_hex_digit(character: str) -> bool:
    return character in "0123456789abcdefABCDEF"


@uri.method("static int FromHex(char digit)")
def from_hex(digit: str) -> int:
    if not is_hex_digit(digit):
        raise ArgumentException("digit")
    return int(digit, 16)


@uri.method("static bool IsHexEncoding(string pattern, int index)")
def is_hex_encoding(pattern: str, index: int) -> bool:
    return (
        0 <= index <= len(pattern) - 3
        and pattern[index] == "%"
        and is_hex_digit(pattern[index + 1])
        and is_hex_digit(pattern[index + 2])
    )


@uri.method(
    "static int Compare(Uri? uri1, Uri? uri2, UriComponents partsToCompare, UriFormat compareFormat, "
    "StringComparison comparisonType)"
)
def compare(a: Uri | None, b: Uri | None, parts: EnumValue, format: EnumValue, comparison: EnumValue) -> int:
    if a is None or b is None:
        return (a is not None) - (b is not None)
    if not a.is_absolute or not b.is_absolute:
        return a.is_absolute - b.is_absolute if a.is_absolute != b.is_absolute else _order(a.original, b.original)
    left, right = get_components(a, parts, format), get_components(b, parts, format)
    if comparison.clr_to_string().endswith("IgnoreCase"):
        left, right = left.upper(), right.upper()
    return _order(left, right)


def _order(a: str, b: str) -> int:
    return (a > b) - (a < b)
