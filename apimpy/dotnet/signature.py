"""Reads the C# signatures of `decl`: types, parameters, defaults.  Used once per member name, when it is looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from apimpy.csharp.types import (
    MISSING,
    VOID,
    ClrType,
    Declaration,
    Method,
    Named,
    Param,
    Property,
    Type,
    TypeParam,
    array_of,
)
from apimpy.pattern import pattern

__all__ = ["parse_member", "parse_type"]

_TOKEN = pattern(r'\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|-?[0-9][\w.]*|[\w.]+|[<>\[\],?()=]|[-+*/%&|^~!]+)')
_METHOD = pattern(r"(static\s+)?(.*?)\b(\w+)\s*(?:<([\w\s,]*)>)?\s*\((.*)\)\s*$", re.DOTALL)
"""`static`, the result, the name, type parameters, parameters."""
_OP = pattern(r"operator\s*(true\b|false\b|[-+*/%&|^~!<>=]+)\s*\(")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _TOKEN.findall(text)
        self.i = 0

    def peek(self) -> str:
        return self.tokens[self.i] if self.i < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.i += 1
        return token

    def accept(self, *words: str) -> bool:
        if self.peek() in words:
            self.i += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if self.next() != word:
            raise ValueError(f"expected {word!r} in signature {self.text!r}")

    def type(self, scope: Mapping[str, TypeParam]) -> tuple[Type, bool]:
        """A type, and whether a reference type was marked nullable."""
        name = self.next()
        args: list[Type] = []
        if self.accept("<"):
            while True:
                args.append(self.type(scope)[0])
                if not self.accept(","):
                    break
            self.expect(">")
        found = _find(name, tuple(args), scope, self.text)
        nullable = False
        while True:
            if self.peek() == "?":
                self.i += 1
                if found.is_value:
                    found = _universe().named("System.Nullable", found)
                else:
                    nullable = True
            elif self.peek() == "[":
                self.i += 1
                rank = 1
                while self.accept(","):
                    rank += 1
                self.expect("]")
                found = array_of(found, rank)
                nullable = False
            else:
                return found, nullable

    def params(self, scope: Mapping[str, TypeParam], close: str) -> tuple[list[Param], bool]:
        out: list[Param] = []
        extension = False
        while not self.accept(close):
            mode: Literal["", "out", "ref", "params"] = ""
            if self.accept("this"):
                extension = True
            elif self.peek() in ("out", "ref", "params"):
                mode = self.next()  # type: ignore[assignment]
            kind, _ = self.type(scope)
            name = self.next()
            default: Any = MISSING
            if self.accept("="):
                default = _default(self.next(), kind)
            out.append(Param(name, kind, mode, default))
            self.accept(",")
        return out, extension


def _universe() -> Any:
    assert ClrType.universe is not None, "no universe: call apimpy.dotnet.universe() first"
    return ClrType.universe


def _find(name: str, args: tuple[Type, ...], scope: Mapping[str, TypeParam], text: str) -> Type:
    if name == "void":
        return VOID
    if not args and name in scope:
        return scope[name]
    found = _universe().any_type(name, len(args))
    if found is None:
        raise ValueError(f"unknown type {name!r} in signature {text!r}")
    return found.of(*args)  # type: ignore[no-any-return]


def _default(token: str, kind: Type) -> Any:
    if token in ("null", "default"):
        return None
    if token in ("true", "false"):
        return token == "true"  # noqa: S105  a word of a declaration
    if token[0] in "\"'":
        return token[1:-1].encode().decode("unicode_escape")
    if token[0] in "-0123456789":
        return float(token) if "." in token else int(token)
    if isinstance(kind, Named) and kind.decl.kind == "enum":
        return kind.decl.enum_members[token.rpartition(".")[2]]
    raise ValueError(f"default {token!r} not understood")


def parse_type(text: str, scope: Mapping[str, TypeParam]) -> Type:
    return _Reader(text).type(scope)[0]


def parse_member(owner: ClrType, name: str) -> tuple[Method | Property, ...]:
    """Every declaration of `owner` under that name, parsed."""
    return tuple(_member(owner, name, d) for d in owner.declarations_of(name))


def _member(owner: ClrType, name: str, decl: Declaration) -> Method | Property:
    scope: dict[str, TypeParam] = {p.name: p for p in owner.params}
    text = decl.signature
    if decl.kind == "ctor":
        r = _Reader(text[text.index("(") + 1 :])
        params, _ = r.params(scope, ")")
        return Method(owner, ".ctor", (), tuple(params), owner.open, True, False, decl.impl, decl, tuple(owner.params))
    if decl.kind == "method":
        if name in ("implicit", "explicit"):
            r = _Reader(text)
            r.accept("static")
            r.expect(name)
            r.expect("operator")
            result, decl.nullable = r.type(scope)
            r.expect("(")
            params, _ = r.params(scope, ")")
            return Method(owner, name, (), tuple(params), result, True, False, decl.impl, decl)
        if m := _OP.search(text):
            r = _Reader(text[: m.start()])
            r.accept("static")
            result, decl.nullable = r.type(scope)
            params, _ = _Reader(text[m.end() :]).params(scope, ")")
            return Method(owner, name, (), tuple(params), result, True, False, decl.impl, decl)
        head = _METHOD.match(text)
        if head is None or head[3] != name:
            raise ValueError(f"signature not understood: {text!r}")
        type_params = tuple(TypeParam(p.strip()) for p in head[4].split(",")) if head[4] else ()
        scope.update({p.name: p for p in type_params})
        result, decl.nullable = _Reader(head[2]).type(scope)
        params, extension = _Reader(head[5] + ")").params(scope, ")")
        static = bool(head[1])
        own: tuple[Type, ...] = type_params or (tuple(owner.params) if static else ())
        return Method(owner, name, type_params, tuple(params), result, static, extension, decl.impl, decl, own)
    r = _Reader(text)
    static = r.accept("static")
    kind, decl.nullable = r.type(scope)
    if decl.kind == "indexer":
        r.expect("this")
        r.expect("[")
        params, _ = r.params(scope, "]")
        return Property(owner, "this[]", kind, static, tuple(params), decl.impl, decl.setter, decl)
    return Property(owner, name, kind, static, (), decl.impl, decl.setter, decl)
