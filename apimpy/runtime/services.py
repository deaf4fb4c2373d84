"""The bundle of ports one gateway runs with, and its fidelity options."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from apimpy.dotnet.values import Limits, Runtime
from apimpy.runtime.exchange import Deployment
from apimpy.runtime.ports import StoreUnavailable
from apimpy.runtime.tasks import Background, LocalGate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apimpy.runtime.message import Url
    from apimpy.runtime.ports import (
        Allowance,
        BackendRegistry,
        Cache,
        CacheMeter,
        Clock,
        ConcurrencyGate,
        CounterStore,
        EventLogger,
        ManagedIdentity,
        MetricSink,
        Rate,
        TokenCounter,
        TokenMeter,
        TokenStore,
        Transport,
        VectorStore,
        Verdict,
    )

__all__ = ["NoBackends", "NoCounters", "Options", "Services", "SystemClock"]

T = TypeVar("T")


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import asyncio  # at the edge only: a linter never sleeps

        await asyncio.sleep(seconds)


class NoCounters:
    """The `CounterStore` of a gateway that has none: policies that count let every call pass, with a note."""

    async def rate_take(self, rates: Sequence[Rate], algorithm: str, cost: int, now: float) -> Verdict:
        raise StoreUnavailable("there is no counter store")

    async def rate_add(self, rate: Rate, algorithm: str, count: int, now: float) -> None:
        raise StoreUnavailable("there is no counter store")

    async def quota_take(self, allowances: Sequence[Allowance], now: float) -> int | None:
        raise StoreUnavailable("there is no counter store")

    async def quota_add(self, allowances: Sequence[Allowance], now: float) -> None:
        raise StoreUnavailable("there is no counter store")


class NoMeter:
    """The `CacheMeter` of a gateway that measures nothing."""

    def add(self, cache: str, api: str, outcome: str) -> None:
        """Nobody counts."""


class NoBackends:
    """The `BackendRegistry` of a gateway without backend entities."""

    def get(self, id: str) -> None:
        """There is none."""

    def matching(self, url: Url) -> None:
        """There is none."""

    def with_entities(self, entities: Mapping[str, Any]) -> BackendRegistry:
        raise AssertionError("this gateway has no backend entities")

    def pick(self, entity: Any, now: float, bound: str | None = None) -> None:
        """There is none."""

    def wait(self, entity: Any, now: float) -> float:
        return 0.0

    async def answered(self, backend: Any, now: float, status: int, retry_after: float | None) -> None:
        """Nothing to remember."""

    async def not_answered(self, backend: Any, now: float, reason: str) -> None:
        """Nothing to remember."""

    async def broke_off(self, backend: Any, now: float) -> None:
        """Nothing to remember."""

    async def refresh(self, now: float) -> None:
        """There are none."""

    def states(self, now: float) -> list[dict[str, Any]]:
        return []

    def rows(self, now: float) -> list[tuple[str, int, int, int, bool]]:
        return []


@dataclass(frozen=True, slots=True)
class Options:
    """Fidelity options, named once; `apimpy serve` prints those that differ from the default."""

    rate_algorithm: str = "bucket"
    """`bucket` (v2 tiers) or `sliding` (classic tiers): tokens per minute, and calls of the rate limits."""
    stream_usage: str = "prefer_reported"
    """`prefer_reported` or `estimate`: what a stream is charged."""
    llm_log_usage: str = "reported"
    """`reported` or `estimate`: what the LLM log says of a stream in which the model reported no usage, as chat
    completions do without `include_usage`: nothing, as the platform, or an estimate.
    """
    same_key_policy: str = "each_instance"
    """`each_instance` or `once`: several executed token limits with one key."""
    anthropic_parsing: str = "native"
    """`native`, or `off`: calls of the Anthropic API cost nothing, as in classic tiers."""
    week_start: str = "monday"
    """`monday` or `sunday`: when a weekly token quota begins anew."""
    reserve_completion: bool = False
    """A token limit reserves the most that the completion may cost, too, before the backend is called."""
    reserve_completion_default: int = 1024
    """Tokens of a completion that names no bound."""
    cut_streams: bool = False
    """A stream that passes a token limit is ended."""
    metric_dimension_cap: int = 5
    variables_missing: str = "throw"
    """`throw` or `null`: reading a missing variable by indexer."""
    timeout_status: int = 500
    """Status of a backend time-out."""
    sse_buffering: str = "never"
    strict_validation: bool = False
    jwt_claim_mismatch: bool = False
    """A claim without the required value is reported as `TokenClaimValueMismatch`, as some gateways do."""
    content_safety_fail: str = "closed"
    """`closed` or `open`: what becomes of a call that the content safety service does not judge."""
    breaker_error_reasons: str = "literal"
    """`literal` or `ignore`: whether `errorReasons` of a circuit breaker count."""
    pool_exhausted_retry_after: bool = True
    """503 of backends that are let alone carries `Retry-After`."""
    max_request_body: int = 1 << 30
    """Bytes of a request body; 413 beyond."""
    max_websocket_message: int = 64 << 20
    """Bytes of a message of a WebSocket; it is closed with 1009 beyond.  Read at start."""
    websocket_idle: int = 300
    """Seconds that a WebSocket may carry nothing; then it is closed with 1001.  0: no limit.  Read at start."""
    max_buffered_body: int = 64 << 20
    """Bytes a policy may buffer of one body."""
    cache_size: int = 64 << 20
    """Bytes of the internal cache."""
    semantic_cache_size: int = 256 << 20
    """Bytes of the semantic cache in memory."""
    semantic_cache_headers: bool = False
    """Responses say whether they came from the semantic cache, and how near the prompt was."""
    store_timeout: int = 250
    """Milliseconds to wait for the Redis that keeps state; read at start."""
    shared_breakers: bool = False
    """Circuit breakers are kept in that Redis, too; read at start."""
    max_cached_response: int = 2 << 20
    """Bytes of a body that `cache-store` keeps; larger ones are not cached."""


@dataclass(slots=True)
class Services:
    """What policies may use.  Built once per gateway; tests build their own."""

    clock: Clock
    transport: Transport
    token_store: TokenStore
    token_counter: TokenCounter
    token_meter: TokenMeter
    identity: ManagedIdentity
    random: random.Random = field(default_factory=random.Random)
    options: Options = field(default_factory=Options)
    limits: Limits = field(default_factory=Limits)
    deployment: Deployment = field(default_factory=Deployment)
    backends: BackendRegistry = field(default_factory=NoBackends)
    """Backend entities, and what is known about them."""
    concurrency: ConcurrencyGate = field(default_factory=LocalGate)
    background: Background = field(default_factory=Background)
    """Work that outlives its request."""
    counters: CounterStore = field(default_factory=NoCounters)
    """Calls and bytes: rate limits and quotas."""
    cache: Cache | None = None
    """The internal cache."""
    external_cache: Cache | None = None
    vectors: VectorStore | None = None
    """Of the semantic cache; None: calls pass by it."""
    cache_meter: CacheMeter = field(default_factory=NoMeter)
    metric_sink: MetricSink | None = None
    """Where `emit-metric` goes; None: nowhere."""
    event_loggers: Mapping[str, EventLogger] = field(default_factory=dict)
    """Logger entities by id."""
    shared: dict[type, Any] = field(default_factory=dict)
    """What `one` made."""

    def one(self, kind: type[T]) -> T:
        """The only `kind()` of this gateway: what a family of policies keeps from request to request."""
        found = self.shared.get(kind)
        if found is None:
            found = self.shared[kind] = kind()
        made: T = found
        return made

    def runtime(self) -> Runtime:
        """A fresh expression runtime for one request."""
        return Runtime(self.clock, self.random, self.limits)
