"""A pipeline without sockets: policy text and a request in, the finished exchange out.

Expressions are Python here (`ex`, `rt` and `V` for the variables are in scope), so these tests say nothing about C#
and do not wait for it.  Only transport, clock and identity are fakes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from multidict import CIMultiDict

from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.dotnet.exceptions import ClrError
from apimpy.pipeline.compile import compile_document
from apimpy.policies import catalogue
from apimpy.runtime.exchange import Exchange
from apimpy.runtime.message import Body, Request, Response, Url
from apimpy.runtime.ports import ManagedIdentityError
from apimpy.runtime.services import Options, Services
from apimpy.source import SourceFile
from apimpy.stores.memory import MemoryTokenStore


def fake_compile(island, expected):
    code = compile(island.source.strip(), "island", "eval")

    def call(ex, rt):
        try:
            return eval(code, {"ex": ex, "rt": rt, "V": ex.variables, "boom": boom})
        except KeyError as error:
            raise ClrError(f"The given key {error} was not present in the dictionary.") from error

    source = island.source
    return SimpleNamespace(
        call=call,
        reads_request_body="request.body" in source,
        reads_response_body="response.body" in source,
        notes=(),
    )


def boom(text="boom"):
    raise ClrError(text)


class Clock:
    def __init__(self):
        self.time = 1_700_000_000.0
        self.slept = []

    def now(self):
        return self.time

    def monotonic(self):
        return self.time

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Transport:
    """Answers from `answers`: responses, exceptions, or functions of the request; the last one repeats."""

    answers: list[Any]
    sent: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)

    async def send(self, request, *, timeout):
        self.sent.append(request)
        self.timeouts.append(timeout)
        self.bodies.append(await request.body.buffer())
        answer = self.answers[min(len(self.sent), len(self.answers)) - 1]
        if callable(answer) and not isinstance(answer, type):
            answer = answer(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def aclose(self):
        pass


class Identity:
    async def token(self, resource, client_id):
        if resource == "fail":
            raise ManagedIdentityError("no identity here")
        return f"token-for-{resource}-{client_id}"


class Counter:
    def count(self, text, model):
        return len(text)

    def encoding_name(self, model):
        return "o200k_base"

    def learn(self, deployment, model):
        self.learned = (deployment, model)


class Meter:
    def __init__(self):
        self.emitted = []

    def emit(self, namespace, dimensions, values):
        self.emitted.append((namespace, dimensions, values))


class Stream:
    """A body that arrives in pieces; `closed` tells whether it was let go."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)
        self.closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.chunks:
            raise StopAsyncIteration
        return self.chunks.pop(0)

    async def aclose(self):
        self.closed = True


def reply(status=200, body=b"", headers=(), stream=None):
    content = Body(None, stream) if stream is not None else Body(body)
    return Response(status, headers=CIMultiDict(headers), body=content)


def policies(inbound="<base />", backend="<base />", outbound="<base />", on_error="<base />"):
    return (
        f"<policies><inbound>{inbound}</inbound><backend>{backend}</backend>"
        f"<outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    )


class Harness:
    def __init__(self):
        self.clock = Clock()
        self.transport = Transport([lambda r: reply(200, b"hello", [("Content-Type", "text/plain")])])
        self.meter = Meter()
        self.sink = Sink()
        self.services = Services(
            self.clock, self.transport, MemoryTokenStore(), Counter(), self.meter, Identity(), random.Random(1)
        )

    def options(self, **changes):
        self.services.options = Options(**changes)

    def document(self, text, name="policy.xml"):
        return read(SourceFile(name, text), self.sink)

    def compile(self, *documents, fragments=None):
        chain = [d if isinstance(d, tuple) else ("api", d) for d in documents]
        chain = [(scope, self.document(text, f"{scope}.xml")) for scope, text in chain]
        loaded = {k: self.document(v, f"{k}.xml") for k, v in (fragments or {}).items()}
        return compile_document(chain, catalogue(), loaded, self.sink, compiler=fake_compile)

    def exchange(self, method="GET", url="https://gw.test/api/orders?a=1", headers=(), body=b"", **rest):
        parsed = Url.parse(url)
        content = body if isinstance(body, Body) else Body(body)
        request = Request(method, parsed, CIMultiDict(headers), content, ip_address="10.0.0.9", **rest)
        ex = Exchange("6f0c2a3e-0000-4000-8000-000000000001", request, self.services, self.services.runtime(), 0.0)
        ex.service_url = Url.parse("http://backend.test/base")
        ex.operation_path = parsed.path
        return ex

    async def run(self, *documents, fragments=None, ex=None, **request):
        program = self.compile(*documents, fragments=fragments)
        assert program is not None, [str(d) for d in self.sink]
        ex = ex or self.exchange(**request)
        await program.run(ex)
        return ex

    async def finish(self, ex, completed=True):
        """What the gateway does: relay the body to its observers, then tell the hooks."""
        body, out = ex.response.body, b""
        if body.stream is not None:
            async for chunk in body.stream:
                out += chunk
                for observer in body.observers or ():
                    observer(chunk)
        for hook in ex.hooks:
            await hook.on_end(ex, completed)
        self.out = out
        return out

    def codes(self):
        return [d.code for d in self.sink]
