"""What to say when the parser stops: the compiler's code, its sentence, and where it puts them.

`explain` knows the state of the parser, so it can ask which terminals could have stood here.  The compiler parses by
recursive descent and complains about the innermost thing it waits for; the rules below are its answers in the order in
which they are looked for.  A missing token is reported at the token found instead, or at the end of the line when the
line ends before it.  Syntax of later language versions gets the compiler's answer for C# 7.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.record import Record

if TYPE_CHECKING:
    from apimpy.csharp.tables import Tables
    from apimpy.csharp.tokens import Token

__all__ = ["Problem", "explain"]


class Problem(Record, frozen=True, eq=True):
    """Something wrong with the text, at offsets of that text; `code` is the compiler's."""

    code: str
    message: str
    start: int
    end: int


def explain(tables: Tables, stack: list[int], tokens: list[Token], at: Token, text: str) -> Problem:
    """The problem of a parser that cannot take the token `at` in the state on the stack."""
    index = next((k for k, t in enumerate(tokens) if t is at), len(tokens))
    before = [t for t in tokens[:index] if t.text]  # markers are not text
    after = [t for t in tokens[index:] if t.text]
    return _Stop(tables, stack, before, after, text).problem()


_OPENERS = frozenset(
    ["_LPAR", "_LSQB", "_QLSQB", "_LBRACE", "_LPAR_CAST", "_LPAR_LAMBDA", "_LPAR_TYPE", "_LPAR_PARAMS"]
)
_CLOSERS = frozenset(["_RPAR", "_RSQB", "_RBRACE"])
_CALLED = frozenset(["IDENT", "_GT_TYPE", "_RPAR", "_RSQB", "RANK"])
_MODIFIERS = frozenset(["static", "public", "private", "protected", "internal", "readonly"])
_COMPARES = frozenset(["LT", "GT", "LE_GE"])
_OPERAND_ENDS = frozenset(["IDENT", "NUMBER", "STRING", "CHAR", "_RPAR", "_RSQB", "TRUE", "FALSE", "NULL", "THIS"])
_EXPECTED = (
    ("_SEMI", "CS1002", "; expected"),
    ("_RPAR", "CS1026", ") expected"),
    ("_RSQB", "CS1003", "Syntax error, ']' expected"),
    ("_HOLE_CLOSE", "CS1003", "Syntax error, '}' expected"),
    ("_COLON", "CS1003", "Syntax error, ':' expected"),
    ("_K_IN", "CS1515", "'in' expected"),
    ("_LBRACE", "CS1514", "{ expected"),
    ("_RBRACE", "CS1513", "} expected"),
    ("_LPAR", "CS1003", "Syntax error, '(' expected"),
)


class _Stop:
    """The place where the parser stopped."""

    def __init__(self, tables: Tables, stack: list[int], before: list[Token], after: list[Token], text: str) -> None:
        self.tables, self.stack, self.before, self.after, self.text = tables, stack, before, after, text
        self.kind = after[0].kind if after else "$END"
        self.word = after[0].text if after else ""

    def can(self, kind: str) -> bool:
        """The terminal could have stood here: some reductions, then a shift."""
        states, rules = self.tables.states, self.tables.rules
        stack = list(self.stack)
        ends = self.tables.end.values()
        while True:
            if kind == "$END" and stack[-1] in ends:
                return True
            action = states[stack[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = rules[-action - 1]
            if rule.length:
                del stack[-rule.length :]
            stack.append(states[stack[-1]][rule.left])

    # --- places

    def here(self) -> tuple[int, int]:
        """Where something is missing."""
        last = self.before[-1].end if self.before else 0
        if not self.after:
            return last, last
        found = self.after[0]
        return (last, last) if self.before and "\n" in self.text[last : found.start] else (found.start, found.end)

    def prior(self, back: int = 1) -> str:
        return self.before[-back].kind if len(self.before) >= back else ""

    def missing(self, code: str, message: str) -> Problem:
        return Problem(code, message, *self.here())

    # --- rules

    def problem(self) -> Problem:
        return self.newer() or self.operand() or self.name() or self.closing()

    def newer(self) -> Problem | None:
        """Syntax that C# 7.3 does not have."""
        if not self.after:
            return None
        found = self.after[0]
        last = self.before[-1] if self.before else found
        touching = last.end == found.start and last is not found
        if self.kind == "_K_SWITCH" and last.kind in _OPERAND_ENDS:
            return _later("recursive patterns", self.primary_start(), found.end)
        if last.kind in ("_K_IS", "_IS_CONST") and self.kind == "_LBRACE":
            return _later("recursive patterns", found.start, found.end)
        if last.kind == "_COALESCE" and self.kind == "_ASSIGN" and touching:
            return _later("coalescing assignment", last.start, found.end)
        if self.kind == "BANG" and last.kind in _OPERAND_ENDS and touching:
            return _later("nullable reference types", last.start, found.end)
        if self.text[found.start : found.start + 2] == "..":
            return _later("range operator", found.start, found.start + 2)
        if self.text[found.start - 1 : found.start + 1] == ".." and last.kind == "_DOT":
            return _later("range operator", self.before[-2].start if len(self.before) > 1 else last.start, found.end)
        if self.kind == "CARET" and self.can("NUMBER"):
            return _later("index operator", found.start, self.after[1].end if len(self.after) > 1 else found.end)
        if found.text in _MODIFIERS and self.can("_SEMI"):
            if found.text == "static" and len(self.after) > 3 and self.after[3].kind == "_LPAR":
                return _later("static local functions", found.start, found.end)
            message = f"The modifier '{found.text}' is not valid for this item"
            return Problem("CS0106", message, found.start, found.end)
        if found.text == "unsafe":
            return Problem("CS0227", "Unsafe code may only appear if compiling with /unsafe", found.start, found.end)
        if last.kind == "_K_USING" and self.kind != "_LPAR":
            return _later("using declarations", last.start, last.end)
        if last.kind in ("_K_IS", "_IS_CONST") and self.kind in _COMPARES:
            return _preview("relational pattern", found.start, self.after[1].end if len(self.after) > 1 else found.end)
        if self.prior(2) == "_K_IS" and last.text == "not":
            return _preview("not pattern", last.start, found.end)
        if found.text in ("and", "or") and any(t.kind in ("_K_IS", "_IS_CONST") for t in self.before[-4:]):
            return _preview(f"{found.text} pattern", last.start, found.end)
        if last.kind == "_K_NEW" and self.kind == "_LPAR":
            return _preview("target-typed object creation", last.start, last.end)
        if last.text == "await" and (self.can("_SEMI") or self.can("$END")):
            return Problem(
                "CS4032",
                "The 'await' operator can only be used within an async method. Consider marking this method with the "
                "'async' modifier and changing its return type to 'Task<object>'.",
                last.start,
                found.end,
            )
        return None

    def primary_start(self) -> int:
        """Where the names and calls before this place begin."""
        depth = 0
        start = self.before[-1].start
        for i in range(len(self.before) - 1, -1, -1):
            t = self.before[i]
            if t.kind in _CLOSERS:
                depth += 1
            elif t.kind in _OPENERS:
                if not depth:
                    break
                depth -= 1
            elif not depth and t.kind not in (*_OPERAND_ENDS, "_DOT", "_QDOT"):
                break
            start = t.start
        return start

    def operand(self) -> Problem | None:
        """An operand or a statement should begin here."""
        if not (self.can("NUMBER") and self.can("IDENT")):
            return None
        found = self.after[0] if self.after else None
        if found is not None and self.kind == "_K_ELSE":
            return Problem("CS8641", "'else' cannot start a statement.", found.start, found.end)
        if found is not None and self.kind == "_K_CATCH":
            return Problem("CS1524", "Expected catch or finally", found.start, found.end)
        if found is None and self.can("_RBRACE") and self.can("_SEMI"):
            return self.missing("CS1513", "} expected")
        if self.kind == "STAR":
            return self.missing("CS0193", "The * or -> operator must be applied to a pointer")
        if self.prior() == "_LPAR" and self.listed("_RPAR") and self.kind in ("_SEMI", "_RBRACE"):
            return self.missing("CS1026", ") expected")
        if self.prior() == "_HOLE_OPEN":
            return Problem("CS1733", "Expected expression", self.here()[0], self.here()[0])
        shown = self.word or ("}" if self.can("_SEMI") else ")")
        return self.missing("CS1525", f"Invalid expression term '{shown}'")

    def name(self) -> Problem | None:
        """An identifier or a type should stand here."""
        if self.prior(2) == "_K_GOTO" or self.prior() == "_K_GOTO":
            return Problem(
                "CS0159", f"No such label '{self.word}' within the scope of the goto statement", *self.here()
            )
        if self.kind == "_K_IN" and self.prior(2) == "_LPAR" and self.prior(3) == "_K_FOREACH":
            return self.missing("CS0230", "Type and identifier are both required in a foreach statement")
        if self.prior() == "PREDEFINED" and self.prior(2) in ("", "_SEMI", "_LBRACE", "_RBRACE") and self.after:
            return self.missing("CS1001", "Identifier expected")
        if self.prior() == "_K_NEW" and self.kind in ("_SEMI", "$END", "_RPAR"):
            return self.missing("CS1526", "A new expression requires an argument list or (), [], or {} after type")
        if self.can("IDENT") and not any(self.can(k) for k in ("_SEMI", "_RPAR", "_COMMA")):
            if self.can("PREDEFINED"):
                return self.missing("CS1031", "Type expected")
            return self.missing("CS1001", "Identifier expected")
        return None

    def closing(self) -> Problem:
        """Something open should go on or end."""
        if self.can("RANK") and self.can("_LBRACE") and self.created():
            if self.prior() == "RANK":
                rank = self.before[-1]
                return Problem(
                    "CS1586", "Array creation must have array size or array initializer", rank.start, rank.end
                )
            return self.missing("CS1526", "A new expression requires an argument list or (), [], or {} after type")
        if self.can("_Q_SELECT"):
            return self.missing("CS0742", "A query body must end with a select clause or a group clause")
        if self.can("$END"):  # the bracket of `@(` itself
            return self.missing("CS1026", ") expected")
        for kind, code, message in _EXPECTED:
            if self.can(kind):
                if self.listed(kind) and self.kind not in ("$END", "_SEMI", *_CLOSERS):
                    return self.missing("CS1003", "Syntax error, ',' expected")
                return self.missing(code, message)
        return self.missing("CS1003", f"Syntax error, unexpected '{self.word}'")

    def created(self) -> bool:
        """A type after `new` ends here."""
        for t in reversed(self.before):
            if t.kind == "_K_NEW":
                return True
            if t.kind not in ("IDENT", "_DOT", "_LT_TYPE", "_GT_TYPE", "_COMMA", "PREDEFINED", "RANK", "_NULLABLE"):
                return False
        return False

    def listed(self, closer: str) -> bool:
        """The innermost open bracket is that of arguments or of an initialiser."""
        if closer not in _CLOSERS or not (self.can("_COMMA") or self.prior() == "_LPAR"):
            return False
        depth = 0
        for i in range(len(self.before) - 1, -1, -1):
            kind = self.before[i].kind
            if kind in _CLOSERS:
                depth += 1
            elif kind in _OPENERS:
                if not depth:
                    return kind in ("_LSQB", "_QLSQB", "_LBRACE") or (i > 0 and self.before[i - 1].kind in _CALLED)
                depth -= 1
        return False


def _later(feature: str, start: int, end: int) -> Problem:
    return Problem(
        "CS8370",
        f"Feature '{feature}' is not available in C# 7.3. Please use language version 8.0 or greater.",
        start,
        end,
    )


def _preview(feature: str, start: int, end: int) -> Problem:
    return Problem(
        "CS8652",
        f"The feature '{feature}' is currently in Preview and *unsupported*. To use Preview features, use the "
        "'preview' "
        "language version.",
        start,
        end,
    )
