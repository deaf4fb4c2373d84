"""The stages of an expression as text, for people: tokens, syntax tree, bound tree, core, Python.

    tokens("1 + a", place)      1:1-2  NUMBER      1    int 1
    syntax(tree, place)         Binary [1:1-6] op='+'
    bound(root, place)          BBinary [1:1-6] : int …
    python(function, root)      def expression(context, rt): …, then what g0, g1 … stand for

Every function gives lines and prints nothing.  `place` turns two offsets of the expression's text into what is shown
as its position.  What this is not: a format to parse; it changes with the nodes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from apimpy.csharp import bound as bd
from apimpy.csharp import lower
from apimpy.csharp import nodes as n
from apimpy.csharp.classify import classify
from apimpy.csharp.lexer import tokenize
from apimpy.csharp.types import MISSING, ClrType, Method, Property, Type
from apimpy.record import Record, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from apimpy.csharp.types import Param

__all__ = ["bound", "core", "member_text", "python", "syntax", "tokens", "type_text"]

_POSITION: tuple[str, ...] = ("start", "end", "op_start", "op_end")


# --- tokens


def tokens(text: str, place: Callable[[int, int], str], *, placeholders: bool = False) -> list[str]:
    """One line a token: position, kind (as the grammar sees it), text, value; then lexical errors."""
    found, errors = tokenize(text, placeholders=placeholders)
    rows = [
        (place(t.start, t.end), t.kind, _one_line(t.text) or "(marker)", _token_value(t.value, t.text))
        for t in (found if errors else classify(found))
    ]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    widths[2] = min(widths[2], 40)
    lines = ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]
    return lines + [f"{place(e.start, e.end)}  {e.code} {e.message}" for e in errors]


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _token_value(value: Any, text: str) -> str:
    """The decoded literal, where it says more than the text."""
    if isinstance(value, tuple):
        return f"{value[0]} {value[1]}"
    if value is None or value in (text, text[1:-1]):
        return ""
    return repr(value)


# --- syntax


def syntax(node: n.Node, place: Callable[[int, int], str]) -> list[str]:
    """The syntax tree, one node a line."""
    return list(_syntax(node, place, "", 0))


def _syntax(node: n.Node, place: Callable[[int, int], str], label: str, depth: int) -> Iterator[str]:
    facts: list[str] = []
    below: list[tuple[str, n.Node]] = []
    for name in type(node).record_fields:
        if name not in _POSITION:
            _syntax_field(name, getattr(node, name), facts, below)
    yield _line(depth, label, type(node).__name__, place(node.start, node.end), facts)
    for child_label, child in below:
        yield from _syntax(child, place, child_label, depth + 1)


def _syntax_field(name: str, value: Any, facts: list[str], below: list[tuple[str, n.Node]]) -> None:
    if value is None or value is False or value == () or (value == "" and name != "value"):
        return
    if isinstance(value, n.TypeNode):
        facts.append(f"{name}={type_text(value)}")
    elif isinstance(value, n.Name) and not value.type_args and name == "name":
        facts.append(f"{name}={value.name}")
    elif isinstance(value, n.Node):
        below.append((name, value))
    elif isinstance(value, tuple) and any(isinstance(v, n.Node) for v in value):
        if all(isinstance(v, n.TypeNode) for v in value):
            facts.append(f"{name}=<{', '.join(map(type_text, value))}>")
            return
        for i, item in enumerate(value):
            if isinstance(item, n.Node):
                below.append((f"{name}[{i}]", item))
            elif item is not None:
                facts.append(f"{name}[{i}]={item!r}")
    else:
        facts.append(f"{name}={value!r}")


def type_text(t: n.TypeNode) -> str:
    """A type as it was written."""
    if t.elements:
        text = "(" + ", ".join(type_text(e) + (f" {name}" if name else "") for e, name in t.elements) + ")"
    else:
        text = ".".join(name + (f"<{', '.join(map(type_text, args))}>" if args else "") for name, args in t.parts)
    return text + ("?" if t.nullable else "") + "".join("[" + "," * (rank - 1) + "]" for rank in t.ranks)


def _line(depth: int, label: str, kind: str, where: str, facts: list[str]) -> str:
    head = "  " * depth + (f"{label}: " if label else "") + f"{kind} [{where}]"
    return " ".join([head, *facts])


# --- bound and core


def bound(root: Any, place: Callable[[int, int], str]) -> list[str]:
    """The bound (or core) tree: static type, chosen members, conversions and constants of every node."""
    return list(_bound(root, place, "", 0))


def core(root: Any) -> Any:
    """The bound tree with `lower` applied to every node, and constants folded: what the emitter writes down."""
    if isinstance(root, bd.BExpr):
        if root.const is not MISSING:
            return bd.BConst(root.type, root.start, root.end, const=root.const, nullable=root.nullable)
        root = lower.expression(root)
    elif isinstance(root, bd.BStmt):
        root = lower.statement(root)
    changes: dict[str, Any] = {}
    for name in type(root).record_fields:
        value = getattr(root, name)
        if _is_tree(value):
            changes[name] = core(value)
        elif isinstance(value, (list, tuple)):
            changes[name] = type(value)(_core_item(v) for v in value)
    return replace(root, **changes) if changes else root


def _core_item(item: Any) -> Any:
    if isinstance(item, tuple):
        return tuple(core(v) if _is_tree(v) else v for v in item)
    return core(item) if _is_tree(item) else item


def _is_tree(value: Any) -> bool:
    return isinstance(value, bd.BExpr | bd.BStmt | bd.BCatch | bd.BLabel | bd.BSection | bd.PieceValue)


def _bound(node: Any, place: Callable[[int, int], str], label: str, depth: int) -> Iterator[str]:
    facts: list[str] = []
    below: list[tuple[str, Any]] = []
    hidden = _POSITION
    if isinstance(node, bd.BExpr):
        hidden = (*_POSITION, "type", "const", "nullable")
        facts.append(f": {node.type.name}")
        if node.const is not MISSING:
            facts.append(f"= {constant_text(node.const)}")
        elif node.nullable:
            facts.append("(may be null)")
    for name in type(node).record_fields:
        if name not in hidden:
            _bound_field(name, getattr(node, name), facts, below)
    if hasattr(node, "start"):
        yield _line(depth, label, type(node).__name__, place(node.start, node.end), facts)
    else:
        yield " ".join(["  " * depth + (f"{label}: " if label else "") + type(node).__name__, *facts])
    for child_label, child in below:
        yield from _bound(child, place, child_label, depth + 1)


def _bound_field(name: str, value: Any, facts: list[str], below: list[tuple[str, Any]]) -> None:
    if value is None or value is False or value == "" or (isinstance(value, (list, tuple)) and not value):
        return
    if _is_tree(value):
        below.append((name, value))
    elif isinstance(value, (list, tuple)) and not isinstance(value, str):
        shown: list[str] = []
        for i, item in enumerate(value):
            if _is_tree(item):
                below.append((f"{name}[{i}]", item))
            elif isinstance(item, tuple):
                parts = [v for v in item if _is_tree(v)]
                below += [(f"{name}[{i}]", v) for v in parts]
                rest = [repr(v) for v in item if v is not None and not _is_tree(v)]
                shown += [f"{name}[{i}]=({', '.join(rest)})"] if rest else []
            else:
                shown.append(f"{name}[{i}]={_fact(item)}")
        facts += shown
    elif name in ("method", "ctor", "prop"):
        facts.append(member_text(value))
    else:
        facts.append(f"{name}={_fact(value)}")


def _fact(value: Any) -> str:
    if isinstance(value, (Method, Property)):
        return member_text(value)
    if isinstance(value, Type):
        return value.name
    if isinstance(value, bd.Local):
        return f"{local_name(value)} ({value.type.name} {value.name})"
    if isinstance(value, bd.LocalFunctionSymbol):
        return f"{value.result.name} {value.name}({', '.join(p.type.name for p in value.params)})"
    if isinstance(value, bd.Conversion):
        return conversion_text(value)
    if isinstance(value, Record):
        return type(value).__name__
    return repr(value)


def local_name(local: bd.Local) -> str:
    """The name that a local variable has in the Python code."""
    return f"v{local.id}" if local.id >= 0 else f"v_{-local.id}"


def conversion_text(c: bd.Conversion) -> str:
    """`numeric`, `explicit unbox`, `user System.DateTimeOffset.implicit(DateTime) after reference`."""
    text = ("explicit " if c.explicit else "") + c.kind
    if c.method is not None:
        text += " " + member_text(c.method)
    if c.inner is not None and c.inner.kind != "identity":
        text += f" after {conversion_text(c.inner)}" if c.method is not None else f" of {conversion_text(c.inner)}"
    if c.outer is not None and c.outer.kind != "identity":
        text += f" then {conversion_text(c.outer)}"
    return text


def member_text(m: Method | Property) -> str:
    """`System.String.Substring(int, int)`, `System.String.Length`, `System.String.this[int]`."""
    owner = m.owner.full_name
    if isinstance(m, Method) and m.name == ".ctor":
        return f"new {owner}{_arguments(m.type_args)}({_types(m.params)})"
    owner += _arguments(m.owner.params)
    if isinstance(m, Property):
        return f"{owner}.this[{_types(m.index)}]" if m.index else f"{owner}.{m.name}"
    if m.name in ("implicit", "explicit"):
        return f"{owner}.{m.name} operator {m.result.name}({_types(m.params)})"
    type_args = m.type_args if m.type_params else ()
    this = "this " if m.extension else ""
    return f"{owner}.{m.name}{_arguments(type_args)}({this}{_types(m.params)})"


def _arguments(types: Sequence[Type]) -> str:
    return f"<{', '.join(t.name for t in types)}>" if types else ""


def _types(params: Sequence[Param]) -> str:
    return ", ".join((p.mode + " " if p.mode else "") + p.type.name for p in params)


def constant_text(value: Any) -> str:
    """A constant as C# would write it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n") + '"'
    return str(value)


# --- Python


def python(function: Any, module: ast.Module, root: Any) -> list[str]:
    """The generated function, then the legend of its names as comments."""
    members: dict[int, list[str]] = {}
    attributes: dict[str, str] = {}
    locals_: dict[str, str] = {}
    for node in _walk(root):
        for member in _members(node):
            _note(member, members, attributes)
        for local in _locals(node):
            locals_[local_name(local)] = f"{local.type.name} {local.name}"
        if isinstance(node, bd.BLocalFunction):
            locals_[f"f{node.symbol.id}"] = _fact(node.symbol)
    lines = ast.unparse(module).splitlines()
    values = function.__globals__
    legend = [(name, _global_text(values[name], members)) for name in values if _numbered(name)]
    legend += [("." + name, text) for name, text in sorted(attributes.items()) if f".{name}" in "\n".join(lines)]
    legend += sorted(locals_.items(), key=lambda item: (len(item[0]), item[0]))
    if legend:
        width = max(len(name) for name, _ in legend)
        lines += ["", *(f"# {name:<{width}} = {text}" for name, text in legend)]
    return lines


def _numbered(name: str) -> bool:
    return name[0] == "g" and name[1:].isdigit()


def _walk(root: Any) -> Iterator[Any]:
    """Every node of a bound tree."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        for name in type(node).record_fields:
            value = getattr(node, name)
            items = value if isinstance(value, (list, tuple)) else (value,)
            for item in items:
                pending += [v for v in (item if isinstance(item, tuple) else (item,)) if _is_tree(v)]


def _members(node: Any) -> Iterator[Method | Property]:
    for name in type(node).record_fields:
        value = getattr(node, name)
        if isinstance(value, (Method, Property)):
            yield value
        elif isinstance(value, bd.Conversion):
            yield from _converters(value)


def _converters(c: bd.Conversion) -> Iterator[Method]:
    if c.method is not None:
        yield c.method
    for part in (c.inner, c.outer):
        if part is not None:
            yield from _converters(part)


def _locals(node: Any) -> Iterator[bd.Local]:
    for name in type(node).record_fields:
        value = getattr(node, name)
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(item, bd.Local):
                yield item


def _note(member: Method | Property, members: dict[int, list[str]], attributes: dict[str, str]) -> None:
    text = member_text(member)
    functions = (member.impl,) if isinstance(member, Method) else (member.getter, member.setter)
    if member.decl.attr is not None:
        attributes[member.decl.attr] = text
    for f in functions:
        if f is not None and text not in members.setdefault(id(f), []):
            members[id(f)].append(text)


def _global_text(value: Any, members: dict[int, list[str]]) -> str:
    if id(value) in members:
        return " or ".join(members[id(value)])
    if isinstance(value, Type):
        return f"type {value.name}"
    if isinstance(value, ClrType):
        return f"type {value.full_name}"
    if isinstance(value, type):
        return f"class {value.__name__}"
    if callable(value):
        doc = (getattr(value, "__doc__", None) or "").strip().split("\n")[0]
        name = getattr(value, "__qualname__", type(value).__name__)
        if getattr(value, "__module__", None) in (None, "builtins"):
            return f"Python's {name}"
        return f"run-time helper {name.replace('.<locals>', '')}" + (f": {doc}" if doc else "")
    return constant_text(value)
