"""Random C# expressions of a wanted type, as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["CONSTRUCTS", "EXTREMES", "FAILURES", "LITERALS", "OTHERS", "SCALARS", "TYPES", "Function", "Phrases", "Var"]

X = TypeVar("X")
_VARIES = re.compile(r"[a-df-z]\d|\bx\d|log|Tr<")

INTEGERS = ("int", "long", "byte", "uint", "short", "ulong")
SCALARS = ("int", "string", "bool", "long", "double", "decimal", "byte", "uint", "char", "float", "short", "ulong")
NULLABLES = ("int?", "long?", "bool?", "double?", "decimal?")
OTHERS = ("object", "int[]", "string[]", "List<int>", "Dictionary<string, int>", "(int, string)", "Func<int, int>")
TYPES = (*SCALARS, *NULLABLES, *OTHERS)
LITERALS = {
    "int": ("0", "1", "2", "3", "-1", "7", "10", "100", "-7"),
    "long": ("0L", "1L", "-1L", "5000000000L", "42L"),
    "byte": ("(byte)0", "(byte)1", "(byte)255", "(byte)128"),
    "short": ("(short)0", "(short)-1", "(short)32767"),
    "uint": ("0u", "1u", "7u", "4000000000u"),
    "ulong": ("0ul", "1ul", "18446744073709551615ul"),
    "double": ("0.0", "1.0", "-1.5", "0.1", "1e300", "2.5", "1e-3"),
    "float": ("0f", "1f", "0.1f", "-2.5f"),
    "decimal": ("0m", "1m", "1.10m", "-2.5m", "0.001m", "3m"),
    "bool": ("false", "true"),
    "char": ("'a'", "'b'", "'0'", "' '"),
    "string": ('""', '"a"', '"12"', '"b c"', '"Ab"', "(string)null"),
    "int?": ("(int?)null", "(int?)1", "(int?)-3"),
    "long?": ("(long?)null", "(long?)5"),
    "bool?": ("(bool?)null", "(bool?)true", "(bool?)false"),
    "double?": ("(double?)null", "(double?)0.5"),
    "decimal?": ("(decimal?)null", "(decimal?)1.5m"),
    "object": ("(object)null", "(object)1", '(object)"a"', "(object)2L", "(object)'c'", "(object)1.5", "(object)2.50m"),
    "int[]": ("new int[0]", "new[] { 1, 2, 3 }", "new int[3]"),
    "string[]": ("new string[0]", 'new[] { "a", "b", null }', "new string[2]"),
    "List<int>": ("new List<int>()", "new List<int> { 3, 1, 2 }"),
    "Dictionary<string, int>": (
        "new Dictionary<string, int>()",
        'new Dictionary<string, int> { { "a", 1 }, { "b", 2 } }',
    ),
    "(int, string)": ('(1, "a")', "default((int, string))"),
    "Func<int, int>": ("new Func<int, int>(z => z)",),
}
EXTREMES = {
    "int": ("int.MaxValue", "int.MinValue", "0", "1", "-1"),
    "long": ("long.MaxValue", "long.MinValue", "0", "-1"),
    "byte": ("255", "0", "128"),
    "short": ("32767", "-32768"),
    "uint": ("uint.MaxValue", "0"),
    "ulong": ("ulong.MaxValue", "0"),
    "double": ("double.NaN", "double.PositiveInfinity", "-0.0", "double.MaxValue", "0.5"),
    "float": ("float.MaxValue", "float.NaN", "0.5f"),
    "decimal": ("decimal.MaxValue", "0.0000000000000000000000000001m", "-1.0m"),
    "char": ("'\\uffff'", "'\\0'", "'z'"),
}
FAILURES = ("Exception", "InvalidOperationException", "ArgumentException", "FormatException", "DivideByZeroException")
CONSTRUCTS = frozenset(
    (
        "captured declarations",  # lambdas that use a variable of `is T x`, `case T x` or `out var x`
        "filters",
        "goto from a loop",
        "is object",
        "case var",
        "items of elements",  # a[i++].Item1 += x
        "late functions",  # called above their declaration
        "method groups",
        "named arguments",
        "nullable constants",
        "nullable negation",
        "null receivers",
        "references",  # ref and out parameters
        "tuple equality",
    )
)


@dataclass(frozen=True, slots=True)
class Var:
    name: str
    type: str
    depth: int
    """Functions around its declaration."""
    writable: bool = True
    reference: bool = False
    """A ref or out parameter: lambdas may not use it."""


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    result: str
    params: tuple[tuple[str, str], ...]
    """(mode, type)"""
    depth: int
    names: tuple[str, ...] = ()


class Phrases:
    """Writes expressions, asking `below(n)` for a number under n at every choice.

    `without` names constructs to leave out: `CONSTRUCTS`.
    """

    def __init__(self, below: Callable[[int], int], *, fuel: int = 90, without: frozenset[str] = frozenset()) -> None:
        self.below, self.fuel = below, fuel
        self.without = without
        self.scopes: list[list[Var]] = [[]]
        self.functions: list[list[Function]] = [[]]
        self.count = 0
        self.depth = 0
        self.loops = 0
        self.rethrows = False
        self.results: list[str] = []
        """What the functions around return."""
        self.leaving = True
        """`return` may stand here (not in a finally block)."""

    # --- choices

    def pick(self, items: Sequence[X]) -> X:
        return items[self.below(len(items))]

    def perhaps(self, one_in: int) -> bool:
        return self.below(one_in) == one_in - 1

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    @contextmanager
    def scope(self) -> Iterator[None]:
        self.scopes.append([])
        self.functions.append([])
        try:
            yield
        finally:
            self.scopes.pop()
            self.functions.pop()

    def declare(self, name: str, t: str, *, writable: bool = True, reference: bool = False) -> None:
        self.scopes[-1].append(Var(name, t, self.depth, writable, reference))

    def declare_inside(self, name: str, t: str) -> None:
        """A variable that an expression declares."""
        self.declare(name, t, reference="captured declarations" in self.without)

    def inside(self, t: str) -> str:
        """A new variable that nothing reads."""
        return self.name("u")

    def visible(self, t: str, *, writable: bool = False, reference: bool = False) -> list[str]:
        """Names of variables of that type; `reference`: those that may be passed by reference."""
        return [
            v.name
            for scope in reversed(self.scopes)
            for v in scope
            if v.type == t
            and (v.writable or not (writable or reference))
            and (not v.reference or v.depth == self.depth)
        ]

    # --- expressions

    def expr(self, t: str, depth: int) -> str:
        self.fuel -= 1
        if depth <= 0 or self.fuel <= 0:
            return self.leaf(t)
        options: list[Callable[[str, int], str]] = [lambda t, d: self.leaf(t)]
        options += self.makers(t)
        return self.pick(options)(t, depth - 1)

    def leaf(self, t: str) -> str:
        names = self.visible(t)
        if names and not self.perhaps(5):
            return self.pick(names)
        if t in NULLABLES and "nullable constants" in self.without:
            return f"(({t}){self.pick([*self.visible(t[:-1]), 'null'])})"
        text = self.pick(LITERALS[t])
        return f"({text})" if text.startswith(("(", "new")) else text

    def varying(self, t: str, d: int) -> str:
        """An expression that is no constant: what overflows or divides by zero does so at run time."""
        text = self.expr(t, d)
        return text if _VARIES.search(text) else f"Tr<{t}>({text})"

    def makers(self, t: str) -> list[Callable[[str, int], str]]:
        common: list[Callable[[str, int], str]] = [self.conditional, self.traced]
        if self.visible(t, writable=True):
            common.append(self.assignment)
        if any(f.result == t for fs in self.functions for f in fs):
            common.append(self.local_call)
        if t in INTEGERS or t in ("double", "decimal", "float"):
            common += [self.arithmetic, self.arithmetic, self.cast, self.checked, self.negation, self.coalesced]
            if self.visible(t, writable=True):
                common += [self.increment, self.compound]
        special = {
            "int": self.int_expr,
            "bool": self.bool_expr,
            "string": self.string_expr,
            "char": self.char_expr,
            "object": self.object_expr,
            "int[]": self.array_expr,
            "string[]": self.array_expr,
            "List<int>": self.list_expr,
            "Dictionary<string, int>": self.dictionary_expr,
            "(int, string)": self.tuple_expr,
            "Func<int, int>": self.lambda_expr,
        }.get(t)
        if special is not None:
            common += [special] * 4
        if t.endswith("?"):
            common += [self.nullable_expr] * 4
        return common

    def conditional(self, t: str, d: int) -> str:
        if self.perhaps(6):
            return f'({self.expr("bool", d)} ? {self.expr(t, d)} : throw new {self.pick(FAILURES)}("t"))'
        return f"({self.expr('bool', d)} ? {self.expr(t, d)} : {self.expr(t, d)})"

    def traced(self, t: str, d: int) -> str:
        return f"Tr<{t}>({self.expr(t, d)})" if not t.startswith("Func") else self.expr(t, d)

    def assignment(self, t: str, d: int) -> str:
        return f"({self.pick(self.visible(t, writable=True))} = {self.expr(t, d)})"

    def compound(self, t: str, d: int) -> str:
        op = self.pick(("+", "-", "*", "/", "%", "|", "&", "^") if t in INTEGERS else ("+", "-", "*", "/", "%"))
        return f"({self.pick(self.visible(t, writable=True))} {op}= {self.varying(t, d)})"

    def increment(self, t: str, d: int) -> str:
        name, op = self.pick(self.visible(t, writable=True)), self.pick(("++", "--"))
        return f"({name}{op})" if self.below(2) else f"({op}{name})"

    def arithmetic(self, t: str, d: int) -> str:
        if t in ("byte", "short"):
            return f"(({t})({self.varying(t, d)} {self.pick(('+', '-', '*', '/', '&'))} {self.varying(t, d)}))"
        if t in INTEGERS and self.perhaps(4):
            return f"({self.expr(t, d)} {self.pick(('<<', '>>'))} {self.expr('int', d)})"
        ops = ("+", "-", "*", "/", "%", "&", "|", "^") if t in INTEGERS else ("+", "-", "*", "/", "%")
        narrower = {
            "long": ("long", "int", "uint", "byte", "short", "char"),
            "int": ("int", "int", "byte", "short", "char"),
            "uint": ("uint", "byte"),
            "ulong": ("ulong", "uint", "byte"),
            "double": ("double", "int", "float", "long"),
            "float": ("float", "int"),
            "decimal": ("decimal", "int", "long", "byte"),
        }[t]
        left, right = self.varying(t, d), self.varying(self.pick(narrower), d)
        if self.perhaps(3):
            left, right = right, left
            if t not in ("int", "uint"):  # both narrow: the result would be
                right = f"({t}){right}"
        return f"({left} {self.pick(ops)} {right})"

    def negation(self, t: str, d: int) -> str:
        if t in ("byte", "short"):
            return f"(({t})(-{self.varying(t, d)}))"
        if t in ("uint", "ulong"):
            return f"(~{self.varying(t, d)})"
        return f"({'~' if t in INTEGERS and self.below(2) else '-'}{self.varying(t, d)})"

    def cast(self, t: str, d: int) -> str:
        source = self.pick((*INTEGERS, "double", "decimal", "float", "char"))
        if t in INTEGERS and source in ("double", "float"):
            return f"(({t})({self.varying(source, d)} % 100))"  # what lies outside is unspecified
        return f"(({t}){self.varying(source, d)})"

    def checked(self, t: str, d: int) -> str:
        return f"{self.pick(('checked', 'unchecked'))}({self.expr(t, d)})"

    def coalesced(self, t: str, d: int) -> str:
        if t + "?" not in NULLABLES:
            return self.leaf(t)
        if self.below(2):
            return f"({self.expr(t + '?', d)} ?? {self.expr(t, d)})"
        return f"{self.expr(t + '?', d)}.{self.pick(('GetValueOrDefault()', 'Value'))}"

    def local_call(self, t: str, d: int) -> str:
        f = self.pick([f for fs in reversed(self.functions) for f in fs if f.result == t])
        given = []
        for mode, kind in f.params:
            if mode:
                names = self.visible(kind, reference=True)
                if not names:
                    return self.leaf(t)
                given.append(f"{mode} {self.pick(names)}")
            elif mode == "" and kind == "int" and f.name.startswith("R"):
                given.append(f"({self.expr(kind, d)} & 3)")
            else:
                given.append(self.expr(kind, d))
        if f.names and len(given) > 1 and "named arguments" not in self.without and self.perhaps(3):
            named = [f"{a}: {value}" for a, value in zip(f.names, given, strict=True)]
            given = named[1:] + named[:1]
        return f"{f.name}({', '.join(given)})"

    def int_expr(self, t: str, d: int) -> str:
        e = self.expr
        if "null receivers" not in self.without and self.perhaps(8):
            if self.below(2):
                return f"((string)null).IndexOf({e('string', d)}, {e('int', d)})"
            return f"((int[])null)[{e('int', d)}]"
        return self.pick(
            (
                lambda: f"{e('string', d)}.Length",
                lambda: f"({e('string', d)}?.Length ?? {e('int', d)})",
                lambda: f"{e('int[]', d)}[{e('int', d)} & 3]",
                lambda: f"{e('List<int>', d)}.Count",
                lambda: f"{e('(int, string)', d)}.Item1",
                lambda: f"{e('Func<int, int>', d)}({e('int', d)})",
                lambda: f"int.Parse({e('string', d)})",
                lambda: self.fold(d),
                lambda: f"{e('Dictionary<string, int>', d)}[{e('string', d)}]",
                lambda: f"((int){e('object', d)})",
                lambda: f"Math.Max({e('int', d)}, {e('int', d)})",
                lambda: f"{self.present(d)}.IndexOf({e('char', d)})",
                lambda: f"({e('int?', d)} ?? {e('int', d)})",
                lambda: f"new {{ a = {e('int', d)}, b = {e('string', d)} }}.a",
                lambda: f"new[] {{ {e('int', d)}, {e('int', d)} }}.Sum({self.arrow('int', 'int', d)})",
            )
        )()

    def fold(self, d: int) -> str:
        source = self.expr(self.pick(("int[]", "List<int>")), d)
        return (
            source
            + self.pick(
                (
                    lambda: f".Count({self.arrow('int', 'bool', d)})",
                    lambda: f".Sum({self.arrow('int', 'int', d)})",
                    lambda: f".Where({self.arrow('int', 'bool', d)}).FirstOrDefault()",
                    lambda: f".Select({self.arrow('int', 'int', d)}).Max()",
                    lambda: f".Aggregate({self.expr('int', d)}, {self.arrow2(d)})",
                    lambda: f".OrderBy({self.arrow('int', 'int', d)}).First()",
                )
            )()
        )

    def arrow(self, given: str, result: str, d: int) -> str:
        """A lambda, with an expression or a block as its body."""
        x = self.name("x")
        self.depth += 1
        kept = self.results, self.loops, self.leaving, self.rethrows
        self.results, self.loops, self.leaving, self.rethrows = [*self.results, result], 0, True, False
        try:
            with self.scope():
                self.declare(x, given)
                if self.fuel > 0 and self.perhaps(4):
                    return f"{x} => {{ {self.statements(2, 1)} return {self.expr(result, d)}; }}"
                return f"{x} => {self.expr(result, d)}"
        finally:
            self.depth -= 1
            self.results, self.loops, self.leaving, self.rethrows = kept

    def arrow2(self, d: int) -> str:
        x, y = self.name("x"), self.name("y")
        self.depth += 1
        with self.scope():
            self.declare(x, "int")
            self.declare(y, "int")
            text = f"({x}, {y}) => {self.expr('int', d)}"
        self.depth -= 1
        return text

    def bool_expr(self, t: str, d: int) -> str:
        e = self.expr
        kind = self.pick((*SCALARS[:8], "char"))
        if kind in ("bool", "string"):
            compared = f"({e(kind, d)} {self.pick(('==', '!='))} {e(kind, d)})"
        else:
            compared = f"({e(kind, d)} {self.pick(('==', '!=', '<', '>', '<=', '>='))} {e(kind, d)})"
        if "tuple equality" not in self.without and self.perhaps(12):
            return f"(({e('double', d)}, {e('char', d)}) == ({e('float', d)}, {e('int', d)}))"
        if "is object" not in self.without and self.perhaps(12):
            return f"({e('object', d)} is object {self.inside('object')})"
        maybe = self.pick(NULLABLES)
        order = ("==", "!=") if maybe == "bool?" else ("==", "!=", "<", ">", "<=", ">=")
        return self.pick(
            (
                lambda: compared,
                lambda: f"({e('bool', d)} {self.pick(('&&', '||', '&', '|', '^', '==', '!='))} {e('bool', d)})",
                lambda: f"(!{e('bool', d)})",
                lambda: f"({e('object', d)} is {self.pick(('int', 'string', 'long', 'char', 'double', 'bool'))})",
                lambda: f"string.IsNullOrEmpty({e('string', d)})",
                lambda: f"({e(maybe, d)} {self.pick(order)} {e(maybe, d)})",
                lambda: f"{e(maybe, d)}.HasValue",
                lambda: f"{e('int[]', d)}.{self.pick(('Any', 'All'))}({self.arrow('int', 'bool', d)})",
                lambda: f"{e('Dictionary<string, int>', d)}.ContainsKey({e('string', d)})",
                lambda: f"({e('object', d)} is {self.pick(('null', '1', '2L', chr(34) + 'a' + chr(34)))})",
                lambda: f"object.Equals({e(self.pick(SCALARS), d)}, {e('object', d)})",
                lambda: f"({e(maybe, d)} {self.pick(('==', '!='))} null)",
            )
        )()

    def string_expr(self, t: str, d: int) -> str:
        e = self.expr
        any_type = self.pick((*SCALARS, *NULLABLES, "object"))
        number = self.pick(("int", "long", "double", "decimal"))
        return self.pick(
            (
                lambda: f"({e('string', d)} + {e(any_type, d)})",
                lambda: f"({e(any_type, d)} + {e('string', d)})",
                lambda: f'$"{{{self.plain(any_type, d)}}}-{{{self.plain("string", d)}}}"',
                lambda: f'$"{{{self.plain(number, d)},{self.pick((5, -6))}:{self.pick(("F2", "N0", "0.0"))}}}"',
                lambda: f"({e('string', d)} ?? {e('string', d)})",
                lambda: f"{e('string', d)}?.{self.pick(('Trim()', 'ToUpper()', 'Substring(1)'))}",
                lambda: e("string", d) + self.pick((".ToUpper()", ".Substring(1)", '.Replace("a", "bb")')),
                lambda: f'string.Join(",", {e(self.pick(("int[]", "string[]", "List<int>")), d)})',
                lambda: f"{e(self.pick(SCALARS), d)}.ToString()",
                lambda: f"{e('string[]', d)}[{e('int', d)} & 1]",
                lambda: f"{e('(int, string)', d)}.Item2",
                lambda: f"({e('object', d)} as string)",
                lambda: f"((string){e('object', d)})",
                lambda: f"{e('object', d)}?.ToString()",
                lambda: f'({e("string", d)} ?? throw new {self.pick(FAILURES)}("n"))',
                lambda: f"string.Concat({e('int[]', d)}.Select({self.arrow('int', 'string', d)}))",
                lambda: f"{e(any_type, d)}?.GetType().Name" if any_type.endswith("?") else e("string", d),
            )
        )()

    def plain(self, t: str, d: int) -> str:
        """In parentheses, so that `:` and `,` inside belong to it; without quotes in the way."""
        text = f"({self.expr(t, d)})"
        return text if '"' not in text and "{" not in text else f"({self.pick(self.visible(t) or ['log'])})"

    def char_expr(self, t: str, d: int) -> str:
        e = self.expr
        return self.pick(
            (
                lambda: f"{self.present(d)}[{e('int', d)} & 1]",
                lambda: f"((char){self.varying('int', d)})",
                lambda: f"((char)({self.varying('char', d)} + 1))",
                lambda: f"char.ToUpper({e('char', d)})",
                lambda: f"{e('string', d)}.FirstOrDefault()",
            )
        )()

    def object_expr(self, t: str, d: int) -> str:
        kind = self.pick((*SCALARS, *NULLABLES, "int[]", "(int, string)"))
        return f"((object){self.expr(kind, d)})"

    def array_expr(self, t: str, d: int) -> str:
        element = t[:-2]
        e = self.expr
        return self.pick(
            (
                lambda: f"new {element}[] {{ {e(element, d)}, {e(element, d)} }}",
                lambda: f"new[] {{ {e(element, d)}, {e(element, d)}, {e(element, d)} }}",
                lambda: f"{e(t, d)}.Select({self.arrow(element, element, d)}).ToArray()",
                lambda: f"{e(t, d)}.Where({self.arrow(element, 'bool', d)}).ToArray()",
                lambda: f"{e(t, d)}.Concat({e(t, d)}).Take(4).ToArray()",
                lambda: f"{e('List<int>', d)}.Select({self.arrow('int', element, d)}).ToArray()",
                lambda: self.query(t, d),
            )
        )()

    def query(self, t: str, d: int) -> str:
        element, x = t[:-2], self.name("q")
        source = self.expr("int[]", d)
        self.depth += 1
        with self.scope():
            self.declare(x, "int", writable=False)
            test, chosen, key = self.expr("bool", d), self.expr(element, d), self.expr("int", d)
        self.depth -= 1
        order = f" orderby {key} descending" if self.perhaps(2) else ""
        return f"(from {x} in {source} where {test}{order} select {chosen}).ToArray()"

    def list_expr(self, t: str, d: int) -> str:
        e = self.expr
        return self.pick(
            (
                lambda: f"new List<int> {{ {e('int', d)}, {e('int', d)} }}",
                lambda: f"{e('int[]', d)}.ToList()",
                lambda: f"{e('List<int>', d)}.OrderBy({self.arrow('int', 'int', d)}).ToList()",
                lambda: f"{e('List<int>', d)}.Where({self.arrow('int', 'bool', d)}).ToList()",
            )
        )()

    def dictionary_expr(self, t: str, d: int) -> str:
        e = self.expr
        return self.pick(
            (
                lambda: "new Dictionary<string, int> { [" + e("string", d) + "] = " + e("int", d) + ', ["k"] = 1 }',
                lambda: e("string[]", d) + f'.Distinct().ToDictionary(z => z ?? "", {self.arrow("string", "int", d)})',
            )
        )()

    def present(self, d: int) -> str:
        """A string; not null where the order of checks may not matter."""
        text = self.expr("string", d)
        return text if "null receivers" not in self.without else f'({text} ?? "qx")'

    def tuple_expr(self, t: str, d: int) -> str:
        return f"({self.expr('int', d)}, {self.expr('string', d)})"

    def lambda_expr(self, t: str, d: int) -> str:
        plain = [f.name for fs in self.functions for f in fs if f.result == "int" and f.params == (("", "int"),)]
        if "method groups" not in self.without and self.perhaps(3):
            return f"new Func<int, int>({self.pick((*plain, self.expr('List<int>', d) + '.IndexOf'))})"
        return f"new Func<int, int>({self.arrow('int', 'int', d)})"

    def nullable_expr(self, t: str, d: int) -> str:
        base, e = t[:-1], self.expr
        options: list[Callable[[], str]] = [
            lambda: f"(({t}){self.varying(base, d)})",
            lambda: f"({e('bool', d)} ? {e(base, d)} : ({t})null)",
            lambda: f"({e(t, d)} ?? {e(t, d)})",
        ]
        if base == "bool":
            options += [
                lambda: f"({e(t, d)} {self.pick(('&', '|', '^'))} {e(t, d)})",
                lambda: f"(!{e(t, d)})",
            ]
        else:
            options += [
                lambda: f"({e(t, d)} {self.pick(('+', '-', '*', '/', '%'))} {e(t, d)})",
                lambda: f"({e(t, d)} {self.pick(('+', '-', '*'))} {e(base, d)})",
                lambda: f"checked({e(t, d)} {self.pick(('+', '-', '*'))} {e(t, d)})",
            ]
        if base != "bool" and "nullable negation" not in self.without:
            options.append(lambda: f"(-{e(t, d)})")
        if t == "int?":
            options += [
                lambda: f"{e('string', d)}?.Length",
                lambda: f"({e('object', d)} as int?)",
                lambda: f"((int?){e('long?', d)})",
                lambda: f"((int?){e('object', d)})",
            ]
        if t == "long?":
            options.append(lambda: f"((long?){e('int?', d)})")
        return self.pick(options)()

    def statements(self, count: int, depth: int) -> str:
        """For the bodies of lambdas; the writer of statements knows more."""
        return ""
