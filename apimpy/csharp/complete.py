"""What may be typed next: members after a dot, names elsewhere.

    complete('context.Request.He', block=False, universe=world).names     ["Headers"]

The text ends at the cursor.  It is made whole first (brackets closed, a word put where one is missing) and bound, so
that lambda parameters and locals have their types; where that fails, only what stands before the dot is looked at.
Members are those of the library's declarations that policy expressions may use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp.bind.probe import Probe, probe
from apimpy.csharp.lexer import tokenize
from apimpy.csharp.lookup import all_bases
from apimpy.csharp.parser import parse
from apimpy.csharp.types import (
    ERROR,
    NULL,
    VOID,
    AnonymousType,
    ArrayType,
    Method,
    Named,
    Property,
    TupleType,
    TypeParam,
)
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.csharp.tokens import Token
    from apimpy.csharp.types import ClrType, Type

__all__ = ["Completion", "complete", "members"]

_WORD = "complete__"
_DOTS = ("_DOT", "_QDOT")
_TEXT = ("STRING", "CHAR", "_INTERP_START", "INTERP_TEXT", "INTERP_FORMAT")
_CLOSE = {"_LPAR": ")", "_LSQB": "]", "_QLSQB": "]", "_HOLE_OPEN": '}"'}
_HEADS = frozenset(f"_K_{w}" for w in ("IF", "WHILE", "FOR", "FOREACH", "SWITCH", "USING", "LOCK", "CATCH"))
_BEFORE_BLOCK = frozenset(
    ["_RPAR", "_ARROW", "_SEMI", "_LBRACE", "_RBRACE", "_K_ELSE", "_K_TRY", "_K_FINALLY", "_K_DO"]
)
_WORDS = ("as", "context", "default", "false", "is", "nameof", "new", "null", "out", "true", "typeof", "var")
_STATEMENT_WORDS = (
    *("break", "case", "catch", "const", "continue", "do", "else", "finally", "for", "foreach", "if", "in", "return"),
    *("switch", "throw", "try", "using", "while"),
)
_TRIES = 40


class Completion(Record, frozen=True, eq=True):
    """`names` may replace the text from `start` to the cursor; a method's name ends in `(`."""

    start: int
    names: tuple[str, ...]


def complete(text: str, *, block: bool, universe: Any) -> Completion:
    """What may stand at the end of the text, the inside of `@( )` or `@{ }` up to the cursor."""
    tokens, errors = tokenize(text)
    nothing = Completion(len(text), ())
    if _in_text(text, tokens, bool(errors)):
        return nothing
    start = len(text)
    if tokens and tokens[-1].end == len(text) and tokens[-1].text.isidentifier():
        start = tokens.pop().start
    typed = text[start:]
    if tokens and tokens[-1].kind in _DOTS:
        found = _before_dot(text, start, tokens, block, universe)
        names = members(found, universe) if found is not None else []
    elif tokens and tokens[-1].kind == "NUMBER" and tokens[-1].end == start:
        return nothing
    else:
        names = _plain_names(text, start, tokens, block, universe)
    fitting = [name for name in names if name.startswith(typed)]
    if not fitting:
        fitting = [name for name in names if name.lower().startswith(typed.lower())]
    return Completion(start, tuple(sorted(set(fitting), key=str.lower)))


def _in_text(text: str, tokens: list[Token], broken: bool) -> bool:
    """Whether the cursor is inside a literal or a comment."""
    last = tokens[-1].end if tokens else 0
    rest = text[last:]
    if rest.rpartition("\n")[2].lstrip().startswith("//") or "/*" in rest.rpartition("*/")[2]:
        return True
    if not broken or not tokens:
        return False
    if tokens[-1].kind == "_INTERP_END" and not tokens[-1].text:
        return True
    return tokens[-1].kind in _TEXT and last == len(text)


# --- what the text means so far


def _before_dot(text: str, start: int, tokens: list[Token], block: bool, universe: Any) -> bd.BExpr | None:
    """The meaning of what stands before the last dot."""
    if len(tokens) < 2:
        return None
    at = tokens[-2].end
    dot = tokens[-1].text
    candidates = [(text[:start] + _WORD + _closing(tokens), block, at)]
    for t in reversed(tokens[max(0, len(tokens) - _TRIES) : -1]):
        candidates.append((text[t.start : at] + dot + _WORD, False, at - t.start))
    for source, as_block, end in candidates:
        found = _probe(source, as_block, end, universe)
        if found is not None and found.meaning is not None:
            return found.meaning
    return None


def _plain_names(text: str, start: int, tokens: list[Token], block: bool, universe: Any) -> list[str]:
    """Names that need nothing before them: locals, words of the language, types."""
    whole = text[:start] + _WORD
    found = _probe(whole + _closing(tokens), block, len(whole), universe)
    names = [*(found.names if found is not None else ()), *_WORDS]
    if block:
        names += _STATEMENT_WORDS
    typed = text[start:].lower()
    if not typed:
        return [*(found.names if found is not None else ()), "context"]
    for name in universe.type_names():
        if name.lower().startswith(typed):
            names.append(name.partition(".")[0] if "." in name else name)
    return [n for n in names if "." in n or universe.is_namespace(n) or _usable_name(n, universe)]


def _usable_name(name: str, universe: Any) -> bool:
    """No type, or a type of which something may be used."""
    types = [t for t in (universe.find(name, arity) for arity in range(4)) if t is not None]
    return not types or any(t.allowed or t.namespace == "Apim" for t in types)


def _probe(source: str, block: bool, at: int, universe: Any) -> Probe | None:
    try:
        tree, _ = parse(source, block=block)
        return probe(tree, universe, at) if tree is not None else None
    except RecursionError:
        return None


def _closing(tokens: list[Token]) -> str:
    """What makes the text whole after a word at its end: brackets, bodies, the other half of `? :`."""
    open_: list[list[Any]] = [["", "", 0, 0]]
    """(kind of the bracket, kind of the token before it, question marks without colon, semicolons)"""
    before = "_LBRACE"
    for t in tokens:
        if t.kind in _CLOSE or t.kind == "_LBRACE":
            open_.append([t.kind, before, 0, 0])
        elif t.kind in ("_RPAR", "_RSQB", "_RBRACE", "_HOLE_CLOSE"):
            if len(open_) > 1:
                open_.pop()
        elif t.kind == "_QUESTION":
            open_[-1][2] += 1
        elif t.kind == "_COLON":
            open_[-1][2] = max(0, open_[-1][2] - 1)
        elif t.kind == "_SEMI":
            open_[-1][2] = 0
            open_[-1][3] += 1
        before = t.kind
    out = ""
    for kind, previous, questions, semicolons in reversed(open_):
        out += " : null" * questions
        if kind == "_LBRACE":
            out += ";}" if previous in _BEFORE_BLOCK else "}"
            out += {"_K_TRY": "finally{}", "_K_DO": "while(true);"}.get(previous, "")
        elif kind == "_LPAR" and previous in _HEADS:
            out += ";" * (2 - semicolons) + "){}" if previous == "_K_FOR" else "){}"
        elif kind:
            out += _CLOSE[kind]
        else:
            out += ";" if semicolons or before in _BEFORE_BLOCK else ""
    return out


# --- members


def members(e: bd.BExpr, universe: Any) -> list[str]:
    """Names after the dot: static members of a type, members and extension methods of a value, types of a namespace."""
    if isinstance(e, bd.BNamespace):
        return _inside(e.name, universe)
    if isinstance(e, bd.BTypeRef):
        return list(_of_type(e.of, static=True))
    if e.type in (ERROR, NULL, VOID):
        return []
    return [*_of_type(e.type, static=False), *_extensions(e.type, universe)]


def _inside(namespace: str, universe: Any) -> list[str]:
    """Types with usable members in a namespace, and the namespaces in it."""
    prefix = namespace + "."
    out = []
    for t in universe.types():
        if t.full_name.startswith(prefix) and t.allowed:
            out.append(t.full_name[len(prefix) :].partition(".")[0])
    return out


def _of_type(t: Type, *, static: bool) -> Iterator[str]:
    if not static and isinstance(t, (AnonymousType, TupleType)):
        yield from (name for name in t.names if name)
    if isinstance(t, TupleType):
        yield from (f"Item{i}" for i in range(1, len(t.elements) + 1))
    for base in all_bases(t):
        if isinstance(base, Named):
            yield from _of_declaration(base.decl, static)


def _of_declaration(decl: ClrType, static: bool) -> Iterator[str]:
    if static:
        yield from (name for name in decl.enum_members if _allowed(decl, name))
    for name in decl.declarations:
        if not name.isidentifier() or name in ("implicit", "explicit") or not _allowed(decl, name):
            continue
        for m in decl.own(name):
            if m.static is static and not m.decl.unsupported and not (isinstance(m, Method) and m.extension):
                yield name if isinstance(m, Property) else name + "("
                break


def _allowed(decl: ClrType, name: str) -> bool:
    return decl.namespace == "Apim" or decl.allows(name)


def _extensions(t: Type, universe: Any) -> Iterator[str]:
    for name in universe.extension_names():
        for m in universe.extensions(name):
            home = "" if m.owner.namespace in ("System.Linq", "Apim") else m.owner.namespace
            if _allowed(m.owner, name) and not m.decl.unsupported and _takes(m.params[0].type, t, home):
                yield name + "("
                break


def _takes(wanted: Type, given: Type, home: str) -> bool:
    """Whether a value of a type can be the receiver of an extension method.

    Declarations do not tell what type parameters are limited to; outside LINQ and
    our own helpers it is types of the methods' own namespace, `home`.
    """
    if wanted is given:
        return True
    if isinstance(wanted, TypeParam):
        return not home or (isinstance(given, Named) and given.decl.namespace == home)
    if isinstance(wanted, ArrayType):
        return isinstance(given, ArrayType) and _takes(wanted.element, given.element, home)
    if not isinstance(wanted, Named):
        return False
    for base in all_bases(given):
        if isinstance(base, Named) and base.decl is wanted.decl:
            if all(_takes(a, b, home) for a, b in zip(wanted.args, base.args, strict=True)):
                return True
    return False
