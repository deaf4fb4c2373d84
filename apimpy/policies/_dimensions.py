"""The dimensions of metrics whose values the gateway knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.runtime.exchange import Exchange

__all__ = ["KNOWN_DIMENSIONS"]


def _id(holder: object) -> str:
    return getattr(holder, "id", "")


KNOWN_DIMENSIONS: dict[str, Callable[[Exchange], str]] = {
    "API ID": lambda ex: _id(ex.api),
    "Operation ID": lambda ex: _id(ex.operation),
    "Product ID": lambda ex: _id(ex.product),
    "User ID": lambda ex: _id(ex.user),
    "Subscription ID": lambda ex: _id(ex.subscription),
    "Location": lambda ex: ex.deployment.region,
    "Gateway ID": lambda ex: ex.deployment.gateway_id,
}
"""Their values by name; "" for an entity that the request does not have."""
