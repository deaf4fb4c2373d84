"""The conditions of JSONPath filters: `?(@.price < 10 && @.name =~ /x/i)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from apimpy.dotnet.json_net.kinds import BYTES, DATE, FLOAT, GUID, INTEGER, STRING, TIMESPAN, URI
from apimpy.dotnet.json_net.scalars import compare, plain_text
from apimpy.dotnet.json_net.tree import JToken, JValue

if TYPE_CHECKING:
    from apimpy.dotnet.values import Runtime

__all__ = ["Comparison", "Composite", "Exists", "Search", "Side", "Test"]


class Search:
    """One run of a path: where it began, and whether every step must find something."""

    __slots__ = ("required", "root", "rt")

    def __init__(self, rt: Runtime, root: JToken, required: bool) -> None:
        self.rt, self.root, self.required = rt, root, required


class Test(Protocol):
    def __call__(self, search: Search, token: JToken) -> bool: ...


Side = JValue | tuple[Callable[[Search, Iterable[JToken]], Iterator[JToken]], ...]


def _result(side: Side, search: Search, token: JToken) -> Iterable[JToken]:
    if isinstance(side, JValue):
        return (side,)
    inner = Search(search.rt, search.root, required=False)
    found: Iterable[JToken] = (token,)
    for step in side:
        found = step(inner, found)
    return found


class Exists:
    __slots__ = ("side",)

    def __init__(self, side: Side) -> None:
        self.side = side

    def __call__(self, search: Search, token: JToken) -> bool:
        return any(True for _ in _result(self.side, search, token))


class Composite:
    __slots__ = ("every", "tests")

    def __init__(self, every: bool) -> None:
        self.every = every
        self.tests: list[Test] = []

    def __call__(self, search: Search, token: JToken) -> bool:
        results = (test(search, token) for test in self.tests)
        return all(results) if self.every else any(results)


class Comparison:
    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Side, right: Side) -> None:
        self.operator, self.left, self.right = operator, left, right

    def __call__(self, search: Search, token: JToken) -> bool:
        rights: list[JToken] | None = None
        for left in _result(self.left, search, token):
            if rights is None:
                rights = list(_result(self.right, search, token))
            if any(self._match(search, left, right) for right in rights):
                return True
        return False

    def _match(self, search: Search, left: JToken, right: JToken) -> bool:
        operator = self.operator
        if not (isinstance(left, JValue) and isinstance(right, JValue)):
            return operator in ("!=", "<>")
        if operator == "==":
            return _equal(left, right)
        if operator in ("!=", "<>"):
            return not _equal(left, right)
        if operator == "=~":
            return _matches(search.rt, left, right)
        if operator == "===":
            return _strictly_equal(left, right)
        if operator == "!==":
            return not _strictly_equal(left, right)
        order = left.compare_to(right)
        if operator == "<":
            return order < 0
        if operator == ">":
            return order > 0
        return order <= 0 if operator == "<=" else order >= 0


def _numbers(left: JValue, right: JValue) -> bool:
    """An integer and a float: compared as numbers although their kinds differ."""
    return (left.kind is INTEGER and right.kind is FLOAT) or (left.kind is FLOAT and right.kind is INTEGER)


def _equal(left: JValue, right: JValue) -> bool:
    if left == right:
        return True
    if _numbers(left, right):
        return compare(left.kind, left.value, right.value) == 0
    if right.kind is not STRING or left.kind not in (DATE, BYTES, GUID, TIMESPAN, URI):
        return False
    return bool(plain_text(left.kind, left.value) == right.value)


def _strictly_equal(left: JValue, right: JValue) -> bool:
    if _numbers(left, right):
        return compare(left.kind, left.value, right.value) == 0
    return left.kind is right.kind and left == right


_OPTIONS = {"i": 1, "m": 2, "x": 4, "s": 16}


def _matches(rt: Runtime, left: JValue, right: JValue) -> bool:
    from apimpy.dotnet.json_net.library import call
    from apimpy.dotnet.universe import universe
    from apimpy.dotnet.values import EnumValue

    if left.kind is not STRING or right.kind is not STRING:
        return False
    pattern, _, letters = str(right.value)[1:].rpartition("/")
    flags = sum({_OPTIONS.get(letter, 0) for letter in letters})
    options = "System.Text.RegularExpressions.RegexOptions"
    found: Any = call(
        rt,
        "System.Text.RegularExpressions.Regex",
        "IsMatch",
        ("System.String", "System.String", options),
        left.value,
        pattern,
        EnumValue(universe().named(options).decl, flags),
    )
    return bool(found)
