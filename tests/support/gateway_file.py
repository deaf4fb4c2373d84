"""Gateway files for tests: documents that show which of them ran and what they saw, and requests as they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FIELDS", "ask", "context", "write"]

SHOW = """<policies><inbound>{base}<set-header name="X-Trail" exists-action="append"><value>{name}</value></set-header>
</inbound><backend><base /></backend><outbound><base /></outbound><on-error>{base}
<set-header name="X-Errors" exists-action="append"><value>@("{name}:" + context.LastError.Reason)</value></set-header>
</on-error></policies>"""
ANSWER = """<policies><inbound><base /><return-response><set-header name="X-Context" exists-action="override"><value>@{
  Func<object, string> show = x => x == null ? "-" : x.ToString();
  return string.Join("|", new[] { context.Api.Id, show(context.Api.Version), context.Api.Revision,
    show(context.Api.IsCurrentRevision), context.Operation.Id,
    context.Product == null ? "-" : context.Product.Name,
    context.Subscription == null ? "-" : context.Subscription.Name,
    context.User == null ? "-" : context.User.Email + "/" + string.Join("+", context.User.Groups.Select(g => g.Name)),
    context.Request.OriginalUrl.Path, context.Request.Url.Path,
    string.Join("&", context.Request.MatchedParameters.OrderBy(p => p.Key).Select(p => p.Key + "=" + p.Value)) });
}</value></set-header></return-response></inbound></policies>"""
FIELDS = [
    "api",
    "version",
    "revision",
    "current",
    "operation",
    "product",
    "subscription",
    "user",
    "original",
    "url",
    "parameters",
]


def write(folder: Path, text: str, **documents: str) -> Path:
    for name, document in documents.items():
        (folder / f"{name}.xml").write_text(document)
    (folder / "answer.xml").write_text(ANSWER)
    for scope in ("global", "product", "api", "operation"):
        base = "" if scope == "global" else "<base />"
        document = SHOW.format(base=base, name=scope)
        if scope == "global":
            document = document.replace("<backend><base />", "<backend><forward-request />")
        (folder / f"{scope}.xml").write_text(document)
    path = folder / "gateway.yaml"
    path.write_text("version: 1\n" + text)
    return path


async def ask(url: str, method: str = "GET", headers: dict[str, str] | None = None) -> tuple[int, Any, bytes]:
    address = URL(url, encoded=True)
    async with aiohttp.ClientSession() as session, session.request(method, address, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


async def context(url: str, method: str = "GET", headers: dict[str, str] | None = None) -> dict[str, str] | int:
    """What the policy saw, or the status when it did not run."""
    status, got, _ = await ask(url, method, headers)
    return dict(zip(FIELDS, got["X-Context"].split("|"), strict=True)) if "X-Context" in got else status
