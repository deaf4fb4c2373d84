"""Every decision that `grammar/README.md` lists, with its example and with what only looks like it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from apimpy.csharp.classify import classify
from apimpy.csharp.lexer import tokenize
from apimpy.csharp.parser import parse

GRAMMAR = Path(__file__).parents[2] / "grammar"
README = GRAMMAR / "README.md"


def decisions() -> list[tuple[str, list[str], str, str]]:
    """The rows of the table: decision, tokens, example, counter-example."""
    rows = []
    for line in README.read_text(encoding="utf-8").splitlines():
        if not line.startswith("| ") or line.startswith(("| decision", "| ---")):
            continue
        decision, tokens, example, other = (cell.strip() for cell in line.strip("|").split(" | "))
        rows.append((decision, re.findall(r"`([^`]+)`", tokens), example.strip("`"), other.strip("`")))
    return rows


def is_block(text: str) -> bool:
    return text.startswith(("try", "switch", "for", "int F")) or text.endswith(";")


def kinds(text: str) -> list[str]:
    tokens, errors = tokenize(text)
    assert not errors
    return [t.kind for t in classify(tokens, block=is_block(text))]


DECISIONS = decisions()


def test_the_table_is_there() -> None:
    """The README is read, and every marker of the classifier has a row."""
    assert len(DECISIONS) > 30
    listed = {token for _, tokens, _, _ in DECISIONS for token in tokens}
    grammar = (GRAMMAR / "csharp.lark").read_text(encoding="utf-8")
    declared = set(re.findall(r"\b_?[A-Z][A-Z_]+\b", " ".join(re.findall(r"%declare (.*)", grammar))))
    assert listed <= declared
    made = {k for k in declared if re.fullmatch(r"_\w+_(DECL|TYPE|CAST|LAMBDA|PARAMS|LABEL|OF)", k)}
    assert made <= listed


@pytest.mark.parametrize(("decision", "tokens", "example", "other"), DECISIONS, ids=[d[2] for d in DECISIONS])
def test_decision(decision: str, tokens: list[str], example: str, other: str) -> None:
    """The example holds the tokens, the counter-example none of them more often than it must."""
    found, without = Counter(kinds(example)), Counter(kinds(other))
    for token, count in Counter(tokens).items():
        assert found[token] >= count, decision
    assert without[tokens[0]] == 0, decision


@pytest.mark.parametrize("text", sorted({text for d in DECISIONS for text in d[2:]}))
def test_examples_are_csharp(text: str) -> None:
    """What stands in the table parses."""
    tree, problems = parse(text, block=is_block(text))
    assert (tree is not None, problems) == (True, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(A.B<C>)x", "_LPAR_CAST IDENT _DOT IDENT _LT_TYPE IDENT _GT_TYPE _RPAR IDENT"),
        ("(Foo?)x", "_LPAR_CAST IDENT _NULLABLE _RPAR IDENT"),
        ("(int?[])x", "_LPAR_CAST PREDEFINED _NULLABLE RANK _RPAR IDENT"),
        ("((int, string))x", "_LPAR_CAST _LPAR_TYPE PREDEFINED _COMMA PREDEFINED _RPAR _RPAR IDENT"),
        ("(a < b)", "_LPAR IDENT LT IDENT _RPAR"),
        ("(a) ? (b) : (c)", "_LPAR IDENT _RPAR _QUESTION _LPAR IDENT _RPAR _COLON _LPAR IDENT _RPAR"),
        ("F<A, B>.C", "IDENT _LT_TYPE IDENT _COMMA IDENT _GT_TYPE _DOT IDENT"),
        ("a < b && c > d", "IDENT LT IDENT _AND IDENT GT IDENT"),
        ("x as List<int> ?? y", "IDENT _K_AS IDENT _LT_TYPE PREDEFINED _GT_TYPE _COALESCE IDENT"),
        ("x as int? ?? 1", "IDENT _K_AS PREDEFINED _NULLABLE _COALESCE NUMBER"),
        ("a ? x is int : y", "IDENT _QUESTION IDENT _K_IS PREDEFINED _COLON IDENT"),
        ("new int?[5]", "_K_NEW PREDEFINED _NULLABLE _LSQB NUMBER _RSQB"),
        ("x is List<int> l && l.A", "IDENT _IS_DECL IDENT _LT_TYPE PREDEFINED _GT_TYPE IDENT _AND IDENT _DOT IDENT"),
        ("x is -1", "IDENT _IS_CONST PLUS_MINUS NUMBER"),
        ("f(x => (y) => x)", "IDENT _LPAR LAMBDA_NAME _ARROW _LPAR_LAMBDA IDENT _RPAR _ARROW IDENT _RPAR"),
        ("f(a: out x)", "IDENT _LPAR IDENT _COLON _K_OUT IDENT _RPAR"),
        ("a > > 2", "IDENT GT GT NUMBER"),
        ("var from = 1;", "_DECL IDENT IDENT _ASSIGN NUMBER _SEMI"),
        ("const int x = 1;", "_K_CONST _DECL PREDEFINED IDENT _ASSIGN NUMBER _SEMI"),
        ("using (x) { };", "_K_USING _LPAR IDENT _RPAR _LBRACE _RBRACE _SEMI"),
        ("return (x);", "_K_RETURN _LPAR IDENT _RPAR _SEMI"),
        ("x = default;", "IDENT _ASSIGN _K_DEFAULT _SEMI"),
        (
            "from x in xs select new { x.select }",
            "_Q_FROM IDENT _K_IN IDENT _Q_SELECT _K_NEW _LBRACE IDENT _DOT IDENT _RBRACE",
        ),
        (
            "from x in (from y in ys select y) select x",
            "_Q_FROM IDENT _K_IN _LPAR _Q_FROM IDENT _K_IN IDENT _Q_SELECT IDENT _RPAR _Q_SELECT IDENT",
        ),
    ],
)
def test_kinds(text: str, expected: str) -> None:
    """Decisions inside each other."""
    assert " ".join(kinds(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "switch (x) { case 1 when y: break; }",
        "try { } catch when (true) { }",
    ],
)
def test_when(text: str) -> None:
    """`when` after a constant, and after `catch` alone."""
    assert "_K_WHEN" in kinds(text)


def test_markers_have_no_width() -> None:
    """A marker stands before its statement and holds no text; the others keep their place."""
    text = "int x = 1; int F(int a) { return a; } var (c, d) = t;"
    before = [(t.start, t.end) for t in tokenize(text)[0]]
    after = classify(tokenize(text)[0], block=True)
    assert [(t.start, t.end) for t in after if t.text] == before
    assert [t.kind for t in after if not t.text] == ["_DECL", "_LOCAL_FUNCTION", "_DECONSTRUCT"]
    assert all(t.start == t.end for t in after if not t.text)
