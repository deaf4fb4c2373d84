"""The URI itself: parsing, canonical form, resolution of relative references, as .NET's `System.Uri` does them.

    >>> Uri.parse("HTTP://Host:80/a/../b c").absolute_uri
    'http://host/b%20c'

`uri` declares it to C#.  The platform runs on Windows: `/x` is a relative reference here, not a file.
"""

from __future__ import annotations

import re

from apimpy.dotnet.exceptions import UriFormatException
from apimpy.dotnet.web.escaping import canonical, is_escaped, unescape, unescape_safe
from apimpy.dotnet.web.ipaddress import parse_ipv4, parse_ipv6
from apimpy.pattern import pattern
from apimpy.record import Record

__all__ = ["DEFAULT_PORTS", "Uri", "host_type", "is_scheme", "parse", "parse_absolute", "resolve"]

DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "ftp": 21,
    "gopher": 70,
    "nntp": 119,
    "ldap": 389,
    "telnet": 23,
    "net.tcp": 808,
    "mailto": 25,
}
_NEED_AUTHORITY = frozenset({"http", "https", "ws", "wss", "ftp", "gopher", "telnet", "net.tcp", "net.pipe", "file"})
_BACKSLASH_IS_SLASH = frozenset({"http", "https", "ws", "wss", "ftp", "file", "net.tcp", "net.pipe"})

_SCHEME = pattern(r"[A-Za-z][A-Za-z0-9+.\-]*\Z")
_LABEL = r"[^\W_][\w-]{0,62}"
_DNS = pattern(rf"{_LABEL}(?:\.{_LABEL})*\.?\Z")
_BASIC = pattern(r"[\w-]+(?:\.[\w-]+)*\.?\Z")

HOSTNAME = "Invalid URI: The hostname could not be parsed."
FORMAT = "Invalid URI: The format of the URI could not be determined."
AUTHORITY = "Invalid URI: The Authority/Host could not be parsed."


class _MayBeRelative(UriFormatException):  # type: ignore[misc, valid-type]
    """The text is no absolute URI but can be a relative one."""


class Uri(Record, frozen=True):
    """A System.Uri.  Components are canonical and escaped; `query` and `fragment` keep their delimiter.

    A relative one has only `original`; `scheme` is "" then.
    """

    original: str
    scheme: str = ""
    user_info: str = ""
    host: str = ""
    port: int = -1
    host_kind: str = "Unknown"
    path: str = ""
    query: str = ""
    fragment: str = ""
    authority_form: bool = False
    """Written with `//`."""
    dos: bool = False
    """A Windows path with a drive."""
    empty_user: bool = False
    """Written with an `@` and nothing before it."""

    @property
    def is_absolute(self) -> bool:
        return bool(self.scheme)

    @property
    def default_port(self) -> bool:
        return self.port == DEFAULT_PORTS.get(self.scheme, -1)

    @property
    def authority(self) -> str:
        """Host, and port unless it is the scheme's own."""
        return self.host if self.default_port else f"{self.host}:{self.port}"

    @property
    def prefix(self) -> str:
        """Scheme and authority with user information: what precedes the path."""
        user = self.user_info + "@" if self.user_info or self.empty_user else ""
        if self.scheme == "mailto":
            return f"mailto:{user}{self.host}"
        if self.dos:
            return "file:///"
        return f"{self.scheme}://{user}{self.authority}" if self.authority_form else self.scheme + ":"

    @property
    def absolute_uri(self) -> str:
        return f"{self.prefix}{self.path}{self.query}{self.fragment}"

    @property
    def local_path(self) -> str:
        path = unescape(self.path)
        if self.dos:
            return path.replace("/", "\\")
        if self.scheme == "file" and self.host:
            return "\\\\" + self.host + path.replace("/", "\\")
        return path

    @property
    def segments(self) -> list[str]:
        return re.findall(r"[^/]*/|[^/]+", "/" + self.path if self.dos else self.path)

    @property
    def well_formed(self) -> bool:
        """Nothing in the text as it was written needs an escape."""
        text = self.original
        if not self.is_absolute:
            return is_escaped(text) and text.count("#") < 2 and ":" not in re.split("[/?#]", text)[0]
        text = text.strip()
        if self.dos or "\\" in text:
            return False
        rest = text.partition("://")[2] if self.authority_form else text.partition(":")[2]
        if self.host_kind == "IPv6":
            rest = rest.partition("]")[2]
        return is_escaped(rest) and rest.count("#") < 2

    def clr_to_string(self) -> str:
        return unescape_safe(self.absolute_uri) if self.scheme else self.original

    def _key(self) -> tuple[object, ...]:
        # .NET compares neither user information nor fragment
        if not self.scheme:
            return (self.original,)
        return self.scheme, self.host, self.port, self.path, self.query

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uri) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


def parse(text: str, *, absolute: bool = False, relative: bool = False) -> Uri:
    """Parse as absolute, as relative, or (neither) as whichever it is.  UriFormatException."""
    try:
        found = parse_absolute(text)
    except _MayBeRelative as error:
        if absolute:
            raise UriFormatException(error.message) from None
        return Uri(text)
    if relative:
        raise UriFormatException(
            "A relative URI cannot be created because the 'uriString' parameter represents an absolute URI."
        )
    return found


def parse_absolute(text: str) -> Uri:
    stripped = text.strip(" \t\r\n")
    if not stripped:
        raise _MayBeRelative(FORMAT if text else "Invalid URI: The URI is empty.")
    if stripped.startswith("\\\\"):
        host, _, path = stripped[2:].replace("\\", "/").partition("/")
        return _with_authority(text, "file", host, "/" + path)
    head, colon, rest = stripped.partition(":")
    if not colon or not head:
        raise _MayBeRelative(FORMAT)
    if len(head) == 1 and head.isalpha():
        if not rest.startswith(("/", "\\")):
            raise UriFormatException("Invalid URI: A Dos path must be rooted, for example, 'c:\\\\'.")
        return _dos(text, stripped)
    if not _SCHEME.match(head):
        raise _MayBeRelative(FORMAT if head[0] in "/?#." else "Invalid URI: The URI scheme is not valid.")
    scheme = head.lower()
    if scheme == "file" and re.match(r"[/\\]{2,3}[A-Za-z][:|]", rest):
        return _dos(text, rest.lstrip("/\\"))
    marker = rest[:2].replace("\\", "/") if scheme in _BACKSLASH_IS_SLASH else rest[:2]
    if marker == "//":
        end = min((i for i in map(rest[2:].find, "/?#") if i >= 0), default=len(rest))
        return _with_authority(text, scheme, rest[2 : 2 + end], rest[2 + end :])
    if scheme in _NEED_AUTHORITY:
        raise _MayBeRelative(AUTHORITY)
    path, query, fragment = _split(rest)
    if scheme == "mailto":
        user, at, host = path.rpartition("@")
        host, kind, _ = _host(host, scheme)
        return Uri(text, scheme, canonical(user) if at else "", host, 25, kind, "", query, fragment)
    return Uri(text, scheme, path=canonical(path), query=query, fragment=fragment)


def _split(rest: str) -> tuple[str, str, str]:
    """Path as written; query and fragment canonical, with their delimiters."""
    rest, hash_, fragment = rest.partition("#")
    path, mark, query = rest.partition("?")
    return path, mark + canonical(query), hash_ + canonical(fragment)


def _dos(text: str, path: str) -> Uri:
    path, query, fragment = _split(path.replace("\\", "/"))
    drive, rest = path[:2].replace("|", ":"), path[2:]
    return Uri(
        text,
        "file",
        host_kind="Basic",
        path=drive + _compress(canonical(rest)),
        query=query,
        fragment=fragment,
        authority_form=True,
        dos=True,
    )


def _with_authority(text: str, scheme: str, authority: str, rest: str) -> Uri:
    user, at, server = authority.partition("@")
    if not at:
        user, server = "", authority
    nobody = bool(at) and not user
    host, kind, port = _host(server, scheme)
    path, query, fragment = _split(rest)
    if scheme in _BACKSLASH_IS_SLASH:
        path = path.replace("\\", "/")
    path = _compress(canonical(path)) or "/"
    return Uri(
        text, scheme, canonical(user), host, port, kind, path, query, fragment, authority_form=True, empty_user=nobody
    )


def _host(server: str, scheme: str) -> tuple[str, str, int]:
    """Host in canonical form, its kind, and the port."""
    default = DEFAULT_PORTS.get(scheme, -1)
    if server.startswith("["):
        inside, bracket, tail = server[1:].partition("]")
        found = parse_ipv6(inside) if bracket else None
        if found is None or (tail and tail[0] != ":"):
            raise UriFormatException(HOSTNAME)
        return f"[{found.without_scope()}]", "IPv6", _port(tail[1:], default)
    name, _, digits = server.partition(":")
    if not name:
        if scheme not in _NEED_AUTHORITY or (scheme == "file" and not digits):
            return "", "Basic", default
        raise UriFormatException(HOSTNAME)
    port = _port(digits, default)
    kind = host_type(name)
    if kind == "IPv4":
        number = parse_ipv4(name)
        assert number is not None
        return ".".join(str(b) for b in number.to_bytes(4, "big")), kind, port
    if kind == "Unknown":
        if not _BASIC.match(name):
            raise UriFormatException(HOSTNAME)
        kind = "Basic"
    name = name.lower()
    return "localhost" if name == "loopback" else name, kind, port


def _port(digits: str, default: int) -> int:
    if not digits:
        return default
    if not digits.isascii() or not digits.isdigit() or int(digits[:20]) > 65535:
        raise UriFormatException("Invalid URI: Invalid port specified.")
    return int(digits)


def is_scheme(name: str) -> bool:
    return _SCHEME.match(name) is not None


def host_type(name: str) -> str:
    """Name of the UriHostNameType: what `Uri.CheckHostName` answers."""
    if not name:
        return "Unknown"
    if name[0].isdigit() and parse_ipv4(name) is not None:
        return "IPv4"
    if ":" in name:
        inside = name[1:-1] if name[0] == "[" and name[-1] == "]" else name
        return "IPv6" if parse_ipv6(inside) is not None else "Unknown"
    return "Dns" if len(name) < 256 and _DNS.match(name) else "Unknown"


def _compress(path: str) -> str:
    """Remove `.` and `..` segments."""
    if "/." not in path:
        return path
    out: list[str] = []
    parts = path.split("/")[1:]
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        if part == "..":
            if out:
                out.pop()
        elif part != ".":
            out.append(part)
            continue
        if last:
            out.append("")
    return "/" + "/".join(out)


def resolve(base: Uri, reference: str) -> Uri:
    """`new Uri(baseUri, relativeUri)`: RFC 3986 5.2, and `http:g` is relative to a base of the same scheme."""
    reference = reference.strip(" \t\r\n")
    same = base.scheme + ":"
    if reference[: len(same)].lower() == same and reference[len(same) : len(same) + 2] != "//":
        reference = reference[len(same) :]
    else:
        try:
            return parse_absolute(reference)
        except _MayBeRelative:
            pass  # the usual case: it is to be resolved
    if reference.startswith("//"):
        return parse_absolute(f"{base.scheme}:{reference}")
    if not reference:
        text = base.absolute_uri
    elif reference[0] in "/\\" and base.authority_form:
        text = (base.prefix.rstrip("/") if base.dos else base.prefix) + "/" + reference[1:]
    elif reference[0] == "?":
        text = f"{base.prefix}{base.path}{reference}"
    elif reference[0] == "#":
        text = f"{base.prefix}{base.path}{base.query}{reference}"
    else:
        text = base.prefix + base.path[: base.path.rfind("/") + 1] + reference
    return parse_absolute(text)
