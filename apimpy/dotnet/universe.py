"""The universe: every type declared below `apimpy.dotnet`, found by name the way a policy expression finds it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import apimpy.dotnet
from apimpy.csharp.types import ClrType, Declaration, Method, Named, Type
from apimpy.dotnet import signature

__all__ = ["IMPLICIT_USINGS", "DotNet", "universe"]

IMPLICIT_USINGS = (
    "System",
    "System.Collections.Generic",
    "System.IO",
    "System.Linq",
    "System.Security.Cryptography",
    "System.Security.Cryptography.X509Certificates",
    "System.Text",
    "System.Text.RegularExpressions",
    "System.Threading",
    "System.Threading.Tasks",
    "System.Xml",
    "System.Xml.Linq",
    "Newtonsoft.Json",
    "Newtonsoft.Json.Linq",
    "Apim",
)
"""Namespaces whose types need no qualification (`Apim` is our own: the types of `context`)."""


class DotNet:
    """Implements `csharp.types.Universe` over the declared types."""

    def __init__(self, types: Sequence[ClrType]) -> None:
        self._full = {(t.full_name, t.arity): t for t in types}
        self._alias = {t.alias: t for t in types if t.alias}
        self._short: dict[tuple[str, int], list[ClrType]] = {}
        self._python: dict[type, ClrType] = {}
        self._namespaces: set[str] = set()
        self._extensions: dict[str, list[ClrType]] = {}
        self.ops: Any = None
        self._elements = {
            "Newtonsoft.Json.Linq.JObject": "System.Collections.Generic.KeyValuePair<string, JToken>",
            "System.String": "char",
        }
        self._extension_cache: dict[str, tuple[Method, ...]] = {}
        for t in types:
            self._short.setdefault((t.name, t.arity), []).append(t)
            if t.python is not None:
                self._python.setdefault(t.python, t)
            space = t.namespace
            while space:
                self._namespaces.add(space)
                space = space.rpartition(".")[0]
            for name, items in t.declarations.items():
                if any("(this " in d.signature for d in items):
                    self._extensions.setdefault(name, []).append(t)

    def any_type(self, name: str, arity: int) -> ClrType | None:
        """By alias, full name, or simple name in any namespace: how declarations refer to types."""
        if not arity and name in self._alias:
            return self._alias[name]
        if (name, arity) in self._full:
            return self._full[name, arity]
        found = self._short.get((name.rpartition(".")[2], arity), ())
        return next((t for t in found if t.full_name.endswith(name)), None)

    def find(self, name: str, arity: int) -> ClrType | None:
        """By alias, full name, or simple name through the implicit usings: how expressions refer to types."""
        if not arity and name in self._alias:
            return self._alias[name]
        if (name, arity) in self._full:
            return self._full[name, arity]
        for t in self._short.get((name, arity), ()):
            if t.namespace in IMPLICIT_USINGS:
                return t
        return None

    def declaration(self, full_name: str, arity: int) -> ClrType | None:
        return self._full.get((full_name, arity))

    def named(self, full_name: str, *args: Type) -> Named:
        return self._full[full_name, len(args)].of(*args)

    def by_python(self, kind: type) -> ClrType | None:
        """The declaration whose boxed values have that Python class."""
        return self._python.get(kind)

    def nested(self, names: list[str], arity: int) -> ClrType | None:
        """`TimeZoneInfo.AdjustmentRule`: a type inside a type."""
        outer = self.find(names[0], 0)
        return self._full.get((".".join([outer.full_name, *names[1:]]), arity)) if outer is not None else None

    @property
    def context_type(self) -> Named:
        """The type of the implicit variable `context`."""
        return self.named("Apim.IProxyRequestContext")

    def foreach_element(self, t: Named) -> Type | None:
        """What `foreach` over that type declares its variable as, where it differs from IEnumerable<T>."""
        own = self._elements.get(t.decl.full_name)
        return signature.parse_type(own, {p.name: p for p in t.decl.params}).subst(t.mapping) if own else None

    def is_namespace(self, name: str) -> bool:
        return name in self._namespaces

    def extensions(self, name: str) -> Sequence[Method]:
        known = self._extension_cache.get(name)
        if known is None:
            methods = (m for t in self._extensions.get(name, ()) for m in t.own(name))
            known = tuple(m for m in methods if isinstance(m, Method) and m.extension)
            self._extension_cache[name] = known
        return known

    def extension_names(self) -> Iterator[str]:
        return iter(self._extensions)

    def types(self) -> Iterator[ClrType]:
        return iter(self._full.values())

    def type_names(self) -> Iterator[str]:
        yield from self._alias
        for t in self._full.values():
            yield t.name if t.namespace in IMPLICIT_USINGS else t.full_name


def _invoke(self: Any, *args: Any) -> Any:
    return self(*args)


def _modules() -> Iterator[str]:
    for info in pkgutil.walk_packages(apimpy.dotnet.__path__, "apimpy.dotnet."):
        if not info.ispkg:
            yield info.name


@cache
def universe() -> DotNet:
    """The universe of everything declared below `apimpy.dotnet`, assembled once."""
    found: dict[int, ClrType] = {}
    for name in _modules():
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, ClrType):
                found[id(value)] = value
    for t in found.values():
        if t.delegate and "Invoke" not in t.declarations:
            t.declarations["Invoke"] = [Declaration("method", t.delegate, _invoke)]
    built = DotNet(list(found.values()))
    ClrType.universe = built
    ClrType.parse = staticmethod(signature.parse_member)  # type: ignore[assignment]
    return built
