"""The universe: every type declared below `apimpy.dotnet`, found by name the way a policy expression finds it.

Types are loaded when they are first asked for: `index.json` says which modules declare a type (most policies touch a
handful of them, and a linter must start in a blink).  The index is derived: `python -m apimpy.dotnet.universe` writes
it, a test checks that it is current.
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
from apimpy.csharp.types import ClrType, Declaration, Method, Named, Type
from apimpy.dotnet import signature

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
        self._modules: dict[Key, list[str]] = {}
        self._alias: dict[str, Key] = {}
        self._short: dict[Key, list[Key]] = {}
        self._python: dict[str, Key] = {}
        self._namespaces: set[str] = set()
        self._extensions: dict[str, list[Key]] = {}
        self._loaded: dict[Key, ClrType] = {}
        self._extension_cache: dict[str, tuple[Method, ...]] = {}
        self._python_cache: dict[type, ClrType | None] = {}
        for row in rows:
            full, arity = row["name"], row["arity"]
            key = full, arity
            self._modules[key] = row["modules"]
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

    def _get(self, key: Key) -> ClrType | None:
        found = self._loaded.get(key)
        if found is None:
            modules = self._modules.get(key)
            if modules is None:
                return None
            for name in modules:
                for value in list(vars(importlib.import_module(name)).values()):
                    if isinstance(value, ClrType) and value.full_name == key[0] and value.arity == key[1]:
                        found = value
            if found is None:
                raise LookupError(f"index.json is stale: {key[0]} is not declared in {modules}")
            if found.delegate and "Invoke" not in found.declarations:
                found.declarations["Invoke"] = [Declaration("method", found.delegate, _invoke)]
            self._loaded[key] = found
        return found

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
        for key in self._modules:
            found = self._get(key)
            assert found is not None
            yield found

    def type_names(self) -> Iterator[str]:
        """Names by which expressions may call types, for "did you mean"."""
        yield from self._alias
        for full, _ in self._modules:
            space, _, short = full.rpartition(".")
            yield short if space in IMPLICIT_USINGS else full


def _invoke(self: Any, *args: Any) -> Any:
    return self(*args)


def build_index() -> list[dict[str, Any]]:
    """One row per declared type, found by importing every module below the package."""
    import pkgutil

    homes: dict[int, tuple[ClrType, set[str]]] = {}
    for info in pkgutil.walk_packages(apimpy.dotnet.__path__, "apimpy.dotnet."):
        if info.ispkg:
            continue
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, ClrType):
                homes.setdefault(id(value), (value, set()))[1].add(info.name)
    rows = []
    for t, holders in homes.values():
        modules = sorted(t.modules & holders) or sorted(holders)[:1]
        extensions = [n for n, items in t.declarations.items() if any("(this " in d.signature for d in items)]
        python = f"{t.python.__module__}.{t.python.__qualname__}" if t.python is not None else None
        rows.append(
            {
                "name": t.full_name,
                "arity": t.arity,
                "alias": t.alias,
                "python": python,
                "modules": modules,
                "extensions": sorted(extensions),
            }
        )
    return sorted(rows, key=lambda r: (r["name"], r["arity"]))


@cache
def universe() -> DotNet:
    """The universe of everything declared below `apimpy.dotnet`, assembled once."""
    with open(INDEX, "rb") as f:
        built = DotNet(orjson.loads(f.read()))
    ClrType.universe = built
    ClrType.parse = staticmethod(signature.parse_member)
    return built


def write_index() -> None:
    lines = b",\n".join(orjson.dumps(row) for row in build_index())
    with open(INDEX, "wb") as f:
        f.write(b"[\n" + lines + b"\n]\n")


if __name__ == "__main__":
    sys.modules["apimpy.dotnet.universe"] = sys.modules["__main__"]
    write_index()
