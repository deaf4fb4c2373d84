"""How a .NET type is declared: the C# signature as text, the Python function that implements it.

    string_ = clr_type("System.String", alias="string", bases="object, IEnumerable<char>, IComparable", python=str)

    @string_.method("string Substring(int startIndex, int length)")
    def substring(self: str, start: int, length: int) -> str: ...

    string_.prop("int Length", len)                                  # getter: any callable taking the receiver
    string_.const("string Empty", "")                                # static readonly field or constant
    linq = clr_type("System.Linq.Enumerable", kind="static")

    @linq.method("static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, R> selector)")
    def select(source, selector): ...

Rules of the notation, and what reaches Python:

- Instance members take the receiver first (never None: emitted code checks it).  Static and extension ones do not.
- A reference result or parameter that may be null is written `string?`; other results are taken to be non-null.
  For value types `int?` is Nullable<int>: None or the value.
- `params T[] xs` arrives as one `values.Array`.  Defaults (`bool preserve = false`, `= StringComparison.Ordinal`)
  are filled in by the compiler; the function always receives every argument, in order.
- `out` parameters are not passed; the function returns a tuple `(result, out1, …)`.  `ref` ones are passed and returned
  the same way.
- Delegates (`Func<…>`, `Predicate<T>`, `Comparison<T>` …) are plain Python callables.
- `rt=True`: the function receives the `values.Runtime` (clock, random, limits) before everything else.
- `reify=True`: the function receives type arguments (`csharp.types.Type`) after `rt`, before the receiver and the
  arguments: the method's own ones for a generic method, the type's for a constructor or static member of it.
- Operators: `"DateTime operator +(DateTime d, TimeSpan t)"`; conversions: `"implicit operator JToken(string value)"`.
  Both are static.
- `T.ctor("DateTime(int year, int month, int day)")`; `T.indexer("JToken? this[object key]", getter, setter)`;
  setters take (receiver, value) or (receiver, index…, value).
- `attr="name"` on `prop` compiles to a plain attribute read of the Python object: the fastest form.
- `allowed="A B C"`: only these members may be used by policy expressions (default: all; `allowed=""`: none, the type
  may be named but nothing of it used).  `.ctor` is written `.ctor`.  Source: the platform's documented type list.
- `unsupported="why"` declares a member that makes no sense here: it binds, lint reports it, a call raises.
- `since="core"`: the member does not exist on .NET Framework 4.7.2.

A wrong signature or an arity that does not fit the Python function fails `tests/dotnet/test_declarations.py`, which
parses every declaration.  Within the package a ClrType object at module level is the registration; there is no other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

from apimpy.csharp.types import ALL, ClrType, Declaration, TypeParam
from apimpy.pattern import pattern
from apimpy.record import field

__all__ = [
    "TypeDecl",
    "announce",
    "bare",
    "clr_type",
    "enum_type",
    "header",
    "reads_bare",
    "shortcuts",
]

F = TypeVar("F", bound=Callable[..., Any])

_METHOD = pattern(r"(\w+)\s*(?:<[\w\s,]*>)?\s*\(")
_OPERATOR = pattern(r"\boperator\s*(true\b|false\b|[-+*/%&|^~!<>=]+)\s*\(")
_CONVERSION = pattern(r"\b(implicit|explicit)\s+operator\b")


def member_name(signature: str) -> str:
    """The key under which a method signature is filed."""
    head = signature.partition("(")[0]
    if head and "operator" not in head:  # the usual case needs no regular expression, and there are two thousand
        return (head[: head.rindex("<")] if head.endswith(">") else head).rpartition(" ")[2]
    if m := _CONVERSION.search(signature):
        return m[1]
    if m := _OPERATOR.search(signature):
        return "operator " + m[1]
    m = _METHOD.search(signature)
    if m is None:
        raise ValueError(f"no method name in {signature!r}")
    return m[1]


def _importing() -> str:
    """The module whose import is at work."""
    frame = sys._getframe(2)
    while frame.f_code.co_name != "<module>" and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals["__name__"])


class TypeDecl(ClrType):
    """A `ClrType` with the verbs that declare members.  Each works as a decorator or takes the function directly.

    `homes`: modules, and the members each declares; the index of the library (`universe`) is made from it.
    """

    homes: dict[str, set[str]] = field(default_factory=dict)

    def _add(self, name: str, item: Declaration) -> None:
        self._declarations.setdefault(name, []).append(item)
        self.homes.setdefault(_importing(), set()).add(name)

    def method(
        self,
        signature: str,
        impl: Any = None,
        *,
        rt: bool = False,
        reify: bool = False,
        effect: str | None = None,
        unsupported: str | None = None,
        since: str | None = None,
    ) -> Callable[[F], F]:
        """Declare a method, operator or conversion."""
        item = Declaration(
            "method", signature, impl, rt=rt, reify=reify, effect=effect, unsupported=unsupported, since=since
        )
        self._add(member_name(signature), item)
        return _taker(item)

    def ctor(
        self, signature: str, impl: Any = None, *, rt: bool = False, reify: bool = False, unsupported: str | None = None
    ) -> Callable[[F], F]:
        """Declare a constructor: `"DateTime(int year, int month, int day)"`."""
        item = Declaration("ctor", signature, impl, rt=rt, reify=reify, unsupported=unsupported)
        self._add(".ctor", item)
        return _taker(item)

    def prop(
        self,
        signature: str,
        getter: Any = None,
        setter: Any = None,
        *,
        attr: str | None = None,
        rt: bool = False,
        effect: str | None = None,
        unsupported: str | None = None,
        since: str | None = None,
    ) -> Callable[[F], F]:
        """Declare a property: `"int Length"`, `"static DateTime UtcNow"`."""
        item = Declaration(
            "property", signature, getter, setter, attr, rt=rt, effect=effect, unsupported=unsupported, since=since
        )
        self._add(signature.rsplit(maxsplit=1)[-1], item)
        return _taker(item)

    def const(self, signature: str, value: Any) -> None:
        """Declare a constant or static readonly field with its value: `("int MaxValue", 2147483647)`."""
        self._add(signature.rsplit(maxsplit=1)[-1], Declaration("property", "static " + signature, const=value))

    def indexer(self, signature: str, getter: Any = None, setter: Any = None, *, rt: bool = False) -> Callable[[F], F]:
        """Declare an indexer: `"char this[int index]"`."""
        item = Declaration("indexer", signature, getter, setter, rt=rt)
        self._add("this[]", item)
        return _taker(item)


def _taker(item: Declaration) -> Callable[[F], F]:
    def take(fn: F) -> F:
        item.impl = fn
        return fn

    return take


# --- marks for the emitter (`apimpy.csharp.emit.shortcuts`) ----------------------------------------------------------


def shortcuts(**members: Callable[..., Any]) -> Callable[[F], F]:
    """For a getter: what to call for members of its value, by C# name (`this`: the indexer), with its receiver."""
    return _mark("shortcuts", members)


def bare(function: Callable[..., Any]) -> Callable[[F], F]:
    """For a method that gives an array: `function` gives the elements alone, as a list or bytes.  Never null."""
    return _mark("bare", function)


def reads_bare(function: F) -> F:
    """For a method that only looks at the elements of arrays: a list or bytes will do."""
    return _mark("reads_bare", True)(function)


def _mark(name: str, value: Any) -> Callable[[F], F]:
    def put(function: F) -> F:
        setattr(function, name, value)
        return function

    return put


def _names(text: str | None) -> frozenset[str]:
    return ALL if text is None else frozenset(text.split())


def _split(text: str) -> tuple[str, ...]:
    """Split at commas outside angle brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "<") - (c == ">")
        if c == "," and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
    parts.append(text[start:].strip())
    return tuple(p for p in parts if p)


def clr_type(
    name: str,
    *,
    kind: Literal["class", "struct", "interface", "enum", "delegate", "static"] = "class",
    alias: str | None = None,
    bases: str = "object",
    python: type | None = None,
    allowed: str | None = None,
    denied: str = "",
    delegate: str | None = None,
    unsupported: str | None = None,
) -> TypeDecl:
    """Declare a type.

    `name` is the full name with type parameters: `"System.Collections.Generic.List<T>"`.  `bases`: base class first,
    then interfaces, separated by commas (direct ones only).  `python` is the class of its boxed run-time values.
    `delegate` is the signature of a delegate's Invoke: `"TResult Invoke(T arg)"`.
    """
    head, _, rest = name.partition("<")
    params = tuple(TypeParam(p.strip()) for p in rest.rstrip(">").split(",")) if rest else ()
    if head == "System.Object":
        bases = ""
    elif kind == "struct" and bases == "object":
        bases = "ValueType"
    elif kind == "struct":
        bases = "ValueType, " + bases
    elif kind == "enum":
        bases = "Enum"
    elif kind == "interface" and bases == "object":
        bases = ""
    made = TypeDecl(
        head,
        params,
        kind,
        alias,
        _split(bases),
        _names(allowed),
        frozenset(denied.split()),
        delegate,
        unsupported,
    )
    decl = _promised(made)
    decl.declared, decl._python = True, python
    decl.homes[_importing()] = set()
    if delegate:
        decl.method(delegate, _invoke)
    return decl


def _promised(made: TypeDecl) -> TypeDecl:
    """The type as the index of the library announced it, when somebody may know it already; else the one just made."""
    from apimpy.dotnet.universe import library_index  # whose types are TypeDecls

    known = library_index().announced(made.full_name, made.arity)
    if known is None:
        return made
    if known.declared and _importing() not in known.homes:  # a failed import may be tried again
        raise ValueError(f"{made!r} is declared twice")
    if any(getattr(known, k) != getattr(made, k) for k in _ANNOUNCED) or str(known.params) != str(made.params):
        raise LookupError(f"{made!r} has changed: run python -m apimpy.dotnet.universe")
    return known


_ANNOUNCED = ("kind", "alias", "base_names", "allowed", "denied", "delegate", "unsupported")


def _invoke(self: Any, *args: Any) -> Any:
    return self(*args)


def header(t: ClrType) -> dict[str, Any]:
    """What the index of the library knows of a type before its module is imported."""
    return {
        "name": t.full_name,
        "params": [p.name for p in t.params],
        "kind": t.kind,
        "alias": t.alias,
        "bases": list(t.base_names),
        "allowed": None if t.allowed is ALL else sorted(t.allowed),
        "denied": sorted(t.denied),
        "delegate": t.delegate,
        "unsupported": t.unsupported,
    }


def announce(row: Mapping[str, Any]) -> TypeDecl:
    """The type of a row of the index: a `header`, and of each of its `modules` the members it declares."""
    promised: dict[str, list[str]] = {}
    for module, names in row["modules"].items():
        for name in names:
            promised.setdefault(name, []).append(module)
    return TypeDecl(
        row["name"],
        tuple(map(TypeParam, row["params"])),
        row["kind"],
        row["alias"],
        tuple(row["bases"]),
        ALL if row["allowed"] is None else frozenset(row["allowed"]),
        frozenset(row["denied"]),
        row["delegate"],
        row["unsupported"],
        modules=tuple(row["modules"]),
        promised=promised,
    )


def enum_type(
    name: str, members: Mapping[str, int] | Iterable[str], *, flags: bool = False, allowed: str | None = None
) -> TypeDecl:
    """Declare an enum.  Names without values count from 0.  `T.enum_members["Ordinal"]` is the run-time value."""
    from apimpy.dotnet.values import EnumValue

    if not isinstance(members, Mapping):
        members = {n: i for i, n in enumerate(members)}
    decl = clr_type(name, kind="enum", allowed=allowed, python=EnumValue)
    decl._enum_flags = flags
    for key, value in members.items():
        decl._enum_members[key] = EnumValue(decl, value)
    return decl
