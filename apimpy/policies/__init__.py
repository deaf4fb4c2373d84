"""The policies, one module per element; `catalogue()` collects them from this folder."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apimpy.policy.base import Catalogue

__all__ = ["catalogue"]


def catalogue() -> Catalogue:
    """Every policy of this package, and the names of those that are only recognised."""
    from apimpy.policies._known import KNOWN
    from apimpy.policy.base import Catalogue, Policy

    found: list[type[Policy]] = []
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found += [
            cls
            for _, cls in inspect.getmembers(loaded, inspect.isclass)
            if issubclass(cls, Policy) and cls.__module__ == loaded.__name__
        ]
    return Catalogue(found, KNOWN)
