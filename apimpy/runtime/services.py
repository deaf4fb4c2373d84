"""The bundle of ports one gateway runs with, and its fidelity options."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.values import Limits, Runtime
from apimpy.runtime.exchange import Deployment
from apimpy.runtime.tasks import Background, LocalGate

if TYPE_CHECKING:
    from apimpy.runtime.ports import (
        Clock,
        ConcurrencyGate,
        ManagedIdentity,
        TokenCounter,
        TokenMeter,
        TokenStore,
        Transport,
    )

__all__ = ["ManagedIdentityError", "Options", "Services", "SystemClock"]


class ManagedIdentityError(Exception):
    """No token could be had; the text says why."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import asyncio  # at the edge only: a linter never sleeps

        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Options:
    """Fidelity options, named once; `apimpy serve` prints those that differ from the default."""

    rate_algorithm: str = "bucket"
    """`bucket` (v2 tiers) or `sliding` (classic tiers): tokens per minute."""
    stream_usage: str = "prefer_reported"
    """`prefer_reported` or `estimate`: what a stream is charged."""
    same_key_policy: str = "each_instance"
    """`each_instance` or `once`: several executed token limits with one key."""
    anthropic_parsing: str = "native"
    metric_dimension_cap: int = 5
    variables_missing: str = "throw"
    """`throw` or `null`: reading a missing variable by indexer."""
    timeout_status: int = 500
    """Status of a backend time-out."""
    sse_buffering: str = "never"
    strict_validation: bool = False
    max_request_body: int = 1 << 30
    """Bytes of a request body; 413 beyond."""
    max_buffered_body: int = 64 << 20
    """Bytes a policy may buffer of one body."""


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
    backends: dict[str, Any] = field(default_factory=dict)
    """Backend entities by id."""
    concurrency: ConcurrencyGate = field(default_factory=LocalGate)
    background: Background = field(default_factory=Background)
    """Work that outlives its request."""

    def runtime(self) -> Runtime:
        """A fresh expression runtime for one request."""
        return Runtime(self.clock, self.random, self.limits)
