"""System.Tuple and System.ValueTuple.  Tuple syntax of C# is the binder's; values are `values.ClrTuple`."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType
from apimpy.dotnet.comparison import compare_values
from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import ArgumentException
from apimpy.dotnet.system.object_ import hash_code, wrap32
from apimpy.dotnet.values import ClrTuple, to_string, type_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["tuple_"]

_MOST = 7


def _maker(name: str, count: int) -> Callable[..., ClrTuple]:
    """Type arguments, then items."""

    def make(*args: Any) -> ClrTuple:
        assert ClrType.universe is not None
        made = ClrTuple(args[count:])
        made.clr_type = ClrType.universe.named(name, *args[:count])
        return made

    return make


def _compare(self: ClrTuple, other: Any) -> int:
    if other is None:
        return 1
    if not isinstance(other, ClrTuple) or len(other) != len(self):
        raise ArgumentException(f"Argument must be of type {type_of(self).full_name}.", "other")
    return compare_values(self, other)


def _hash(self: ClrTuple) -> int:
    result = 0
    for item in self:
        result = ((result << 5) + result) ^ hash_code(item)
    return wrap32(result)


def _tuple(name: str, count: int, *, kind: Any, allowed: str | None) -> TypeDecl:
    params = [f"T{i}" for i in range(1, count + 1)]
    if count > _MOST:
        params[_MOST] = "TRest"
    full = f"{name}<{', '.join(params)}>"
    t = clr_type(full, kind=kind, bases="IComparable" if kind == "struct" else "object, IComparable", allowed=allowed)
    items = [f"Item{i}" if i <= _MOST else "Rest" for i in range(1, count + 1)]
    arguments = ", ".join(f"{p} {item[0].lower()}{item[1:]}" for p, item in zip(params, items, strict=True))
    t.ctor(f"{name.rpartition('.')[2]}({arguments})", _maker(name, count), reify=True)
    for i, (param, item) in enumerate(zip(params, items, strict=True)):
        t.prop(f"{param} {item}", itemgetter(i))
    t.method("string ToString()", to_string)
    t.method(
        "bool Equals(object? obj)", lambda self, other: isinstance(other, ClrTuple) and tuple(self) == tuple(other)
    )
    t.method("int GetHashCode()", _hash)
    t.method("int CompareTo(object? obj)", _compare)
    return t


tuple_ = clr_type("System.Tuple", kind="static")
tuple_1 = _tuple("System.Tuple", 1, kind="class", allowed=None)
tuple_2 = _tuple("System.Tuple", 2, kind="class", allowed=None)
tuple_3 = _tuple("System.Tuple", 3, kind="class", allowed=None)
tuple_4 = _tuple("System.Tuple", 4, kind="class", allowed=None)
tuple_5 = _tuple("System.Tuple", 5, kind="class", allowed=None)
tuple_6 = _tuple("System.Tuple", 6, kind="class", allowed=None)
tuple_7 = _tuple("System.Tuple", 7, kind="class", allowed=None)
tuple_8 = _tuple("System.Tuple", 8, kind="class", allowed=None)

value_tuple = clr_type("System.ValueTuple", kind="struct", allowed="")
value_tuple_1 = _tuple("System.ValueTuple", 1, kind="struct", allowed="")
value_tuple_2 = _tuple("System.ValueTuple", 2, kind="struct", allowed="")
value_tuple_3 = _tuple("System.ValueTuple", 3, kind="struct", allowed="")
value_tuple_4 = _tuple("System.ValueTuple", 4, kind="struct", allowed="")
value_tuple_5 = _tuple("System.ValueTuple", 5, kind="struct", allowed="")
value_tuple_6 = _tuple("System.ValueTuple", 6, kind="struct", allowed="")
value_tuple_7 = _tuple("System.ValueTuple", 7, kind="struct", allowed="")
value_tuple_8 = _tuple("System.ValueTuple", 8, kind="struct", allowed="")

for _owner, _name in ((tuple_, "Tuple"), (value_tuple, "ValueTuple")):
    for _count in range(1, _MOST + 1):
        _types = ", ".join(f"T{i}" for i in range(1, _count + 1))
        _arguments = ", ".join(f"T{i} item{i}" for i in range(1, _count + 1))
        _owner.method(
            f"static {_name}<{_types}> Create<{_types}>({_arguments})", _maker(f"System.{_name}", _count), reify=True
        )


def _eight(name: str) -> Callable[..., ClrTuple]:
    """The eighth item is a tuple of its own, `Rest`."""
    last, whole = _maker(name, 1), _maker(name, _MOST + 1)

    def make(*args: Any) -> ClrTuple:
        rest = last(args[7], args[15])
        return whole(*args[:7], rest.clr_type, *args[8:15], rest)

    return make


for _owner, _name in ((tuple_, "Tuple"), (value_tuple, "ValueTuple")):
    _owner.method(
        f"static {_name}<T1, T2, T3, T4, T5, T6, T7, {_name}<T8>> Create<T1, T2, T3, T4, T5, T6, T7, T8>"
        "(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7, T8 item8)",
        _eight(f"System.{_name}"),
        reify=True,
    )
