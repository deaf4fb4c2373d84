"""The ports: everything that varies outside the pipeline.  Policies reach them only through these."""

from __future__ import annotations

from typing import Any, Protocol

from apimpy.record import Record
from apimpy.runtime.message import Request, Response

__all__ = [
    "Clock",
    "ConcurrencyGate",
    "ConnectFailed",
    "ManagedIdentity",
    "RateAlgorithm",
    "StoreUnavailable",
    "TimedOut",
    "TokenCounter",
    "TokenMeter",
    "TokenStore",
    "Transport",
    "TransportError",
    "Verdict",
]


class TransportError(Exception):
    """The backend could not be asked or did not answer; the text is for LastError.Message."""


class ConnectFailed(TransportError):
    """No connection (refused, DNS, TLS) or it broke before the response head."""


class TimedOut(TransportError):
    """No response head in time."""


class StoreUnavailable(Exception):
    """The state store did not answer."""


class Clock(Protocol):
    def now(self) -> float:
        """UTC seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""

    async def sleep(self, seconds: float) -> None: ...


class Transport(Protocol):
    """Sends one request to a backend.  Never retries, never follows redirects, never changes the body's encoding."""

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109  to the response head
        """The response head, its body a stream.  `timeout`: seconds to the head.  ConnectFailed, TimedOut.

        Sends `request.headers` as they are plus Host (unless present), Content-Length or chunked framing.
        """

    async def aclose(self) -> None: ...


RateAlgorithm = str
"""`bucket` or `sliding` (tokens per minute)."""


class Verdict(Record, frozen=True, eq=True):
    """`retry_after` in whole seconds, None when waiting cannot help.  `remaining` is never negative."""

    allowed: bool
    remaining: int
    retry_after: int | None = None


class TokenStore(Protocol):
    """Token counters.  A rate key holds at most `limit` tokens per 60 s by one of two algorithms.

    `now` is passed by the caller (UTC seconds): the same code runs in virtual time.
    """

    async def rate_admit(
        self, key: str, limit: int, algorithm: RateAlgorithm, estimate: int | None, now: float
    ) -> Verdict:
        """Test, and when allowed reserve `estimate` tokens.  Without an estimate nothing is reserved."""

    async def rate_charge(self, key: str, limit: int, algorithm: RateAlgorithm, tokens: int, now: float) -> int:
        """Charge (negative: give back) after the response; tokens left, never negative."""

    async def rate_left(self, key: str, limit: int, algorithm: RateAlgorithm, now: float) -> int: ...


class ConcurrencyGate(Protocol):
    """Who is inside, by key.  Several limits may share a key: each compares the one count with its own."""

    async def enter(self, key: str, limit: int) -> bool:
        """Take a place; False when `limit` places are taken.  Nobody waits."""

    async def leave(self, key: str) -> None:
        """Give the place back."""


class TokenCounter(Protocol):
    """Counts tokens of text (`apimpy.tokens`)."""

    def count(self, text: str, model: str | None) -> int: ...

    def encoding_name(self, model: str | None) -> str: ...


class TokenMeter(Protocol):
    """Receives token metrics (`llm-emit-token-metric`)."""

    def emit(self, namespace: str, dimensions: dict[str, str], values: dict[str, int]) -> None:
        """`values` by kind: `prompt completion total cached reasoning`."""


class ManagedIdentity(Protocol):
    async def token(self, resource: str, client_id: str | None) -> str:
        """An access token for the resource.  `ManagedIdentityError` (services) with a text when there is none."""


class Tracer(Protocol):
    def emit(self, event: Any) -> None: ...
