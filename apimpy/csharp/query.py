"""Query expressions as calls (C# 12.20.3): `from x in xs where p select e` is `xs.Where(x => p).Select(x => e)`.

Range variables are carried from clause to clause in an anonymous object (a transparent identifier); a name is then a
member access on it, written into the syntax tree before binding.
"""

from __future__ import annotations

from typing import Any

from apimpy.csharp import nodes as n
from apimpy.record import replace

__all__ = ["desugar"]

_TRANSPARENT = "__range"


def desugar(q: n.Query) -> n.Expr:
    return _Query(q).run()


class _Query:
    def __init__(self, q: n.Query) -> None:
        self.q = q
        self.names: list[str] = []

    def call(self, target: n.Expr, name: str, where: n.Node, *args: n.Expr, type_args: Any = None) -> n.Expr:
        member = n.Member(target.start, where.end, target, n.Name(where.start, where.start, name, type_args))
        return n.Call(target.start, where.end, member, tuple(n.Argument(a.start, a.end, a) for a in args))

    def function(self, body: n.Expr, *extra: str) -> n.Lambda:
        """A lambda over the range variables in scope."""
        single = len(self.names) == 1
        first = self.names[0] if single else _TRANSPARENT
        inner = body if single else _rename(body, self.names, extra)
        params = tuple(n.Parameter(body.start, body.start, p) for p in (first, *extra))
        return n.Lambda(body.start, body.end, params, inner)

    def pack(self, where: n.Node, new: str, value: n.Expr | None = None) -> n.Expr:
        """An anonymous object of all range variables and one more."""
        values: list[n.Expr] = [n.Name(where.start, where.start, x) for x in self.names]
        values.append(value if value is not None else n.Name(where.start, where.start, new))
        return n.NewAnonymous(where.start, where.end, (*self.names, new), tuple(values), tuple(values))

    def source(self, c: n.QueryClause) -> n.Expr:
        return self.call(c.values[0], "Cast", c, type_args=(c.type,)) if c.type is not None else c.values[0]

    def run(self) -> n.Expr:
        first, *rest = self.q.clauses
        assert first.name is not None
        current = self.source(first)
        self.names = [first.name]
        for c in rest:
            current = self.clause(c, current)
        return current

    def clause(self, c: n.QueryClause, current: n.Expr) -> n.Expr:
        v = c.values
        if c.kind == "where":
            return self.call(current, "Where", c, self.function(v[0]))
        if c.kind == "select":
            return self.call(current, "Select", c, self.function(v[0]))
        if c.kind == "group":
            if len(self.names) == 1 and isinstance(v[0], n.Name) and v[0].name == self.names[0]:
                return self.call(current, "GroupBy", c, self.function(v[1]))
            return self.call(current, "GroupBy", c, self.function(v[1]), self.function(v[0]))
        if c.kind == "orderby":
            for i, (key, down) in enumerate(zip(v, c.descending, strict=True)):
                name = ("ThenBy" if i else "OrderBy") + ("Descending" if down else "")
                current = self.call(current, name, c, self.function(key))
            return current
        assert c.name is not None
        if c.kind == "let":
            current = self.call(current, "Select", c, self.function(self.pack(c, c.name, v[0])))
            self.names.append(c.name)
            return current
        if c.kind == "from":
            collection = self.function(self.source(c))
            result = self.function(self.pack(c, c.name), c.name)
            current = self.call(current, "SelectMany", c, collection, result)
            self.names.append(c.name)
            return current
        if c.kind in ("join", "join_into"):
            own, _, group = c.name.partition(" ")
            other_key = n.Lambda(v[2].start, v[2].end, (n.Parameter(c.start, c.start, own),), v[2])
            new = group or own
            args = (self.source(c), self.function(v[1]), other_key, self.function(self.pack(c, new), new))
            current = self.call(current, "GroupJoin" if group else "Join", c, *args)
            self.names.append(new)
            return current
        assert c.kind == "into"
        self.names = [c.name]
        return current


def _rename(node: Any, names: list[str], hidden: tuple[str, ...]) -> Any:
    """Range variables become members of the transparent identifier, except where a lambda hides them."""
    if isinstance(node, n.Name) and node.name in names and node.name not in hidden and node.type_args is None:
        target = n.Name(node.start, node.start, _TRANSPARENT)
        return n.Member(node.start, node.end, target, node)
    if isinstance(node, n.Member):
        return replace(node, target=_rename(node.target, names, hidden))
    if isinstance(node, n.Lambda):
        inner = (*hidden, *(p.name for p in node.params))
        return replace(node, body=_rename(node.body, names, inner))
    if isinstance(node, tuple):
        return tuple(_rename(x, names, hidden) for x in node)
    if isinstance(node, n.Node) and not isinstance(node, n.TypeNode):
        changes = {
            key: _rename(getattr(node, key), names, hidden)
            for key in type(node).record_fields
            if isinstance(getattr(node, key), n.Node | tuple)
        }
        return replace(node, **changes) if changes else node
    return node
