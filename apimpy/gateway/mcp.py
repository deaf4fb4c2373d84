"""MCP servers of a gateway whose tools are operations of its APIs: JSON-RPC over POST, without sessions.

`InsideTransport` stands before the real transport: what `forward-request` of an MCP API sends to the server in this
gateway never leaves the process.  A call of a tool becomes a request of its own, which goes through the whole gateway:
routing, subscription key, every policy of its operation.  Of the headers, it gets those that policies of the MCP API
have set; what the caller sent, credentials above all, stays with the outer request.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import orjson

from apimpy.configuration.mcp import MCP, BadArguments
from apimpy.runtime.headers import CONTENT_LENGTH, HOST
from apimpy.runtime.message import Body, BodyTooLarge, Headers, Request, Response, Url
from apimpy.runtime.ports import TimedOut, TransportError

if TYPE_CHECKING:
    from apimpy.configuration.mcp import McpServer, Tool
    from apimpy.gateway.app import Gateway
    from apimpy.runtime.ports import Transport

__all__ = ["InsideTransport"]

_PROTOCOLS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Versions of MCP, the newest first; the same to a server with nothing but tools."""
_SESSION = "Mcp-Session-Id"
_NOT_JSON, _NO_REQUEST, _NO_METHOD, _NO_PARAMETERS = -32700, -32600, -32601, -32602


class _Refusal(Exception):
    """An error as JSON-RPC has it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class InsideTransport:
    """The `Transport` port: MCP servers of the gateway here, everything else outside."""

    def __init__(self, outside: Transport) -> None:
        self._outside = outside
        self.gateway: Gateway | None = None
        """Whose servers they are; it needs a transport first."""

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109 - the port's name
        """The response head, its body a stream unless all of it is there."""
        if request.url.scheme != MCP:
            return await self._outside.send(request, timeout=timeout)
        try:
            async with asyncio.timeout(timeout):
                return await self._inside(request)
        except TimeoutError as error:
            raise TimedOut("the backend did not answer in time") from error

    async def _inside(self, request: Request) -> Response:
        gateway = self.gateway
        assert gateway is not None
        server = gateway.configuration.mcp.get(request.url.host)
        if server is None or request.url.path.rstrip("/"):
            return Response(404, headers=Headers())
        if request.method != "POST":
            return Response(405, headers=Headers(Allow="POST"))
        data = await request.body.buffer(gateway.services.options.max_buffered_body)
        return await _Call(gateway, server, request).answer(data)

    async def aclose(self) -> None:
        await self._outside.aclose()


class _Call:
    """One message of a client."""

    def __init__(self, gateway: Gateway, server: McpServer, request: Request) -> None:
        self._gateway, self._server, self._request = gateway, server, request

    async def answer(self, data: bytes) -> Response:
        """The response to it, or to several; 202 without a body to what wants no answer."""
        reply: Any
        try:
            message = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            reply = _error(None, _NOT_JSON, f"Parse error: {error}")
        else:
            if isinstance(message, list) and message:
                found = [answer for one in message if (answer := await self._one(one)) is not None]
                reply = found or None
            else:
                reply = await self._one(message)
        if reply is None:
            return Response(202, headers=self._headers())
        codes = {_NOT_JSON, _NO_REQUEST}
        status = 400 if isinstance(reply, dict) and reply.get("error", {}).get("code") in codes else 200
        body = orjson.dumps(reply)
        headers = self._headers()
        accepted = self._request.headers.get("Accept", "*/*").lower()
        if "text/event-stream" in accepted and "application/json" not in accepted and "*/*" not in accepted:
            headers["Content-Type"] = "text/event-stream"
            body = b"event: message\ndata: " + body + b"\n\n"
        else:
            headers["Content-Type"] = "application/json"
        return Response(status, headers=headers, body=Body(body))

    async def _one(self, message: Any) -> dict[str, Any] | None:
        """The answer to one message; None to a notification, and to an answer to what we never ask."""
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return _error(None, _NO_REQUEST, "Invalid Request: a JSON-RPC 2.0 message is wanted")
        id_, method = message.get("id"), message.get("method")
        if "method" not in message and ("result" in message or "error" in message):
            return None
        if isinstance(method, str) and "id" not in message:
            return None
        if not isinstance(method, str) or not isinstance(id_, str | int) or isinstance(id_, bool):
            return _error(None, _NO_REQUEST, "Invalid Request: it needs a method, and a text or a whole number as id")
        parameters = message.get("params")
        try:
            if not isinstance(parameters, dict | None):
                raise _Refusal(_NO_PARAMETERS, "params is an object")
            result = await self._result(method, parameters or {})
        except _Refusal as refusal:
            return _error(id_, refusal.code, str(refusal))
        return {"jsonrpc": "2.0", "id": id_, "result": result}

    def _headers(self) -> Headers[str]:
        session = self._request.headers.get(_SESSION)
        return Headers() if session is None else Headers({_SESSION: session})

    async def _result(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if method == "initialize":
            asked = parameters.get("protocolVersion")
            return {
                "protocolVersion": asked if asked in _PROTOCOLS else _PROTOCOLS[0],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": self._server.name, "version": self._server.version},
            }
        if method == "ping":
            return {}
        if method == "tools/list":
            return {"tools": [tool.listed for tool in self._server.tools.values()]}
        if method == "tools/call":
            name, arguments = parameters.get("name"), parameters.get("arguments") or {}
            tool = self._server.tools.get(name) if isinstance(name, str) else None
            if tool is None or not isinstance(arguments, dict):
                raise _Refusal(_NO_PARAMETERS, "arguments is an object" if tool else f"Unknown tool: {name}")
            return await self._use(tool, arguments)
        raise _Refusal(_NO_METHOD, f"Method not found: {method}")

    async def _use(self, tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of a tool: what its operation answers, from 400 on as an error of the tool."""
        gateway = self._gateway
        try:
            request = self._inner(tool, arguments)
        except BadArguments as error:
            raise _Refusal(_NO_PARAMETERS, str(error)) from error
        found = gateway.configuration.router.match(request)
        if found is None or (found.api.id, found.operation.id) != (tool.api, tool.operation):
            raise _Refusal(_NO_PARAMETERS, f"these arguments do not lead to {tool.name}")
        ex = await gateway.handle(request)
        response, data, completed = ex.response, b"", False
        assert response is not None
        try:
            data = await response.body.buffer(gateway.services.options.max_buffered_body)
            completed = True
        except (TransportError, BodyTooLarge) as error:
            return _content(str(error).encode(), "text/plain", failed=True)
        finally:
            await gateway.close(ex, completed=completed, sent=len(data))
        return _content(data, response.headers.get("Content-Type", ""), failed=response.status >= 400)

    def _inner(self, tool: Tool, arguments: dict[str, Any]) -> Request:
        call = tool.call(arguments)
        outer = self._request.origin
        written: set[str] = set()
        host, address = Url("http", "localhost", 80, "/"), ""
        headers: Headers[str] = Headers()
        if outer is not None:
            written, host, address = outer.written or written, outer.original_url, outer.ip_address
            headers.extend((name, value) for name, value in outer.headers.items() if name.lower() in written)
        headers.extend((name, value) for name, value in call.headers if name.lower() not in written)
        headers.setdefault("Accept", "*/*")
        for name in (HOST, CONTENT_LENGTH):
            headers.popall(name, None)
        body = Body()
        if call.has_body:
            try:
                body = Body(orjson.dumps(call.body))
            except TypeError as error:
                raise BadArguments(f"an argument cannot be written: {error}") from error
            headers["Content-Type"] = "application/json"
        path, _, query = call.target.partition("?")
        url = Url(host.scheme, host.host, host.port, path or "/", query)
        headers[HOST] = url.authority
        return Request(call.method, url, headers, body, ip_address=address)


def _error(id_: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "error": {"code": code, "message": message}}


def _content(data: bytes, media: str, *, failed: bool) -> dict[str, Any]:
    """A body as the content of a tool's result: text where it is text, else base64 with its media type."""
    kind = media.partition(";")[0].strip().lower()
    try:
        item: dict[str, Any] = {"type": "text", "text": data.decode()}
    except UnicodeDecodeError:
        packed = base64.b64encode(data).decode()
        form = kind.partition("/")[0]
        if form in ("image", "audio"):
            item = {"type": form, "data": packed, "mimeType": kind}
        else:
            blob = {"uri": "response:body", "mimeType": kind or "application/octet-stream", "blob": packed}
            item = {"type": "resource", "resource": blob}
    return {"content": [item], "isError": failed}
