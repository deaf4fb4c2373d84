"""The scanner of C# text.

What it is: text in, tokens and lexical errors out; total (never raises, never hangs).  It knows strings of all kinds
(regular, verbatim, interpolated with nested holes), characters, comments and number suffixes.  It also answers where a
policy expression ends (`find_end`), so that documents can be read before they are XML.  What it is not: it does not
decide what `<`, `(` or `?` mean; `classify` does, with the whole token list in hand.

Policy expressions may hold `{{named-value}}` placeholders where the values are not known (lint without secrets):
outside strings such a placeholder is a token of its own, inside strings it is text.
"""

from __future__ import annotations

import re
from typing import Any

from apimpy.csharp.tokens import KEYWORDS, PUNCTUATION, LexError, Token
from apimpy.pattern import pattern

__all__ = ["find_end", "tokenize"]

_SKIP = pattern(r"(?:[\s\ufeff]+|//[^\n\r]*|/\*.*?\*/)+", re.DOTALL)
_NAME = pattern(r"@?[^\W\d]\w*")
_NUMBER = pattern(
    r"0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*(?P<hs>[uUlL]{0,2})"
    r"|0[bB]_*[01][01_]*(?P<bs>[uUlL]{0,2})"
    r"|(?P<real>(?:[0-9][0-9_]*)?\.[0-9][0-9_]*(?:[eE][+-]?[0-9_]+)?|[0-9][0-9_]*[eE][+-]?[0-9_]+)(?P<rs>[fFdDmM]?)"
    r"|(?P<whole>[0-9][0-9_]*)(?P<ws>[fFdDmM]|[uU][lL]?|[lL][uU]?)?"
)
_PUNCT = pattern(
    r"<<=|>=|<=|=>|==|!=|\+\+|--|&&|\|\||\?\?|\?\.(?![0-9])|\?\[|[-+*/%&|^]=|<<|[()\[\]{};,.:?=<>|^&+\-*/%!~]"
)
_PLACEHOLDER = pattern(r"\{\{\s*[A-Za-z0-9_.\-]+\s*\}\}")
_STRING_RUN = pattern(r'[^"\\\n\r\u0085\u2028\u2029]*')
_INTERP_RUN = pattern(r'[^"\\\n\r{}\u0085\u2028\u2029]*')
_VERBATIM_RUN = pattern(r'[^"{}]*')
_SIMPLE = {
    "'": "'",
    '"': '"',
    "\\": "\\",
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_HEX = pattern(r"[0-9a-fA-F]+")
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


class _Scanner:
    def __init__(self, text: str, placeholders: bool) -> None:
        self.text = text
        self.placeholders = placeholders
        self.tokens: list[Token] = []
        self.errors: list[LexError] = []
        self.unterminated = False

    def error(self, code: str, message: str, start: int, end: int) -> None:
        self.errors.append(LexError(code, message, start, end))

    def add(self, kind: str, start: int, end: int, value: Any = None) -> None:
        self.tokens.append(Token(kind, self.text[start:end], start, end, value))

    def one(self, i: int) -> int:
        """Scan white space and at most one token (an interpolated string counts as one) from `i`; the end."""
        text = self.text
        if m := _SKIP.match(text, i):
            i = m.end()
        if i >= len(text):
            return i
        c = text[i]
        if c == '"':
            return self.string(i)
        if c == "'":
            return self.char(i)
        if c == "$":
            if text.startswith('$"', i):
                return self.interpolated(i, i + 2, verbatim=False)
            if text.startswith('$@"', i):
                return self.interpolated(i, i + 3, verbatim=True)
        if c == "@" and text.startswith('@"', i):
            return self.verbatim(i)
        if c == "@" and text.startswith('@$"', i):  # C# 8 order; the compiler names the feature
            return self.interpolated(i, i + 3, verbatim=True)
        if m := _NAME.match(text, i):
            word = m[0]
            self.add(KEYWORDS.get(word, "IDENT"), i, m.end(), word.lstrip("@"))
            return m.end()
        if c.isdigit() or (c == "." and text[i + 1 : i + 2].isdigit()):
            if m := _NUMBER.match(text, i):
                return self.number(i, m)
        if c == "{" and self.placeholders and (m := _PLACEHOLDER.match(text, i)):
            self.add("PLACEHOLDER", i, m.end(), m[0].strip("{} \t\r\n"))
            return m.end()
        if c == "/" and text.startswith("/*", i):
            self.error("CS1035", "End-of-file found, '*/' expected", i, i + 2)
            self.unterminated = True
            return len(text)
        if m := _PUNCT.match(text, i):
            self.add(PUNCTUATION[m[0]], i, m.end())
            return m.end()
        self.error("CS1056", f"Unexpected character '{c}'", i, i + 1)
        return i + 1

    # --- literals

    def number(self, i: int, m: re.Match[str]) -> int:
        digits = m[0].replace("_", "")
        end = m.end()
        following = self.text[end : end + 1].lower()
        if digits == "0" and following in ("x", "b"):
            self.error("CS1013", "Invalid number", i, i)
        elif following == "e":
            self.error("CS0595", "Invalid real literal.", i, i)
        if m["real"] is not None:
            suffix = m["rs"].lower()
            self.real(i, end, digits.rstrip("fFdDmM") if suffix else digits, suffix)
            return end
        if m["whole"] is not None:
            suffix = (m["ws"] or "").lower()
            if suffix in ("f", "d", "m"):
                self.real(i, end, digits[:-1], suffix)
                return end
            value = int(digits[: len(digits) - len(suffix)])
        else:
            suffix = (m["hs"] or m["bs"] or "").lower()
            body = digits[: len(digits) - len(suffix)]
            value = int(body, 0)
        unsigned, long = "u" in suffix, "l" in suffix
        if value > 0xFFFFFFFFFFFFFFFF:
            self.error("CS1021", "Integral constant is too large", i, end)
            value = 0
        if unsigned:
            kind = "ulong" if long or value > 0xFFFFFFFF else "uint"
        elif long:
            kind = "long" if value <= 0x7FFFFFFFFFFFFFFF else "ulong"
        else:
            kind = (
                "int"
                if value <= 0x7FFFFFFF
                else "uint"
                if value <= 0xFFFFFFFF
                else "long"
                if value <= 0x7FFFFFFFFFFFFFFF
                else "ulong"
            )
        self.add("NUMBER", i, end, (kind, value))
        return end

    def real(self, i: int, end: int, digits: str, suffix: str) -> None:
        kind = {"f": "float", "m": "decimal"}.get(suffix, "double")
        self.add("NUMBER", i, end, (kind, digits))

    def escape(self, i: int) -> tuple[str, int]:
        """The characters that the escape at `i` (a backslash) stands for, and its end."""
        text = self.text
        c = text[i + 1 : i + 2]
        if c in _SIMPLE and c:
            return _SIMPLE[c], i + 2
        if c in ("u", "U", "x") and c:
            most = {"u": 4, "U": 8, "x": 4}[c]
            m = _HEX.match(text, i + 2, i + 2 + most)
            if m and (c == "x" or len(m[0]) == most):
                code = int(m[0], 16)
                if code > 0x10FFFF:
                    self.error("CS1009", "Unrecognized escape sequence", i, m.end())
                    return "?", m.end()
                if code > 0xFFFF:
                    code -= 0x10000
                    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF)), m.end()
                return chr(code), m.end()
        self.error("CS1009", "Unrecognized escape sequence", i, min(i + 2, len(text)))
        return c if c not in ("", "\n", "\r") else "", min(i + (2 if c not in ("\n", "\r") else 1), len(text))

    def string(self, start: int) -> int:
        text, i = self.text, start + 1
        parts: list[str] = []
        while True:
            m = _STRING_RUN.match(text, i)
            assert m is not None
            parts.append(m[0])
            i = m.end()
            c = text[i : i + 1]
            if c == '"':
                i += 1
                break
            if c != "\\":
                self.error("CS1010", "Newline in constant", start, i)
                self.unterminated = True
                break
            piece, i = self.escape(i)
            parts.append(piece)
        self.add("STRING", start, i, _utf16("".join(parts)))
        return i

    def verbatim(self, start: int) -> int:
        text, i = self.text, start + 2
        parts: list[str] = []
        while True:
            j = text.find('"', i)
            if j < 0:
                self.error("CS1039", "Unterminated string literal", start, len(text))
                self.unterminated = True
                parts.append(text[i:])
                i = len(text)
                break
            parts.append(text[i:j])
            i = j + 1
            if text[i : i + 1] != '"':
                break
            parts.append('"')
            i += 1
        self.add("STRING", start, i, _utf16("".join(parts)))
        return i

    def char(self, start: int) -> int:
        text, i = self.text, start + 1
        parts: list[str] = []
        while True:
            c = text[i : i + 1]
            if c == "'":
                i += 1
                break
            if c in ("", "\n", "\r"):
                self.error("CS1010", "Newline in constant", start, i)
                self.unterminated = True
                break
            if c == "\\":
                piece, i = self.escape(i)
                parts.append(piece)
            else:
                parts.append(c)
                i += 1
        value = _utf16("".join(parts))
        if not self.unterminated and len(value) != 1:
            if value:
                self.error("CS1012", "Too many characters in character literal", start, i)
            else:
                self.error("CS1011", "Empty character literal", start, i)
        self.add("CHAR", start, i, value[:1] or "\0")
        return i

    def interpolated(self, start: int, i: int, *, verbatim: bool) -> int:
        text = self.text
        run = _VERBATIM_RUN if verbatim else _INTERP_RUN
        self.add("_INTERP_START", start, i)
        parts: list[str] = []
        piece_start = i

        def flush(end: int) -> None:
            if parts:
                self.add("INTERP_TEXT", piece_start, end, _utf16("".join(parts)))
                parts.clear()

        while True:
            m = run.match(text, i)
            assert m is not None
            if m[0]:
                parts.append(m[0])
            i = m.end()
            c = text[i : i + 1]
            if c == '"':
                if verbatim and text[i + 1 : i + 2] == '"':
                    parts.append('"')
                    i += 2
                    continue
                flush(i)
                self.add("_INTERP_END", i, i + 1)
                return i + 1
            if c == "\\" and not verbatim:
                piece, i = self.escape(i)
                parts.append(piece)
            elif c in ("{", "}") and text[i + 1 : i + 2] == c:
                parts.append(c)
                i += 2
            elif c == "}":
                self.error(
                    "CS8086", "A '}' character must be escaped (by doubling) in an interpolated string.", i, i + 1
                )
                i += 1
            elif c == "{":
                flush(i)
                i = self.hole(i, verbatim=verbatim)
                if self.unterminated:
                    return i
                piece_start = i
            else:
                self.error(
                    "CS1010" if c else "CS1039", "Newline in constant" if c else "Unterminated string literal", start, i
                )
                self.unterminated = True
                flush(i)
                self.add("_INTERP_END", i, i)
                return i

    def hole(self, i: int, *, verbatim: bool) -> int:
        """A `{expression[,alignment][:format]}` of an interpolated string; `i` is at the brace."""
        text = self.text
        self.add("_HOLE_OPEN", i, i + 1)
        i += 1
        depth = 0
        while True:
            if m := _SKIP.match(text, i):
                if not verbatim and "\n" in m[0]:
                    self.error(
                        "CS8076", "Missing close delimiter '}' for interpolated expression started with '{'.", i, i
                    )
                    self.unterminated = True
                    return m.end()
                i = m.end()
            c = text[i : i + 1]
            if not c:
                self.error("CS1039", "Unterminated string literal", i, i)
                self.unterminated = True
                return i
            if not depth and c == "}":
                self.add("_HOLE_CLOSE", i, i + 1)
                return i + 1
            if not depth and c == ":" and not text.startswith("::", i):
                return self.format(i)
            if c in _OPEN:
                depth += 1
            elif c in _CLOSE:
                depth -= 1
            i = self.one(i)
            if self.unterminated:
                return i

    def format(self, i: int) -> int:
        text, start = self.text, i
        parts: list[str] = []
        i += 1
        while True:
            c = text[i : i + 1]
            if c in ("{", "}") and c and text[i + 1 : i + 2] == c:
                parts.append(c)
                i += 2
            elif c == "}":
                if not parts:
                    self.error("CS8089", "Empty format specifier.", start, start + 1)
                self.add("INTERP_FORMAT", start, i, _utf16("".join(parts)))
                self.add("_HOLE_CLOSE", i, i + 1)
                return i + 1
            elif c == "\\":
                piece, i = self.escape(i)
                parts.append(piece)
            elif c in ("", '"', "\n"):
                self.error(
                    "CS8076", "Missing close delimiter '}' for interpolated expression started with '{'.", start, i
                )
                self.unterminated = True
                return i
            else:
                parts.append(c)
                i += 1


_ASTRAL = pattern("[\U00010000-\U0010ffff]")


def _utf16(text: str) -> str:
    """Literal text as C# sees it: UTF-16 units (`apimpy.dotnet.values` explains)."""
    if text.isascii():
        return text

    def split(m: re.Match[str]) -> str:
        n = ord(m[0]) - 0x10000
        return chr(0xD800 + (n >> 10)) + chr(0xDC00 + (n & 0x3FF))

    return _ASTRAL.sub(split, text)


def tokenize(text: str, *, placeholders: bool = False) -> tuple[list[Token], list[LexError]]:
    """All tokens of a C# text (without the surrounding `@( )`), and what is lexically wrong with it."""
    s = _Scanner(text, placeholders)
    i = 0
    while i < len(text):
        i = s.one(i)
    return s.tokens, s.errors


def find_end(text: str, start: int) -> int:
    """The offset after the bracket that closes the `@(` or `@{` at `start`; -1 when it is not closed."""
    s = _Scanner(text, placeholders=False)
    i, depth = start + 1, 0
    while i < len(text):
        i = s.one(i)
        if s.unterminated:
            return -1
        if s.tokens:
            kind = s.tokens[-1].kind
            if kind in ("_LPAR", "_LSQB", "_LBRACE", "_QLSQB"):
                depth += 1
            elif kind in ("_RPAR", "_RSQB", "_RBRACE"):
                depth -= 1
                if depth <= 0:
                    return i
            s.tokens.clear()
    return -1
