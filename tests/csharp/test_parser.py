"""Parsing: the shape of trees, the place of syntax errors, and that nothing makes the parser raise."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apimpy.csharp.parser import parse
from apimpy.csharp.tokens import KEYWORDS, PUNCTUATION
from apimpy.diagnostics import Sink
from apimpy.dotnet.compile import CompileOptions, compile_island
from apimpy.source import SourceFile, SourceMap

CASES = Path(__file__).parents[1] / "conformance" / "expressions"


def tree(text: str, *, block: bool = False) -> Any:
    made, problems = parse(text, block=block)
    assert problems == []
    assert made is not None
    return made


def grouped(text: str) -> str:
    """What the tree groups: every operation in parentheses, leaves as they stand in the text."""
    return _grouped(tree(text), text)


def _grouped(node: Any, text: str) -> str:
    fields = [f for base in type(node).__mro__ for f in getattr(base, "__slots__", ())]
    children = [getattr(node, f) for f in fields if hasattr(getattr(node, f, None), "start")]
    children.sort(key=lambda c: (c.start, c.end))
    if not children:
        return text[node.start : node.end]
    out, at = "", node.start
    for child in children:
        out += text[at : child.start] + _grouped(child, text)
        at = child.end
    out += text[at : node.end]
    return f"<{out}>" if len(children) > 1 else out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", "<a + <b * c>>"),
        ("a * b + c", "<<a * b> + c>"),
        ("a - b - c", "<<a - b> - c>"),
        ("a / b * c", "<<a / b> * c>"),
        ("a ?? b ?? c", "<a ?? <b ?? c>>"),
        ("a || b && c", "<a || <b && c>>"),
        ("a && b || c", "<<a && b> || c>"),
        ("a | b ^ c & d", "<a | <b ^ <c & d>>>"),
        ("a == b && c != d", "<<a == b> && <c != d>>"),
        ("a < b == c > d", "<<a < b> == <c > d>>"),
        ("a << b + c", "<a << <b + c>>"),
        ("a >> b < c", "<<a >> b> < c>"),
        ("a ? b : c ? d : e", "<a ? b : <c ? d : e>>"),
        ("a ? b ? c : d : e", "<a ? <b ? c : d> : e>"),
        ("a ?? b ? c : d", "<<a ?? b> ? c : d>"),
        ("a = b = c", "<a = <b = c>>"),
        ("a += b = c", "<a += <b = c>>"),
        ("!a && b", "<!a && b>"),
        ("-a * b", "<-a * b>"),
        ("-a.b", "-<a.b>"),
        ("a + b ?? c", "<<a + b> ?? c>"),
        ("a == b ? c : d", "<<a == b> ? c : d>"),
        ("x => a + b", "x => <a + b>"),
        ("x => a ? b : c", "x => <a ? b : c>"),
        ("(a + b) * c", "<(<a + b>) * c>"),
    ],
)
def test_precedence(text: str, expected: str) -> None:
    """Operators bind as tightly as the language reference says."""
    assert grouped(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c(d)[e].f",
        "a?.b?[c]?.d()",
        "a.b<int>(c).d<string, List<int>>(e)",
        "new A(b) { C = d, E = { f, g } }",
        "new Dictionary<string, int> { ['a'] = 1, [\"b\"] = 2 }",
        "new List<int> { 1, 2, }",
        "new List<KeyValuePair<string, int>> { { \"a\", 1 }, { \"b\", 2 } }",
        "new int[] { 1, 2, }",
        "new int[3, 4]",
        "new int[3][]",
        "new[,] { { 1 }, { 2 } }",
        "new { a, b.c, d = e, }",
        "new A[] { }",
        "(a, b)",
        "(a: 1, b: 2)",
        "f(a: 1, b: out c)",
        "f(ref a, out var b, out int c)",
        "typeof(A<B>[])",
        "default(A.B<C>)",
        "checked(a + b)",
        "unchecked((byte)a)",
        "nameof(a.b)",
        "a is B b && b.c",
        "a is null",
        "a as B ?? c",
        "(A)(B)c",
        "(A)-1 + (int)-1",
        "$\"{a}{b,5}{c:x}{d,-5:y}\"",
        "$@\"{a}\"\"\"",
        "(a, b) => a + b",
        "(int a, string b) => { return a; }",
        "async",
        "() => { }",
        "delegate (int x) { return x; }",
        "from a in b where c orderby d descending select e",
        "from a in b join c in d on e equals f into g let h = i from j in k group l by m into n select o",
        "a ? throw b : c",
        "a ?? throw b",
        "a++ + ++b",
        "- - a",
        "1.ToString()",
        "a<b>.c",
        "int.MaxValue",
        "string.Empty.Length",
        "@class.@if",
    ],
)  # fmt: skip
def test_expressions(text: str) -> None:
    """Every form of expression parses, and its tree covers the text."""
    made = tree(text)
    assert (made.start, made.end) == (0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "return;",
        "return a;",
        "var a = 1, b = 2;",
        "const int a = 1;",
        "int[] a = { 1, 2 };",
        "int? a = null;",
        "(int, string) a = b;",
        "var (a, b) = c;",
        "if (a) { } else if (b) { } else { }",
        "if (a) b(); else c();",
        "if (a) if (b) c(); else d();",
        "while (a) { break; }",
        "do { continue; } while (a);",
        "for (;;) { }",
        "for (int i = 0, j = 1; i < j; i++, j--) { }",
        "for (i = 0; ; ) { }",
        "foreach (var a in b) { }",
        "foreach (var (a, b) in c) { }",
        "switch (a) { case 1: case 2: b(); break; case string s when s.c: return; default: goto case 1; }",
        "try { } catch { }",
        "try { } catch (A) { } catch (B b) when (b.c) { throw; } finally { }",
        "try { } finally { }",
        "using (var a = b) { }",
        "using (a) { }",
        "lock (a) { }",
        "checked { a++; } unchecked { b--; }",
        "throw new A();",
        "int F(int a, string b = null, params int[] c) { return a; }",
        "int F() => 1;",
        "void F(out int a, ref int b) { a = b; }",
        "{ { } }",
        "a = b; a.b = c; a[b] = c; a += b; a++; --a; a(); new A();",
    ],
)
def test_statements(text: str) -> None:
    """Every form of statement parses."""
    tree(text, block=True)


@pytest.mark.parametrize(
    ("text", "block", "code", "start"),
    [
        ("1 +", False, "CS1525", 3),
        ("(1", False, "CS1026", 2),
        ("f(1", False, "CS1026", 3),
        ("a[1", False, "CS1003", 3),
        ("a.", False, "CS1001", 2),
        ("", False, "CS1525", 0),
        ("a b", False, "CS1026", 1),
        ('"a', False, "CS1010", 0),
        ("return 1", True, "CS1002", 8),
        ("if (a { }", True, "CS1026", 5),
        ("if (a) {", True, "CS1513", 8),
        ("var a = ;", True, "CS1525", 8),
        ("else { }", True, "CS8641", 0),
    ],
)
def test_syntax_error(text: str, block: bool, code: str, start: int) -> None:
    """One mistake, one problem, with the compiler's code at the compiler's place."""
    made, problems = parse(text, block=block)
    assert made is None
    (problem,) = problems
    assert problem.code == code
    assert abs(problem.start - start) <= 1


# --- nothing raises

SOUP = st.lists(
    st.one_of(
        st.sampled_from([*PUNCTUATION, *sorted(KEYWORDS)]),
        st.sampled_from(["a", "b", "context", "x", "var", "from", "in", "select", "when", "dynamic", "await"]),
        st.sampled_from(["1", "1.5", "'a'", '"s"', '$"{a}"', '@"v"', "1m", "0x", "{{n}}", "List", "JObject", "Select"]),
    ),
    max_size=25,
).map(" ".join)


def attempt(text: str, *, block: bool, placeholders: bool = False) -> None:
    """Compiles, or says why not; never raises."""
    file, sink = SourceFile("policy.xml", text), Sink()
    options = CompileOptions(any_type=True, placeholders=placeholders)
    made = compile_island(text, SourceMap.identity(file), block, "object", sink, options)
    assert made is not None or len(sink) > 0 or placeholders
    for d in sink:
        assert 0 <= d.span.start <= d.span.end <= len(text)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(max_examples=300, deadline=None)
@given(SOUP, st.booleans(), st.booleans())
def test_token_soup(text: str, block: bool, placeholders: bool) -> None:
    """Any sequence of tokens gives a function or diagnostics inside the text."""
    attempt(text, block=block, placeholders=placeholders)


def expressions() -> list[str]:
    found = []
    for path in sorted(CASES.glob("*.jsonl")):
        found += [json.loads(line)["expr"] for line in path.read_text(encoding="utf-8").splitlines()]
    return [text for text in found if len(text) < 400]


EXPRESSIONS = expressions()
PIECES = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    ",",
    ".",
    "?",
    ":",
    "=>",
    "<",
    ">",
    '"',
    "'",
    "$",
    "@",
    "=",
    "+",
    "null",
    "1",
]


def mutated(text: str, rng: random.Random) -> str:
    """One to three small changes: a character dropped, doubled, swapped, or replaced by another expression's part."""
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(text) + 1)
        j = min(len(text), i + rng.randint(1, 6))
        other = rng.choice(EXPRESSIONS)
        k = rng.randrange(len(other))
        change = rng.randrange(4)
        if change == 0:
            text = text[:i] + text[j:]
        elif change == 1:
            text = text[:i] + text[i:j] * 2 + text[j:]
        elif change == 2:
            text = text[:i] + rng.choice(PIECES) + text[i:]
        else:
            text = text[:i] + other[k : k + rng.randint(1, 20)] + text[j:]
    return text


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("part", range(8))
def test_mutated_expressions(part: int) -> None:
    """Real expressions with small mistakes: always a function or diagnostics."""
    rng = random.Random(part)
    for text in EXPRESSIONS[part::16]:
        changed = mutated(text[2:-1], rng)
        try:
            attempt(changed, block=text[1] == "{")
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error} for {changed!r}") from error
