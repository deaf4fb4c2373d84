"""The parts of a .NET regular expression, as the parser finds them.

Options (`i`, `m`, `s`, `x`, `n`) are resolved while parsing: a node says itself whether it ignores case.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Literal:
    char: str
    ignore_case: bool


@dataclass(frozen=True, slots=True)
class Any:
    newline: bool
    """`.` under Singleline, which matches a line feed too."""


@dataclass(frozen=True, slots=True)
class CharSet:
    """`items` are (low, high) ranges, one letter of `dDwWsS`, or `p{Lu}`/`P{Lu}`."""

    items: tuple[tuple[str, str] | str, ...]
    negated: bool
    ignore_case: bool
    ascii: bool = False
    subtract: CharSet | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """`kind`: A Z z G b B as in the pattern, `^` and `$` of Multiline."""

    kind: str
    ascii: bool = False


@dataclass(frozen=True, slots=True)
class Backreference:
    number: int
    ignore_case: bool
    ascii: bool = False
    """ECMAScript: a group that took no part matches the empty string."""


@dataclass(frozen=True, slots=True)
class Group:
    """A capturing group; `pops` is the group whose last capture a balancing group takes away."""

    number: int | None
    body: Node
    pops: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    body: Node
    behind: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Atomic:
    body: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test` is the number of a group or an expression that is looked at."""

    test: int | Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Repeat:
    body: Node
    least: int
    most: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternation:
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


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed pattern: its tree, its group numbers in order, the names of the groups by number."""

    root: Node
    numbers: tuple[int, ...]
    names: dict[int, str] = field(default_factory=dict)
    balancing: bool = False
