"""System.UriBuilder: not on the platform's list, so policies may not use it; it works when they are run unchecked."""

from __future__ import annotations

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import ArgumentNullException, ArgumentOutOfRangeException
from apimpy.dotnet.web.escaping import canonical
from apimpy.dotnet.web.uri_parse import Uri, parse, parse_absolute

__all__ = ["UriBuilder"]


class UriBuilder:
    """The parts of a URI, each replaceable."""

    __slots__ = ("_path", "fragment", "host", "password", "port", "query", "scheme", "user_name")

    def __init__(self, scheme: str = "http", host: str = "localhost", port: int = -1) -> None:
        if port < -1 or port > 65535:
            raise ArgumentOutOfRangeException("port")
        self.scheme, self.host, self.port = scheme.lower(), host, port
        self._path = "/"
        self.query = self.fragment = self.user_name = self.password = ""

    @property
    def path(self) -> str:
        return self._path

    @path.setter
    def path(self, value: str | None) -> None:
        text = canonical((value or "").replace("\\", "/"))
        self._path = text.replace("?", "%3F").replace("#", "%23") or "/"

    def clr_to_string(self) -> str:
        user = self.user_name + (":" + self.password if self.password else "")
        authority = (user + "@" if user else "") + self.host + (f":{self.port}" if self.port >= 0 else "")
        path = self.path if self.path.startswith("/") or not self.host else "/" + self.path
        return f"{self.scheme}://{authority}{path}{self.query}{self.fragment}"


builder = clr_type("System.UriBuilder", python=UriBuilder, allowed="")


@builder.ctor("UriBuilder()")
def new() -> UriBuilder:
    return UriBuilder()


@builder.ctor("UriBuilder(string uri)")
def new_text(text: str | None) -> UriBuilder:
    if text is None:
        raise ArgumentNullException("uri")
    found = parse(text)
    return new_uri(found if found.is_absolute else parse_absolute("http://" + text))


@builder.ctor("UriBuilder(Uri uri)")
def new_uri(uri: Uri | None) -> UriBuilder:
    if uri is None:
        raise ArgumentNullException("uri")
    made = UriBuilder(uri.scheme, uri.host, uri.port)
    made.user_name, _, made.password = uri.user_info.partition(":")
    made.path, made.query, made.fragment = uri.path, uri.query, uri.fragment
    return made


@builder.ctor("UriBuilder(string schemeName, string hostName)")
def new_host(scheme: str, host: str) -> UriBuilder:
    return UriBuilder(scheme, host)


@builder.ctor("UriBuilder(string scheme, string host, int portNumber)")
def new_port(scheme: str, host: str, port: int) -> UriBuilder:
    return UriBuilder(scheme, host, port)


@builder.ctor("UriBuilder(string scheme, string host, int port, string pathValue)")
def new_path(scheme: str, host: str, port: int, path: str) -> UriBuilder:
    made = UriBuilder(scheme, host, port)
    made.path = path
    return made


@builder.ctor("UriBuilder(string scheme, string host, int port, string path, string? extraValue)")
def new_extra(scheme: str, host: str, port: int, path: str, extra: str | None) -> UriBuilder:
    made = new_path(scheme, host, port, path)
    rest, hash_, fragment = (extra or "").partition("#")
    made.query, made.fragment = rest, hash_ + fragment
    return made


def _set_scheme(self: UriBuilder, value: str | None) -> None:
    self.scheme = (value or "").partition(":")[0].lower()


def _set_host(self: UriBuilder, value: str | None) -> None:
    self.host = value or ""


def _set_port(self: UriBuilder, value: int) -> None:
    if value < -1 or value > 65535:
        raise ArgumentOutOfRangeException("value")
    self.port = value


def _set_path(self: UriBuilder, value: str | None) -> None:
    self.path = value


def _set_query(self: UriBuilder, value: str | None) -> None:
    self.query = "?" + value.removeprefix("?") if value else ""


def _set_fragment(self: UriBuilder, value: str | None) -> None:
    self.fragment = "#" + value.removeprefix("#") if value else ""


def _set_user_name(self: UriBuilder, value: str | None) -> None:
    self.user_name = value or ""


def _set_password(self: UriBuilder, value: str | None) -> None:
    self.password = value or ""


builder.prop("string Scheme", setter=_set_scheme, attr="scheme")
builder.prop("string Host", setter=_set_host, attr="host")
builder.prop("int Port", setter=_set_port, attr="port")
builder.prop("string Path", setter=_set_path, attr="path")
builder.prop("string Query", setter=_set_query, attr="query")
builder.prop("string Fragment", setter=_set_fragment, attr="fragment")
builder.prop("string UserName", setter=_set_user_name, attr="user_name")
builder.prop("string Password", setter=_set_password, attr="password")
builder.method("string ToString()", UriBuilder.clr_to_string)


@builder.prop("Uri Uri")
def uri(self: UriBuilder) -> Uri:
    return parse(self.clr_to_string(), absolute=True)
