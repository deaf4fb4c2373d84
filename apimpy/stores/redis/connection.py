"""The way to a Redis: bounded waiting, sending again, and what happens while nobody answers.

A command waits at most `patience` seconds, new connections included; within them it is sent again when a connection
breaks.  That is safe because every script that changes a counter carries an id, under which Redis remembers its answer.
After that the server counts as away: everything fails at once, with `StoreUnavailable`, while one task asks with
growing pauses whether it is back.  Operations that must not be lost (what has been spent is known only afterwards) are
kept until then, see `Undelivered`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ClusterError,
    MasterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as Silent

from apimpy.runtime.ports import StoreUnavailable
from apimpy.stores.redis.batches import Batches
from apimpy.stores.redis.keys import NAMESPACE, group_of
from apimpy.stores.redis.later import Operation, Undelivered
from apimpy.stores.redis.patience import Patience
from apimpy.stores.redis.scripts import script

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["RedisLink"]

log = logging.getLogger("apimpy.stores")

T = TypeVar("T")

_GONE = (
    Disconnected,
    Silent,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    TryAgainError,
    ClusterError,
    RedisClusterException,
    ReadOnlyError,  # after a fail-over this is the wrong one
    OSError,
    RuntimeError,  # what uvloop raises when a transport closes under its writer
)
"""Sending again may help."""
_CONNECTIONS = 8
"""At most: those of the batches, and one to ask whether the server is back."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 2.0
"""Seconds between two questions whether the server is back."""
_REMEMBERED, _BRIEFLY = 60.0, 10.0
"""Seconds for which Redis remembers an operation: twice as long as one may be sent again; much less is enough for one
that is not delivered later."""


class RedisLink:
    """A Redis, or a cluster of them (`redis+cluster://`), as the stores use it.

    `namespace` begins every key.  `patience`: seconds a command may take.  `server_time`: scripts go by the clock of
    the server, so that gateways need not agree on the time; else by that of whoever calls, which may be virtual.
    """

    def __init__(
        self, url: str, *, namespace: str = NAMESPACE, patience: float = 0.25, server_time: bool = True
    ) -> None:
        self.namespace, self._server_time = namespace, server_time
        self._patience = Patience(patience)
        self._grace = 5.0 if server_time else 3600.0
        """Seconds that keys outlive what they are kept for; in virtual time the server's clock means nothing."""
        self._client = _client(url)
        self._batches = Batches(self._client, 2 * patience) if isinstance(self._client, Redis) else None
        self._command = self._client.execute_command if self._batches is None else self._batches.command
        self._away: str | None = None
        self._recovery: asyncio.Task[None] | None = None
        self._undelivered = Undelivered()
        self.failures: Counter[str] = Counter()
        """Commands without an answer, by what was asked."""

    @property
    def is_cluster(self) -> bool:
        """Several servers, each with a part."""
        return self._batches is None

    @property
    def database(self) -> int:
        """Its number; a cluster has only 0."""
        return int(self._client.connection_pool.connection_kwargs.get("db") or 0) if not self.is_cluster else 0

    @property
    def up(self) -> bool:
        """The server answered when it was last asked."""
        return self._away is None

    @property
    def waiting(self) -> int:
        """Operations that wait for the server to come back."""
        return len(self._undelivered)

    @property
    def dropped(self) -> int:
        """Operations that waited too long, or were too many."""
        return self._undelivered.dropped

    def moment(self, now: float) -> str:
        """The moment of a caller, as scripts take it."""
        return "" if self._server_time else repr(now)

    async def open(self) -> str | None:
        """Ask whether the server is there: None, or why not.  Asks on in the background."""
        try:
            await self._ask("ping", self._ping)
        except StoreUnavailable as error:
            return str(error)
        return None

    async def back(self) -> None:
        """Wait until the server answers and nothing waits for delivery."""
        while self._recovery is not None:
            await asyncio.shield(self._recovery)

    async def aclose(self) -> None:
        """Try once more to deliver what waits, and close."""
        recovery, self._recovery = self._recovery, None
        if recovery is not None:
            recovery.cancel()
            await asyncio.gather(recovery, return_exceptions=True)
        if self._undelivered:
            self._away = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * self._patience.seconds):
                    await self._deliver()
            if self._undelivered:
                log.error("%d charges were not delivered to Redis", len(self._undelivered))
        recovery, self._recovery = self._recovery, None  # delivering may have begun another
        if recovery is not None:
            recovery.cancel()
            await asyncio.gather(recovery, return_exceptions=True)
        self._patience.close()
        if self._batches is not None:
            await self._batches.aclose()
        await self._client.aclose()

    # --- asking -------------------------------------------------------------------------------------------------------

    async def run(self, verb: str, keys: Sequence[str], now: float, *args: object) -> bytes:
        """Run a verb that may be sent twice by its nature."""
        operation = self._operation(verb, keys, now, args)
        return await self._ask(verb, partial(self._send, operation))

    async def once(self, verb: str, keys: Sequence[str], now: float, *args: object) -> bytes:
        """Run a verb that changes counters, once however often it is sent.  The keys are of one group."""
        operation = self._operation(verb, [self._id(keys), *keys], now, args, max(_BRIEFLY, 4 * self._patience.seconds))
        return await self._ask(verb, partial(self._send, operation))

    async def surely(self, verb: str, keys: Sequence[str], now: float, *args: object) -> bytes:
        """As `once`, for what must arrive.  StoreUnavailable: it is delivered when the server is back."""
        operation = self._operation(verb, [self._id(keys), *keys], now, args)
        return await self._surely(operation)

    async def surely_run(self, verb: str, keys: Sequence[str], now: float, *args: object) -> bytes:
        """As `run`, for what must arrive."""
        return await self._surely(self._operation(verb, keys, now, args))

    def post(self, verb: str, keys: Sequence[str], now: float, *args: object) -> None:
        """As `surely_run`, without waiting for it."""
        self._keep(self._operation(verb, keys, now, args))

    async def command(self, what: str, *words: Any, fine: re.Pattern[str] | None = None) -> Any:
        """One command of Redis itself.  An error that `fine` describes is none: the answer is None."""

        async def send() -> Any:
            try:
                return await self._command(*words)
            except ResponseError as error:
                if fine is not None and fine.search(str(error)):
                    return None
                raise

        return await self._ask(what, send)

    def _id(self, keys: Sequence[str]) -> str:
        if len(set(map(group_of, keys))) != 1:
            raise ValueError("the counters of one operation must have one group")
        return f"{self.namespace}:op:{{{group_of(keys[0])}}}:{secrets.token_hex(12)}"

    def _operation(
        self, verb: str, keys: Sequence[str], now: float, args: Sequence[object], remembered: float = _REMEMBERED
    ) -> Operation:
        common = (self.moment(now), int(remembered * 1000), int(self._grace * 1000))
        words = tuple(a if isinstance(a, (str, bytes)) else repr(a) for a in (*common, *args))
        return Operation(verb, tuple(keys), words)

    async def _send(self, operation: Operation) -> bytes:
        text = script(operation.verb)
        keys = operation.keys
        try:
            reply = await self._command("EVALSHA", text.digest, len(keys), *keys, *operation.args)
        except NoScriptError:  # a new server, or one that has forgotten
            reply = await self._command("EVAL", text.text, len(keys), *keys, *operation.args)
        assert isinstance(reply, bytes)
        return reply

    async def _surely(self, operation: Operation) -> bytes:
        try:
            return await self._ask(operation.verb, partial(self._send, operation))
        except (StoreUnavailable, asyncio.CancelledError) as error:
            if not isinstance(error.__cause__, RedisError) or self._away is not None:  # else the server has said no
                self._keep(operation)
            raise

    def _keep(self, operation: Operation) -> None:
        self._undelivered.add(operation, asyncio.get_running_loop().time())
        self._recover()

    async def _ask(self, what: str, send: Callable[[], Awaitable[T]]) -> T:
        """The answer, within the patience.  StoreUnavailable."""
        if self._away is not None:
            self.failures[what] += 1
            raise StoreUnavailable(f"Redis is away: {self._away}")
        why: BaseException | None = None
        pause = 0.005
        try:
            async with self._patience.wait():
                while True:
                    try:
                        return await send()
                    except _GONE as error:
                        why = error
                        if isinstance(error, ReadOnlyError) and isinstance(self._client, Redis):
                            await self._client.connection_pool.disconnect(inuse_connections=False)
                    await asyncio.sleep(pause)
                    pause *= 2
        except TimeoutError as error:
            text = str(why) if why is not None else f"no answer within {self._patience.seconds * 1000:.0f} ms"
            self.failures[what] += 1
            self._leave(text)
            raise StoreUnavailable(f"Redis is away: {text}") from why or error
        except RedisError as error:
            self.failures[what] += 1
            raise StoreUnavailable(f"Redis says no: {error}") from error

    # --- away and back ------------------------------------------------------------------------------------------------

    def _leave(self, why: str) -> None:
        if self._away is None:
            log.warning("Redis is away: %s", why)
        self._away = why
        self._recover()

    def _recover(self) -> None:
        if self._recovery is None:
            self._recovery = asyncio.get_running_loop().create_task(self._recovering())

    async def _ping(self) -> None:
        """Is there somebody who takes what is written?"""
        await self._client.set(f"{self.namespace}:ping", "", px=1000)

    async def _recovering(self) -> None:
        pause = _SHORTEST_PAUSE
        while self._away is not None or self._undelivered:
            try:
                async with self._patience.wait():
                    await self._ping()
            except (RedisError, *_GONE) as error:  # TimeoutError is an OSError
                # INVARIANT: nothing but an answer ends this loop while the server is away
                self._leave(str(error) or self._away or "no answer")
                await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - so that gateways do not knock together
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            if self._away is not None:
                log.warning("Redis answers again")
                self._away = None
            await self._deliver()
        self._recovery = None

    async def _deliver(self) -> None:
        """Bring what waits; stops when the server goes away again."""
        loop = asyncio.get_running_loop()
        dropped = self._undelivered.dropped
        while (operation := self._undelivered.first(loop.time())) is not None:
            try:
                await self._ask(operation.verb, partial(self._send, operation))
            except StoreUnavailable as error:
                if self._away is not None:
                    return
                log.error("Redis refuses a charge: %s", error)  # noqa: TRY400 - it says no: nothing to trace
            self._undelivered.remove(operation)
        if self._undelivered.dropped > dropped:
            log.error("%d charges waited too long for Redis", self._undelivered.dropped - dropped)


def _client(url: str) -> Any:  # a client of one server or of a cluster: they share methods, not a type
    retry = Retry(NoBackoff(), 0)  # what is sent again, and for how long, is said here
    scheme, cluster, rest = url.partition("+cluster://")
    if cluster:
        return RedisCluster.from_url(f"{scheme}://{rest}", retry=retry)
    pool = BlockingConnectionPool.from_url(url, max_connections=_CONNECTIONS, timeout=None, retry=retry)
    return Redis.from_pool(pool)
