"""Read-only dictionaries of `context`: headers, query and path parameters, certificates.

Each is a small view over what the runtime keeps and offers the mapping protocol; values are made when asked for.
`joined` is the everyday question, `GetValueOrDefault(name)`: one look-up, no arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from apimpy.csharp.types import ClrType, Named, Type, array_of
from apimpy.dotnet.exceptions import ClrError, KeyNotFoundException
from apimpy.dotnet.values import KeyValuePair, from_text
from apimpy.dotnet.web.octets import string_array

if TYPE_CHECKING:
    from multidict import CIMultiDict

    from apimpy.dotnet.values import Array

__all__ = ["CertificateView", "HeaderView", "ParameterView", "QueryView", "View", "missing_key"]

READ_ONLY = "System.Collections.Generic.IReadOnlyDictionary"


def _named(name: str, *args: Type) -> Named:
    universe = ClrType.universe
    assert universe is not None
    return universe.named(name, *args)


def missing_key(name: str) -> ClrError:
    return KeyNotFoundException(f"The given key '{name}' was not present in the dictionary.")


class View(Mapping[str, Any]):
    """What the views share: their C# types and how C# enumerates them."""

    __slots__ = ()

    @property
    def key_type(self) -> Type:
        return _named("System.String")

    @property
    def value_type(self) -> Type:
        return array_of(_named("System.String"))

    @property
    def clr_type(self) -> Type:
        return _named(READ_ONLY, self.key_type, self.value_type)

    def clr_to_string(self) -> str:
        return f"System.Collections.Generic.Dictionary`2[{self.key_type.full_name},{self.value_type.full_name}]"

    def clr_iter(self) -> Iterator[KeyValuePair]:
        from apimpy.dotnet.collections_.keyvalue import pair_class

        pair = pair_class(self.key_type, self.value_type)
        return iter([pair(name, self[name]) for name in self])

    def joined(self, name: str) -> str | None:
        """The values of that name, joined with commas."""
        values = self.get(name)
        return None if values is None else ",".join(values)


class HeaderView(View):
    """Headers: names ignore case, several lines of one name are several values."""

    __slots__ = ("raw",)

    def __init__(self, raw: CIMultiDict[str]) -> None:
        self.raw = raw

    def __getitem__(self, name: str) -> Array:
        return string_array([from_text(v) for v in self.raw.getall(name)])

    def __contains__(self, name: object) -> bool:
        return name in self.raw

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for name in self.raw:
            folded = name.lower()
            if folded not in seen:
                seen.add(folded)
                yield str(name)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def joined(self, name: str) -> str | None:
        values = self.raw.getall(name, None)
        if values is None:
            return None
        return from_text(values[0] if len(values) == 1 else ",".join(values))


class QueryView(View):
    """Query parameters: names ignore case, values are decoded."""

    __slots__ = ("raw",)

    def __init__(self, raw: dict[str, list[str]]) -> None:
        self.raw = raw

    def _find(self, name: str) -> list[str] | None:
        found = self.raw.get(name)
        if found is None:
            folded = name.lower()
            for key, values in self.raw.items():
                if key.lower() == folded:
                    return values
        return found

    def __getitem__(self, name: str) -> Array:
        values = self._find(name)
        if values is None:
            raise KeyError(name)
        return string_array([from_text(v) for v in values])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return map(from_text, self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def joined(self, name: str) -> str | None:
        values = self._find(name)
        return None if values is None else from_text(",".join(values))


class ParameterView(View):
    """Parameters of the URL template: names ignore case."""

    __slots__ = ("raw",)

    def __init__(self, raw: dict[str, str]) -> None:
        self.raw = raw

    @property
    def value_type(self) -> Type:
        return _named("System.String")

    def __getitem__(self, name: str) -> str:
        found = self.joined(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.joined(name) is not None

    def __iter__(self) -> Iterator[str]:
        return map(from_text, self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def joined(self, name: str) -> str | None:
        found = self.raw.get(name)
        if found is None:
            folded = name.lower()
            found = next((v for k, v in self.raw.items() if k.lower() == folded), None)
        return None if found is None else from_text(found)


class CertificateView(View):
    """Certificates of the deployment: by their identifier, or by thumbprint, which policies use as well."""

    __slots__ = ("raw",)

    def __init__(self, raw: tuple[tuple[str, Any], ...]) -> None:
        self.raw = raw

    @property
    def value_type(self) -> Type:
        return _named("System.Security.Cryptography.X509Certificates.X509Certificate2")

    def __getitem__(self, name: str) -> Any:
        for key, cert in self.raw:
            if key == name:
                return cert
        wanted = name.upper()
        for _, cert in self.raw:
            if cert.thumbprint == wanted:
                return cert
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter([key for key, _ in self.raw])

    def __len__(self) -> int:
        return len(self.raw)
