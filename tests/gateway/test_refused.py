"""Requests that end before their policies begin still meet the on-error section of the narrowest scope known."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.configuration.routing import ApiRoute, OperationRoute, Router
from apimpy.configuration.serving import Configuration
from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.gateway.app import Gateway
from apimpy.gateway.client import HttpTransport
from apimpy.gateway.identity import NoIdentity
from apimpy.observe.metrics import Metrics
from apimpy.pipeline.compile import compile_document
from apimpy.policies import catalogue
from apimpy.runtime.exchange import Api, Operation
from apimpy.runtime.message import Body, Headers, Request, Url
from apimpy.runtime.services import Services, SystemClock
from apimpy.source import SourceFile
from apimpy.stores.memory import MemoryTokenStore
from apimpy.tokens.counter import TiktokenCounter

SEEN = (
    '<set-header name="x-seen"><value>@(context.LastError.Source + " " + context.LastError.Reason)</value></set-header>'
)
ANSWER = '<return-response><set-status code="418" reason="Teapot" /></return-response>'
THROWS = '<set-header name="x"><value>@(context.Variables["none"].ToString())</value></set-header>'


def program(on_error: str, scope: str = "global") -> Any:
    sink = Sink()
    text = (
        "<policies><inbound><set-status code='299' /></inbound><backend /><outbound />"
        f"<on-error>{on_error}</on-error></policies>"
    )
    document = read(SourceFile("p.xml", text), sink)
    assert document is not None
    compiled = compile_document([(scope, document)], catalogue(), None, sink)
    assert not sink.errors
    return compiled


@pytest.mark.step("predefined-error 1", "answer 3")
@pytest.mark.parametrize(
    ("on_error", "status", "header"),
    [
        ("", 404, None),
        (SEEN, 404, "configuration OperationNotFound"),
        (SEEN + ANSWER, 418, None),
        (SEEN + THROWS, 404, "configuration OperationNotFound"),
    ],
    ids=["empty", "edits the default response", "replaces it", "fails on the way"],
)
async def test_no_operation_is_the_global_scopes_error(on_error: str, status: int, header: str | None) -> None:
    ex = await ask(None, program(on_error), "/nowhere")
    assert ex.response.status == status
    assert ex.response.headers.get("x-seen") == header
    assert ex.api is None


async def test_no_operation_without_a_global_policy() -> None:
    ex = await ask(program(SEEN, "api"), None, "/nowhere")
    assert ex.response.status == 404
    assert "x-seen" not in ex.response.headers


@pytest.mark.step("predefined-error 2 3")
@pytest.mark.parametrize(("key", "reason"), [(None, "SubscriptionKeyNotFound"), ("nobody's", "SubscriptionKeyInvalid")])
async def test_a_refused_key_is_the_operations_error(key: str | None, reason: str) -> None:
    ex = await ask(program(SEEN, "api"), None, "/shop/orders", key)
    assert ex.response.status == 401
    assert ex.response.headers["x-seen"] == f"authorization {reason}"
    assert ex.response.headers["WWW-Authenticate"].startswith("AzureApiManagementKey ")


async def ask(operation: Any, unmatched: Any, path: str, key: str | None = None) -> Any:
    routes = (OperationRoute(Operation("orders", "orders", "GET", "/orders"), operation),)
    services = Services(
        SystemClock(),
        HttpTransport(),
        MemoryTokenStore(),
        TiktokenCounter(),
        Metrics(process=False).tokens,
        NoIdentity(),
    )
    configuration = Configuration(Router([ApiRoute(Api("shop", "shop", "shop"), routes)]), unmatched=unmatched)
    gateway = Gateway(configuration, services)
    headers = Headers([] if key is None else [("Ocp-Apim-Subscription-Key", key)])
    ex = await gateway.handle(Request("GET", Url.parse("https://gw.test" + path), headers, Body()))
    await gateway.close(ex, completed=True, sent=0)
    return ex
