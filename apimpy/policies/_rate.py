"""What `rate-limit` and `rate-limit-by-key` tell: headers and variables of calls that pass, and the refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._promise import check_header_names, promise
from apimpy.policy.base import Policy
from apimpy.policy.fields import attr
from apimpy.runtime.faults import PolicyFault

if TYPE_CHECKING:
    from apimpy.policy.bind import Binding
    from apimpy.runtime.exchange import Exchange
    from apimpy.runtime.ports import Verdict

__all__ = ["LONGEST_PERIOD", "RateLimiting"]

LONGEST_PERIOD = 300


class RateLimiting(Policy):
    """The attributes both rate limits have."""

    retry_after_header_name: str = attr(default="Retry-After", doc="Header for the seconds to wait.")
    retry_after_variable_name: str | None = attr(default=None, doc="Variable for the seconds to wait.")
    remaining_calls_header_name: str | None = attr(default=None, doc="Header for the calls left.")
    remaining_calls_variable_name: str | None = attr(default=None, doc="Variable for the calls left.")
    total_calls_header_name: str | None = attr(default=None, doc="Header for the calls allowed.")

    def check(self, cx: Binding) -> None:
        check_header_names(self, cx)

    def show(self, ex: Exchange, verdict: Verdict, total: int) -> None:
        """Headers and variables of a call that was tested; PolicyFault when it does not fit."""
        if self.remaining_calls_variable_name:
            ex.variables[self.remaining_calls_variable_name] = verdict.remaining
        headers: dict[str, str] = {}
        if self.remaining_calls_header_name:
            headers[self.remaining_calls_header_name] = str(verdict.remaining)
        if self.total_calls_header_name:
            headers[self.total_calls_header_name] = str(total)
        if not verdict.allowed:
            raise self._refusal(ex, headers, verdict.retry_after or 1)
        if headers:
            promise(ex, headers)

    def _refusal(self, ex: Exchange, headers: dict[str, str], seconds: int) -> PolicyFault:
        if self.retry_after_variable_name:
            ex.variables[self.retry_after_variable_name] = seconds
        return PolicyFault(
            self.element,
            "RateLimitExceeded",
            f"Rate limit is exceeded. Try again in {seconds} seconds.",
            status=429,
            headers=((self.retry_after_header_name or "Retry-After", str(seconds)), *headers.items()),
        )
