"""The static types of C#, and the symbols (methods, properties, conversions) a type has.

What this is: data the binder reads.  `ClrType` is a declaration as written once in `apimpy.dotnet` (open: its type
parameters are unbound); a `Type` is what an expression has.  `Named(List, (string,))` is a use of a declaration.
Types are interned, so `is` compares them.  What this is not: it holds no .NET library; the library fills it, and the
binder reaches it through a `Universe`.

Members are kept as C# signature text with the Python function that implements them, and are parsed by name, when the
binder first asks for that name (`ClrType.own(name)`): declaring two thousand members costs next to nothing at start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol

from apimpy.record import Record, field, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

__all__ = [
    "ALL",
    "ERROR",
    "NULL",
    "VOID",
    "AnonymousType",
    "ArrayType",
    "ClrType",
    "Declaration",
    "Method",
    "Named",
    "Param",
    "Property",
    "SpecialType",
    "TupleType",
    "Type",
    "TypeParam",
    "Universe",
    "array_of",
]

MISSING: Any = object()
"""The default of a parameter that has none."""

ALL: frozenset[str] = frozenset({"*"})
"""The allow set of a type all of whose members policy expressions may use."""


class Type:
    """The static type of an expression.  Interned: compare with `is`."""

    __slots__ = ()
    is_value: bool = False

    @property
    def name(self) -> str:
        """As C# writes it in messages: `int`, `List<string>`, `int?`, `string[]`."""
        raise NotImplementedError  # every subclass names itself

    @property
    def full_name(self) -> str:
        """As .NET prints it: ``System.Collections.Generic.List`1[System.String]``."""
        return self.name

    def subst(self, args: Mapping[TypeParam, Type]) -> Type:
        """This type with type parameters replaced."""
        return self

    def bases(self) -> tuple[Named, ...]:
        """Direct base class first (if any), then interfaces, with type arguments in place."""
        return ()

    def __repr__(self) -> str:
        return self.name


class SpecialType(Type):
    """`void`, the type of `null`, and the error type (which silences follow-up errors)."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name


VOID = SpecialType("void")
NULL = SpecialType("<null>")
ERROR = SpecialType("?")


class TypeParam(Type):
    """A type parameter (`T`) of a declared type or method."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def subst(self, args: Mapping[TypeParam, Type]) -> Type:
        return args.get(self, self)


class ArrayType(Type):
    """`element[]`, or `element[,]` for rank 2.  Make it with `array_of`."""

    __slots__ = ("_bases", "element", "rank")

    def __init__(self, element: Type, rank: int) -> None:
        self.element, self.rank = element, rank
        self._bases: tuple[Named, ...] | None = None

    @property
    def name(self) -> str:
        inner, suffix = self.element, "[" + "," * (self.rank - 1) + "]"
        while isinstance(inner, ArrayType):
            suffix += "[" + "," * (inner.rank - 1) + "]"
            inner = inner.element
        return inner.name + suffix

    @property
    def full_name(self) -> str:
        return self.element.full_name + "[" + "," * (self.rank - 1) + "]"

    def subst(self, args: Mapping[TypeParam, Type]) -> Type:
        return array_of(self.element.subst(args), self.rank)

    def bases(self) -> tuple[Named, ...]:
        if self._bases is None:
            universe = ClrType.universe
            assert universe is not None
            base = [universe.named("System.Array")]
            if self.rank == 1:
                for name in ("IList", "IReadOnlyList"):
                    decl = universe.declaration("System.Collections.Generic." + name, 1)
                    if decl is not None:
                        base.append(decl.of(self.element))
            self._bases = tuple(base)
        return self._bases


_arrays: dict[tuple[Type, int], ArrayType] = {}


def array_of(element: Type, rank: int = 1) -> ArrayType:
    known = _arrays.get((element, rank))
    if known is None:
        known = _arrays[element, rank] = ArrayType(element, rank)
    return known


class Named(Type):
    """A declared type with its type arguments.  Make it with `ClrType.of`."""

    __slots__ = ("_bases", "args", "decl", "is_value")

    def __init__(self, decl: ClrType, args: tuple[Type, ...]) -> None:
        self.decl, self.args, self.is_value = decl, args, decl.is_value
        self._bases: tuple[Named, ...] | None = None

    @property
    def name(self) -> str:
        if self.decl.alias:
            return self.decl.alias
        if self.args and self.decl.full_name == "System.Nullable":
            return self.args[0].name + "?"
        if self.args:
            return f"{self.decl.name}<{', '.join(a.name for a in self.args)}>"
        return self.decl.name

    @property
    def full_name(self) -> str:
        if not self.args:
            return self.decl.full_name
        return f"{self.decl.full_name}`{len(self.args)}[{','.join(a.full_name for a in self.args)}]"

    @property
    def mapping(self) -> dict[TypeParam, Type]:
        return dict(zip(self.decl.params, self.args, strict=True))

    def subst(self, args: Mapping[TypeParam, Type]) -> Type:
        return self.decl.of(*(a.subst(args) for a in self.args)) if self.args else self

    def bases(self) -> tuple[Named, ...]:
        if self._bases is None:
            found = self.decl.bases()
            self._bases = tuple(b.subst(self.mapping) for b in found) if self.args else found  # type: ignore[misc]
        return self._bases


class TupleType(Type):
    """A C# tuple `(int a, string b)`; element names are part of the static type only."""

    __slots__ = ("elements", "names")
    is_value = True

    def __init__(self, elements: tuple[Type, ...], names: tuple[str | None, ...]) -> None:
        self.elements, self.names = elements, names

    @property
    def name(self) -> str:
        parts = (e.name + (f" {n}" if n else "") for e, n in zip(self.elements, self.names, strict=True))
        return f"({', '.join(parts)})"

    @property
    def full_name(self) -> str:
        return f"System.ValueTuple`{len(self.elements)}[{','.join(e.full_name for e in self.elements)}]"

    def subst(self, args: Mapping[TypeParam, Type]) -> Type:
        return tuple_of(tuple(e.subst(args) for e in self.elements), self.names)


_tuples: dict[tuple[tuple[Type, ...], tuple[str | None, ...]], TupleType] = {}


def tuple_of(elements: tuple[Type, ...], names: tuple[str | None, ...]) -> TupleType:
    key = (elements, names)
    known = _tuples.get(key)
    if known is None:
        known = _tuples[key] = TupleType(elements, names)
    return known


class AnonymousType(Type):
    """The type of `new { a = 1, b }`: interned by names and types."""

    __slots__ = ("names", "types")

    def __init__(self, names: tuple[str, ...], types: tuple[Type, ...]) -> None:
        self.names, self.types = names, types

    @property
    def name(self) -> str:
        return f"<anonymous type: {', '.join(f'{t.name} {n}' for n, t in zip(self.names, self.types, strict=True))}>"

    @property
    def full_name(self) -> str:
        return "anonymous"

    def bases(self) -> tuple[Named, ...]:
        assert ClrType.universe is not None
        return (ClrType.universe.named("System.Object"),)

    def subst(self, args: Mapping[TypeParam, Type]) -> Type:
        return anonymous_of(self.names, tuple(t.subst(args) for t in self.types))


_anonymous: dict[tuple[tuple[str, ...], tuple[Type, ...]], AnonymousType] = {}


def anonymous_of(names: tuple[str, ...], types: tuple[Type, ...]) -> AnonymousType:
    key = (names, types)
    known = _anonymous.get(key)
    if known is None:
        known = _anonymous[key] = AnonymousType(names, types)
    return known


# --- symbols ---------------------------------------------------------------------------------------------------------


class Param(Record, frozen=True, eq=True):
    name: str
    type: Type
    mode: Literal["", "out", "ref", "params"] = ""
    default: Any = MISSING

    @property
    def optional(self) -> bool:
        return self.default is not MISSING


class Method(Record, frozen=True):
    """A method, constructor (`name` is `.ctor`), operator (`operator +`) or conversion (`implicit`, `explicit`)."""

    owner: ClrType
    name: str
    type_params: tuple[TypeParam, ...]
    params: tuple[Param, ...]
    result: Type
    static: bool
    extension: bool
    impl: Callable[..., Any]
    decl: Declaration
    type_args: tuple[Type, ...] = ()
    """Type arguments chosen by the binder: those of the receiver's type for a constructor, else the method's own."""

    def subst(self, args: Mapping[TypeParam, Type]) -> Method:
        if not args:
            return self
        params = tuple(replace(p, type=p.type.subst(args)) for p in self.params)
        type_args = tuple(t.subst(args) for t in self.type_args)
        return replace(self, params=params, result=self.result.subst(args), type_args=type_args)

    @property
    def signature(self) -> str:
        """`string.Substring(int, int)`, as the compiler's messages write it."""
        args = ", ".join((p.mode + " " if p.mode else "") + p.type.name for p in self.params)
        owner = self.owner.alias or self.owner.name
        return f"{owner}.{owner if self.name == '.ctor' else self.name}({args})"


class Property(Record, frozen=True):
    """A property, field, constant or indexer (`index` holds its parameters)."""

    owner: ClrType
    name: str
    type: Type
    static: bool
    index: tuple[Param, ...]
    getter: Callable[..., Any] | None
    setter: Callable[..., Any] | None
    decl: Declaration

    def subst(self, args: Mapping[TypeParam, Type]) -> Property:
        if not args:
            return self
        index = tuple(replace(p, type=p.type.subst(args)) for p in self.index)
        return replace(self, type=self.type.subst(args), index=index)


class Declaration(Record):
    """A member as declared: C# signature text and the Python function behind it (see `apimpy.dotnet.decl`)."""

    kind: Literal["method", "ctor", "property", "indexer"]
    signature: str
    impl: Any = None
    setter: Any = None
    attr: str | None = None
    const: Any = MISSING
    rt: bool = False
    reify: bool = False
    effect: str | None = None
    unsupported: str | None = None
    since: str | None = None
    nullable: bool = False
    """The result may be null (`?` after a reference result type); known once the signature is parsed."""


class Universe(Protocol):
    """Where the binder finds types.  Filled by `apimpy.dotnet`."""

    def find(self, name: str, arity: int) -> Type | ClrType | None:
        """A type by simple name (through the implicit usings), alias or full name."""

    def ambiguous(self, name: str, arity: int) -> Sequence[str]:
        """The full names a simple name could mean, when it is more than one."""

    def declaration(self, full_name: str, arity: int) -> ClrType | None: ...

    def named(self, full_name: str, *args: Type) -> Named: ...

    def is_namespace(self, name: str) -> bool: ...

    def extensions(self, name: str) -> Sequence[Method]: ...

    def type_names(self) -> Iterator[str]: ...


class ClrType(Record):
    """A type as declared: its name, place in the hierarchy and members.

    What is known from the start is what identifies it.  Members are declared by modules of the library, which are
    imported when one of the promised members is first asked for; from then on the type is read-only.
    """

    full_name: str
    params: tuple[TypeParam, ...] = ()
    kind: Literal["class", "struct", "interface", "enum", "delegate", "static"] = "class"
    alias: str | None = None
    base_names: tuple[str, ...] = ()
    allowed: frozenset[str] = ALL
    """Names of members that policy expressions may use; `ALL`, or empty for a type that is not on the list."""
    denied: frozenset[str] = frozenset()
    delegate: str | None = None
    unsupported: str | None = None
    modules: tuple[str, ...] = ()
    """Where it and its members are declared."""
    promised: dict[str, list[str]] = field(default_factory=dict)
    """Members whose declarations are perhaps still to come, and the modules that have them."""
    declared: bool = False
    """Its own module has been imported (those with more of its members perhaps not)."""
    _python: type | None = None
    _enum_members: dict[str, Any] = field(default_factory=dict)
    _enum_flags: bool = False
    _declarations: dict[str, list[Declaration]] = field(default_factory=dict)
    _members: dict[str, tuple[Method | Property, ...]] = field(default_factory=dict)
    _uses: dict[tuple[Type, ...], Named] = field(default_factory=dict)
    _bases: tuple[Named, ...] | None = None

    universe = None  # type: Universe | None
    parse = None  # type: Callable[[ClrType, str], tuple[Method | Property, ...]] | None

    @property
    def declarations(self) -> dict[str, list[Declaration]]:
        """Members by name; `this[]` is the indexers."""
        self.complete()
        return self._declarations

    @property
    def enum_members(self) -> dict[str, Any]:
        self.complete()
        return self._enum_members

    @property
    def enum_flags(self) -> bool:
        self.complete()
        return self._enum_flags

    @property
    def python(self) -> type | None:
        """The class of its boxed run-time values."""
        self.complete()
        return self._python

    def complete(self) -> None:
        """Have everything declared."""
        self._import(self.modules)
        self.modules, self.promised = (), {}

    def declarations_of(self, name: str) -> list[Declaration]:
        """The declarations of one member name; imports the modules that have it and no others."""
        if name in self.promised:
            self._import(self.promised[name])
            del self.promised[name]
        return self._declarations.get(name, [])

    def _import(self, modules: Collection[str]) -> None:
        for name in modules:
            import_module(name)
        if modules and not self.declared:
            raise LookupError(f"{self!r} is not declared in {modules}: run python -m apimpy.dotnet.universe")

    @property
    def name(self) -> str:
        return self.full_name.rpartition(".")[2]

    @property
    def namespace(self) -> str:
        return self.full_name.rpartition(".")[0]

    @property
    def arity(self) -> int:
        return len(self.params)

    @property
    def is_value(self) -> bool:
        return self.kind in ("struct", "enum")

    def of(self, *args: Type) -> Named:
        """The (interned) use of this declaration with these type arguments."""
        use = self._uses.get(args)
        if use is None:
            if len(args) != len(self.params):
                raise ValueError(f"{self.full_name} takes {len(self.params)} type arguments, not {len(args)}")
            use = self._uses[args] = Named(self, args)
        return use

    @property
    def open(self) -> Named:
        """The use with its own type parameters as arguments: the type of `this` inside it."""
        return self.of(*self.params)

    def bases(self) -> tuple[Named, ...]:
        if self._bases is None:
            assert ClrType.universe is not None
            scope = {p.name: p for p in self.params}
            self._bases = tuple(resolve_name(b, scope) for b in self.base_names)  # type: ignore[misc]
        return self._bases

    def own(self, name: str) -> tuple[Method | Property, ...]:
        """Members declared here under that name (not inherited); `this[]` is the indexers."""
        known = self._members.get(name)
        if known is None:
            assert ClrType.parse is not None
            known = self._members[name] = ClrType.parse(self, name)
        return known

    def allows(self, member: str) -> bool:
        return (self.allowed is ALL or member in self.allowed) and member not in self.denied

    def __repr__(self) -> str:
        return f"ClrType({self.full_name}`{self.arity})"


def resolve_name(text: str, scope: Mapping[str, TypeParam]) -> Type:
    """The type a signature text names.  Set by `apimpy.dotnet.signature` when it is imported."""
    from apimpy.dotnet.signature import parse_type  # the parser of declarations belongs to the library

    return parse_type(text, scope)
