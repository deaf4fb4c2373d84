"""Asking Azure AI Content Safety: texts in windows, and streams that are held back until they have been judged.

    judge = Judge(ex, backend, …)
    problem = await judge.prompt(text)            # None: nothing was found
    problem = await judge.completion(text)

A problem is a sentence for trace and log; callers never learn what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from apimpy.policies._upstream import choose, present_credentials, read_whole, send_to
from apimpy.record import Record
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.message import Body, BodyTooLarge, Headers, Request
from apimpy.runtime.ports import TransportError
from apimpy.runtime.tasks import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from apimpy.policies._llm.stream import Reader
    from apimpy.runtime.exchange import Exchange

__all__ = ["LONGEST", "Held", "Judge", "Rules", "Unjudged", "windows"]

LONGEST = 10_000
"""Characters that the service takes at once."""
VERSION = "2024-09-01"
TIMEOUT = 10.0
"""Seconds for a verdict."""


class Unjudged(Exception):
    """The service gave no verdict; the text says why."""


class Rules(Record, frozen=True):
    """What is looked for.  `thresholds`: the least severity that blocks, by category."""

    backend: str
    shield: bool
    output_type: str
    thresholds: dict[str, int]
    blocklists: tuple[str, ...]
    window: int | None = None
    overlap: int = 0


def windows(text: str, size: int, overlap: int) -> list[str]:
    """The text in pieces of at most `size` characters, each beginning `overlap` before the end of the last."""
    if len(text) <= size:
        return [text] if text else []
    overlap = max(0, min(overlap, size - 1))
    return [text[at : at + size] for at in range(0, len(text) - overlap, size - overlap)]


class Judge:
    """The rules of one executed policy."""

    def __init__(self, ex: Exchange, element: str, rules: Rules) -> None:
        self._ex, self._element, self.rules = ex, element, rules

    async def prompt(self, text: str) -> str | None:
        """What is wrong with a prompt.  Unjudged."""
        if not text:
            return None
        if len(text) > LONGEST:
            return f"the prompt has {len(text)} characters, more than {LONGEST}"
        asked = []
        if self.rules.shield:
            asked.append(lambda: self._shield(text))
        if self.rules.thresholds or self.rules.blocklists:
            asked.append(lambda: self._analyze(text))
        outcomes = await settle(asked, first=False) if asked else []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return next((problem for problem in outcomes if problem is not None), None)

    async def completion(self, text: str) -> str | None:
        """What is wrong with a completion.  Unjudged."""
        rules = self.rules
        if not rules.thresholds and not rules.blocklists:
            return None
        if rules.window is None and len(text) > LONGEST:
            return f"the completion has {len(text)} characters, more than {LONGEST}, and no window-size is set"
        size = min(rules.window or LONGEST, LONGEST)
        for window in windows(text, size, rules.overlap):
            problem = await self._analyze(window)
            if problem is not None:
                return problem
        return None

    async def _shield(self, text: str) -> str | None:
        found = await self._ask("text:shieldPrompt", {"userPrompt": text, "documents": []})
        analyses = [found.get("userPromptAnalysis"), *(found.get("documentsAnalysis") or [])]
        attacked = any(isinstance(a, dict) and a.get("attackDetected") is True for a in analyses)
        return "an attack was detected" if attacked else None

    async def _analyze(self, text: str) -> str | None:
        rules = self.rules
        body = {
            "text": text,
            "categories": list(rules.thresholds) if rules.thresholds else ["Hate", "SelfHarm", "Sexual", "Violence"],
            "blocklistNames": list(rules.blocklists),
            "haltOnBlocklistHit": True,
            "outputType": rules.output_type,
        }
        found = await self._ask("text:analyze", body)
        if found.get("blocklistsMatch"):
            return "a blocklist matched"
        for row in found.get("categoriesAnalysis") or []:
            category, severity = row.get("category"), row.get("severity")
            if isinstance(severity, int) and severity >= rules.thresholds.get(category, 8):
                return f"{category} with severity {severity}"
        return None

    async def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        ex, element = self._ex, self._element
        entity = ex.services.backends.get(self.rules.backend)
        if entity is None:
            raise Unjudged(f"Backend with id '{self.rules.backend}' could not be found.")
        try:
            backend = choose(ex, entity, element)
            path = f"{backend.url.path.rstrip('/')}/contentsafety/{what}"
            url = backend.url.replace(path=path, query_string=f"api-version={VERSION}")
            headers: Headers[str] = Headers({"Content-Type": "application/json"})
            request = Request("POST", url, headers, Body(orjson.dumps(body)))
            if backend.credentials is not None:
                await present_credentials(ex, backend, request, element)
            elif "Authorization" in ex.request.headers:
                headers["Authorization"] = ex.request.headers["Authorization"]
            response = await send_to(ex, backend, request, TIMEOUT, element)
            data = await read_whole(ex, response)
        except PolicyFault as fault:
            raise Unjudged(fault.message) from fault
        except (TransportError, BodyTooLarge) as error:
            raise Unjudged(str(error)) from error
        if response.status != 200:
            raise Unjudged(f"the service answered with {response.status}")
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise Unjudged("the service's answer is not JSON") from error
        if not isinstance(found, dict):
            raise Unjudged("the service's answer is no object")
        return found


class Held:
    """A stream whose chunks wait until the text in them has been judged.

    `ended` is called with the problem when one is found; the stream then breaks off.
    """

    __slots__ = ("_chunks", "_closed", "_judge", "_open", "_reader", "_ready", "_stream", "_tail", "_text")

    def __init__(self, judge: Judge, reader: Reader, stream: AsyncIterator[bytes], is_open: bool) -> None:
        self._judge, self._reader, self._stream, self._open = judge, reader, stream, is_open
        self._chunks: list[bytes] = []
        self._ready: list[bytes] = []
        self._text, self._tail = "", ""
        self._closed = False

    def __aiter__(self) -> Held:
        return self

    async def __anext__(self) -> bytes:
        while not self._ready:
            if self._closed:
                raise StopAsyncIteration
            await self._more()
        return self._ready.pop(0)

    async def _more(self) -> None:
        """Take chunks until a window is full or the stream has ended, and judge what they say."""
        window = min(self._judge.rules.window or LONGEST, LONGEST)
        try:
            chunk = await anext(self._stream)
        except StopAsyncIteration:
            self._reader.finish()
            self._closed = True
        else:
            self._chunks.append(chunk)
            self._reader.feed(chunk)
        self._text += "".join(self._reader.transcript.fresh())
        if not self._closed and len(self._tail) + len(self._text) < window:
            return
        text = self._tail + self._text
        for at in range(0, len(text), window):
            await self._judged(text[at : at + window])
        overlap = self._judge.rules.overlap
        self._tail, self._text = (text[-overlap:] if overlap > 0 else ""), ""
        self._ready, self._chunks = self._chunks, []

    async def _judged(self, text: str) -> None:
        try:
            problem = await self._judge.completion(text) if text else None
        except Unjudged as error:
            problem = None if self._open else str(error)
        if problem is not None:
            await self.aclose()
            raise TransportError(f"content safety: {problem}")

    async def aclose(self) -> None:
        self._closed = True
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
