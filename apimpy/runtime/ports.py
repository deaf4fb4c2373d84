"""The ports: everything that varies outside the pipeline.  Policies reach them only through these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from apimpy.record import Record
from apimpy.runtime.message import Request, Response, Url

__all__ = [
    "Allowance",
    "BackendRegistry",
    "BreakerStore",
    "Cache",
    "CacheMeter",
    "CachedResponse",
    "Clock",
    "ConcurrencyGate",
    "ConnectFailed",
    "CounterStore",
    "Event",
    "EventLogger",
    "ManagedIdentity",
    "ManagedIdentityError",
    "MetricSink",
    "Nearest",
    "Outcome",
    "Rate",
    "RateAlgorithm",
    "StoreUnavailable",
    "TimedOut",
    "TokenCounter",
    "TokenLimits",
    "TokenMeter",
    "TokenStore",
    "TokenVerdict",
    "Transport",
    "TransportError",
    "Tunnel",
    "VectorStore",
    "Verdict",
]


class TransportError(Exception):
    """The backend could not be asked or did not answer; the text is for LastError.Message."""


class ConnectFailed(TransportError):
    """No connection (refused, DNS, TLS) or it broke before the response head."""


class TimedOut(TransportError):
    """No response head in time."""


class ManagedIdentityError(Exception):
    """No token could be had; the text says why."""


class StoreUnavailable(Exception):
    """The state store did not answer."""


class Clock(Protocol):
    def now(self) -> float:
        """UTC seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""

    async def sleep(self, seconds: float) -> None: ...


class Tunnel(Protocol):
    """The two ways of a connection that has been switched to another protocol."""

    async def read(self) -> bytes:
        """What has come, as soon as anything has; empty at the end, however it ended."""

    def write(self, data: bytes) -> None:
        """Send at once.  ConnectionError when the other side has gone."""

    async def drain(self) -> None:
        """Wait while the other side does not take what was sent.  ConnectionError when it has gone."""

    def close(self) -> None:
        """End the connection, after what was written; twice is once."""


class Transport(Protocol):
    """Sends one request to a backend.  Never retries, never follows redirects, never changes the body's encoding."""

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109  to the response head
        """The response head, its body a stream.  `timeout`: seconds to the head.  ConnectFailed, TimedOut.

        Sends `request.headers` as they are plus Host (unless present), Content-Length or chunked framing.
        A `request.certificate` with its key is presented in the TLS handshake.
        With `request.upgrade` it is the opening handshake of a WebSocket, and a response of 101 has a `tunnel`, which
        the caller closes.
        """

    async def aclose(self) -> None: ...


RateAlgorithm = str
"""`bucket` or `sliding` (tokens per minute, calls per period)."""


class Verdict(Record, frozen=True, eq=True):
    """`retry_after` in whole seconds, None when waiting cannot help.  `remaining` is never negative."""

    allowed: bool
    remaining: int
    retry_after: int | None = None


class TokenLimits(Record, frozen=True, eq=True):
    """What one policy allows a key: `rate` tokens in 60 seconds, `quota` tokens until `until`, or both.

    Rate counters are shared by all limits with the same key and algorithm, quota counters by those with the same key
    and period.  `until` is the end of the quota's window in UTC seconds; a later one begins at zero again.
    """

    key: str
    rate: int | None
    algorithm: RateAlgorithm
    quota: int | None = None
    period: str = ""
    until: float = 0.0


class TokenVerdict(Record, frozen=True, eq=True):
    """What is left of a rate and a quota (0 where there is none); negative by as much as it has been passed.

    `refused` is `rate`, `quota`, or empty.  `retry_after` belongs to the rate: whole seconds, None when waiting cannot
    help; a quota can be tried again at the end of its window.
    """

    rate: int = 0
    quota: int = 0
    refused: str = ""
    retry_after: int | None = None


class TokenStore(Protocol):
    """Token counters: reserved before a call, settled after it.

    `now` is passed by the caller (UTC seconds): the same code runs in virtual time.  Each verb is one atomic operation
    over both counters, and one round trip where they are elsewhere.  StoreUnavailable when they cannot be reached;
    what `settle` was given may still be charged then, once.
    """

    async def admit(
        self, limits: TokenLimits, rate_need: int | None, quota_need: int | None, now: float
    ) -> TokenVerdict:
        """Test the rate, then the quota; when both allow it, reserve what is needed on both, else on none.

        A need fits when it leaves nothing negative.  None: nothing is reserved, and there must be something left of
        the rate, and of the quota nothing negative (spending all of a quota does not pass it).
        """

    async def settle(self, limits: TokenLimits, rate: int, quota: int, reserved: float, now: float) -> TokenVerdict:
        """Charge so many tokens to each counter (negative: give back), without a test; what is left then.

        `reserved` is when the reservation was made.  In a sliding window a charge counts from `now`, while what is
        given back was never spent: it is taken off the charge of that time, and leaves with it.
        Giving back never takes a counter below nothing.
        """


class Rate(Record, frozen=True, eq=True):
    """At most `limit` calls in `period` seconds, counted under `key`."""

    key: str
    limit: int
    period: int
    group: str = ""
    """Belongs to the name: counters that are taken together have one, others none."""


class Allowance(Record, frozen=True, eq=True):
    """So much of something in a fixed window: used up when `limit` has been reached.

    `until` is the end of the window in UTC seconds, None when it never ends; a later `until` begins at zero again.
    `cost` is what the call adds.
    """

    key: str
    limit: int
    cost: int
    until: float | None
    group: str = ""
    """As in `Rate`."""


class CounterStore(Protocol):
    """Counters of calls and bytes.  `now` is passed by the caller (UTC seconds): the same code runs in virtual time.

    A store that processes share may go by a clock of its own instead, so that they need not agree on the time.
    Every verb is atomic over all the counters it is given, and one round trip where the counters are elsewhere.
    One that cannot reach them raises StoreUnavailable; what `…_add` was given may still be counted then, once.
    Policies that use one key share its counter, whatever limit and period each of them has.
    """

    async def rate_take(self, rates: Sequence[Rate], algorithm: RateAlgorithm, cost: int, now: float) -> Verdict:
        """Whether one more call fits every rate; if so, `cost` is counted on all of them, else on none.

        `remaining` is the smallest after counting, `retry_after` the longest wait.
        """

    async def rate_add(self, rate: Rate, algorithm: RateAlgorithm, count: int, now: float) -> None:
        """Count without a test."""

    async def quota_take(self, allowances: Sequence[Allowance], now: float) -> int | None:
        """The index of the first allowance that is used up; None when none is: then every cost has been added."""

    async def quota_add(self, allowances: Sequence[Allowance], now: float) -> None:
        """Add the costs without a test.  A window that has ended since gets nothing."""


class BackendRegistry(Protocol):
    """Backend entities by id (`apimpy.backends`), and which of them may be asked.  `now` in UTC seconds."""

    def get(self, id: str) -> Any:
        """The entity, a `Backend` or a `Pool`; None when nobody knows it."""

    def with_entities(self, entities: Mapping[str, Any]) -> BackendRegistry:
        """Other entities, with what is known about those of the same ids."""

    def matching(self, url: Url) -> Any:
        """The single backend that stands for the URL of a service, None when there is none."""

    def pick(self, entity: Any, now: float, bound: str | None = None) -> Any:
        """The backend to ask now, of a pool the member that is next (`bound`: that of a session); None: none may be."""

    def wait(self, entity: Any, now: float) -> float:
        """Seconds until one of them may be asked again."""

    async def answered(self, backend: Any, now: float, status: int, retry_after: float | None) -> None:
        """A backend answered; `retry_after` in seconds."""

    async def not_answered(self, backend: Any, now: float, reason: str) -> None:
        """A backend did not; `reason` as in LastError."""

    async def broke_off(self, backend: Any, now: float) -> None:
        """A response that had begun did not come to its end."""

    async def refresh(self, now: float) -> None:
        """Learn which breakers other gateways have opened.  StoreUnavailable."""

    def states(self, now: float) -> list[dict[str, Any]]:
        """Every entity with its state, as JSON holds it."""

    def rows(self, now: float) -> list[tuple[str, int, int, int, bool]]:
        """Of every single backend: id, attempts, failures, trips, and whether it is left alone."""


class Outcome(Record, frozen=True, eq=True):
    """What came of an attempt at a backend.  `retry_after` in seconds.

    `attempt` False: a failure that came to light later, of an attempt that has been recorded.
    """

    failed: bool
    retry_after: float | None = None
    attempt: bool = True


class BreakerStore(Protocol):
    """Circuit breakers that gateways share: outcomes are counted together, and what is open is open for all.

    Backends are `apimpy.backends.Backend` with a rule; the same id and URL means the same breaker.
    StoreUnavailable when nobody answers: nothing may have been counted then.
    """

    async def record(self, backend: Any, outcome: Outcome, now: float) -> tuple[float, bool]:
        """Count an outcome: seconds for which the breaker is open now (0: closed), and whether this opened it."""

    async def open_for(self, backends: Sequence[Any], now: float) -> Sequence[float]:
        """Seconds for which each of them is open, 0 for those that are closed."""


class CachedResponse(Record, frozen=True, eq=True):
    """A response as `cache-store` keeps it.  `expires` in UTC seconds."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    expires: float


class Cache(Protocol):
    """Values that may be gone at any time: boxed C# values and `CachedResponse`.

    The caller gives the size in bytes, so that a cache in memory can keep to its limit without looking; a cache
    elsewhere serializes, and keeps what it can.  `now` as in `CounterStore`.  StoreUnavailable when it cannot answer.
    """

    async def get(self, key: str, now: float) -> Any:
        """The value, None when there is none."""

    async def put(self, key: str, value: Any, size: int, seconds: float, now: float) -> None:
        """Keep a value (not None) for so long."""

    async def remove(self, key: str) -> None:
        """Forget a value; nothing happens when there is none."""


class Nearest(Record, frozen=True, eq=True):
    """What a search of vectors found.  `distance` is 1 minus the cosine: 0 in one direction, 1 at a right angle."""

    distance: float
    response: CachedResponse


class VectorStore(Protocol):
    """Responses under vectors, for the semantic cache.  A partition is an opaque text; others are never seen from it.

    Only vectors of one length are compared.  `now` as in `CounterStore`.  StoreUnavailable when it cannot answer.
    """

    async def nearest(self, partition: str, vector: Sequence[float], now: float) -> Nearest | None:
        """The entry at the smallest distance; None when there is none."""

    async def add(
        self, partition: str, vector: Sequence[float], response: CachedResponse, seconds: float, now: float
    ) -> None:
        """Keep a response under a vector for so long."""


class CacheMeter(Protocol):
    """Counts what lookups of caches came to."""

    def add(self, cache: str, api: str, outcome: str) -> None:
        """`cache`: `semantic response`; `outcome`: `hit miss bypass error`."""


class Event(Record, frozen=True, eq=True):
    """What `log-to-eventhub` sends.  `time` in UTC seconds."""

    time: float
    text: str
    partition_id: str | None = None
    partition_key: str | None = None


class EventLogger(Protocol):
    """A logger entity: where events go."""

    def log(self, event: Event) -> None:
        """Queue an event.  Never waits and never fails."""


class MetricSink(Protocol):
    """Receives the values of `emit-metric`."""

    def observe(self, namespace: str, name: str, dimensions: dict[str, str], value: float) -> None: ...


class ConcurrencyGate(Protocol):
    """Who is inside, by key.  Several limits may share a key: each compares the one count with its own.

    StoreUnavailable from `enter`: nobody has entered; from `leave`: the place is given back later.
    """

    async def enter(self, key: str, limit: int) -> bool:
        """Take a place; False when `limit` places are taken.  Nobody waits."""

    async def leave(self, key: str) -> None:
        """Give the place back."""


class TokenCounter(Protocol):
    """Counts tokens of text (`apimpy.tokens`)."""

    def count(self, text: str, model: str | None) -> int: ...

    def encoding_name(self, model: str | None) -> str: ...

    def learn(self, deployment: str, model: str) -> None:
        """A deployment, whose name may be any, turned out to be this model."""


class TokenMeter(Protocol):
    """Receives token metrics (`llm-emit-token-metric`)."""

    def emit(self, namespace: str, dimensions: dict[str, str], values: dict[str, int]) -> None:
        """`values` by kind: `prompt completion total cached reasoning`."""


class ManagedIdentity(Protocol):
    async def token(self, resource: str, client_id: str | None) -> str:
        """An access token for the resource.  ManagedIdentityError when there is none."""


class Tracer(Protocol):
    def emit(self, event: Any) -> None: ...
