"""Tokens of C#.  Kinds are the terminals of `grammar/csharp.lark`; a leading underscore means: syntax, not content."""

from __future__ import annotations

from typing import Any

__all__ = ["KEYWORDS", "PREDEFINED", "PUNCTUATION", "LexError", "Token"]


class Token:
    """One token; `start` and `end` are offsets into the expression's text, `value` is the decoded literal."""

    __slots__ = ("end", "kind", "start", "text", "value")

    def __init__(self, kind: str, text: str, start: int, end: int, value: Any = None) -> None:
        self.kind, self.text, self.start, self.end, self.value = kind, text, start, end, value

    def __repr__(self) -> str:
        return f"{self.kind}({self.text!r})"


class LexError:
    """A lexical problem with the compiler's code and sentence."""

    __slots__ = ("code", "end", "message", "start")

    def __init__(self, code: str, message: str, start: int, end: int) -> None:
        self.code, self.message, self.start, self.end = code, message, start, end


PREDEFINED = frozenset(
    [
        "bool",
        "byte",
        "char",
        "decimal",
        "double",
        "float",
        "int",
        "long",
        "object",
        "sbyte",
        "short",
        "string",
        "uint",
        "ulong",
        "ushort",
        "void",
    ]
)

_WORDS = (
    "abstract as base break case catch checked class const continue default delegate do else enum event explicit "
    "extern false finally fixed for foreach goto if implicit in interface internal is lock namespace new null operator "
    "out override params private protected public readonly ref return sealed sizeof stackalloc static struct switch "
    "this throw true try typeof unchecked unsafe using virtual volatile while"
)
_SYNTAX = (
    "as break case catch checked const continue default do else finally for foreach goto if in is lock new out ref "
    "return switch throw try typeof unchecked using while"
)
KEYWORDS: dict[str, str] = {w: "K_" + w.upper() for w in _WORDS.split()}
KEYWORDS |= {w: "_K_" + w.upper() for w in _SYNTAX.split()}
KEYWORDS |= dict.fromkeys(PREDEFINED, "PREDEFINED")
KEYWORDS |= {"true": "TRUE", "false": "FALSE", "null": "NULL", "this": "THIS"}

PUNCTUATION: dict[str, str] = {
    "(": "_LPAR",
    ")": "_RPAR",
    "[": "_LSQB",
    "]": "_RSQB",
    "{": "_LBRACE",
    "}": "_RBRACE",
    ";": "_SEMI",
    ",": "_COMMA",
    ".": "_DOT",
    ":": "_COLON",
    "?": "_QUESTION",
    "??": "_COALESCE",
    "?.": "_QDOT",
    "?[": "_QLSQB",
    "=>": "_ARROW",
    "=": "_ASSIGN",
    "+=": "ASSIGN_OP",
    "-=": "ASSIGN_OP",
    "*=": "ASSIGN_OP",
    "/=": "ASSIGN_OP",
    "%=": "ASSIGN_OP",
    "&=": "ASSIGN_OP",
    "|=": "ASSIGN_OP",
    "^=": "ASSIGN_OP",
    "<<=": "ASSIGN_OP",
    ">>=": "ASSIGN_OP",
    "||": "_OR",
    "&&": "_AND",
    "|": "BAR",
    "^": "CARET",
    "&": "AMP",
    "==": "EQ_OP",
    "!=": "EQ_OP",
    "<": "LT",
    ">": "GT",
    "<=": "LE_GE",
    ">=": "LE_GE",
    "<<": "SHIFT",
    ">>": "SHIFT",
    "+": "PLUS_MINUS",
    "-": "PLUS_MINUS",
    "*": "STAR",
    "/": "SLASH",
    "%": "PERCENT",
    "!": "BANG",
    "~": "TILDE",
    "++": "INCDEC",
    "--": "INCDEC",
}
