"""The rules of the folder `rules`, known by an index so that only those that run are imported.

`rules/index.json` is derived from the rules themselves (`python -m apimpy.lint.document`, part of `make gen`); a test
compares the two.
"""

from __future__ import annotations

import importlib
import json
import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from apimpy.diagnostics import Severity
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.diagnostics import Kind
    from apimpy.lint.rule import Rule

__all__ = ["FOLDER", "INDEX", "Entry", "entries", "load", "modules"]

FOLDER = os.path.join(os.path.dirname(__file__), "rules")
INDEX = os.path.join(FOLDER, "index.json")


class Entry(Record, frozen=True, eq=True):
    """What the index says about a rule."""

    code: str
    name: str
    category: str
    level: Severity
    kind: Kind
    elements: tuple[str, ...]
    whole: bool
    summary: str


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All rules, by code."""
    with open(INDEX, "rb") as f:
        rows: list[dict[str, Any]] = json.load(f)
    return tuple(Entry(**(row | {"level": Severity(row["level"]), "elements": tuple(row["elements"])})) for row in rows)


def load(entry: Entry) -> Rule:
    """The rule itself; imports its module, once."""
    return _made(f"{entry.category}.{entry.name}".replace("-", "_"))


@cache
def _made(place: str) -> Rule:
    return _rule_of(importlib.import_module(f"apimpy.lint.rules.{place}"))()


def modules() -> Iterator[type[Rule]]:
    """Every rule of the folder, imported: for the index, the pages and the tests."""
    for category in sorted(os.listdir(FOLDER)):
        inside = os.path.join(FOLDER, category)
        for file in sorted(os.listdir(inside)) if os.path.isdir(inside) else ():
            name = file.removesuffix(".py")
            if name != file and not name.startswith("_"):
                yield _rule_of(importlib.import_module(f"apimpy.lint.rules.{category}.{name}"))


def _rule_of(module: Any) -> type[Rule]:
    from apimpy.lint.rule import Rule

    for held in vars(module).values():
        if isinstance(held, type) and issubclass(held, Rule) and held.__module__ == module.__name__:
            return held
    raise LookupError(f"{module.__name__} holds no rule")
