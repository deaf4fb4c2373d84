"""Decides, with bounded look-ahead over the token list, what LALR(1) cannot: casts, type arguments, declarations.

Input: raw tokens.  Output: the same list with kinds made precise and a few zero-width markers added, so that the
grammar has no conflicts.  `grammar/README.md` lists every decision with an example:

    (   _LPAR_CAST   (string)x            _LPAR_LAMBDA  (a, b) => a      _LPAR_TYPE  (int, string) t = …
    <   _LT_TYPE / _GT_TYPE  F<T>(x)      ?   _NULLABLE  int? x          [] [,]  RANK
    x =>  LAMBDA_NAME                     out T x   _OUT_DECL            x is T t   _IS_DECL    x is 5  _IS_CONST
    T x = …;   _DECL (zero width)         T f(…) {  _LOCAL_FUNCTION (zero width)
    case T x:  _CASE_DECL                 default(T)  _DEFAULT_OF        var (a, b) = …  _DECONSTRUCT (zero width)
    (int a, int b) = …  _DECONSTRUCT_TYPED (zero width)
    from x in xs select …  _Q_FROM, _Q_SELECT …
"""

from __future__ import annotations

from apimpy.csharp.tokens import Token

__all__ = ["classify"]

_TYPE_START = ("IDENT", "PREDEFINED")
# After `>` of possible type arguments in an expression (C# 7.3, 7.5.4.2 of the language reference).
_AFTER_TYPE_ARGS = frozenset(
    [
        "_LPAR",
        "_RPAR",
        "_RSQB",
        "_RBRACE",
        "_COLON",
        "_SEMI",
        "_COMMA",
        "_DOT",
        "_QUESTION",
        "EQ_OP",
        "BAR",
        "CARET",
        "_AND",
        "_OR",
        "AMP",
        "_QDOT",
        "_QLSQB",
        "_INTERP_END",
        "_HOLE_CLOSE",
        "INTERP_FORMAT",
    ]
)
_BEFORE_WHEN = frozenset(["_RPAR", "_RSQB", "IDENT", "NUMBER", "STRING", "CHAR", "TRUE", "FALSE", "NULL", "_K_CATCH"])
# After `(name)`: what makes it a cast rather than a parenthesised expression.
_AFTER_CAST = frozenset(
    [
        "TILDE",
        "BANG",
        "_LPAR",
        "IDENT",
        "NUMBER",
        "STRING",
        "CHAR",
        "TRUE",
        "FALSE",
        "NULL",
        "THIS",
        "K_BASE",
        "PREDEFINED",
        "_K_NEW",
        "_K_TYPEOF",
        "_K_DEFAULT",
        "_K_CHECKED",
        "_K_UNCHECKED",
        "K_DELEGATE",
        "_INTERP_START",
        "PLACEHOLDER",
    ]
)
_EXPRESSION_START = _AFTER_CAST | {"PLUS_MINUS", "INCDEC", "_K_THROW"}
# Before `(`: it opens arguments or belongs to a keyword, so it is no cast.
_BEFORE_CALL = frozenset(
    [
        "IDENT",
        "PREDEFINED",
        "_RPAR",
        "_RSQB",
        "GT",
        "_GT_TYPE",
        "STRING",
        "_K_IF",
        "_K_WHILE",
        "_K_FOR",
        "_K_FOREACH",
        "_K_SWITCH",
        "_K_USING",
        "_K_LOCK",
        "_K_CATCH",
        "_K_TYPEOF",
        "_DEFAULT_OF",
        "_K_CHECKED",
        "_K_UNCHECKED",
        "K_SIZEOF",
        "THIS",
        "K_BASE",
    ]
)
_STATEMENT_BEFORE = frozenset(["_LBRACE", "_RBRACE", "_SEMI", "_COLON", "_RPAR", "_K_ELSE", "_K_DO", "_K_CONST"])
_LABEL_BEFORE = frozenset(["_LBRACE", "_RBRACE", "_SEMI", "_COLON"])
_QUERY_WORDS = {
    w: "_Q_" + w.upper()
    for w in [
        "from",
        "where",
        "select",
        "orderby",
        "group",
        "by",
        "join",
        "on",
        "equals",
        "let",
        "into",
        "ascending",
        "descending",
        "in",
    ]
}


class _Classifier:
    def __init__(self, tokens: list[Token]) -> None:
        self.cast_ends: set[int] = set()  # ids of the `)` tokens that close a cast: an operand follows
        self.t = [*tokens, Token("$END", "", tokens[-1].end if tokens else 0, tokens[-1].end if tokens else 0)]

    def kind(self, i: int) -> str:
        return self.t[i].kind if 0 <= i < len(self.t) else "$END"

    def text(self, i: int) -> str:
        return self.t[i].text if 0 <= i < len(self.t) else ""

    # --- look-ahead: these answer an end index or -1 and change nothing

    def type_args(self, i: int) -> int:
        """After the `>` that closes the type argument list opened at `i`."""
        j = i + 1
        while True:
            j = self.type_end(j)
            if j < 0:
                return -1
            if self.kind(j) == "_COMMA":
                j += 1
            elif self.kind(j) == "GT":
                return j + 1
            else:
                return -1

    def type_end(self, i: int, *, in_expression: bool = False) -> int:
        """After the type that begins at `i`.  `in_expression`: a `?` counts only if no operand follows it."""
        if self.kind(i) in ("_LPAR", "_LPAR_CAST"):
            j, count = i + 1, 0
            while True:
                j = self.type_end(j)
                if j < 0:
                    return -1
                count += 1
                if self.kind(j) == "IDENT":
                    j += 1
                if self.kind(j) == "_COMMA":
                    j += 1
                elif self.kind(j) == "_RPAR" and count > 1:
                    j += 1
                    break
                else:
                    return -1
        elif self.kind(i) == "PREDEFINED":
            j = i + 1
        elif self.kind(i) == "IDENT":
            j = i
            while True:
                j += 1
                if self.kind(j) == "LT":
                    j = self.type_args(j)
                    if j < 0:
                        return -1
                if self.kind(j) == "_DOT" and self.kind(j + 1) == "IDENT":
                    j += 1
                else:
                    break
        else:
            return -1
        while True:
            if (
                self.kind(j) == "_QUESTION" and not (in_expression and self.kind(j + 1) in _EXPRESSION_START)
            ) or self.kind(j) == "RANK":
                j += 1
            elif self.kind(j) == "_QLSQB" and self.kind(j + 1) == "_RSQB":  # T?[]
                j += 2
            else:
                return j

    def matching(self, i: int) -> int:
        """The index of the bracket that closes the one at `i`, or -1."""
        depth = 0
        for j in range(i, len(self.t)):
            k = self.kind(j)
            if k in ("_LPAR", "_LSQB", "_LBRACE", "_QLSQB", "_LPAR_CAST", "_LPAR_LAMBDA", "_LPAR_TYPE"):
                depth += 1
            elif k in ("_RPAR", "_RSQB", "_RBRACE"):
                depth -= 1
                if not depth:
                    return j
        return -1

    # --- marking

    def mark_type(self, i: int, j: int) -> None:
        """Fix the kinds inside the type [i, j)."""
        for k in range(i, j):
            t = self.t[k]
            if t.kind == "LT":
                t.kind = "_LT_TYPE"
            elif t.kind == "GT":
                t.kind = "_GT_TYPE"
            elif t.kind == "_QUESTION":
                t.kind = "_NULLABLE"
            elif t.kind == "_LPAR":
                t.kind = "_LPAR_TYPE"

    # --- passes

    def ranks(self) -> None:
        """`[` `]` and `[` `,` `]` become one token."""
        out: list[Token] = []
        i = 0
        while i < len(self.t):
            if self.kind(i) == "_QLSQB" and self.kind(i + 1) == "_RSQB":  # T?[]
                a, b = self.t[i], self.t[i + 1]
                out += [
                    Token("_QUESTION", "?", a.start, a.start + 1),
                    Token("RANK", "[]", a.start + 1, b.end, 1),
                ]
                i += 2
                continue
            if self.kind(i) == "_LSQB":
                j = i + 1
                while self.kind(j) == "_COMMA":
                    j += 1
                if self.kind(j) == "_RSQB":
                    out.append(Token("RANK", "[]", self.t[i].start, self.t[j].end, j - i))
                    i = j + 1
                    continue
            out.append(self.t[i])
            i += 1
        self.t = out

    def shifts(self) -> None:
        """Adjacent `>` `>` (and `>` `>=`) that close no type arguments become one operator."""
        out: list[Token] = []
        for t in self.t:
            if out and out[-1].kind == "GT" and out[-1].end == t.start and t.text in (">", ">="):
                if t.kind == "GT" or t.kind == "LE_GE":
                    last = out.pop()
                    kind = "SHIFT" if t.text == ">" else "ASSIGN_OP"
                    out.append(Token(kind, last.text + t.text, last.start, t.end))
                    continue
            out.append(t)
        self.t = out

    def run(self, first: str) -> list[Token]:
        self.ranks()
        out: list[Token] = []
        i = 0
        while i < len(self.t):
            t = self.t[i]
            before = out[-1].kind if out else first
            if out and id(out[-1]) in self.cast_ends:
                before = "_LPAR_CAST"
            if t.kind in _TYPE_START or t.kind == "_LPAR":
                if before in _STATEMENT_BEFORE or (
                    before == "_LPAR" and len(out) > 1 and out[-2].kind in ("_K_FOR", "_K_USING", "_K_FOREACH")
                ):
                    self.declaration(i, out)
            if t.kind == "_LPAR" and before == "K_DELEGATE":
                close = self.matching(i)
                t.kind = "_LPAR_LAMBDA"
                self.parameters(i, close)
            elif t.kind == "_LPAR":
                self.parenthesis(i, before)
            elif t.kind == "LT" and before == "IDENT":
                j = self.type_args(i)
                if j >= 0 and self.kind(j) in _AFTER_TYPE_ARGS:
                    self.mark_type(i, j)
            elif t.kind == "IDENT" and self.kind(i + 1) == "_ARROW":
                t.kind = "LAMBDA_NAME"
            elif t.kind == "_K_OUT":
                j = self.type_end(i + 1)
                if j >= 0 and self.kind(j) == "IDENT":
                    t.kind = "_OUT_DECL"
                    self.mark_type(i + 1, j)
            elif t.kind == "_K_IS":
                self.pattern(i)
            elif t.kind == "_K_CASE":
                j = self.type_end(i + 1)
                if j >= 0 and self.kind(j) == "IDENT" and self.text(j) != "when":
                    t.kind = "_CASE_DECL"
                    self.mark_type(i + 1, j)
            elif t.kind == "_K_AS":
                j = self.type_end(i + 1, in_expression=True)
                if j >= 0:
                    self.mark_type(i + 1, j)
            elif t.kind == "_K_NEW":
                j = self.type_end(i + 1)
                if j >= 0 and self.kind(j) == "_QLSQB":  # new T?[n]
                    q = self.t[j]
                    self.t[j : j + 1] = [
                        Token("_QUESTION", "?", q.start, q.start + 1),
                        Token("_LSQB", "[", q.start + 1, q.end),
                    ]
                    j += 1
                if j >= 0:
                    self.mark_type(i + 1, j)
            elif t.kind == "_K_DEFAULT" and self.kind(i + 1) == "_COLON" and before in _LABEL_BEFORE:
                t.kind = "_DEFAULT_LABEL"
            elif t.kind in ("_K_TYPEOF", "_K_DEFAULT", "K_SIZEOF") and self.kind(i + 1) == "_LPAR":
                if t.kind == "_K_DEFAULT":
                    t.kind = "_DEFAULT_OF"
                j = self.type_end(i + 2)
                if j >= 0:
                    self.mark_type(i + 2, j)
            elif t.kind == "_K_CATCH" and self.kind(i + 1) == "_LPAR":
                j = self.type_end(i + 2)
                if j >= 0:
                    self.mark_type(i + 2, j)
            elif t.kind == "IDENT" and t.text == "when" and before in _BEFORE_WHEN:
                self.when(out, t)
            elif t.kind == "IDENT" and t.text == "from" and before not in ("_DOT", "_QDOT"):
                self.query(i)
            out.append(t)
            i += 1
        self.t = out
        self.shifts()
        self.t.pop()
        return self.t

    def declaration(self, i: int, out: list[Token]) -> None:
        """A statement that may begin with a type: mark the type and put the marker before it."""
        start = self.t[i].start
        if self.text(i) == "var" and self.kind(i + 1) == "_LPAR" and not (out and out[-1].kind == "_K_CONST"):
            j = self.matching(i + 1)
            if j > 0 and self.kind(j + 1) in ("_ASSIGN", "_K_IN"):
                out.append(Token("_DECONSTRUCT", "", start, start))
                self.t[i + 1].kind = "_LPAR_TYPE"
                return
        if self.kind(i) == "_LPAR" and self.typed_deconstruction(i):
            out.append(Token("_DECONSTRUCT_TYPED", "", start, start))
            return
        j = self.type_end(i)
        if j < 0 or self.kind(j) != "IDENT":
            return
        after = self.kind(j + 1)
        if after in ("_LPAR", "LT"):
            k = j + 1
            if after == "LT":
                k = self.type_args(k)
                if k < 0 or self.kind(k) != "_LPAR":
                    return
            close = self.matching(k)
            self.constraints(close + 1)
            if close < 0 or self.kind(close + 1) not in ("_LBRACE", "_ARROW"):
                return
            self.mark_type(i, j)
            self.mark_type(j + 1, k)
            out.append(Token("_LOCAL_FUNCTION", "", start, start))
            self.parameters(k, close)
            self.t[k].kind = "_LPAR_PARAMS"
        elif after in ("_ASSIGN", "_SEMI", "_COMMA", "_K_IN"):
            self.mark_type(i, j)
            if after != "_K_IN":
                out.append(Token("_DECL", "", start, start))
        elif after in ("$END", "_RBRACE") or (after not in _AFTER_TYPE_ARGS and self.kind(i) == "PREDEFINED"):
            self.mark_type(i, j)  # an unfinished declaration: let the parser say what is missing
            out.append(Token("_DECL", "", start, start))

    def constraints(self, i: int) -> None:
        """`where T : class` after a local function's parameters: every call knows its types, so it says nothing."""
        if not i or self.text(i) != "where":
            return
        j = i
        while self.kind(j) not in ("_LBRACE", "_ARROW", "_SEMI", "$END"):
            j += 1
        if self.kind(j) in ("_LBRACE", "_ARROW"):
            del self.t[i:j]

    def typed_deconstruction(self, i: int) -> bool:
        """`(int a, var b) =`: marks the types."""
        j = i + 1
        types: list[tuple[int, int]] = []
        while True:
            k = self.type_end(j)
            if k < 0 or self.kind(k) != "IDENT":
                return False
            types.append((j, k))
            j = k + 2
            if self.kind(k + 1) == "_RPAR" and self.kind(j) == "_ASSIGN" and len(types) > 1:
                break
            if self.kind(k + 1) != "_COMMA":
                return False
        for a, b in types:
            self.mark_type(a, b)
        self.t[i].kind = "_LPAR_TYPE"
        return True

    def parameters(self, i: int, close: int) -> None:
        """Mark the types of a parameter list in parentheses."""
        j = i + 1
        while j < close:
            while self.kind(j) in ("_K_OUT", "K_REF", "_K_REF", "K_PARAMS"):
                j += 1
            k = self.type_end(j)
            if k > 0 and self.kind(k) == "IDENT":
                self.mark_type(j, k)
                j = k
            depth = 0
            while j < close:
                if self.kind(j) in ("_LPAR", "_LSQB", "_LBRACE"):
                    depth += 1
                elif self.kind(j) in ("_RPAR", "_RSQB", "_RBRACE"):
                    depth -= 1
                elif self.kind(j) == "_COMMA" and not depth:
                    break
                j += 1
            j += 1

    def parenthesis(self, i: int, before: str) -> None:
        close = self.matching(i)
        if close > 0 and self.kind(close + 1) == "_ARROW" and before not in ("IDENT", "_RPAR", "_GT_TYPE"):
            self.t[i].kind = "_LPAR_LAMBDA"
            self.parameters(i, close)
            return
        if before in _BEFORE_CALL:
            return
        j = self.type_end(i + 1)
        if j < 0 or self.kind(j) != "_RPAR":
            return
        after = self.kind(j + 1)
        plain = all(self.kind(k) in ("IDENT", "_DOT", "LT", "GT", "_COMMA") for k in range(i + 1, j))
        keyword = any(self.kind(k) in ("PREDEFINED", "RANK", "_QUESTION") for k in range(i + 1, j))
        if after in _AFTER_CAST or (keyword and (after in _EXPRESSION_START or not plain)):
            if not keyword and after == "IDENT" and self.text(j + 1) in ("is", "as"):
                return
            self.t[i].kind = "_LPAR_CAST"
            self.cast_ends.add(id(self.t[j]))
            self.mark_type(i + 1, j)

    def pattern(self, i: int) -> None:
        t = self.t[i]
        j = self.type_end(i + 1, in_expression=True)
        if j >= 0:
            if self.kind(j) == "IDENT" and self.text(j) not in ("when", "and", "or"):
                t.kind = "_IS_DECL"
            self.mark_type(i + 1, j)
        else:
            t.kind = "_IS_CONST"

    def when(self, out: list[Token], t: Token) -> None:
        """`when` of a catch filter or a case label."""
        depth = 0
        for k in range(len(out) - 1, -1, -1):
            kind = out[k].kind
            if kind in ("_RPAR", "_RSQB", "_RBRACE"):
                depth += 1
            elif kind in ("_LPAR", "_LSQB", "_LBRACE", "_LPAR_CAST", "_LPAR_LAMBDA"):
                if not depth:
                    return
                depth -= 1
            elif not depth and kind in ("_K_CASE", "_CASE_DECL", "_K_CATCH"):
                t.kind = "_K_WHEN"
                return
            elif not depth and kind in ("_SEMI", "_COLON"):
                return

    def query(self, i: int) -> None:
        """A query expression: its contextual keywords become tokens of their own, up to where it ends."""
        first = i + 1
        if not (self.kind(first) == "IDENT" and self.kind(first + 1) == "_K_IN"):
            j = self.type_end(first)
            if j < 0 or self.kind(j) != "IDENT" or self.kind(j + 1) != "_K_IN":
                return
            self.mark_type(first, j)
        depth = 0
        last: Token | None = None  # the clause an `into` would belong to
        for j in range(i, len(self.t)):
            kind = self.kind(j)
            if kind in ("_LPAR", "_LSQB", "_LBRACE", "_QLSQB"):
                depth += 1
            elif kind in ("_RPAR", "_RSQB", "_RBRACE"):
                depth -= 1
                if depth < 0:
                    return
            elif not depth and kind in ("_SEMI", "$END"):
                return
            elif not depth and kind == "IDENT" and self.kind(j - 1) != "_DOT":
                known = _QUERY_WORDS.get(self.text(j))
                if known:
                    self.t[j].kind = known
                if known in ("_Q_SELECT", "_Q_GROUP", "_Q_JOIN"):
                    last = self.t[j]
                elif known == "_Q_INTO" and last is not None:
                    last.kind += "_INTO"
                    last = None


def classify(tokens: list[Token], *, block: bool = True) -> list[Token]:
    """Precise kinds and markers for the parser.  Changes the tokens it is given.

    `block`: statements, not an expression.
    """
    return _Classifier(tokens).run("_SEMI" if block else "_ASSIGN")
