"""`llm-token-limit` and its older twin: at most so many tokens per minute and key.

Admission is tested (and, when the prompt is estimated, reserved) where the element stands; the rest is charged when
the response says what it cost, or given back when there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._llm.call import LlmCall, llm_call
from apimpy.policies._llm.spent import spent
from apimpy.policy.base import Policy
from apimpy.policy.fields import attr
from apimpy.policy.unsupported import not_supported
from apimpy.runtime.exchange import ResponseHook
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import StoreUnavailable

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import Verdict

__all__ = ["PERIODS", "TokenLimit"]

PERIODS = ("Hourly", "Daily", "Weekly", "Monthly", "Yearly")
_TOKEN = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class TokenLimit(Policy):
    """Limits tokens per key: a rate per minute (429), a quota per calendar period (403, not supported yet).

    With an estimate (always for streams) a prompt that does not fit is refused before the backend is called; without,
    the call that crosses the limit still succeeds.
    The key names the counter over all scopes; headers and variables show what is left and what was spent.
    """

    counter_key: Value[str] = attr(doc="Name of the counter.")
    tokens_per_minute: int | None = attr(default=None, minimum=1, doc="Prompt and completion tokens per minute.")
    token_quota: Value[int] | None = attr(default=None, minimum=1, doc="Tokens per period.")
    token_quota_period: Value[str] | None = attr(default=None, allowed=PERIODS, doc="Period of the quota.")
    estimate_prompt_tokens: bool = attr(
        default=False, aliases=("estimate-prompt-token",), doc="Estimate the prompt before calling the backend."
    )
    retry_after_header_name: str = attr(default="Retry-After", doc="Header for the seconds to wait.")
    retry_after_variable_name: str | None = attr(default=None, doc="Variable for the seconds to wait.")
    remaining_quota_tokens_header_name: str | None = attr(default=None, doc="Header for the quota left.")
    remaining_quota_tokens_variable_name: str | None = attr(default=None, doc="Variable for the quota left.")
    remaining_tokens_header_name: str | None = attr(default=None, doc="Header for the tokens left.")
    remaining_tokens_variable_name: str | None = attr(default=None, doc="Variable for the tokens left.")
    tokens_consumed_header_name: str | None = attr(
        default=None, aliases=("consumed-tokens-header-name",), doc="Header for the tokens spent."
    )
    tokens_consumed_variable_name: str | None = attr(
        default=None, aliases=("consumed-tokens-variable-name",), doc="Variable for the tokens spent."
    )

    def check(self, cx: Binding) -> None:
        where = self.source.name_span
        if self.token_quota is not None:
            cx.report(
                "POL019", "token-quota is not supported yet: a request that reaches it is answered with 500", where
            )
        for a in self.source.attributes:
            if a.name.endswith("-header-name") and not _TOKEN.fullmatch(a.value_span.text.strip()):
                cx.report("POL005", f"{a.value_span.text!r} is no header name", a.value_span)

    async def run(self, ex: Exchange) -> Flow:
        limit = self.tokens_per_minute
        if self.token_quota is not None or limit is None:
            raise not_supported(self.element, f"{self.element} with token-quota")
        key = self.counter_key.get(ex)
        if not key:
            ex.notes.append(f"{self.element}: the counter key is empty")
        call = await llm_call(ex)
        services = ex.services
        if key in call.charged and services.options.same_key_policy == "once":
            return Flow.NEXT
        estimating = call.kind != "none" and (self.estimate_prompt_tokens or call.stream)
        estimate = await call.estimate(services.token_counter) if estimating else None
        account = _Account(self, key, limit, call, estimate)
        try:
            verdict = await services.token_store.rate_admit(
                key, limit, services.options.rate_algorithm, estimate, services.clock.now()
            )
        except StoreUnavailable as error:  # counting is no reason to stop serving
            ex.notes.append(f"{self.element}: {error}")
            return Flow.NEXT
        if not verdict.allowed:
            raise self._refusal(ex, verdict)
        call.charged.add(key)
        account.left = verdict.remaining
        ex.hooks.append(account)
        return Flow.NEXT

    def _refusal(self, ex: Exchange, verdict: Verdict) -> PolicyFault:
        headers: list[tuple[str, str]] = []
        message = "Token limit is exceeded."
        if verdict.retry_after is not None:
            message += f" Try again in {verdict.retry_after} seconds."
            headers.append((self.retry_after_header_name or "Retry-After", str(verdict.retry_after)))
            if self.retry_after_variable_name:
                ex.variables[self.retry_after_variable_name] = verdict.retry_after
        if self.remaining_tokens_header_name:
            headers.append((self.remaining_tokens_header_name, str(verdict.remaining)))
        if self.remaining_tokens_variable_name:
            ex.variables[self.remaining_tokens_variable_name] = verdict.remaining
        return PolicyFault(
            self.element,
            "OpenAITokenLimitExceeded",
            message,
            status=429,
            client_message=message,
            headers=tuple(headers),
        )


class _Account(ResponseHook):
    """One executed limit: what it reserved, and what is still to be charged."""

    __slots__ = ("call", "estimate", "key", "left", "limit", "open", "policy")

    def __init__(self, policy: TokenLimit, key: str, limit: int, call: LlmCall, estimate: int | None) -> None:
        self.policy, self.key, self.limit, self.call = policy, key, limit, call
        self.estimate = estimate
        self.left = 0
        self.open = True
        """Not settled yet."""

    async def on_backend_start(self, ex: Exchange) -> None:
        if self.policy.tokens_consumed_variable_name:
            ex.variables[self.policy.tokens_consumed_variable_name] = self.estimate or 0
        if self.policy.remaining_tokens_variable_name:
            ex.variables[self.policy.remaining_tokens_variable_name] = self.left

    async def on_response(self, ex: Exchange) -> None:
        found = await spent(ex, self.call)
        if found.reader is not None:
            self._show(ex, self.estimate or 0)
            return
        total = found.usage.total if found.usage is not None else 0
        await self._settle(ex, total)
        self._show(ex, total)

    async def on_short_circuit(self, ex: Exchange) -> None:
        await self._settle(ex, 0)
        if self.policy.tokens_consumed_variable_name:
            ex.variables[self.policy.tokens_consumed_variable_name] = 0
        self._show(ex, None)

    async def on_end(self, ex: Exchange, completed: bool) -> None:
        if not self.open:
            return
        found = self.call.spent
        usage = None
        if found is not None:
            reported = ex.services.options.stream_usage == "prefer_reported"
            usage = await found.settled(ex, self.call, reported=reported)
        if usage is not None and usage.source == "reported" and self.estimate and not usage.prompt:
            usage = None
        await self._settle(ex, usage.total if usage is not None else 0)

    async def _settle(self, ex: Exchange, total: int) -> None:
        """Charge what the reservation did not cover, or give back what it did too much."""
        if not self.open:
            return
        self.open = False
        services = ex.services
        difference = total - (self.estimate or 0)
        try:
            self.left = await services.token_store.rate_charge(
                self.key, self.limit, services.options.rate_algorithm, difference, services.clock.now()
            )
        except StoreUnavailable as error:
            ex.notes.append(f"{self.policy.element}: {error}")

    def _show(self, ex: Exchange, consumed: int | None) -> None:
        """Headers and variables of the response; `consumed` None when no backend answered."""
        policy, response = self.policy, ex.response
        if policy.remaining_tokens_variable_name:
            ex.variables[policy.remaining_tokens_variable_name] = self.left
        if consumed is not None and policy.tokens_consumed_variable_name:
            ex.variables[policy.tokens_consumed_variable_name] = consumed
        if response is None:
            return
        if policy.remaining_tokens_header_name:
            _promise(ex, policy.remaining_tokens_header_name, self.left, override=consumed is not None)
        if consumed is not None and policy.tokens_consumed_header_name:
            _promise(ex, policy.tokens_consumed_header_name, consumed, override=True)


def _promise(ex: Exchange, name: str, value: int, *, override: bool) -> None:
    """Put a header on the response, and on the one a later return-response builds."""
    assert ex.response is not None
    if override or name not in ex.response.headers:
        ex.response.headers[name] = str(value)
    if ex.queued is None:
        ex.queued = {}
    ex.queued[name] = str(value)
