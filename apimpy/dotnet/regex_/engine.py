"""Compiled expressions and the matches they find: the run-time half of System.Text.RegularExpressions."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from apimpy.dotnet.exceptions import (
    ArgumentNullException,
    ArgumentOutOfRangeException,
    BudgetExceeded,
    RegexMatchTimeoutException,
)
from apimpy.dotnet.regex_.backtrack import Machine
from apimpy.dotnet.regex_.effort import unwatched
from apimpy.dotnet.regex_.groups import ECMA, RIGHT_TO_LEFT
from apimpy.dotnet.regex_.parse import parse
from apimpy.dotnet.regex_.replacement import Part, parse_replacement
from apimpy.dotnet.regex_.translate import compile_node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from apimpy.dotnet.regex_ import nodes as n
    from apimpy.dotnet.values import Runtime

__all__ = ["EMPTY", "Capture", "Group", "Match", "Regex", "make"]

_VALID = 0x37F
_ECMA_ALLOWED = 0x100 | 0x1 | 0x2 | 0x8 | 0x200

Spans = tuple[tuple[int, int], ...]


class Capture:
    """A stretch of the input."""

    __slots__ = ("end", "start", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end

    @property
    def value(self) -> str:
        return self.text[self.start : self.end]

    def clr_to_string(self) -> str:
        return self.value


class Group(Capture):
    """What a group captured: its last capture, and all of them."""

    __slots__ = ("name", "spans")

    def __init__(self, text: str, name: str, spans: Spans) -> None:
        start, end = spans[-1] if spans else (0, 0)
        super().__init__(text, start, end)
        self.name, self.spans = name, spans

    @property
    def success(self) -> bool:
        return bool(self.spans)


class Match(Group):
    """A match, or the empty one that says there is none (`regex` None)."""

    __slots__ = ("_next", "captured", "regex")

    def __init__(
        self, text: str, regex: Regex | None, spans: Spans, captured: Callable[[int], Spans], next: Any = None
    ) -> None:
        super().__init__(text, "0", spans)
        self.regex, self.captured, self._next = regex, captured, next

    def group(self, number: int) -> Group:
        if number == 0:
            return self
        if self.regex is None or number not in self.regex.pattern.numbers:
            return _NO_GROUP
        return Group(self.text, self.regex.group_name(number), self.captured(number))

    def named(self, name: str) -> Group:
        number = -1 if self.regex is None else self.regex.group_number(name)
        return _NO_GROUP if number < 0 else self.group(number)

    def groups(self) -> list[Group]:
        return [self] if self.regex is None else [self.group(i) for i in self.regex.pattern.numbers]

    def value_of(self, number: int) -> str:
        if number == 0:
            return self.value
        spans = self.captured(number)
        return self.text[spans[-1][0] : spans[-1][1]] if spans else ""

    @property
    def last_group(self) -> int:
        return 0 if self.regex is None else self.regex.pattern.numbers[-1]

    def following(self, rt: Runtime) -> Match:
        """`NextMatch()`."""
        if not self.spans or self.regex is None:
            return EMPTY
        return self.regex.next_after(rt, self)

    def expand(self, parts: tuple[Part, ...]) -> str:
        return "".join([p if isinstance(p, str) else p(self) for p in parts])


EMPTY = Match("", None, (), lambda _: ())
_NO_GROUP = Group("", "0", ())


class Regex:
    """System.Text.RegularExpressions.Regex."""

    __slots__ = ("compiled", "machine", "numbers_by_name", "options", "pattern", "text", "timeout", "unwatched")

    def __init__(self, text: str, options: int, timeout: float | None = None) -> None:
        self.text, self.options, self.timeout = text, options, timeout
        self.pattern, self.compiled, self.machine = _compiled(text, options)
        self.unwatched = -1 if self.machine is not None or self.reverse else unwatched(self.pattern.root)
        """How long a text may be that is searched without a look at the clock."""
        self.numbers_by_name = {name: number for number, name in self.pattern.names.items()}

    def clr_to_string(self) -> str:
        return self.text

    @property
    def reverse(self) -> bool:
        return bool(self.options & RIGHT_TO_LEFT)

    def group_name(self, number: int) -> str:
        return self.pattern.names.get(number) or (str(number) if number in self.pattern.numbers else "")

    def group_number(self, name: str) -> int:
        if name in self.numbers_by_name:
            return self.numbers_by_name[name]
        return int(name) if name.isascii() and name.isdigit() and int(name) in self.pattern.numbers else -1

    def group_names(self) -> list[str]:
        """In the order of .NET: the names that were written after the numbers, explicit numbers at the end."""
        return [self.group_name(i) for i in self.pattern.numbers]

    # --- matching ---

    def is_in(self, rt: Runtime, text: str, start: int) -> bool:
        """Whether there is a match from `start` on."""
        if len(text) <= self.unwatched:
            return self.compiled.search(text, start) is not None
        return self.find(rt, text, start) is not None

    def find(self, rt: Runtime, text: str, start: int) -> Match | None:
        """The first match from `start` on (to the left of it when matching from right to left)."""
        if len(text) <= self.unwatched:
            found = self.compiled.search(text, start)
            return None if found is None else self._match(text, found)
        limit = rt.limits.regex_seconds
        seconds = limit if self.timeout is None else min(limit, self.timeout)
        if self.machine is not None:
            return self._walk(rt, text, start, seconds)
        try:
            if self.reverse:
                # lookaheads may look past `start`, so the end of the text cannot just be cut off
                found = None
                for found in self.compiled.finditer(text, timeout=seconds):
                    if found.end() <= start:
                        break
                    found = None
                if found is None and start < len(text):
                    found = self.compiled.search(text, 0, start, timeout=seconds)
            else:
                found = self.compiled.search(text, start, timeout=seconds)
        except TimeoutError as e:
            raise self._late(seconds, limit) from e
        return None if found is None else self._match(text, found)

    def _match(self, text: str, found: Any) -> Match:
        return Match(text, self, (found.span(),), lambda i: tuple(found.spans(f"g{i}")))

    def _late(self, seconds: float, limit: float) -> Exception:
        if self.timeout is not None and self.timeout <= limit:
            return RegexMatchTimeoutException(
                "The RegEx engine has timed out while trying to match a pattern to an input string. This can occur for "
                "many reasons, including very large inputs or excessive backtracking caused by nested quantifiers, "
                "back-references and other factors."
            )
        return BudgetExceeded(f"a regular expression took more than {seconds:g} s")

    def _walk(self, rt: Runtime, text: str, start: int, seconds: float) -> Match | None:
        deadline = time.perf_counter() + seconds
        steps = 0

        def tick() -> None:
            nonlocal steps
            steps += 1
            if not steps & 0xFF and time.perf_counter() > deadline:
                raise self._late(seconds, rt.limits.regex_seconds)

        assert self.machine is not None
        found = self.machine.search(text, start, tick)
        if found is None:
            return None
        begin, end, captures = found
        return Match(text, self, ((begin, end),), lambda i: captures.get(i, ()))

    def next_after(self, rt: Runtime, match: Match) -> Match:
        """The match that follows; an empty one moves on by a character first."""
        if match.regex is not self:
            return EMPTY
        text = match.text
        if self.reverse:
            at = match.start if match.end > match.start else match.start - 1
        else:
            at = match.end if match.end > match.start else match.end + 1
        if not 0 <= at <= len(text):
            return EMPTY
        return self.find(rt, text, at) or EMPTY

    def matches(self, rt: Runtime, text: str, start: int) -> Iterator[Match]:
        match = self.find(rt, text, start) or EMPTY
        while match.spans:
            rt.tick()
            yield match
            match = self.next_after(rt, match)

    def start_of(self, text: str | None, start: int | None = None) -> int:
        """Where matching begins; checks the arguments of all matching methods."""
        if text is None:
            raise ArgumentNullException("input")
        if start is None:
            return len(text) if self.reverse else 0
        if not 0 <= start <= len(text):
            raise ArgumentOutOfRangeException(
                "startat", "Start index cannot be less than 0 or greater than input length."
            )
        return start

    # --- replacing, splitting ---

    def parts_of(self, replacement: str | None) -> tuple[Part, ...]:
        if replacement is None:
            raise ArgumentNullException("replacement")
        names = tuple(self.numbers_by_name.items())
        return parse_replacement(replacement, self.pattern.numbers, names, bool(self.options & ECMA))

    def replace(self, rt: Runtime, text: str, make: Callable[[Match], str | None], count: int, start: int) -> str:
        if count < -1:
            raise ArgumentOutOfRangeException("count", "Count cannot be less than -1.")
        if count == 0:
            return text
        out: list[str] = []
        size = len(text)
        at = size if self.reverse else 0
        for match in self.matches(rt, text, start):
            made = make(match) or ""
            size += len(made)
            rt.check_size(size)
            if self.reverse:
                out += (text[match.end : at], made)
                at = match.start
            else:
                out += (text[at : match.start], made)
                at = match.end
            count -= 1
            if count == 0:
                break
        if not out:
            return text
        if self.reverse:
            out.append(text[:at])
            out.reverse()
        else:
            out.append(text[at:])
        return "".join(out)

    def split(self, rt: Runtime, text: str, count: int, start: int) -> list[str]:
        if count < 0:
            raise ArgumentOutOfRangeException("count", "Count cannot be less than -1.")
        out: list[str] = []
        if count == 1:
            return [text]
        at = len(text) if self.reverse else 0
        for match in self.matches(rt, text, start):
            # .NET asks whether the i-th group took part, then adds the group of the number i
            captured = [
                match.value_of(i) if i in self.pattern.numbers else ""
                for i, number in enumerate(self.pattern.numbers)
                if i and match.captured(number)
            ]
            if self.reverse:
                out += (text[match.end : at], *captured)
                at = match.start
            else:
                out += (text[at : match.start], *captured)
                at = match.end
            count -= 1
            if count == 1:
                break
        if self.reverse:
            return [*out, text[:at]][::-1]
        return [*out, text[at:]]


@lru_cache(maxsize=512)
def _compiled(text: str, options: int) -> tuple[n.Pattern, Any, Machine | None]:
    """The parsed pattern with what matches it: a compiled expression, or a machine of our own."""
    pattern = parse(text, options)
    if pattern.balancing:
        return pattern, None, Machine(pattern)
    return pattern, compile_node(pattern.root, bool(options & RIGHT_TO_LEFT)), None


@lru_cache(maxsize=512)
def _shared(text: str, options: int) -> Regex:
    return Regex(text, options)


def make(text: str | None, options: int = 0, timeout: float | None = None) -> Regex:
    """An expression, its arguments checked.  Those without a time limit of their own are shared."""
    if text is None:
        raise ArgumentNullException("pattern")
    if not options and timeout is None:
        return _shared(text, 0)
    if options & ~_VALID or options < 0 or (options & ECMA and options & ~_ECMA_ALLOWED):
        raise ArgumentOutOfRangeException("options")
    return _shared(text, options) if timeout is None else Regex(text, options, timeout)
