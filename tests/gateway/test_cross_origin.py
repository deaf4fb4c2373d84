"""Requests that are answered before keys and APIs are looked at: preflights and `crossdomain.xml`.  Real sockets."""
# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from gateway_file import ask, write

# --- preflight --------------------------------------------------------------------------------------------------------

CORS = (
    "<policies><inbound>{base}<cors><allowed-origins><origin>https://{name}.test</origin></allowed-origins>"
    "<allowed-methods><method>*</method></allowed-methods><allowed-headers><header>*</header></allowed-headers></cors>"
    "<set-header name='X-Trail' exists-action='append'><value>ran</value></set-header></inbound></policies>"
)
PREFLIGHT = """
apis:
  - id: a
    path: a
    service_url: $BACKEND
    policy: cors-api.xml
    operations:
      - {id: get, method: GET, url_template: /x}
      - {id: own, method: OPTIONS, url_template: /own}
      - {id: any, method: "*", url_template: /any}
  - {id: none, path: none, service_url: $BACKEND, operations: [{id: get, method: GET, url_template: /x}, {id: any, method: "*", url_template: /any}]}
  - {id: bound, path: bound, service_url: $BACKEND}
  - {id: open, path: open, service_url: $BACKEND}
products:
  - {id: p, apis: [bound], policy: cors-product.xml}
  - {id: o, apis: [open], subscription_required: false, policy: cors-open.xml}
subscriptions: [{id: s, product: p, keys: key}]
"""


@pytest.mark.step("cors 2 3")
@pytest.mark.parametrize(
    ("target", "origin", "method", "status", "allowed"),
    [
        ("/a/x", "https://api.test", "GET", 200, True),
        ("/a/x", "https://else.test", "GET", 200, False),
        ("/a/x", "https://api.test", "PUT", 404, False),
        ("/a/any", "https://api.test", "PUT", 200, True),
        ("/a/own", "https://api.test", "GET", 401, False),
        ("/a/own?subscription-key=key", "https://api.test", "GET", 401, False),
        ("/none/x", "https://api.test", "GET", 404, False),
        ("/none/any", "https://api.test", "GET", 401, False),
        ("/bound/x", "https://product.test", "GET", 401, False),
        ("/bound/x?subscription-key=key", "https://product.test", "GET", 200, True),
        ("/open/x", "https://open.test", "GET", 200, True),
        ("/a/x", None, "GET", 404, False),
        ("/a/x", "https://api.test", None, 404, False),
    ],
)
async def test_preflight(
    tmp_path: Path,
    configured: Callable[..., Awaitable[Any]],
    target: str,
    origin: str | None,
    method: str | None,
    status: int,
    allowed: bool,
) -> None:
    """No key is asked for, nothing but cors runs, and the backend hears of nothing."""
    documents = {f"cors-{n}": CORS.format(name=n, base="<base />") for n in ("api", "product", "open")}
    running = await configured(write(tmp_path, PREFLIGHT, **documents))
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    got = await ask(running.url + target, "OPTIONS", {k: v for k, v in headers.items() if v})
    assert (got[0], got[1].get("Access-Control-Allow-Origin")) == (status, origin if allowed else None)
    assert running.seen == []


@pytest.mark.step("cross-domain 1 2")
@pytest.mark.parametrize("path", ["shop", ""])
async def test_the_policy_file_needs_no_api(
    tmp_path: Path, configured: Callable[..., Awaitable[Any]], path: str
) -> None:
    """At the root only, without a key, whether an API has the path or not."""
    everywhere = (
        "<policies><inbound><cross-domain><cross-domain-policy /></cross-domain></inbound>"
        "<backend><forward-request /></backend><outbound /><on-error /></policies>"
    )
    text = f"policy: everywhere.xml\napis: [{{id: a, path: '{path}', service_url: $BACKEND}}]"
    url = (await configured(write(tmp_path, text, everywhere=everywhere))).url
    status, headers, body = await ask(url + "/crossdomain.xml")
    assert (status, headers["Content-Type"], body) == (200, "text/x-cross-domain-policy", b"<cross-domain-policy />")
    for method, target in [("POST", "/crossdomain.xml"), ("GET", "/shop/crossdomain.xml")]:
        assert (await ask(url + target, method))[0] == (404 if path and method == "POST" else 401)
