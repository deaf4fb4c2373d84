"""The right operation for a path, by the platform's order."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.configuration.routing import ApiRoute, OperationRoute, Router
from apimpy.runtime.exchange import Api, Operation
from apimpy.runtime.message import Body, Headers, Request, Url


def router(*apis: tuple[str, list[tuple[str, str, str]]]) -> Router:
    program: Any = None
    return Router(
        ApiRoute(
            Api(path or "root", path, path), tuple(OperationRoute(Operation(i, i, m, t), program) for i, m, t in ops)
        )
        for path, ops in apis
    )


def request(method: str, target: str, **headers: str) -> Request:
    return Request(method, Url.parse("http://gw.test" + target), Headers(headers), Body())


STANDARD = router(
    ("", [("any", "*", "/*"), ("openai", "*", "/openai/deployments/{deployment-id}/*")]),
)
MANY = router(
    ("shop", [("all", "GET", "/*"), ("one", "GET", "/orders/{id}"), ("mine", "GET", "/orders/mine")]),
    (
        "shop/v2",
        [
            ("file", "GET", "/files/{name}.json"),
            ("any-file", "GET", "/files/{name}"),
            ("deep", "POST", "/a/{x}/b/{*rest}"),
            ("root", "GET", "/"),
        ],
    ),
)


@pytest.mark.parametrize(
    ("routes", "method", "path", "operation", "parameters"),
    [
        (STANDARD, "POST", "/v1/chat/completions", "any", {"*": "v1/chat/completions"}),
        (STANDARD, "GET", "/", "any", {"*": ""}),
        (
            STANDARD,
            "POST",
            "/openai/deployments/gpt-4o/chat/completions",
            "openai",
            {"deployment-id": "gpt-4o", "*": "chat/completions"},
        ),
        (STANDARD, "POST", "/OpenAI/Deployments/a%2Fb", "openai", {"deployment-id": "a/b", "*": ""}),
        (STANDARD, "POST", "/openai/deployments/", "any", {"*": "openai/deployments/"}),
        (MANY, "GET", "/shop/orders/mine", "mine", {}),
        (MANY, "GET", "/shop/orders/mine/", "mine", {}),
        (MANY, "GET", "/SHOP/orders/7", "one", {"id": "7"}),
        (MANY, "GET", "/shop/orders/7/x", "all", {"*": "orders/7/x"}),
        (MANY, "GET", "/shop", "all", {"*": ""}),
        (MANY, "GET", "/shop/v2/files/a.json", "file", {"name": "a"}),
        (MANY, "GET", "/shop/v2/files/a.xml", "any-file", {"name": "a.xml"}),
        (MANY, "POST", "/shop/v2/a/1/b/c/d", "deep", {"x": "1", "rest": "c/d"}),
        (MANY, "POST", "/shop/v2/a/1/b", "deep", {"x": "1", "rest": ""}),
        (MANY, "GET", "/shop/v2", "root", {}),
        (MANY, "GET", "/shop/v2/", "root", {}),
        (MANY, "GET", "/shop/v2/orders/mine", None, {}),
        (MANY, "POST", "/shop/orders/7", None, {}),
        (MANY, "GET", "/shopping", None, {}),
        (MANY, "GET", "/", None, {}),
    ],
)
def test_match(routes: Router, method: str, path: str, operation: str | None, parameters: dict[str, str]) -> None:
    found = routes.match(request(method, path))
    assert (found.operation.id if found else None) == operation
    if found:
        assert found.parameters == parameters


def test_path_after_the_api() -> None:
    found = MANY.match(request("GET", "/shop/v2/files/a%20b.json"))
    assert found is not None
    assert (found.path, found.parameters) == ("/files/a%20b.json", {"name": "a b"})
