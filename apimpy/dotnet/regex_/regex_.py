"""The declarations of System.Text.RegularExpressions: Regex, Match, Group, Capture and their collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType, Type
from apimpy.dotnet.collections_.enumerator import Enumerator
from apimpy.dotnet.collections_.interfaces import copy_to
from apimpy.dotnet.decl import TypeDecl, clr_type, enum_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    NotSupportedException,
)
from apimpy.dotnet.regex_.engine import EMPTY, Capture, Group, Match, Regex, make
from apimpy.dotnet.regex_.groups import escaped_char, failure
from apimpy.dotnet.time import ticks as tk
from apimpy.dotnet.time.timespan import TimeSpan
from apimpy.dotnet.values import Array, EnumValue, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Captures", "Groups", "Matches"]

_R = "System.Text.RegularExpressions."

regex_options = enum_type(
    _R + "RegexOptions",
    {
        "None": 0,
        "IgnoreCase": 1,
        "Multiline": 2,
        "ExplicitCapture": 4,
        "Compiled": 8,
        "Singleline": 16,
        "IgnorePatternWhitespace": 32,
        "RightToLeft": 64,
        "ECMAScript": 256,
        "CultureInvariant": 512,
    },
    flags=True,
)

match_evaluator = clr_type(
    _R + "MatchEvaluator", kind="delegate", delegate="string? Invoke(Match match)", bases="object", allowed=""
)

# --- Capture, Group, Match -------------------------------------------------------------------------------------------

capture = clr_type(_R + "Capture", python=Capture, allowed="Index Length Value")
capture.prop("int Index", attr="start")
capture.prop("int Length", lambda c: c.end - c.start)
capture.prop("string Value", attr="value")
capture.method("string ToString()", Capture.clr_to_string)


def _captures(self: Group) -> Captures:
    return Captures(self)


def _groups(self: Match) -> Groups:
    return Groups(self)


group = clr_type(_R + "Group", bases="Capture", python=Group, allowed="Captures Success")
group.prop("bool Success", attr="success")
group.prop("CaptureCollection Captures", _captures)
group.prop("string Name", attr="name", since="core")
group.method("static Group Synchronized(Group inner)", lambda g: g)

match = clr_type(_R + "Match", bases="Group", python=Match, allowed="Empty Groups Result")
match.prop("static Match Empty", lambda: EMPTY)
match.prop("GroupCollection Groups", _groups)
match.method("Match NextMatch()", lambda rt, m: m.following(rt), rt=True)
match.method("static Match Synchronized(Match inner)", lambda m: m)


@match.method("string Result(string replacement)")
def result(self: Match, replacement: str | None) -> str:
    if self.regex is None:
        if replacement is None:
            raise ArgumentNullException("replacement")
        raise NotSupportedException("Result cannot be called on a failed Match.")
    return self.expand(self.regex.parts_of(replacement))


# --- collections -----------------------------------------------------------------------------------------------------


class _Collection:
    """A read-only collection over a list of captures that is made when it is asked for."""

    __slots__ = ("_items",)

    decl: TypeDecl
    element: TypeDecl
    read_only = True

    _items: list[Any] | None

    @property
    def clr_type(self) -> Type:
        return self.decl.of()

    @property
    def of(self) -> Type:
        return self.element.of()

    def clr_to_string(self) -> str:
        return self.decl.full_name

    def items(self) -> list[Any]:
        if self._items is None:
            self._items = self.load()
        return self._items

    def load(self) -> list[Any]:
        raise NotSupportedException

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items())

    def __len__(self) -> int:
        return len(self.items())

    def at(self, index: int) -> Any:
        items = self.items()
        if not 0 <= index < len(items):
            raise ArgumentOutOfRangeException("i")
        return items[index]


class Captures(_Collection):
    """CaptureCollection of a group."""

    __slots__ = ("group",)

    def __init__(self, group: Group) -> None:
        self.group, self._items = group, None

    def load(self) -> list[Any]:
        return [Capture(self.group.text, start, end) for start, end in self.group.spans]


class Groups(_Collection):
    """GroupCollection of a match."""

    __slots__ = ("match",)

    def __init__(self, match: Match) -> None:
        self.match, self._items = match, None

    def load(self) -> list[Any]:
        return list(self.match.groups())


class Matches(_Collection):
    """MatchCollection: found all at once when first used."""

    __slots__ = ("find",)

    def __init__(self, find: Callable[[], Iterator[Match]]) -> None:
        self.find, self._items = find, None

    def load(self) -> list[Any]:
        return list(self.find())


def _declare(name: str, python: type[_Collection], element: TypeDecl, allowed: str | None) -> TypeDecl:
    decl = clr_type(_R + name, bases="object, System.Collections.ICollection", python=python, allowed=allowed)
    python.decl, python.element = decl, element
    decl.prop("int Count", len)
    decl.prop("bool IsReadOnly", lambda _: True)
    decl.method("void CopyTo(Array array, int arrayIndex)", copy_to)
    decl.method("IEnumerator GetEnumerator()", lambda c: Enumerator(c, c.of, strict=True))
    return decl


capture_collection = _declare("CaptureCollection", Captures, capture, "Count Item this[]")
capture_collection.indexer("Capture this[int i]", _Collection.at)

group_collection = _declare("GroupCollection", Groups, group, "Count Item this[]")
group_collection.indexer("Group this[int groupnum]", lambda g, i: g.match.group(i))
group_collection.indexer("Group this[string groupname]", lambda g, name: g.match.named(_given(name, "groupName")))

match_collection = _declare("MatchCollection", Matches, match, None)
match_collection.indexer("Match this[int i]", _Collection.at)


def _given(value: Any, param: str) -> Any:
    if value is None:
        raise ArgumentNullException(param)
    return value


# --- Regex: instances ------------------------------------------------------------------------------------------------

regex = clr_type(_R + "Regex", python=Regex, allowed=".ctor IsMatch Match Matches Replace Unescape Split")
_T = regex


def _seconds(timeout: TimeSpan) -> float | None:
    """A match timeout; -1 ms is none."""
    if timeout.ticks == -tk.MILLISECOND:
        return None
    if not 0 < timeout.ticks < (2**31 - 1) * tk.MILLISECOND:
        raise ArgumentOutOfRangeException("matchTimeout")
    return timeout.ticks / tk.SECOND


_T.ctor("Regex(string pattern)", make)
_T.ctor("Regex(string pattern, RegexOptions options)", lambda p, o: make(p, o.value))
_T.ctor(
    "Regex(string pattern, RegexOptions options, TimeSpan matchTimeout)",
    lambda p, o, t: make(p, o.value, _seconds(t)),
)
_T.prop("RegexOptions Options", lambda r: EnumValue(regex_options, r.options))
_T.prop("bool RightToLeft", attr="reverse")
_T.prop(
    "TimeSpan MatchTimeout",
    lambda r: TimeSpan(-tk.MILLISECOND if r.timeout is None else round(r.timeout * tk.SECOND)),
)
_T.const("TimeSpan InfiniteMatchTimeout", TimeSpan(-tk.MILLISECOND))
_T.prop("static int CacheSize", lambda: 15)
_T.method("string ToString()", Regex.clr_to_string)
_T.method("int GroupNumberFromName(string name)", lambda r, name: r.group_number(_given(name, "name")))
_T.method("string GroupNameFromNumber(int i)", Regex.group_name)
_T.method("string[] GetGroupNames()", lambda r: Array(_named("System.String"), r.group_names()))
_T.method("int[] GetGroupNumbers()", lambda r: Array(_named("System.Int32"), r.pattern.numbers))


def _named(name: str) -> Type:
    assert ClrType.universe is not None
    return ClrType.universe.named(name)


def is_match(rt: Runtime, r: Regex, text: str | None, start: int | None = None) -> bool:
    start = r.start_of(text, start)
    assert text is not None
    return r.is_in(rt, text, start)


def match_(rt: Runtime, r: Regex, text: str | None, start: int | None = None) -> Match:
    start = r.start_of(text, start)
    assert text is not None
    return r.find(rt, text, start) or EMPTY


def match_within(rt: Runtime, r: Regex, text: str | None, beginning: int, length: int) -> Match:
    """A match in a part of the input, which ^ and $ take for the whole."""
    r.start_of(text)
    assert text is not None
    if not 0 <= beginning <= len(text):
        raise ArgumentOutOfRangeException(
            "beginning", "Start index cannot be less than 0 or greater than input length."
        )
    if not 0 <= length <= len(text) - beginning:
        raise ArgumentOutOfRangeException("length", "Length cannot be less than 0 or exceed input length.")
    part = text[beginning : beginning + length]
    found = r.find(rt, part, r.start_of(part))
    if found is None:
        return EMPTY
    within = found

    def moved(spans: Any) -> Any:
        return tuple((a + beginning, b + beginning) for a, b in spans)

    return Match(text, r, moved(within.spans), lambda i: moved(within.captured(i)))


def matches(rt: Runtime, r: Regex, text: str | None, start: int | None = None) -> Matches:
    start = r.start_of(text, start)
    assert text is not None
    source, first = text, start
    return Matches(lambda: r.matches(rt, source, first))


def replace(
    rt: Runtime, r: Regex, text: str | None, replacement: str | None, count: int = -1, start: int | None = None
) -> str:
    start = r.start_of(text, start)
    assert text is not None
    parts = r.parts_of(replacement)
    if len(parts) == 1 and isinstance(parts[0], str):
        plain = parts[0]
        return r.replace(rt, text, lambda _: plain, count, start)
    return r.replace(rt, text, lambda m: m.expand(parts), count, start)


def evaluate(rt: Runtime, r: Regex, text: str | None, evaluator: Any, count: int = -1, start: int | None = None) -> str:
    start = r.start_of(text, start)
    assert text is not None
    return r.replace(rt, text, _given(evaluator, "evaluator"), count, start)


def split(rt: Runtime, r: Regex, text: str | None, count: int = 0, start: int | None = None) -> Array:
    start = r.start_of(text, start)
    assert text is not None
    return Array(_named("System.String"), r.split(rt, text, count, start))


for _signature, _call in (
    ("bool IsMatch(string input)", is_match),
    ("bool IsMatch(string input, int startat)", is_match),
    ("Match Match(string input)", match_),
    ("Match Match(string input, int startat)", match_),
    ("Match Match(string input, int beginning, int length)", match_within),
    ("MatchCollection Matches(string input)", matches),
    ("MatchCollection Matches(string input, int startat)", matches),
    ("string Replace(string input, string replacement)", replace),
    ("string Replace(string input, string replacement, int count)", replace),
    ("string Replace(string input, string replacement, int count, int startat)", replace),
    ("string Replace(string input, MatchEvaluator evaluator)", evaluate),
    ("string Replace(string input, MatchEvaluator evaluator, int count)", evaluate),
    ("string Replace(string input, MatchEvaluator evaluator, int count, int startat)", evaluate),
    ("string[] Split(string input)", split),
    ("string[] Split(string input, int count)", split),
    ("string[] Split(string input, int count, int startat)", split),
):
    _T.method(_signature, _call, rt=True)
_T.method("int Count(string input)", lambda rt, r, s: len(matches(rt, r, s)), rt=True, since="core")

# --- Regex: static ---------------------------------------------------------------------------------------------------


def _is_match(rt: Runtime, text: str | None, pattern: str | None) -> bool:
    r = make(pattern)
    if text is not None and len(text) <= r.unwatched:
        return r.compiled.search(text) is not None
    return is_match(rt, r, text)


def _declare_static(result: str, name: str, run: Callable[..., Any], extra: str = "") -> None:
    """`Name(input, pattern, …)`, with options, with options and a time limit."""
    head = f"static {result} {name}(string input, string pattern{extra}"
    if extra:
        _T.method(head + ")", lambda rt, s, p, x: run(rt, make(p), s, x), rt=True)
        _T.method(head + ", RegexOptions options)", lambda rt, s, p, x, o: run(rt, make(p, o.value), s, x), rt=True)
        _T.method(
            head + ", RegexOptions options, TimeSpan matchTimeout)",
            lambda rt, s, p, x, o, t: run(rt, make(p, o.value, _seconds(t)), s, x),
            rt=True,
        )
        return
    _T.method(head + ")", _is_match if run is is_match else lambda rt, s, p: run(rt, make(p), s), rt=True)
    _T.method(head + ", RegexOptions options)", lambda rt, s, p, o: run(rt, make(p, o.value), s), rt=True)
    _T.method(
        head + ", RegexOptions options, TimeSpan matchTimeout)",
        lambda rt, s, p, o, t: run(rt, make(p, o.value, _seconds(t)), s),
        rt=True,
    )


_declare_static("bool", "IsMatch", is_match)
_declare_static("Match", "Match", match_)
_declare_static("MatchCollection", "Matches", matches)
_declare_static("string[]", "Split", split)
_declare_static("string", "Replace", replace, ", string replacement")
_declare_static("string", "Replace", evaluate, ", MatchEvaluator evaluator")

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}


@_T.method("static string Escape(string str)")
def escape(text: str | None) -> str:
    """The characters that mean something in a pattern, escaped."""
    return "".join(_ESCAPES.get(c) or ("\\" + c if c in "\\*+?|{[()^$.# " else c) for c in _given(text, "str"))


@_T.method("static string Unescape(string str)")
def unescape(text: str | None) -> str:
    """The text without the escapes of a pattern."""
    source: str = _given(text, "str")

    def fail(at: int, why: str) -> ArgumentException:
        return failure(source, at, why)

    out: list[str] = []
    i = 0
    while i < len(source):
        c = source[i]
        i += 1
        if c == "\\":
            if i == len(source):
                break  # a last backslash is dropped
            c, i = escaped_char(source, i, fail)
        out.append(c)
    return "".join(out)
