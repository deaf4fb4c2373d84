"""Random C# programs that compile: typed expressions and statements as text.

    program()            a hypothesis strategy; what it finds is shrunk to the simplest choices (the first of each list)
    written(seed)        the same from a seed

Loops are bounded, names are never reused, and variables are always assigned: what is written is nearly always accepted.
What goes wrong at run time (division by zero, null, an index out of range) is wanted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from reference_phrases import CONSTRUCTS, EXTREMES, FAILURES, LITERALS, OTHERS, SCALARS, TYPES, Function, Phrases, Var

__all__ = ["CONSTRUCTS", "Writer", "program", "written"]

CAUGHT = (
    "DivideByZeroException",
    "NullReferenceException",
    "IndexOutOfRangeException",
    "OverflowException",
    "FormatException",
    "InvalidOperationException",
    "ArgumentException",
    "InvalidCastException",
    "KeyNotFoundException",
)


class Writer(Phrases):
    """Writes one program."""

    # --- statements

    def statements(self, count: int, depth: int) -> str:
        return " ".join(self.statement(depth) for _ in range(self.below(count) + 1))

    def block(self, depth: int) -> str:
        with self.scope():
            return f"{{ {self.statements(3, depth - 1)} }}"

    def statement(self, depth: int) -> str:
        simple: list[Callable[[int], str]] = [
            self.log,
            self.assign,
            self.variable,
            self.log,
            self.assign,
            self.variable,
        ]
        simple += [self.element, self.step, self.deconstruction, self.swap, self.parsed, self.adding]
        if self.leaving:
            simple.append(self.leave)
        if self.rethrows:
            simple.append(lambda d: f"if ({self.expr('bool', 2)}) {{ throw; }}")
        if self.loops and self.leaving:
            simple.append(lambda d: f"if ({self.expr('bool', 2)}) {{ {self.pick(('break', 'continue'))}; }}")
        if depth > 0 and self.fuel > 0:
            simple += [self.if_, self.for_, self.foreach, self.while_, self.try_, self.switch_int, self.switch_object]
            simple += [self.closures, self.function, self.pattern, self.checked_block, self.switch_string, self.do]
            simple += [self.using, self.recursive, self.late]
        return self.pick(simple)(depth)

    def log(self, depth: int) -> str:
        return f'log += {self.expr(self.pick(SCALARS), 3)} + ";";'

    def assign(self, depth: int) -> str:
        kinds = sorted({v.type for scope in self.scopes for v in scope if v.writable})
        usable = [t for t in kinds if self.visible(t, writable=True)]
        if not usable:
            return self.log(depth)
        t = self.pick(usable)
        return f"{self.pick(self.visible(t, writable=True))} = {self.expr(t, 3)};"

    def variable(self, depth: int) -> str:
        t = self.pick(TYPES)
        name = self.name("v")
        value = self.pick(EXTREMES[t]) if t in EXTREMES and self.perhaps(3) else self.expr(t, 3)
        kind = "var" if self.perhaps(5) and t not in ("byte", "short", "uint", "ulong", "long") else t
        if kind == "var":
            value = f"({t})({value})"
        text = f"{kind} {name} = {value};"
        self.declare(name, t)
        return text

    def step(self, depth: int) -> str:
        t = self.pick(("int", "byte", "char", "long", "double", "decimal", "short", "uint"))
        names = self.visible(t, writable=True)
        if not names:
            return self.log(depth)
        if t != "char" and self.below(2):
            return f"{self.pick(names)} {self.pick(('+=', '-=', '*=', '/=', '%='))} {self.varying(t, 3)};"
        return f"{self.pick(names)}{self.pick(('++', '--'))};"

    def element(self, depth: int) -> str:
        e = self.expr
        return self.pick(
            (
                lambda: f"{e('int[]', 1)}[{e('int', 2)} & 3] {self.pick(('=', '+=', '-='))} {e('int', 2)};",
                lambda: f"{e('int[]', 1)}[{e('int', 2)} & 1]{self.pick(('++', '--'))};",
                lambda: f"{e('string[]', 1)}[{e('int', 2)} & 1] {self.pick(('=', '+='))} {e('string', 2)};",
                lambda: f"{e('Dictionary<string, int>', 1)}[{e('string', 1)}] {self.pick(('=', '+='))} {e('int', 2)};",
                lambda: f"{e('List<int>', 1)}[{e('int', 2)} & 3] {self.pick(('=', '+=', '*='))} {e('int', 2)};",
                self.item,
                self.items,
            )
        )()

    def items(self) -> str:
        """Items of tuples in an array: the array and the index are evaluated once."""
        if "items of elements" in self.without:
            return self.item()
        t, i = self.name("t"), self.name("v")
        self.declare(i, "int")
        op = self.pick(("+=", "=", "-="))
        text = f"var {t} = new (int, string)[3]; int {i} = 0; {t}[{i}++].Item1 {op} {self.expr('int', 2)};"
        return text + f" log += {t}[0].Item1 + {t}[1].Item1;"

    def late(self, depth: int) -> str:
        """A local function that is called above its declaration."""
        if "late functions" in self.without:
            return self.log(depth)
        f, v = self.name("L"), self.name("v")
        text = f"int {v} = {self.expr('int', 2)};"
        self.declare(v, "int")
        self.depth += 1
        kept = self.results, self.loops, self.leaving, self.rethrows
        self.results, self.loops, self.leaving, self.rethrows = [*self.results, "int"], 0, True, False
        with self.scope():
            body = f"{self.statements(2, depth - 1)} return {v}++;"
        self.depth -= 1
        self.results, self.loops, self.leaving, self.rethrows = kept
        return f"{text} log += {f}(); log += {f}(); int {f}() {{ {body} }}"

    def item(self) -> str:
        names = self.visible("(int, string)", writable=True)
        if not names:
            return self.log(0)
        if self.below(2):
            return f"{self.pick(names)}.Item1 {self.pick(('=', '+='))} {self.expr('int', 2)};"
        return f"{self.pick(names)}.Item2 {self.pick(('=', '+='))} {self.expr('string', 2)};"

    def adding(self, depth: int) -> str:
        names = self.visible("List<int>")
        return f"{self.pick(names)}.Add({self.expr('int', 2)});" if names else self.log(depth)

    def deconstruction(self, depth: int) -> str:
        value = self.expr("(int, string)", 2)
        a, b = self.name("v"), self.name("v")
        self.declare(a, "int")
        self.declare(b, "string")
        return f"var ({a}, {b}) = {value};"

    def swap(self, depth: int) -> str:
        names = self.visible("int", writable=True)
        if len(names) < 2:
            return self.log(depth)
        return f"({names[0]}, {names[1]}) = ({self.expr('int', 2)}, {self.expr('int', 2)});"

    def parsed(self, depth: int) -> str:
        text, a = self.expr("string", 2), self.name("v")
        self.declare_inside(a, "int")
        if self.below(2):
            names = self.visible("Dictionary<string, int>")
            if names:
                return f'{self.pick(names)}.TryGetValue({text} ?? "", out var {a});'
        return f"int.TryParse({text}, out {self.pick(('var', 'int'))} {a});"

    def leave(self, depth: int) -> str:
        if self.perhaps(2):
            return f"if ({self.expr('bool', 2)}) {{ throw new {self.pick(FAILURES)}({self.expr('string', 2)}); }}"
        value = self.expr(self.results[-1], 2) if self.results else "log"
        return f"if ({self.expr('bool', 2)}) {{ return {value}; }}"

    def if_(self, depth: int) -> str:
        text = f"if ({self.expr('bool', 3)}) {self.block(depth)}"
        if self.perhaps(3):
            text += f" else if ({self.expr('bool', 2)}) {self.block(depth)}"
        return text + (f" else {self.block(depth)}" if self.perhaps(2) else "")

    def pattern(self, depth: int) -> str:
        value, p = self.expr("object", 2), self.name("p")
        t = self.pick(("int", "string", "long", "char", "double", "int[]"))
        with self.scope():
            self.declare_inside(p, t)
            return f"if ({value} is {t} {p} && {self.expr('bool', 2)}) {self.block(depth)}"

    def body(self, depth: int) -> str:
        """A loop's body; inside a finally block only the loop itself may be left."""
        leaving = self.leaving
        self.loops += 1
        try:
            return self.block(depth) if leaving else self.in_finally(lambda: self.block(depth))
        finally:
            self.loops -= 1

    def in_finally(self, write: Callable[[], str]) -> str:
        kept = self.leaving, self.loops, self.rethrows
        self.leaving, self.loops, self.rethrows = False, 0, False
        try:
            return write()
        finally:
            self.leaving, self.loops, self.rethrows = kept

    def for_(self, depth: int) -> str:
        i = self.name("i")
        with self.scope():
            self.declare(i, "int", writable=False)
            test = f"{i} < {self.pick((2, 3, 1))}"
            if self.perhaps(3):
                test += f" && {self.expr('bool', 2)}"
            step = self.pick((f"{i}++", f"{i} += 1", f"++{i}"))
            return f"for (int {i} = 0; {test}; {step}) {self.body(depth)}"

    def while_(self, depth: int) -> str:
        w = self.name("w")
        self.declare(w, "int", writable=False)
        return f"int {w} = 0; while ({w}++ < 3 && {self.expr('bool', 2)}) {self.body(depth)}"

    def do(self, depth: int) -> str:
        w = self.name("w")
        self.declare(w, "int", writable=False)
        return f"int {w} = 0; do {self.body(depth)} while ({w}++ < 2 && {self.expr('bool', 2)});"

    def foreach(self, depth: int) -> str:
        e = self.name("e")
        source, t = self.pick(
            (
                ("int[]", "int"),
                ("List<int>", "int"),
                ("string", "char"),
                ("string[]", "string"),
                ("Dictionary<string, int>", ""),
            )
        )
        text = self.expr(source, 2)
        if source != "string":
            text = f"{text}.Take(3)"
        else:
            text = f'({text} ?? "xyz").Take(3)'
        with self.scope():
            if t:
                self.declare(e, t, writable=False)
            kind = "long" if t == "int" and self.perhaps(4) else "var"
            if kind == "long":
                self.scopes[-1][-1] = Var(e, "long", self.depth, writable=False)
            body = self.body(depth)
            first = f" log += {e}.Key + {e}.Value;" if not t else ""
        return f"foreach ({kind} {e} in {text}) {{{first} {body} }}"

    def try_(self, depth: int) -> str:
        text = f"try {self.block(depth)}"
        handled = False
        kinds = list(CAUGHT)
        for _ in range(self.below(3)):
            kind = kinds.pop(self.below(len(kinds)))
            if kind == "ArgumentException" or kind == "InvalidOperationException":
                kinds = [k for k in kinds if k != "ObjectDisposedException"]
            text += self.catch(kind, depth)
            handled = True
        if self.below(3) or not handled:
            text += self.catch("Exception", depth)
            handled = True
        if self.perhaps(3):
            text += f" finally {self.in_finally(lambda: self.block(depth))}"
        return text

    def catch(self, kind: str, depth: int) -> str:
        e = self.name("e")
        kept, self.rethrows = self.rethrows, True
        with self.scope():
            filters = "filters" not in self.without
            when = f" when ({self.expr('bool', 2)})" if filters and self.perhaps(3) else ""
            if kind == "Exception":
                when = when or (
                    f" when ({e}.Message.Length > {self.pick((5, 20, 60))})" if filters and self.perhaps(4) else ""
                )
            body = self.block(depth)
        self.rethrows = kept
        return f" catch ({kind} {e}){when} {{ log += {e}.GetType().Name; {body} }}"

    def sections(self, labels: list[str], depth: int) -> str:
        """Sections for these labels and `default`; a `goto` only goes forward."""
        out = []
        for i, label in enumerate(labels):
            with self.scope():
                kept = self.loops
                later = labels[i + 1 :]
                body = self.statements(2, depth - 1)
                if "goto from a loop" not in self.without and self.perhaps(4):
                    g, jump = self.name("g"), self.pick((*later, "default"))
                    body += f" for (int {g} = 0; {g} < 3; {g}++) {{ log += {g}; if ({g} == 1) {{ goto {jump}; }} }}"
                end = "break;"
                if later and self.perhaps(3):
                    end = f"goto {self.pick(later)};"
                elif self.perhaps(4):
                    end = "goto default;"
                elif self.perhaps(5):
                    end = 'throw new Exception("s");'
                self.loops = kept
            out.append(f"{label}: {body} {end}")
        with self.scope():
            out.append(f"default: {self.statements(2, depth - 1)} break;")
        return " ".join(out)

    def switched(self, value: str, labels: list[str], depth: int) -> str:
        return f"switch ({value}) {{ {self.sections(labels, depth)} }}"

    def switch_int(self, depth: int) -> str:
        return self.switched(f"{self.expr('int', 3)} & 3", ["case 0", "case 1", "case 2"][: self.below(3) + 1], depth)

    def switch_string(self, depth: int) -> str:
        labels = ['case "a"', "case null", 'case "12"'][: self.below(3) + 1]
        return self.switched(self.expr("string", 3), labels, depth)

    def switch_object(self, depth: int) -> str:
        value = self.expr("object", 2)
        out = []
        for t in ("int", "string", "long", "char", "double")[: self.below(5) + 1]:
            p = self.name("p")
            with self.scope():
                self.declare_inside(p, t)
                when = f" when {self.expr('bool', 2)}" if self.perhaps(3) else ""
                out.append(f"case {t} {p}{when}: {self.statements(2, depth - 1)} break;")
        with self.scope():
            p = self.name("p")
            last = "default"
            if "case var" not in self.without and self.perhaps(3):
                last = f"case var {p}"
                self.declare_inside(p, "object")
            out.append(f"{last}: {self.statements(2, depth - 1)} break;")
        return f"switch ({value}) {{ {' '.join(out)} }}"

    def checked_block(self, depth: int) -> str:
        return f"{self.pick(('checked', 'unchecked'))} {self.block(depth)}"

    def using(self, depth: int) -> str:
        r = self.name("r")
        return f'using (var {r} = new StringReader("ab")) {{ log += {r}.ReadToEnd(); {self.block(depth)} }}'

    def closures(self, depth: int) -> str:
        """Functions made in a loop, called after it."""
        fs, i, f, k = self.name("fs"), self.name("i"), self.name("f"), self.name("k")
        with self.scope():
            self.declare(i, "int", writable=False)
            first = f"int {k} = {self.expr('int', 1)};"
            self.declare(k, "int")
            self.loops += 1
            made = f"{fs}.Add({self.arrow('int', 'int', 2)});"
            self.loops -= 1
        head = self.pick((f"for (int {i} = 0; {i} < 3; {i}++)", f"foreach (var {i} in new[] {{ 5, 6, 7 }})"))
        text = f"var {fs} = new List<Func<int, int>>(); {head} {{ {first} {made} {k}++; }}"
        return f'{text} foreach (var {f} in {fs}) {{ log += {f}(1) + "," + {f}(2) + ";"; }}'

    def function(self, depth: int) -> str:
        name, result = self.name("F"), self.pick(("int", "string", "bool", "long"))
        modes = self.pick(((), ("",), ("ref",), ("out",), ("", "ref"), ("", "out"), ("ref", "ref")))
        if "references" in self.without:
            modes = tuple("" for _ in modes)
        params = tuple((mode, self.pick(("int", "string"))) for mode in modes)
        names = [self.name("a") for _ in params]
        self.depth += 1
        kept = self.results, self.loops, self.leaving, self.rethrows
        self.results, self.loops, self.leaving, self.rethrows = [*self.results, result], 0, True, False
        with self.scope():
            first = ""
            for (mode, t), a in zip(params, names, strict=True):
                if mode == "out":
                    first += f"{a} = {self.pick(LITERALS[t])}; "
            for (mode, t), a in zip(params, names, strict=True):
                self.declare(a, t, reference=bool(mode))
            text = f"{first}{self.statements(3, depth - 1)} return {self.expr(result, 2)};"
        self.depth -= 1
        self.results, self.loops, self.leaving, self.rethrows = kept
        shown = ", ".join(f"{mode} {t} {a}".strip() for (mode, t), a in zip(params, names, strict=True))
        self.functions[-1].append(Function(name, result, params, self.depth, tuple(names)))
        return f"{result} {name}({shown}) {{ {text} }}"

    def recursive(self, depth: int) -> str:
        name, n = self.name("R"), self.name("n")
        self.depth += 1
        with self.scope():
            self.declare(n, "int", writable=False)
            base, more = self.expr("int", 2), self.expr("int", 2)
        self.depth -= 1
        self.functions[-1].append(Function(name, "int", (("", "int"),), self.depth))
        return f"int {name}(int {n}) {{ return {n} <= 0 ? {base} : {name}({n} - 1) + {more}; }}"

    # --- the whole

    def program(self) -> str:
        self.declare("log", "string")
        text = 'string log = ""; X Tr<X>(X x) { log += x + "."; return x; } '
        for t in (*SCALARS, *OTHERS[1:4]):
            name = self.name("v")
            values = EXTREMES.get(t, LITERALS[t]) if self.perhaps(3) else LITERALS[t]
            text += f"{t} {name} = {self.pick(values)}; "
            self.declare(name, t)
        guarded = bool(self.below(3))
        with self.scope():
            body = " ".join(self.statement(3) for _ in range(self.below(6) + 1))
            inner = [v.name for v in self.scopes[1] if v.type != "Func<int, int>"]
        shown = [v.name for v in self.scopes[0]] + ([] if guarded else inner)
        if guarded:
            body = f"try {{ {body} }} catch (Exception e) {{ log += e.GetType().Name; }}"
        self.fuel = 5
        last = f"return new object[] {{ {', '.join(shown)} }};"
        if self.perhaps(4):
            last = f"return {self.expr(self.pick(SCALARS), 3)};"
        return f"@{{ {text}{body} {last} }}"


@st.composite
def program(draw: Any, without: frozenset[str] = frozenset()) -> str:
    def below(n: int) -> int:
        return draw(st.integers(0, n - 1)) if n > 1 else 0

    return Writer(below, without=without).program()


def written(seed: int, fuel: int = 90, without: frozenset[str] = frozenset()) -> str:
    return Writer(random.Random(seed).randrange, fuel=fuel, without=without).program()
