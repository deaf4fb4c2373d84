"""The scanner: every kind of token and error, and that it is total."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apimpy.csharp.lexer import find_end, tokenize
from apimpy.csharp.tokens import KEYWORDS, PUNCTUATION


def kinds(text: str, *, placeholders: bool = False) -> str:
    tokens, errors = tokenize(text, placeholders=placeholders)
    assert not errors, [(e.code, e.message) for e in errors]
    return " ".join(t.kind for t in tokens)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", ("int", 0)),
        ("2147483647", ("int", 2147483647)),
        ("2147483648", ("uint", 2147483648)),
        ("4294967296", ("long", 4294967296)),
        ("9223372036854775808", ("ulong", 9223372036854775808)),
        ("18446744073709551615", ("ulong", 18446744073709551615)),
        ("1_000_000", ("int", 1000000)),
        ("1u", ("uint", 1)),
        ("1U", ("uint", 1)),
        ("4294967296u", ("ulong", 4294967296)),
        ("1L", ("long", 1)),
        ("1l", ("long", 1)),
        ("1ul", ("ulong", 1)),
        ("1LU", ("ulong", 1)),
        ("0x1F", ("int", 31)),
        ("0XfF", ("int", 255)),
        ("0x_FF", ("int", 255)),
        ("0xFFFFFFFF", ("uint", 0xFFFFFFFF)),
        ("0xFFL", ("long", 255)),
        ("0b1010", ("int", 10)),
        ("0b1111_0000", ("int", 240)),
        ("010", ("int", 10)),
        ("1.5", ("double", "1.5")),
        (".5", ("double", ".5")),
        ("1e3", ("double", "1e3")),
        ("1E-3", ("double", "1E-3")),
        ("1.5e+10", ("double", "1.5e+10")),
        ("1_0.2_5", ("double", "10.25")),
        ("1d", ("double", "1")),
        ("1.5D", ("double", "1.5")),
        ("1f", ("float", "1")),
        ("1.5F", ("float", "1.5")),
        ("1m", ("decimal", "1")),
        ("1.10M", ("decimal", "1.10")),
    ],
)
def test_numbers(text: str, value: Any) -> None:
    """The type follows from the suffix and the size, as in C#."""
    (token,), errors = tokenize(text)
    assert (token.kind, token.value, errors) == ("NUMBER", value, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('""', ""),
        ('"a"', "a"),
        (r'"\n\t\\\"\0\a\b\f\v\r\'"', "\n\t\\\"\0\a\b\f\v\r'"),
        (r'"\u0041"', "A"),
        (r'"\x41"', "A"),
        (r'"\x4142"', "\u4142"),
        (r'"\x41g"', "Ag"),
        (r'"\U0001F600"', "\ud83d\ude00"),
        ('"😀"', "\ud83d\ude00"),
        ('"// no comment /* */"', "// no comment /* */"),
        ('"{{x}}"', "{{x}}"),
        ('@""', ""),
        ('@"a\\b"', "a\\b"),
        ('@"a""b"', 'a"b'),
        ('@"a\nb"', "a\nb"),
        ('@""""', '"'),
    ],
)
def test_strings(text: str, value: str) -> None:
    """The decoded text, in UTF-16 units."""
    (token,), errors = tokenize(text)
    assert (token.kind, token.value, errors) == ("STRING", value, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [("'a'", "a"), ("'\"'", '"'), (r"'\''", "'"), (r"'\n'", "\n"), (r"'\u00e9'", "é"), (r"'\x41'", "A"), ("'é'", "é")],
)
def test_characters(text: str, value: str) -> None:
    """One UTF-16 unit."""
    (token,), errors = tokenize(text)
    assert (token.kind, token.value, errors) == ("CHAR", value, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('$""', "_INTERP_START _INTERP_END"),
        ('$"a"', "_INTERP_START INTERP_TEXT _INTERP_END"),
        ('$"{a}"', "_INTERP_START _HOLE_OPEN IDENT _HOLE_CLOSE _INTERP_END"),
        ('$"{a}b"', "_INTERP_START _HOLE_OPEN IDENT _HOLE_CLOSE INTERP_TEXT _INTERP_END"),
        ('$"{{{a}}}"', "_INTERP_START INTERP_TEXT _HOLE_OPEN IDENT _HOLE_CLOSE INTERP_TEXT _INTERP_END"),
        ('$"{a:x2}"', "_INTERP_START _HOLE_OPEN IDENT INTERP_FORMAT _HOLE_CLOSE _INTERP_END"),
        ('$"{a,5}"', "_INTERP_START _HOLE_OPEN IDENT _COMMA NUMBER _HOLE_CLOSE _INTERP_END"),
        (
            '$"{a,-5:x}"',
            "_INTERP_START _HOLE_OPEN IDENT _COMMA PLUS_MINUS NUMBER INTERP_FORMAT _HOLE_CLOSE _INTERP_END",
        ),
        ('$"{d["k"]}"', "_INTERP_START _HOLE_OPEN IDENT _LSQB STRING _RSQB _HOLE_CLOSE _INTERP_END"),
        (
            '$"{(a ? b : c)}"',
            "_INTERP_START _HOLE_OPEN _LPAR IDENT _QUESTION IDENT _COLON IDENT _RPAR _HOLE_CLOSE _INTERP_END",
        ),
        (
            '$"{$"{a}"}"',
            "_INTERP_START _HOLE_OPEN _INTERP_START _HOLE_OPEN IDENT _HOLE_CLOSE _INTERP_END _HOLE_CLOSE _INTERP_END",
        ),
        ('$@"a\n{b}"', "_INTERP_START INTERP_TEXT _HOLE_OPEN IDENT _HOLE_CLOSE _INTERP_END"),
        ('$@"""{b}"', "_INTERP_START INTERP_TEXT _HOLE_OPEN IDENT _HOLE_CLOSE _INTERP_END"),
        ('$@"{\nb\n}"', "_INTERP_START _HOLE_OPEN IDENT _HOLE_CLOSE _INTERP_END"),
        (
            '$"{new { a = 1 }}"',
            "_INTERP_START _HOLE_OPEN _K_NEW _LBRACE IDENT _ASSIGN NUMBER _RBRACE _HOLE_CLOSE _INTERP_END",
        ),
    ],
)
def test_interpolated(text: str, expected: str) -> None:
    """Text, holes with alignment and format, nested strings of every kind."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\r\n", ""),
        ("// all of it", ""),
        ("a // rest\n b", "IDENT IDENT"),
        ("a /* x \n * */ b", "IDENT IDENT"),
        ("a/**/b", "IDENT IDENT"),
        ("@if @class", "IDENT IDENT"),
        ("naïve 変数 _x x1", "IDENT IDENT IDENT IDENT"),
        ("if else return new typeof", "_K_IF _K_ELSE _K_RETURN _K_NEW _K_TYPEOF"),
        ("int string object void", "PREDEFINED PREDEFINED PREDEFINED PREDEFINED"),
        ("var dynamic where from when nameof yield", "IDENT IDENT IDENT IDENT IDENT IDENT IDENT"),
        ("true false null this base", "TRUE FALSE NULL THIS K_BASE"),
        ("a?.b", "IDENT _QDOT IDENT"),
        ("a?[0]", "IDENT _QLSQB NUMBER _RSQB"),
        ("a?.5:b", "IDENT _QUESTION NUMBER _COLON IDENT"),
        ("a??b", "IDENT _COALESCE IDENT"),
        ("a>>b", "IDENT GT GT IDENT"),
        ("a>>=b", "IDENT GT LE_GE IDENT"),
        ("a<<b", "IDENT SHIFT IDENT"),
        ("a=>b", "IDENT _ARROW IDENT"),
        ("a+++b", "IDENT INCDEC PLUS_MINUS IDENT"),
        ("1.ToString()", "NUMBER _DOT IDENT _LPAR _RPAR"),
        ("1..2", "NUMBER _DOT NUMBER"),
        ("0.5.ToString()", "NUMBER _DOT IDENT _LPAR _RPAR"),
        ("\ufeffa", "IDENT"),
    ],
)
def test_kinds(text: str, expected: str) -> None:
    """Names, keywords, comments, and operators that need a look ahead."""
    assert kinds(text) == expected


@pytest.mark.parametrize("text", sorted(PUNCTUATION))
def test_punctuation(text: str) -> None:
    """Every operator alone is its kind (`>` never joins: type arguments come later)."""
    tokens, errors = tokenize(text)
    assert errors == []
    if text in (">>", ">>="):
        assert [t.text for t in tokens] == [text[0], text[1:]]
    else:
        assert [(t.kind, t.text) for t in tokens] == [(PUNCTUATION[text], text)]


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_keywords(word: str) -> None:
    """Every keyword has its kind; with `@` before it, it is a name."""
    assert kinds(word) == KEYWORDS[word]
    (token,), _ = tokenize("@" + word)
    assert (token.kind, token.value) == ("IDENT", word)


@pytest.mark.parametrize(
    ("text", "code", "start", "end"),
    [
        ('"a', "CS1010", 0, 2),
        ('"a\nb"', "CS1010", 0, 2),
        ('@"a', "CS1039", 0, 3),
        ('$"a', "CS1039", 0, 3),
        ("'a", "CS1010", 0, 2),
        ("''", "CS1011", 0, 2),
        ("'ab'", "CS1012", 0, 4),
        ("'😀'", "CS1012", 0, 3),
        (r'"\q"', "CS1009", 1, 3),
        (r'"\u12"', "CS1009", 1, 3),
        (r'"\U00110000"', "CS1009", 1, 11),
        ("/* a", "CS1035", 0, 2),
        ("a # b", "CS1056", 2, 3),
        ("a ` b", "CS1056", 2, 3),
        ("99999999999999999999", "CS1021", 0, 20),
        ('$"}"', "CS8086", 2, 3),
    ],
)
def test_errors(text: str, code: str, start: int, end: int) -> None:
    """The compiler's code, at the compiler's place."""
    _, errors = tokenize(text)
    assert [(e.code, e.start, e.end) for e in errors[:1]] == [(code, start, end)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{x}}", "PLACEHOLDER"),
        ("{{ my-value.v1 }} + 1", "PLACEHOLDER PLUS_MINUS NUMBER"),
        ('"{{x}}"', "STRING"),
        ('$"{{x}}"', "_INTERP_START INTERP_TEXT _INTERP_END"),
        ("{ { x } }", "_LBRACE _LBRACE IDENT _RBRACE _RBRACE"),
        ("{{x;}}", "_LBRACE _LBRACE IDENT _SEMI _RBRACE _RBRACE"),
    ],
)
def test_placeholders(text: str, expected: str) -> None:
    """`{{name}}` outside strings, only where values are not known."""
    assert kinds(text, placeholders=True) == expected
    if expected.startswith("PLACEHOLDER"):
        assert kinds(text).startswith("_LBRACE _LBRACE")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@(1)", ""),
        ("@(1) tail", " tail"),
        ("@{ return 1; }x", "x"),
        ("@((a))b", "b"),
        ('@(")")x', "x"),
        ('@("\\")")x', "x"),
        ('@(@")""")x', "x"),
        ("@(')')x", "x"),
        ("@('\\'')x", "x"),
        ('@($")")x', "x"),
        ('@($"{")"}")x', "x"),
        ('@($"{d["k"]}")x', "x"),
        ('@($"{{)}}")x', "x"),
        ('@($"{(a ? ")" : "]")}")x', "x"),
        ("@(1 // )\n)x", "x"),
        ("@(1 /* ) */)x", "x"),
        ("@(a[b{c}d])x", "x"),
        ("@(a?[0])x", "x"),
        ("@()", ""),
        ("@{}", ""),
        ("@(a]x", "x"),  # brackets are only counted: the parser says what is wrong with it
    ],
)
def test_find_end(text: str, rest: str) -> None:
    """Where an expression ends, whatever brackets stand in its strings and comments."""
    assert text[find_end(text, 0) :] == rest


@pytest.mark.parametrize(
    "text", ["@(", "@(1", "@((1)", '@(")', '@("a\n")', "@(/* )", "@{ return 1;", '@($"{)")', "@('", '@(@")', "@(// )"]
)
def test_find_no_end(text: str) -> None:
    """-1 for an expression that is not closed."""
    assert find_end(text, 0) == -1


def test_find_end_starts_anywhere() -> None:
    """The offset is that of the `@`, in the text as given."""
    text = 'x="@(a)" y="@{b}"'
    assert text[3 : find_end(text, 3)] == "@(a)"
    assert text[12 : find_end(text, 12)] == "@{b}"


PIECES = st.sampled_from(
    [
        *PUNCTUATION,
        *sorted(KEYWORDS),
        '"',
        "'",
        '$"',
        '@"',
        '$@"',
        "\\",
        "//",
        "/*",
        "*/",
        "{{",
        "}}",
        "\n",
        " ",
        "a",
        "1",
        "1.5e",
        "0x",
        ".",
        "\\u12",
        "😀",
        "\u2028",
        "\x00",
        "#",
        "é",
        "{{n}}",
        "\\x",
        "_",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.booleans())
def test_total(text: str, placeholders: bool) -> None:
    """Any text gives tokens and errors in order, inside the text; nothing is raised."""
    tokens, errors = tokenize(text, placeholders=placeholders)
    at = 0
    for token in tokens:
        assert at <= token.start <= token.end <= len(text)
        assert token.text == text[token.start : token.end]
        at = token.end
    for error in errors:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.code.startswith("CS")
        assert error.message


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_find_end_total(text: str) -> None:
    """The end is -1 or an offset after a closing bracket; what lies between is what the scanner sees."""
    end = find_end("@(" + text, 0)
    assert end == -1 or (2 < end <= len(text) + 2 and ("@(" + text)[end - 1] in ")]}")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_strings_round_trip(value: str) -> None:
    """A text written as a verbatim string, and with escapes, is read back."""
    units = value.encode("utf-16-be", "surrogatepass")
    expected = "".join(chr(int.from_bytes(units[i : i + 2], "big")) for i in range(0, len(units), 2))
    verbatim = '@"' + value.replace('"', '""') + '"'
    escaped = '"' + "".join(f"\\u{ord(c):04x}" for c in expected) + '"'
    for text in (verbatim, escaped):
        (token,), errors = tokenize(text)
        assert (token.value, errors) == (expected, [])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_integers_round_trip(value: int) -> None:
    """Decimal, hexadecimal and binary say the same number of the same type."""
    found = {tokenize(text)[0][0].value for text in (str(value), hex(value), bin(value))}
    assert [v for _, v in found] == [value]
