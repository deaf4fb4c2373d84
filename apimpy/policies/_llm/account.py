"""One executed token limit: what it reserved, and what is still to be charged when the response says what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.values import Int64
from apimpy.policies._llm.call import keep_readable
from apimpy.policies._llm.spent import spent
from apimpy.policies._llm.windows import window_end
from apimpy.record import replace
from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.ports import StoreUnavailable

if TYPE_CHECKING:
    from apimpy.policies._llm.call import LlmCall
    from apimpy.policies._llm.limit import TokenLimit
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import TokenLimits, TokenVerdict

__all__ = ["Account", "shown"]

_INT = (1 << 31) - 1
_PLENTY = 1 << 30


def shown(tokens: int) -> int:
    """Tokens left as policies see them: never negative, an `int` of C# where it fits, else a `long`."""
    return tokens if 0 <= tokens <= _INT else Int64(tokens) if tokens > 0 else 0


class Account(ResponseHook):
    """The hook of an admitted limit.

    `rate_charged` and `quota_charged` are what the counters have had from it; None when it has none of that kind, or
    another limit of the request charges it.
    """

    __slots__ = (
        "_down",
        "_open",
        "_since",
        "call",
        "estimate",
        "left",
        "limits",
        "policy",
        "quota_charged",
        "rate_charged",
    )

    def __init__(
        self,
        policy: TokenLimit,
        limits: TokenLimits,
        call: LlmCall,
        estimate: int | None,
        rate_charged: int | None,
        quota_charged: int | None,
        left: TokenVerdict,
        now: float,
    ) -> None:
        self.policy, self.limits, self.call, self.estimate = policy, limits, call, estimate
        self.rate_charged, self.quota_charged = rate_charged, quota_charged
        self.left = left
        self._since = now
        """When the last charge was made."""
        self._open = True
        """Not settled yet."""
        self._down = False
        """The store did not answer: a stream is not made to wait for it again."""

    @property
    def name(self) -> str:
        return self.policy.element

    async def on_backend_start(self, ex: Exchange) -> None:
        keep_readable(ex, self.call)
        if self.policy.tokens_consumed_variable_name:
            ex.variables[self.policy.tokens_consumed_variable_name] = shown(self.estimate or 0)
        self._show_left(ex)

    async def on_response(self, ex: Exchange) -> None:
        found = await spent(ex, self.call)
        if found.relay is not None:
            if ex.services.options.cut_streams and self.call.kind != "none":
                found.relay.guard(self)
            self._show(ex, self.estimate or 0)
            return
        total = 0
        if found.usage is not None:
            total = found.usage.total
        elif found.successful and self.call.kind != "none":  # an answer that nobody can read: the prompt is known
            total = await self.call.estimate(ex.services.token_counter)
        await self._settle(ex, total)
        self._show(ex, total)

    async def on_short_circuit(self, ex: Exchange) -> None:
        await self._settle(ex, 0)
        if self.policy.tokens_consumed_variable_name:
            ex.variables[self.policy.tokens_consumed_variable_name] = 0
        self._show(ex, None if ex.skip_past is None else 0)

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        if not self._open:
            return
        found, usage = self.call.spent, None
        if found is not None:
            reported = ex.services.options.stream_usage == "prefer_reported"
            usage = await found.settled(ex, self.call, completed=completed, reported=reported)
        await self._settle(ex, usage.total if usage is not None else 0)

    async def progress(self, ex: Exchange, total: int) -> int:
        """Charge what a stream has cost beyond its reservation; how many more tokens fit, negative when too many."""
        rate, quota = self.rate_charged, self.quota_charged
        if self._down:
            return _PLENTY
        if (rate is not None and rate < total) or (quota is not None and quota < total):
            await self._charge(ex, total, more=True)
        rooms = [_PLENTY]
        if rate is not None:
            rooms.append(_room(rate, self.left.rate, total))
        if quota is not None:
            rooms.append(_room(quota, self.left.quota, total))
        return min(rooms)

    async def _settle(self, ex: Exchange, total: int) -> None:
        """Charge what the reservation did not cover, or give back what it did too much."""
        if self._open:
            self._open = False
            await self._charge(ex, total)

    async def _charge(self, ex: Exchange, total: int, *, more: bool = False) -> None:
        """Bring what the counters have had to `total`; `more`: never down."""
        services, limits = ex.services, self.limits
        now = services.clock.now()
        rate = 0 if self.rate_charged is None else total - self.rate_charged
        quota = 0 if self.quota_charged is None else total - self.quota_charged
        if more:
            rate, quota = max(0, rate), max(0, quota)
        if limits.quota is not None and limits.until <= now:  # what was reserved went with its window
            self.limits = limits = replace(limits, until=window_end(limits.period, now, services.options.week_start))
            quota = max(0, quota)
        if not rate and not quota and not self.policy.shows_left:
            return
        if self.rate_charged is not None:
            self.rate_charged += rate
        if self.quota_charged is not None:
            self.quota_charged += quota
        try:
            self.left = await services.token_store.settle(limits, rate, quota, self._since, now)
        except StoreUnavailable as error:  # a store that is away may still charge it when it is back
            self._down = True
            ex.notes.append(f"{self.policy.element}: {error}")
        if rate > 0:
            self._since = now

    # --- what the caller and the policies see -------------------------------------------------------------------------

    def _show_left(self, ex: Exchange) -> None:
        policy = self.policy
        if policy.remaining_tokens_variable_name and self.limits.rate is not None:
            ex.variables[policy.remaining_tokens_variable_name] = shown(self.left.rate)
        if policy.remaining_quota_tokens_variable_name and self.limits.quota is not None:
            ex.variables[policy.remaining_quota_tokens_variable_name] = shown(self.left.quota)

    def _show(self, ex: Exchange, consumed: int | None) -> None:
        """Headers and variables of the response; `consumed` None when no backend answered."""
        policy, limits = self.policy, self.limits
        self._show_left(ex)
        if consumed is not None and policy.tokens_consumed_variable_name:
            ex.variables[policy.tokens_consumed_variable_name] = shown(consumed)
        if ex.response is None:
            return
        override = consumed is not None
        if policy.remaining_tokens_header_name and limits.rate is not None:
            _promise(ex, policy.remaining_tokens_header_name, self.left.rate, override=override)
        if policy.remaining_quota_tokens_header_name and limits.quota is not None:
            _promise(ex, policy.remaining_quota_tokens_header_name, self.left.quota, override=override)
        if consumed is not None and policy.tokens_consumed_header_name:
            _promise(ex, policy.tokens_consumed_header_name, consumed, override=True)


def _room(charged: int, left: int, total: int) -> int:
    """Tokens that still fit after `total`; what was charged before does, whatever others have spent since."""
    return left if total > charged else charged - total + max(0, left)


def _promise(ex: Exchange, name: str, value: int, *, override: bool) -> None:
    """Put a header on the response, and on the one a later return-response builds.

    The last limit's value stays; without `override` that of a refusal does, which is on the response already.
    """
    assert ex.response is not None
    if ex.queued is None:
        ex.queued = {}
    if override or name not in ex.response.headers or name in ex.queued:
        ex.response.headers[name] = ex.queued[name] = str(max(0, value))
