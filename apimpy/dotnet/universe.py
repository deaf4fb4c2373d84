"""The universe: every type declared below `apimpy.dotnet`, found by name the way a policy expression finds it.

Modules are imported when one of their members is first asked for: `index.json` says of every type what it is, which
members it has and which modules declare them (most policies touch a handful, and a linter must start in a blink).
The index is derived: `python -m apimpy.dotnet.universe` writes it, a test checks that it is current, and a module that
declares a type in another way than the index says is refused.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import orjson

import apimpy.dotnet
from apimpy.csharp.types import ClrType, Method, Named, Type
from apimpy.dotnet import signature
from apimpy.dotnet.decl import TypeDecl, announce, header

__all__ = ["IMPLICIT_USINGS", "INDEX", "DotNet", "build_index", "universe"]

INDEX = os.path.join(os.path.dirname(__file__), "index.json")

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

_FOREACH = {
    "Newtonsoft.Json.Linq.JObject": "System.Collections.Generic.KeyValuePair<string, JToken>",
    "System.String": "char",
}
"""What `foreach` declares its variable as, for types whose own GetEnumerator differs from their IEnumerable<T>."""

Key = tuple[str, int]


class DotNet:
    """Implements `csharp.types.Universe` over an index: rows of `build_index`."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.ops: Any = None
        """The helpers that generated code calls (`apimpy.dotnet.ops`)."""
        self._rows: dict[Key, dict[str, Any]] = {}
        self._alias: dict[str, Key] = {}
        self._short: dict[Key, list[Key]] = {}
        self._python: dict[str, Key] = {}
        self._namespaces: set[str] = set()
        self._extensions: dict[str, list[Key]] = {}
        self._types: dict[Key, TypeDecl] = {}
        self._extension_cache: dict[str, tuple[Method, ...]] = {}
        self._python_cache: dict[type, ClrType | None] = {}
        for row in rows:
            full, arity = row["name"], len(row["params"])
            key = full, arity
            self._rows[key] = row
            if row["alias"]:
                self._alias[row["alias"]] = key
            space, _, short = full.rpartition(".")
            self._short.setdefault((short, arity), []).append(key)
            if row["python"]:
                self._python.setdefault(row["python"], key)
            while space and space not in self._namespaces:
                self._namespaces.add(space)
                space = space.rpartition(".")[0]
            for name in row["extensions"]:
                self._extensions.setdefault(name, []).append(key)

    def _get(self, key: Key) -> TypeDecl | None:
        found = self._types.get(key)
        if found is None and key in self._rows:
            found = self._types[key] = announce(self._rows[key])
        return found

    def announced(self, full_name: str, arity: int) -> TypeDecl | None:
        """A type of the index, for the module that declares it."""
        return self._get((full_name, arity))

    def any_type(self, name: str, arity: int) -> ClrType | None:
        """By alias, full name, or simple name in any namespace: how declarations refer to types."""
        if not arity and name in self._alias:
            return self._get(self._alias[name])
        found = self._get((name, arity))
        if found is None:
            for key in self._short.get((name.rpartition(".")[2], arity), ()):
                if key[0].endswith(name):
                    return self._get(key)
        return found

    def find(self, name: str, arity: int) -> ClrType | None:
        """By alias, full name, or simple name through the implicit usings: how expressions refer to types."""
        if not arity and name in self._alias:
            return self._get(self._alias[name])
        found = self._get((name, arity))
        if found is None:
            for key in self._short.get((name, arity), ()):
                if key[0].rpartition(".")[0] in IMPLICIT_USINGS:
                    return self._get(key)
        return found

    def ambiguous(self, name: str, arity: int) -> list[str]:
        """The full names a simple name could mean through the implicit usings, when it is more than one."""
        keys = [k for k in self._short.get((name, arity), ()) if k[0].rpartition(".")[0] in IMPLICIT_USINGS]
        return [k[0] for k in keys] if len(keys) > 1 and (name, arity) not in self._rows else []

    def declaration(self, full_name: str, arity: int) -> ClrType | None:
        return self._get((full_name, arity))

    def named(self, full_name: str, *args: Type) -> Named:
        found = self._get((full_name, len(args)))
        if found is None:
            raise LookupError(f"{full_name}`{len(args)} is not declared")
        return found.of(*args)

    def by_python(self, kind: type) -> ClrType | None:
        """The declaration whose boxed values have that Python class."""
        if kind not in self._python_cache:
            key = self._python.get(f"{kind.__module__}.{kind.__qualname__}")
            self._python_cache[kind] = self._get(key) if key is not None else None
        return self._python_cache[kind]

    def nested(self, names: list[str], arity: int) -> ClrType | None:
        """`TimeZoneInfo.AdjustmentRule`: a type inside a type."""
        outer = self.find(names[0], 0)
        return self._get((".".join([outer.full_name, *names[1:]]), arity)) if outer is not None else None

    @property
    def context_type(self) -> Named:
        """The type of the implicit variable `context`."""
        return self.named("Apim.IProxyRequestContext")

    def foreach_element(self, t: Named) -> Type | None:
        """What `foreach` over that type declares its variable as, where it differs from IEnumerable<T>."""
        own = _FOREACH.get(t.decl.full_name)
        return signature.parse_type(own, {p.name: p for p in t.decl.params}).subst(t.mapping) if own else None

    def is_namespace(self, name: str) -> bool:
        return name in self._namespaces

    def extensions(self, name: str) -> Sequence[Method]:
        """Extension methods of that name, of all static classes."""
        known = self._extension_cache.get(name)
        if known is None:
            types = [self._get(key) for key in self._extensions.get(name, ())]
            methods = (m for t in types if t is not None for m in t.own(name))
            known = tuple(m for m in methods if isinstance(m, Method) and m.extension)
            self._extension_cache[name] = known
        return known

    def extension_names(self) -> Iterator[str]:
        return iter(self._extensions)

    def types(self) -> Iterator[ClrType]:
        """Every type; loads the whole library."""
        for key in self._rows:
            found = self._get(key)
            assert found is not None
            found.complete()
            yield found

    def type_names(self) -> Iterator[str]:
        """Names by which expressions may call types, for "did you mean"."""
        yield from self._alias
        for full, _ in self._rows:
            space, _, short = full.rpartition(".")
            yield short if space in IMPLICIT_USINGS else full


def build_index() -> list[dict[str, Any]]:
    """One row per declared type, found by importing every module below the package."""
    import pkgutil

    found: dict[int, TypeDecl] = {}
    for info in pkgutil.walk_packages(apimpy.dotnet.__path__, "apimpy.dotnet."):
        if not info.ispkg:
            held = vars(importlib.import_module(info.name)).values()
            found |= {id(value): value for value in held if isinstance(value, TypeDecl)}
    rows = []
    for t in found.values():
        python = f"{t.python.__module__}.{t.python.__qualname__}" if t.python is not None else None
        extensions = [n for n, items in t.declarations.items() if any("(this " in d.signature for d in items)]
        modules = {home: sorted(t.homes[home]) for home in sorted(t.homes)}
        rows.append(header(t) | {"python": python, "extensions": sorted(extensions), "modules": modules})
    return sorted(rows, key=lambda r: (r["name"], len(r["params"])))


@cache
def universe() -> DotNet:
    """The universe of everything declared below `apimpy.dotnet`, assembled once."""
    with open(INDEX, "rb") as f:
        built = DotNet(orjson.loads(f.read()))
    ClrType.universe = built
    ClrType.parse = staticmethod(signature.parse_member)
    return built


def library_index() -> DotNet:
    """What announces types: the universe, or whatever stands in for it while the index is being made."""
    return ClrType.universe if isinstance(ClrType.universe, DotNet) else universe()


def write_index() -> None:
    lines = b",\n".join(orjson.dumps(row) for row in build_index())
    with open(INDEX, "wb") as f:
        f.write(b"[\n" + lines + b"\n]\n")


if __name__ == "__main__":
    sys.modules["apimpy.dotnet.universe"] = sys.modules["__main__"]
    ClrType.universe = DotNet(())  # nothing is announced: every module speaks for itself
    write_index()
