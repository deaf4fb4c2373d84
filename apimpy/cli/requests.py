"""A request as people have it at hand: an HTTP file, the words of a curl command, or JSON.

request_from(("curl", "-X", "POST", "http://localhost/chat", "-d", "{}"))
request_from(("chat.http",))
request_from(("chat.json",))       # {"method", "url", "headers", "body"}, or a context fixture with "request"
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apimpy.record import Record, field
from apimpy.runtime.message import Body, Headers, Request, Response, Url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["RequestError", "request_from", "response_from"]

HOST = "http://localhost"
_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"])


class RequestError(Exception):
    """The words describe no request; the text is for the user."""


def request_from(words: Sequence[str]) -> Request:
    """The request.  RequestError."""
    if not words:
        raise RequestError("a request is wanted: a file, a URL, or the words of a curl command")
    if words[0] == "curl" or len(words) > 1 or words[0].startswith("-"):
        if words == ("-",):
            return _from_text(sys.stdin.read(), "standard input")
        return _from_curl(words[1:] if words[0] == "curl" else words)
    word = words[0]
    path = Path(word)
    if path.is_file():
        return _from_text(_read(path), word)
    if word.startswith(("http://", "https://", "/")):
        return _made("GET", word, [], b"")
    raise RequestError(f"{word}: no such file, and no URL")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from error


def _made(method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Request:
    fields: Headers[str] = Headers(headers)
    if url.startswith("/"):
        url = f"http://{fields['Host']}{url}" if "Host" in fields else HOST + url
    elif "://" not in url:
        url = f"http://{url}"
    try:
        parsed = Url.parse(url)
    except ValueError as error:
        raise RequestError(str(error)) from error
    fields.setdefault("Host", parsed.authority)
    if body:
        fields.setdefault("Content-Length", str(len(body)))
    return Request(method, parsed, fields, Body(body), ip_address="127.0.0.1")


# --- HTTP and JSON ----------------------------------------------------------------------------------------------------


def _from_text(text: str, name: str) -> Request:
    if text.lstrip().startswith("{"):
        return _from_json(text, name)
    lines = text.lstrip().splitlines()
    while lines and (not lines[0].strip() or lines[0].startswith(("#", "//"))):
        lines.pop(0)
    if any(line.startswith("###") for line in lines):
        raise RequestError(f"{name}: several requests; one is wanted")
    if not lines:
        raise RequestError(f"{name}: there is no request in it")
    method, _, target = lines[0].partition(" ")
    if method.upper() not in _METHODS:
        if target:
            raise RequestError(f"{name}: a request begins with a method and a URL, not {lines[0][:60]!r}")
        method, target = "GET", lines[0]
    url = target.split()[0] if target.split() else "/"
    headers, body = _fields_and_body(lines[1:], name)
    return _made(method.upper(), url, headers, body.encode())


def _fields_and_body(lines: list[str], name: str) -> tuple[list[tuple[str, str]], str]:
    headers: list[tuple[str, str]] = []
    for number, line in enumerate(lines):
        if not line.strip():
            return headers, "\n".join(lines[number + 1 :]).rstrip("\n")
        field_name, sep, value = line.partition(":")
        if not sep or not field_name.strip():
            raise RequestError(f"{name}: a header is NAME: VALUE, not {line[:60]!r}")
        headers.append((field_name.strip(), value.strip()))
    return headers, ""


def _from_json(text: str, name: str) -> Request:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise RequestError(f"{name}: not JSON: {error}") from error
    data = data.get("request", data)
    body = data.get("body")
    if body is not None and not isinstance(body, str):
        body = json.dumps(body)
    headers = [
        (key, str(value))
        for key, held in (data.get("headers") or {}).items()
        for value in (held if isinstance(held, list) else [held])
    ]
    url = data.get("url")
    if not isinstance(url, str):
        raise RequestError(f"{name}: 'url' is missing")
    return _made(str(data.get("method") or ("POST" if body else "GET")).upper(), url, headers, (body or "").encode())


def response_from(path: Path) -> Response:
    """A response to play back: HTTP as it stands on the wire, or just a body.  RequestError."""
    text = _read(path)
    if not text.startswith("HTTP/"):
        kind = "application/json" if text.lstrip().startswith(("{", "[")) else "text/plain"
        return Response(200, headers=Headers({"Content-Type": kind}), body=Body(text.encode()))
    lines = text.splitlines()
    parts = lines[0].split(None, 2)
    if len(parts) < 2 or not parts[1].isdigit():
        raise RequestError(f"{path}: a response begins with HTTP/1.1 and a status code, not {lines[0][:60]!r}")
    headers, body = _fields_and_body(lines[1:], str(path))
    reason = parts[2] if len(parts) > 2 else None
    return Response(int(parts[1]), reason, Headers(headers), Body(body.encode()))


# --- curl -------------------------------------------------------------------------------------------------------------


class _Curl(Record):
    """What the words have said so far."""

    url: str = ""
    method: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    as_query: bool = False
    head: bool = False


def _data(text: str) -> str:
    return "".join(_read(Path(text[1:])).splitlines()) if text.startswith("@") else text


def _binary(text: str) -> str:
    return _read(Path(text[1:])) if text.startswith("@") else text


def _encoded(text: str) -> str:
    name, sep, value = text.partition("=")
    return f"{name}={quote(value, safe='')}" if sep and name else quote(value if sep else text, safe="")


def _header(held: _Curl, text: str) -> None:
    name, _, value = text.partition(":")
    held.headers.append((name.strip(), value.strip()))


def _json(held: _Curl, text: str) -> None:
    held.data.append(_binary(text))
    held.headers += [("Content-Type", "application/json"), ("Accept", "application/json")]


def _user(held: _Curl, text: str) -> None:
    held.headers.append(("Authorization", f"Basic {base64.b64encode(text.encode()).decode()}"))


_WITH_VALUE: dict[str, Callable[[_Curl, str], Any]] = {
    "-X": lambda held, text: setattr(held, "method", text),
    "-H": _header,
    "-d": lambda held, text: held.data.append(_data(text)),
    "--data-raw": lambda held, text: held.data.append(text),
    "--data-binary": lambda held, text: held.data.append(_binary(text)),
    "--data-urlencode": lambda held, text: held.data.append(_encoded(text)),
    "--json": _json,
    "-u": _user,
    "-A": lambda held, text: held.headers.append(("User-Agent", text)),
    "-b": lambda held, text: held.headers.append(("Cookie", text)),
    "-e": lambda held, text: held.headers.append(("Referer", text)),
    "--url": lambda held, text: setattr(held, "url", text),
    "-m": lambda held, text: None,
    "-o": lambda held, text: None,
    "--connect-timeout": lambda held, text: None,
}
_ALONE: dict[str, Callable[[_Curl], Any]] = {
    "-G": lambda held: setattr(held, "as_query", True),
    "-I": lambda held: setattr(held, "head", True),
    **dict.fromkeys(
        ("-s", "-S", "-i", "-v", "-k", "-L", "-N", "-f", "--compressed", "--http1.1", "--http2"), lambda held: None
    ),
}
_LONG = {
    "--request": "-X",
    "--header": "-H",
    "--data": "-d",
    "--data-ascii": "-d",
    "--user": "-u",
    "--user-agent": "-A",
    "--cookie": "-b",
    "--referer": "-e",
    "--max-time": "-m",
    "--output": "-o",
    "--get": "-G",
    "--head": "-I",
    "--silent": "-s",
    "--show-error": "-S",
    "--include": "-i",
    "--verbose": "-v",
    "--insecure": "-k",
    "--location": "-L",
    "--no-buffer": "-N",
    "--fail": "-f",
}


def _from_curl(words: Sequence[str]) -> Request:
    held = _Curl()
    rest = [w for w in words if w.strip("\\\n ")]
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            held.url = word
            continue
        flag, sep, value = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
        flag = _LONG.get(flag, flag)
        if flag in _WITH_VALUE:
            if not sep and not value:
                if not rest:
                    raise RequestError(f"curl: {word} wants a value")
                value = rest.pop(0)
            _WITH_VALUE[flag](held, value)
        elif flag in _ALONE:
            _ALONE[flag](held)
            if value and not sep:
                rest.insert(0, f"-{value}")  # -si is -s -i
        else:
            raise RequestError(f"curl: {word} is not understood here")
    return _curl_request(held)


def _curl_request(held: _Curl) -> Request:
    if not held.url:
        raise RequestError("curl: the words name no URL")
    data, url = "&".join(held.data), held.url
    if held.as_query and data:
        url, data = url + ("&" if "?" in url else "?") + data, ""
    given = {name.lower() for name, _ in held.headers}
    headers = [(name, value) for name, value in held.headers if value]
    if "accept" not in given:
        headers.append(("Accept", "*/*"))
    if data and "content-type" not in given:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    method = held.method.upper() or ("HEAD" if held.head else "POST" if data else "GET")
    return _made(method, url, headers, data.encode())
