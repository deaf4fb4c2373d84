"""The parts of a .NET regular expression, as the parser finds them.

Options (`i`, `m`, `s`, `x`, `n`) are resolved while parsing: a node says itself whether it ignores case.
"""

from __future__ import annotations

from apimpy.record import Record, field

__all__ = [
    "Alternation",
    "Anchor",
    "Any",
    "Atomic",
    "Backreference",
    "CharSet",
    "Conditional",
    "Group",
    "Literal",
    "Look",
    "Node",
    "Pattern",
    "Repeat",
    "Sequence",
]


class Literal(Record, frozen=True, eq=True):
    char: str
    ignore_case: bool


class Any(Record, frozen=True, eq=True):
    newline: bool
    """`.` under Singleline, which matches a line feed too."""


class CharSet(Record, frozen=True, eq=True):
    """`items` are (low, high) ranges, one letter of `dDwWsS`, or `p{Lu}`/`P{Lu}`."""

    items: tuple[tuple[str, str] | str, ...]
    negated: bool
    ignore_case: bool
    ascii: bool = False
    subtract: CharSet | None = None


class Anchor(Record, frozen=True, eq=True):
    """`kind`: A Z z G b B as in the pattern, `^` and `$` of Multiline."""

    kind: str
    ascii: bool = False


class Backreference(Record, frozen=True, eq=True):
    number: int
    ignore_case: bool
    ascii: bool = False
    """ECMAScript: a group that took no part matches the empty string."""


class Group(Record, frozen=True, eq=True):
    """A capturing group; `pops` is the group whose last capture a balancing group takes away."""

    number: int | None
    body: Node
    pops: int | None = None


class Look(Record, frozen=True, eq=True):
    body: Node
    behind: bool
    negated: bool


class Atomic(Record, frozen=True, eq=True):
    body: Node


class Conditional(Record, frozen=True, eq=True):
    """`test` is the number of a group or an expression that is looked at."""

    test: int | Node
    yes: Node
    no: Node


class Repeat(Record, frozen=True, eq=True):
    body: Node
    least: int
    most: int | None
    lazy: bool


class Sequence(Record, frozen=True, eq=True):
    items: tuple[Node, ...] = ()


class Alternation(Record, frozen=True, eq=True):
    options: tuple[Node, ...]


Node = (
    Literal
    | Any
    | CharSet
    | Anchor
    | Backreference
    | Group
    | Look
    | Atomic
    | Conditional
    | Repeat
    | Sequence
    | Alternation
)


class Pattern(Record, frozen=True, eq=True):
    """A parsed pattern: its tree, its group numbers in order, the names of the groups by number."""

    root: Node
    numbers: tuple[int, ...]
    names: dict[int, str] = field(default_factory=dict)
    balancing: bool = False
