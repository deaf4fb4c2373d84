"""`llm-token-limit` and its older twin: at most so many tokens per minute, per calendar period, or both, for a key.

Admission is tested (and, when the prompt is estimated, reserved) where the element stands; the rest is charged when
the response says what it cost, or given back when there is none (`account`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from apimpy.pattern import pattern
from apimpy.policies._llm.account import Account, shown
from apimpy.policies._llm.bound import completion_bound
from apimpy.policies._llm.call import llm_call
from apimpy.policies._llm.windows import PERIODS, span_text, window_end
from apimpy.policy.base import Action, Policy
from apimpy.policy.fields import attr
from apimpy.policy.value import Constant
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow
from apimpy.runtime.ports import StoreUnavailable, TokenLimits

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.policy.value import Value
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import TokenVerdict

__all__ = ["TokenLimit"]

_RATE, _QUOTA = "OpenAITokenLimitExceeded", "OpenAITokenQuotaExceeded"
_TOKEN = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class TokenLimit(Policy):
    """Limits tokens per key: a rate per minute (429), a quota per calendar period in UTC (403), or both.

    With an estimate (always for streams) a prompt that does not fit is refused before the backend is called; without,
    the call that crosses the limit still succeeds.
    The key names the counter over all scopes; headers and variables show what is left and what was spent.
    `OpenAITokenLimitExceeded` or `OpenAITokenQuotaExceeded` when it refuses; without an answer of the store calls pass.
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

    @property
    def shows_left(self) -> bool:
        """Somebody wants to know what is left."""
        return bool(
            self.remaining_tokens_header_name
            or self.remaining_tokens_variable_name
            or self.remaining_quota_tokens_header_name
            or self.remaining_quota_tokens_variable_name
        )

    def check(self, cx: Binding) -> None:
        where = self.source.name_span
        if isinstance(self.counter_key, Constant) and not self.counter_key.value:
            cx.report("POL005", "counter-key is empty", where)
        for a in self.source.attributes:
            if a.name.endswith("-header-name") and not _TOKEN.fullmatch(a.value_span.text.strip()):
                cx.report("POL005", f"{a.value_span.text!r} is no header name", a.value_span)
            elif a.name.endswith("-variable-name") and not a.value_span.text.strip():
                cx.report("POL005", f"{a.name} is empty", a.value_span)

    def prepare(self, plan: Plan) -> Action:
        element, key_of, rate = self.element, self.counter_key.get, self.tokens_per_minute
        amount, period_of = self.token_quota, self.token_quota_period
        estimating = self.estimate_prompt_tokens

        async def run(ex: Exchange) -> Flow:
            services = ex.services
            options = services.options
            key = key_of(ex)
            if not key:
                ex.notes.append(f"{element}: the counter key is empty")
            quota, period = None, ""
            if amount is not None and period_of is not None:
                quota, period = amount.get(ex), period_of.get(ex)
            call = await llm_call(ex)
            estimate: int | None = None
            if call.kind != "none" and (estimating or call.stream or options.reserve_completion):
                estimate = await call.estimate(services.token_counter)
            rate_need = quota_need = estimate
            if options.reserve_completion and estimate is not None:
                most = estimate + completion_bound(call.kind, call.body, options.reserve_completion_default)
                # A limit lower than that admits the call when nothing else is going on.
                rate_need = max(estimate, min(most, rate or 0))
                quota_need = max(estimate, min(most, quota or 0))
            rate_charged: int | None = None
            quota_charged: int | None = None
            if rate is not None:
                rate_charged = rate_need or 0
                own = call.counted.get(("rate", key))
                if own is not None:
                    rate_need, rate_charged = _again(rate_need, estimate, rate, own, options.same_key_policy)
            if quota is not None:
                quota_charged = quota_need or 0
                own = call.counted.get(("quota", period, key))
                if own is not None:
                    quota_need, quota_charged = _again(quota_need, estimate, quota, own, options.same_key_policy)
            now = services.clock.now()
            until = 0.0 if quota is None else window_end(period, now, options.week_start)
            limits = TokenLimits(key, rate, options.rate_algorithm, quota, period, until)
            try:
                verdict = await services.token_store.admit(limits, rate_need, quota_need, now)
            except StoreUnavailable as error:  # counting is no reason to stop serving
                ex.notes.append(f"{element}: {error}")
                return Flow.NEXT
            if verdict.refused:
                raise self._refusal(ex, limits, verdict, now)
            if rate is not None:
                call.counted["rate", key] = call.counted.get(("rate", key), 0) + (rate_need or 0)
            if quota is not None:
                counter = ("quota", period, key)
                call.counted[counter] = call.counted.get(counter, 0) + (quota_need or 0)
            ex.hooks.append(Account(self, limits, call, estimate, rate_charged, quota_charged, verdict, now))
            return Flow.NEXT

        return Action(run, True, self.needs())

    def _refusal(self, ex: Exchange, limits: TokenLimits, verdict: TokenVerdict, now: float) -> PolicyFault:
        seconds: int | None
        if verdict.refused == "rate":
            status, reason, message, seconds = 429, _RATE, "Token limit is exceeded.", verdict.retry_after
            wait = f"{seconds} seconds"
        else:
            will = "is exceeded" if verdict.quota < 0 else "will exceed"
            seconds = max(1, math.ceil(limits.until - now - 1e-6))
            status, reason, message, wait = 403, _QUOTA, f"Token quota {will}.", span_text(seconds)
        headers: list[tuple[str, str]] = []
        variables = ex.variables
        if seconds is not None:
            message += f" Try again in {wait}."
            headers.append((self.retry_after_header_name, str(seconds)))
            if self.retry_after_variable_name:
                variables[self.retry_after_variable_name] = shown(seconds)
        for there, left, header, variable in (
            (limits.rate, verdict.rate, self.remaining_tokens_header_name, self.remaining_tokens_variable_name),
            (
                limits.quota,
                verdict.quota,
                self.remaining_quota_tokens_header_name,
                self.remaining_quota_tokens_variable_name,
            ),
        ):
            if there is not None and header:
                headers.append((header, str(max(0, left))))
            if there is not None and variable:
                variables[variable] = shown(left)
        return PolicyFault(self.element, reason, message, status=status, client_message=message, headers=tuple(headers))


def _again(need: int | None, estimate: int | None, limit: int, own: int, policy: str) -> tuple[int | None, int | None]:
    """What a limit needs of a counter that another limit of the same request has, and what it charges there.

    `own` is what that one has reserved: it is no reason to refuse the request, only a prompt above the limit is.
    """
    once = policy == "once"
    if need is not None and estimate is not None and estimate <= limit:
        need = 0 if once else min(need, max(0, limit - own))
    return need, None if once else need or 0
