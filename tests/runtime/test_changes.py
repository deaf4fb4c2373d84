"""What the comparison of two moments says: one row per kind of change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apimpy.dotnet.values import Int64
from apimpy.runtime.changes import TEXT, changes, look, shown
from apimpy.runtime.exchange import BackendTarget, Exchange
from apimpy.runtime.fixture import load_fixture
from apimpy.runtime.masking import Mask
from apimpy.runtime.message import Body, Headers, Response, Url

MASK = Mask(["s3cr3t"])
FIXTURE = {
    "request": {"method": "GET", "url": "https://api.example/a?b=1", "headers": {"X-Old": "1", "Authorization": "k"}},
    "variables": {"kept": {"type": "int", "value": 1}},
}
SET = "Context variable was successfully set."


def set_header(ex: Exchange) -> None:
    ex.request.headers["X-New"] = "s3cr3t"
    ex.request.headers["x-old"] = "2"


def many(ex: Exchange) -> None:
    ex.variables |= {"a": 1, "b": None}


def respond(ex: Exchange) -> None:
    ex.response = Response(201, headers=Headers({"Content-Type": "text/plain"}), body=Body(b"made"))


def status(ex: Exchange) -> None:
    assert ex.response is not None
    ex.response.status, ex.response.reason = 418, "I'm a teapot"


def body(ex: Exchange) -> None:
    ex.request.body = Body(b"new")


def attribute(name: str, value: Any) -> Callable[[Exchange], None]:
    return lambda ex: setattr(ex, name, value)


CHANGES: list[tuple[str, Callable[[Exchange], Any], dict[str, Any]]] = [
    ("nothing", lambda ex: None, {}),
    ("variable", lambda ex: ex.variables.update(x="v"), {"message": SET, "name": "x", "value": "v"}),
    (
        "variables",
        many,
        {"message": [SET, SET], "variables": [{"name": "a", "value": 1}, {"name": "b", "value": None}]},
    ),
    ("the same variable again", lambda ex: ex.variables.update(kept=ex.variables["kept"]), {}),
    (
        "headers",
        set_header,
        {"message": ["Request header 'x-old' was set to '2'", "Request header 'X-New' was set to '****'"]},
    ),
    (
        "a header goes",
        lambda ex: ex.request.headers.popall("Authorization"),
        {"message": "Request header 'Authorization' was removed"},
    ),
    (
        "method",
        lambda ex: setattr(ex.request, "method", "POST"),
        {"message": "Request method was set to POST"},
    ),
    (
        "URL",
        lambda ex: setattr(ex.request, "url", Url.parse("https://other/x?sig=1")),
        {"message": "Request URL was set to https://other/x?sig=****", "url": "https://other/x?sig=****"},
    ),
    (
        "request body",
        body,
        {"message": "Request body was set (3 bytes)", "body": {"length": 3, "text": "new"}},
    ),
    (
        "backend",
        attribute("backend", BackendTarget(Url.parse("http://b/"), "pool")),
        {"message": "Backend was set to 'pool' (http://b/)"},
    ),
    (
        "a response comes",
        respond,
        {
            "message": "Response 201 Created",
            "response": {
                "status": {"code": 201, "reason": "Created"},
                "headers": [{"name": "Content-Type", "value": "text/plain"}],
                "body": {"length": 4, "text": "made"},
            },
        },
    ),
    (
        "a promised header",
        attribute("queued", {"X-Left": "2"}),
        {"message": "Response will have the header 'X-Left' with '2'"},
    ),
]


@pytest.mark.parametrize(("change", "data"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_changes(change: Callable[[Exchange], Any], data: dict[str, Any]) -> None:
    ex = load_fixture(FIXTURE)
    before = look(ex)
    change(ex)
    assert changes(before, look(ex), MASK) == data


def test_a_response_changes() -> None:
    ex = load_fixture(FIXTURE)
    respond(ex)
    before = look(ex)
    status(ex)
    assert changes(before, look(ex), MASK)["message"] == [
        "Response status code was set to 418",
        "Response status reason was set to 'I'm a teapot'",
    ]
    before = look(ex)
    ex.response = None
    assert changes(before, look(ex), MASK) == {"message": "Response was dropped"}


async def test_reading_a_stream_is_no_change() -> None:
    async def chunks() -> Any:
        yield b"a"

    ex = load_fixture(FIXTURE)
    ex.request.body = Body(None, chunks())
    before = look(ex)
    await ex.request.body.buffer()
    assert changes(before, look(ex), MASK) == {}


@pytest.mark.parametrize(
    ("value", "as_shown"),
    [
        (None, None),
        (True, True),
        (Int64(7), 7),
        (1.5, 1.5),
        ("text with s3cr3t", "text with ****"),
        (Response(404), "Response 404 Not Found"),
        (b"abc", "3 bytes"),
        ("x" * (TEXT + 5), "x" * TEXT + "… (5 more characters)"),
    ],
)
def test_values(value: Any, as_shown: Any) -> None:
    assert shown(value, MASK) == as_shown
