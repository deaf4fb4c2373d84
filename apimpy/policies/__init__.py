"""The policies, one module per element: `<set-header>` is `set_header.py`.

A policy's module is imported when a document names it: checking a file of five policies costs five imports.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping

from apimpy.policy.base import Catalogue, Policy

__all__ = ["catalogue"]


def catalogue() -> Catalogue:
    """Every policy of this package."""
    return Catalogue(_Folder())


class _Folder(Mapping[str, type[Policy]]):
    """The policies of this folder by element name."""

    def __init__(self) -> None:
        files = (name.removesuffix(".py") for path in __path__ for name in os.listdir(path) if name.endswith(".py"))
        self._modules = {name.replace("_", "-"): name for name in sorted(files) if not name.startswith("_")}

    def __getitem__(self, element: str) -> type[Policy]:
        module = importlib.import_module(f"{__name__}.{self._modules[element]}")
        for held in vars(module).values():
            if isinstance(held, type) and issubclass(held, Policy) and held.__dict__.get("element") == element:
                return held
        raise LookupError(f"{module.__name__} does not hold the policy <{element}>")

    def __contains__(self, element: object) -> bool:
        return element in self._modules  # by name alone: nothing is imported to answer it

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)
