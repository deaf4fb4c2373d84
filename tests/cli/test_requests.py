"""Requests from files, JSON and curl words: one row per way of saying it."""

from __future__ import annotations

from pathlib import Path

import pytest

from apimpy.cli.requests import RequestError, request_from, response_from

CURL = [
    ("curl http://h/a", "GET http://h/a", {"Accept": "*/*"}, ""),
    ("curl h/a", "GET http://h/a", {}, ""),
    ("-X PUT /a", "PUT http://localhost/a", {}, ""),
    ("-XDELETE /a", "DELETE http://localhost/a", {}, ""),
    ("/a -d x=1 -d y=2", "POST http://localhost/a", {"Content-Type": "application/x-www-form-urlencoded"}, "x=1&y=2"),
    ("/a -H Content-Type:text/plain -d hi", "POST http://localhost/a", {"Content-Type": "text/plain"}, "hi"),
    (
        "/a --json {}",
        "POST http://localhost/a",
        {"Content-Type": "application/json", "Accept": "application/json"},
        "{}",
    ),
    ("-G /a?x=1 --data-urlencode q=a&b", "GET http://localhost/a?x=1&q=a%26b", {}, ""),
    ("-u ann:pw /a", "GET http://localhost/a", {"Authorization": "Basic YW5uOnB3"}, ""),
    ("-I /a", "HEAD http://localhost/a", {}, ""),
    ("-sik --request=PATCH --url http://h:81/", "PATCH http://h:81/", {"Host": "h:81"}, ""),
    ("-b a=1 -A me -e http://r/ /a", "GET http://localhost/a", {"Cookie": "a=1", "User-Agent": "me"}, ""),
    ("-H X-Empty: /a", "GET http://localhost/a", {"X-Empty": None}, ""),
]


@pytest.mark.parametrize(("words", "line", "headers", "body"), CURL, ids=[row[0] for row in CURL])
def test_curl(words: str, line: str, headers: dict[str, str | None], body: str) -> None:
    request = request_from(tuple(words.split()))
    assert f"{request.method} {request.url}" == line
    assert {name: request.headers.get(name) for name in headers} == headers
    assert (request.body.wire() or b"").decode() == body


FILES = [
    ("GET /a HTTP/1.1\nHost: h:81\nX-A: 1\n", "GET http://h:81/a", {"X-A": "1"}, ""),
    (
        "# a comment\n\nPOST https://h/a\nX-A: 1\nX-A: 2\n\nbody\nof two\n",
        "POST https://h/a",
        {"X-A": "1"},
        "body\nof two",
    ),
    ("https://h/a?b", "GET https://h/a?b", {}, ""),
    (
        '{"url": "/a", "headers": {"X-A": ["1", "2"], "N": 3}, "body": {"k": 1}}',
        "POST http://localhost/a",
        {"N": "3"},
        '{"k": 1}',
    ),
    ('{"request": {"method": "put", "url": "https://h/", "body": "text"}}', "PUT https://h/", {}, "text"),
]


@pytest.mark.parametrize(("text", "line", "headers", "body"), FILES)
def test_files(tmp_path: Path, text: str, line: str, headers: dict[str, str], body: str) -> None:
    (tmp_path / "r.http").write_text(text)
    request = request_from((str(tmp_path / "r.http"),))
    assert f"{request.method} {request.url}" == line
    assert {name: request.headers.get(name) for name in headers} == headers
    assert (request.body.wire() or b"").decode() == body


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "a request is wanted"),
        ("nothing.http", "no such file"),
        ("curl -H", "wants a value"),
        ("curl --form x=1 /a", "not understood"),
        ("curl -s", "name no URL"),
        ("curl ftp://h/", "not an absolute http"),
    ],
)
def test_words_that_are_no_request(words: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        request_from(tuple(words.split()))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no request"),
        ("FETCH /a", "method and a URL"),
        ("GET /a\nno header\n", "NAME: VALUE"),
        ("GET /a\n\n###\nGET /b\n", "several requests"),
        ("{", "not JSON"),
        ("{}", "'url' is missing"),
    ],
)
def test_files_that_hold_no_request(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.http").write_text(text)
    with pytest.raises(RequestError, match=said):
        request_from((str(tmp_path / "r.http"),))


@pytest.mark.parametrize(
    ("text", "status", "reason", "kind", "body"),
    [
        (
            "HTTP/1.1 429 Slow Down\nRetry-After: 5\nContent-Type: text/plain\n\nwait\n",
            429,
            "Slow Down",
            "text/plain",
            b"wait",
        ),
        ("HTTP/1.1 404\n\n", 404, "Not Found", None, b""),
        ('{"a": 1}', 200, "OK", "application/json", b'{"a": 1}'),
        ("plain", 200, "OK", "text/plain", b"plain"),
    ],
)
def test_responses(tmp_path: Path, text: str, status: int, reason: str, kind: str | None, body: bytes) -> None:
    (tmp_path / "answer").write_text(text)
    response = response_from(tmp_path / "answer")
    assert (response.status, response.reason, response.headers.get("Content-Type"), response.body.wire()) == (
        status,
        reason,
        kind,
        body,
    )


def test_a_response_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "answer").write_text("HTTP/1.1 what\n")
    with pytest.raises(RequestError, match="status code"):
        response_from(tmp_path / "answer")
