"""JSONPath as Json.NET reads it: `SelectToken` and `SelectTokens`.

    compile_path("$.store.book[?(@.price < 10)].title")   # a tuple of filters, kept for the next use

A filter is a function from the root and the tokens found so far to the tokens found next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from apimpy.dotnet.exceptions import (
    ClrError,
    FormatException,
    IndexOutOfRangeException,
    JsonException,
    OverflowException,
)
from apimpy.dotnet.json_net import query as q
from apimpy.dotnet.json_net.tree import JArray, JContainer, JObject, JProperty, JToken, JValue
from apimpy.dotnet.values import Int64, Runtime

__all__ = ["compile_path", "select"]

Filter = Callable[[q.Search, Iterable[JToken]], Iterator[JToken]]


def select(rt: Runtime, token: JToken, path: str, *, required: bool = False) -> Iterator[JToken]:
    """The tokens a path leads to from a token."""
    found: Iterable[JToken] = (token,)
    search = q.Search(rt, token, required)
    for step in compile_path(path):
        found = step(search, found)
    return iter(found)


@lru_cache(maxsize=512)
def compile_path(path: str) -> tuple[Filter, ...]:
    return tuple(_Parser(path).main())


# --- filters ---------------------------------------------------------------------------------------------------------


def _short(token: JToken) -> str:
    return token.clr_name.rpartition(".")[2]


def field(names: tuple[str, ...] | None, search: q.Search, current: Iterable[JToken]) -> Iterator[JToken]:
    """Members by name; `None` is `*`."""
    for token in current:
        if isinstance(token, JObject):
            if names is None:
                for pair in token.pairs():
                    yield pair[1]
                continue
            for name in names:
                value = token.get(name)
                if value is not None:
                    yield value
                # with several names, one that exists is missed as well: so it is in the original
                if search.required and (value is None or len(names) > 1):
                    raise JsonException(f"Property '{name}' does not exist on JObject.")
        elif search.required:
            if names is not None and len(names) > 1:
                listed = ", ".join(f"'{n}'" for n in names)
                raise JsonException(f"Properties {listed} not valid on {_short(token)}.")
            raise JsonException(f"Property '{names[0] if names else '*'}' not valid on {_short(token)}.")


def scan(names: tuple[str, ...] | None, search: q.Search, current: Iterable[JToken]) -> Iterator[JToken]:
    """Everything below, by name; `None` is every value."""
    for token in current:
        if names is None:
            yield token
        if not isinstance(token, JContainer):
            continue
        for below in token.descendants():
            search.rt.tick()
            if isinstance(below, JProperty):
                if names is not None and below.name in names:
                    yield below.value
            elif names is None:
                yield below


def index(indexes: tuple[int, ...] | None, search: q.Search, current: Iterable[JToken]) -> Iterator[JToken]:
    """Elements by index; `None` is `*`."""
    for token in current:
        if not isinstance(token, JArray):
            if search.required:
                raise JsonException(f"Index {'*' if indexes is None else indexes[0]} not valid on {_short(token)}.")
        elif indexes is None:
            yield from token.children()
        else:
            for i in indexes:
                if i < token.count:
                    yield token.at(i)
                elif search.required:
                    raise JsonException(f"Index {i} outside the bounds of {_short(token)}.")


def slice_(
    bounds: tuple[int | None, int | None, int | None], search: q.Search, current: Iterable[JToken]
) -> Iterator[JToken]:
    start, end, step = bounds
    if step == 0:
        raise JsonException("Step cannot be zero.")
    by = 1 if step is None else step
    for token in current:
        if not isinstance(token, JArray):
            if search.required:
                raise JsonException(f"Array slice is not valid on {_short(token)}.")
            continue
        count = token.count
        first = (0 if by > 0 else count - 1) if start is None else start + count if start < 0 else start
        stop = (count if by > 0 else -1) if end is None else end + count if end < 0 else end
        first = min(max(first, 0), count) if by > 0 else min(first, count - 1)
        stop = min(max(stop, -1), count)
        chosen = range(first, stop, by)
        if not chosen and search.required:
            shown = ("*" if start is None else start, "*" if end is None else end)
            raise JsonException(f"Array slice of {shown[0]} to {shown[1]} returned no results.")
        for i in chosen:
            yield token.at(i)


def query(test: q.Test, search: q.Search, current: Iterable[JToken]) -> Iterator[JToken]:
    for token in current:
        for child in list(token.children()):
            search.rt.tick()
            if test(search, child):
                yield child


def query_scan(test: q.Test, search: q.Search, current: Iterable[JToken]) -> Iterator[JToken]:
    for token in current:
        for below in token.descendants(True) if isinstance(token, JContainer) else iter((token,)):
            search.rt.tick()
            if test(search, below):
                yield below


def from_root(search: q.Search, current: Iterable[JToken]) -> Iterator[JToken]:
    yield search.root


# --- parser ----------------------------------------------------------------------------------------------------------

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_OPERATORS = ("===", "==", "=~", "!==", "!=", "<>", "<=", "<", ">=", ">")
_OPEN_INDEXER = "Path ended with open indexer."
_OPEN_QUERY = "Path ended with open query."


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def main(self) -> list[Filter]:
        filters: list[Filter] = []
        start = self.at
        self.blanks()
        text = self.text
        if self.at == len(text):
            return filters
        if text[self.at] == "$":
            if len(text) == 1:
                return filters
            if text[self.at + 1 : self.at + 2] in (".", "["):
                self.at += 1
                start = self.at
        if not self.path(filters, start, in_query=False):
            last = self.at
            self.blanks()
            if self.at < len(text):
                raise JsonException("Unexpected character while parsing path: " + text[last])
        return filters

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1

    def require(self, message: str) -> None:
        if self.at >= len(self.text):
            raise JsonException(message)

    def bad_indexer(self, c: str) -> ClrError:
        return JsonException("Unexpected character while parsing path indexer: " + c)

    def path(self, filters: list[Filter], start: int, *, in_query: bool) -> bool:
        """Read steps; True when the text ended."""
        deep = after_indexer = after_dot = False

        def member(name: str) -> None:
            filters.append(partial(scan if deep else field, None if name == "*" else (name,)))

        while self.at < len(self.text):
            c = self.text[self.at]
            if c in "[(":
                if self.at > start:
                    member(self.text[start : self.at])
                    deep = False
                filters.append(self.indexer(c, deep))
                deep = False
                self.at += 1
                start = self.at
                after_indexer, after_dot = True, False
            elif c in "]) ":
                break
            elif c == ".":
                if self.at > start:
                    member(self.text[start : self.at])
                    deep = False
                if self.text[self.at + 1 : self.at + 2] == ".":
                    deep = True
                    self.at += 1
                self.at += 1
                start = self.at
                after_indexer, after_dot = False, True
            elif in_query and c in "=<!>|&":
                break
            else:
                if after_indexer:
                    raise JsonException("Unexpected character following indexer: " + c)
                self.at += 1
        ended = self.at == len(self.text)
        if self.at > start:
            member(self.text[start : self.at].rstrip())
        elif after_dot and (ended or in_query):
            raise JsonException("Unexpected end while parsing path.")
        return ended

    def indexer(self, opening: str, deep: bool) -> Filter:
        self.at += 1
        closing = "]" if opening == "[" else ")"
        self.require(_OPEN_INDEXER)
        self.blanks()
        if self.at >= len(self.text):
            raise IndexOutOfRangeException
        c = self.text[self.at]
        if c == "'":
            return self.quoted_field(closing, deep)
        return self.query_filter(closing, deep) if c == "?" else self.array_indexer(closing)

    def array_indexer(self, closing: str) -> Filter:
        start, end = self.at, -1
        indexes: list[int] = []
        colons = 0
        bounds: list[int | None] = [None, None, None]
        while self.at < len(self.text):
            c = self.text[self.at]
            if c == " ":
                end = self.at
                self.blanks()
                continue
            digits = self.text[start : self.at if end < 0 else end]
            if c == closing:
                if colons:
                    if digits:
                        bounds[1 if colons == 1 else 2] = _int32(digits)
                    return partial(slice_, (bounds[0], bounds[1], bounds[2]))
                if not digits:
                    raise JsonException("Array index expected.")
                return partial(index, (*indexes, _int32(digits)))
            if c == ",":
                if not digits:
                    raise JsonException("Array index expected.")
                indexes.append(_int32(digits))
            elif c == "*":
                self.at += 1
                self.require(_OPEN_INDEXER)
                self.blanks()
                self.require(_OPEN_INDEXER)
                if self.text[self.at] != closing:
                    raise self.bad_indexer(c)
                return partial(index, None)
            elif c == ":":
                if digits:
                    bounds[min(colons, 2)] = _int32(digits)
                colons += 1
            elif (not c.isdigit() and c != "-") or end >= 0:
                raise self.bad_indexer(c)
            else:
                self.at += 1
                continue
            self.at += 1
            self.blanks()
            start, end = self.at, -1
        raise JsonException(_OPEN_INDEXER)

    def quoted_field(self, closing: str, deep: bool) -> Filter:
        names: list[str] = []
        while self.at < len(self.text):
            names.append(self.quoted())
            self.blanks()
            self.require(_OPEN_INDEXER)
            c = self.text[self.at]
            if c == closing:
                return partial(scan if deep else field, tuple(names))
            if c != ",":
                raise self.bad_indexer(c)
            self.at += 1
            self.blanks()
        raise JsonException(_OPEN_INDEXER)

    def quoted(self) -> str:
        out: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            c = self.text[self.at]
            self.at += 1
            if c == "\\" and self.at < len(self.text):
                c = self.text[self.at]
                if c not in _ESCAPES:
                    raise JsonException("Unknown escape character: \\" + c)
                out.append(_ESCAPES[c])
                self.at += 1
            elif c == "'":
                return "".join(out)
            else:
                out.append(c)
        raise JsonException("Path ended with an open string.")

    # --- queries ---

    def query_filter(self, closing: str, deep: bool) -> Filter:
        self.at += 1
        self.require(_OPEN_INDEXER)
        if self.text[self.at] != "(":
            raise self.bad_indexer(self.text[self.at])
        self.at += 1
        test = self.expression()
        self.at += 1
        self.require(_OPEN_INDEXER)
        self.blanks()
        self.require(_OPEN_INDEXER)
        if self.text[self.at] != closing:
            raise self.bad_indexer(self.text[self.at])
        return partial(query_scan if deep else query, test)

    def expression(self) -> q.Test:
        root: q.Composite | None = None
        parent: q.Composite | None = None
        while self.at < len(self.text):
            left = self.side()
            if self.text[self.at] in ")|&":
                test: q.Test = q.Exists(left)
            else:
                operator = self.operator()
                test = q.Comparison(operator, left, self.side())
            c = self.text[self.at]
            if c == ")":
                if parent is None or root is None:
                    return test
                parent.tests.append(test)
                return root
            if c in "&|":
                if not self.match(c * 2):
                    raise self.unexpected()
                if parent is None or parent.every != (c == "&"):
                    inner = q.Composite(c == "&")
                    if parent is not None:
                        parent.tests.append(inner)
                    parent = inner
                    root = root or parent
                parent.tests.append(test)
            else:
                continue
        raise JsonException(_OPEN_QUERY)

    def unexpected(self) -> ClrError:
        if self.at >= len(self.text):
            return IndexOutOfRangeException()
        return JsonException("Unexpected character while parsing path query: " + self.text[self.at])

    def match(self, word: str) -> bool:
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def operator(self) -> str:
        if self.at + 1 >= len(self.text):
            raise JsonException(_OPEN_QUERY)
        for operator in _OPERATORS:
            if self.match(operator):
                return operator
        raise JsonException("Could not read query operator.")

    def side(self) -> q.Side:
        self.blanks()
        if self.at >= len(self.text):
            raise IndexOutOfRangeException
        c = self.text[self.at]
        side: q.Side
        if c in "$@":
            filters: list[Filter] = [from_root] if c == "$" else []
            self.at += 1
            if self.path(filters, self.at, in_query=True):
                raise JsonException(_OPEN_QUERY)
            side = tuple(filters)
        else:
            side = self.constant(c)
        self.blanks()
        self.require(_OPEN_QUERY)
        return side

    def constant(self, c: str) -> JValue:
        if c == "'":
            return JValue(self.quoted())
        if c == "/":
            return JValue(self.regex())
        if c.isdigit() or c == "-":
            start = self.at
            while self.at < len(self.text) and self.text[self.at] not in " )":
                self.at += 1
            if self.at < len(self.text):
                number = self.text[start : self.at]
                try:
                    return JValue(float(number)) if set(number) & set(".eE") else JValue(Int64(number))
                except ValueError:
                    pass
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.match(word):
                return JValue(value)
        raise self.unexpected()

    def regex(self) -> str:
        start = self.at
        self.at += 1
        while self.at < len(self.text):
            c = self.text[self.at]
            if c == "\\" and self.at + 1 < len(self.text):
                self.at += 2
                continue
            self.at += 1
            if c == "/":
                while self.at < len(self.text) and self.text[self.at].isalpha():
                    self.at += 1
                return self.text[start : self.at]
        raise JsonException("Path ended with an open regex.")


def _int32(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise FormatException("Input string was not in a correct format.") from None
    if not -(1 << 31) <= value < 1 << 31:
        raise OverflowException("Value was either too large or too small for an Int32.")
    return value
