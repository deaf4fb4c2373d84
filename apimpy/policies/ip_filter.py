"""`ip-filter`: allow or forbid callers by their IP address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.policies._sections import INBOUND
from apimpy.policy.base import Action, Item, Policy
from apimpy.policy.facts import at_least_one
from apimpy.policy.fields import attr, children, text
from apimpy.policy.value import Constant, Value, is_open, value_fault
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apimpy.policy.bind import Binding
    from apimpy.policy.plan import Plan
    from apimpy.runtime.exchange import Exchange
    from apimpy.source import Span

__all__ = ["Address", "AddressRange", "IpFilter", "number_of"]

_Number = tuple[int, int]
"""Family (4 or 6) and the address as a number."""


class Address(Item, element="address"):
    """One address."""

    content: Value[str] = text(sample="203.0.113.7", doc="IPv4 or IPv6 address.")


class AddressRange(Item, element="address-range"):
    """All addresses between two, both included."""

    from_: Value[str] = attr(name="from", doc="First address.")
    to: Value[str] = attr(doc="Last address.")


class IpFilter(
    Policy,
    element="ip-filter",
    sections=INBOUND,
    category="authentication-and-authorization",
    rules=(at_least_one("<address>", "<address-range>"),),
):
    """`allow`: only callers with one of the addresses pass; `forbid`: they do not.

    The caller is the peer of the connection (`context.Request.IpAddress`).
    An IPv4 address in IPv6 notation is the IPv4 address; a range holds addresses of its own family.
    The refused get 403 without details; those are in `context.LastError`.
    """

    action: Value[str] = attr(allowed=("allow", "forbid"), doc="What a match means.")
    addresses: tuple[Address, ...] = children(Address)
    ranges: tuple[AddressRange, ...] = children(AddressRange)

    def check(self, cx: Binding) -> None:
        for a in self.addresses:
            _checked(a.content, cx, a.source.content_span)
        for r in self.ranges:
            at = {x.name: x.value_span for x in r.source.attributes}
            first, last = _checked(r.from_, cx, at["from"]), _checked(r.to, cx, at["to"])
            if first and last and first[0] != last[0]:
                cx.report("POL005", "from and to are addresses of different families", r.source.name_span)
            elif first and last and first > last:
                cx.report("POL005", "from is greater than to: the range holds no address", r.source.name_span)

    def prepare(self, plan: Plan) -> Action:
        find = self._finder()

        def run(ex: Exchange) -> Flow:
            allow = self.action.get(ex) == "allow"
            text = ex.request.ip_address
            caller = number_of(text)
            if caller is None:
                raise self._denied(
                    "FailedToParseCallerIP", "Failed to establish IP address for the caller. Access denied."
                )
            found = find(ex, caller)
            if allow and not found:
                raise self._denied("CallerIpNotAllowed", f"Caller IP address {text} is not allowed. Access denied.")
            if found and not allow:
                raise self._denied("CallerIpBlocked", "Caller IP address is blocked. Access denied.")
            return Flow.NEXT

        return Action(run, False, self.needs())

    def _finder(self) -> Callable[[Exchange, _Number], bool]:
        """Whether an address is listed; literals are numbers by then."""
        single = frozenset(_literals(a.content for a in self.addresses))
        spans = tuple(
            (first, last)
            for r in self.ranges
            for first in _literals([r.from_])
            for last in _literals([r.to])
            if first[0] == last[0]
        )
        computed = tuple(a.content for a in self.addresses if not a.content.is_literal)
        moving = tuple((r.from_, r.to) for r in self.ranges if not (r.from_.is_literal and r.to.is_literal))

        def find(ex: Exchange, caller: _Number) -> bool:
            if caller in single or any(first <= caller <= last for first, last in spans):
                return True
            if any(self._given(ex, value) == caller for value in computed):
                return True
            for low, high in moving:
                first, last = self._given(ex, low), self._given(ex, high)
                if first[0] == last[0] and first <= caller <= last:
                    return True
            return False

        return find

    def _given(self, ex: Exchange, value: Value[str]) -> _Number:
        found = number_of(value.get(ex))
        if found is None:
            raise value_fault(self.element, "The address field is no IP address.")
        return found

    def _denied(self, reason: str, why: str) -> PolicyFault:
        return PolicyFault(self.element, reason, why, status=403, client_message="Forbidden")


def number_of(text: str) -> _Number | None:
    """An address as a number; None when the text is none."""
    import ipaddress

    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version, int(address)


def _literals(values: Iterable[Value[str]]) -> Iterable[_Number]:
    return [n for v in values if isinstance(v, Constant) and (n := number_of(v.value)) is not None]


def _checked(value: Value[str], cx: Binding, where: Span) -> _Number | None:
    if not isinstance(value, Constant):
        return None
    number = number_of(value.value)
    if number is None and not is_open(value.value):
        why = "is no IP address"
        if "/" in value.value:
            why += ": CIDR notation is not supported, use <address-range>"
        cx.report("POL005", f"{value.value!r} {why}", where)
    return number
