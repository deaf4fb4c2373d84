"""What templates work with: text, numbers, dates, lists and objects with members, and DotLiquid's rules for them.

Null and false are false, everything else is true.  Members are found by their exact name first, then ignoring case.
Comparisons convert the right side to the type of the left one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.time.datetime import DateTime, from_iso, parse
from apimpy.dotnet.values import Runtime, from_text, to_string, to_text

__all__ = [
    "MAX_DEPTH",
    "MISSING",
    "Failure",
    "Lazy",
    "Members",
    "Pair",
    "compare",
    "date_in",
    "equal",
    "extent",
    "items",
    "member",
    "number",
    "of_collection",
    "parsed_date",
    "text",
]

MISSING: Any = object()
MAX_DEPTH = 200
"""Levels of values inside values."""
MAX_RANGE = 100_000
"""Numbers of a range that is written; other lists have been paid for when they were made."""


class Failure(Exception):
    """A template that cannot go on; the text says why."""


class Members(Mapping[str, Any]):
    """An object: names in order, and values that may be made when they are asked for."""

    __slots__ = ("_folded", "_held")

    def __init__(self, held: Mapping[str, Any]) -> None:
        self._held = held
        self._folded: dict[str, str] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def find(self, name: str) -> Any:
        """The value of a member, MISSING when there is none."""
        if name in self._held:
            return self[name]
        if self._folded is None:
            self._folded = {}
            for held in self._held:
                self._folded.setdefault(held.lower(), held)
        found = self._folded.get(name.lower())
        return MISSING if found is None else self[found]


class Lazy(Members):
    """Members that are functions of no arguments."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        return self._held[name]()


class Pair(Members):
    """What a loop over the members of an object sees: `Key` and `Value`, or 0 and 1."""

    __slots__ = ()

    def __init__(self, key: str, value: Any) -> None:
        super().__init__({"Key": key, "Value": value})


def member(value: Any, name: Any) -> Any:
    """`value.name` or `value[name]`; null when there is no such thing."""
    if isinstance(value, Pair) and name in (0, 1) and not isinstance(name, bool):
        return value["Value" if name else "Key"]
    if isinstance(name, str):
        if isinstance(value, Members):
            found = value.find(name)
            if found is not MISSING:
                return found
        elif isinstance(value, Mapping):  # the counters of a loop
            return value.get(name, value.get(name.lower()))
        return of_collection(value, name)
    if isinstance(name, int) and not isinstance(name, bool) and isinstance(value, Sequence) and type(value) is not str:
        return value[name] if 0 <= name < extent(value) else None
    return None


def of_collection(value: Any, name: str) -> Any:
    """`size`, `first` and `last` of what can be enumerated."""
    word = name.lower()
    if word not in ("size", "first", "last") or not isinstance(value, (str, Sequence, Members)):
        return None
    if word == "size":
        return extent(value)
    if isinstance(value, Members):
        names = list(value)
        return Pair(name := names[0 if word == "first" else -1], value[name]) if names else None
    return (value[0] if word == "first" else value[-1]) if value else None


def extent(value: Any) -> int:
    """How many elements there are; characters of a string count as C# counts them."""
    if isinstance(value, range):
        return max(0, value.stop - value.start)
    if isinstance(value, str) and not value.isascii():
        return len(from_text(value))
    return len(value)


def items(value: Any) -> Sequence[Any]:
    """What a loop or a filter sees in a value: the elements of a list, the pairs of an object, else the one value."""
    if value is None:
        return ()
    if isinstance(value, Members):
        return [Pair(name, value[name]) for name in value]
    if isinstance(value, (list, tuple, range)):
        return value
    return (value,) if value != "" else ()


# --- text -------------------------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """What `{{ value }}` writes."""
    out: list[str] = []
    _write(value, out, 0)
    return "".join(out)


def _write(value: Any, out: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Failure("The value is nested too deeply.")
    if value is None:
        return
    if isinstance(value, str):
        out.append(value)
    elif isinstance(value, bool):
        out.append(("True" if value else "False") if depth else ("true" if value else "false"))
    elif isinstance(value, Pair):
        out.append(f"[{value['Key']}, ")
        _write(value["Value"], out, depth + 1)
        out.append("]")
    elif isinstance(value, (list, tuple, range, Members)):
        if extent(value) > MAX_RANGE and isinstance(value, range):
            raise Failure("The template is too expensive: a range of that length has no text.")
        for item in items(value):
            _write(item, out, depth + 1)
    elif not isinstance(value, Mapping):  # a loop's counters have no text
        out.append(to_text(to_string(value)))


# --- dates and numbers ------------------------------------------------------------------------------------------------


def date_in(value: str) -> DateTime | None:
    """The date that text of a body stands for: ISO 8601 with a time of day, or /Date(…)/."""
    if value.startswith("/Date("):
        return from_iso(value)
    if not 16 <= len(value) <= 40 or value[10] != "T" or not value[0].isdigit():
        return None
    if len(value) < 17 or value[16] != ":":
        value = f"{value[:16]}:00{value[16:]}"
    return from_iso(value)


def parsed_date(rt: Runtime, value: str) -> DateTime | None:
    """`DateTime.TryParse`."""
    try:
        return parse(rt, from_text(value))
    except ClrError:
        return None


def number(value: Any) -> int | float | Decimal | None:
    """A number, or the number in a text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float, Decimal)):
        return value
    try:
        digits = text(value).strip()
        return int(digits) if len(digits) < 20 and digits.lstrip("+-").isdecimal() else _decimal(digits)
    except (ValueError, InvalidOperation):
        return None


def _decimal(digits: str) -> Decimal:
    if len(digits) > 64 or "_" in digits:
        raise ValueError(digits)
    found = Decimal(digits)
    if not found.is_finite():
        raise ValueError(digits)
    return found


# --- comparisons ------------------------------------------------------------------------------------------------------


def _converted(rt: Runtime, value: Any, like: Any) -> Any:
    """`value` as the type of `like`; MISSING when it cannot be that."""
    if isinstance(like, str):
        return ("True" if value else "False") if isinstance(value, bool) else text(value)
    if isinstance(like, bool):
        word = text(value).strip().lower()
        return bool(value) if isinstance(value, (bool, int, float)) else word == "true" if word in _WORDS else MISSING
    if isinstance(like, (int, float, Decimal)):
        if isinstance(value, bool):
            return int(value)
        found = number(value)
        return MISSING if found is None else found
    if isinstance(like, DateTime):
        found_date = value if isinstance(value, DateTime) else parsed_date(rt, text(value))
        return MISSING if found_date is None else found_date
    return value


_WORDS = ("true", "false")


def equal(rt: Runtime, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        right = _converted(rt, right, left)
        if right is MISSING:
            return False
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        left, right = _exact(left), _exact(right)
    return bool(left == right)


def compare(rt: Runtime, left: Any, right: Any, accepts: Callable[[int], bool]) -> bool:
    """Order; nothing is before or after null.  Failure when the two have no order."""
    if left is None or right is None:
        return False
    other = _converted(rt, right, left)
    if other is MISSING or isinstance(left, (list, tuple, range, Mapping)):
        raise Failure("The values cannot be compared.")
    if isinstance(left, str):
        from apimpy.dotnet.collation import compare as in_order

        return accepts(in_order(from_text(left), from_text(other)))
    if isinstance(left, Decimal) or isinstance(other, Decimal):
        left, other = _exact(left), _exact(other)
    return accepts(-1 if left < other else 1 if left > other else 0)


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value
