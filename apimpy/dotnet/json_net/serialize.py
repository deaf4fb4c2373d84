"""From value to token: `JToken.FromObject`, and with it `JsonConvert.SerializeObject`.

Elements and members are unboxed values of a static type, so every step carries that type along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apimpy.csharp.types import ClrType, Named, Property, TupleType, Type
from apimpy.dotnet.exceptions import JsonSerializationException
from apimpy.dotnet.json_net.kinds import FLOAT, STRING, SerializerSettings
from apimpy.dotnet.json_net.scalars import date_text, find_kind
from apimpy.dotnet.json_net.tree import JArray, JObject, JToken, JValue, bounded
from apimpy.dotnet.json_net.typing_ import argument_of, element_type
from apimpy.dotnet.values import (
    Anonymous,
    Array,
    Char,
    ClrTuple,
    EnumValue,
    KeyValuePair,
    box,
    iterate,
    to_string,
    type_of,
)

__all__ = ["from_object"]

_DICTIONARY = "System.Collections.Generic.IDictionary"
_READ_ONLY = "System.Collections.Generic.IReadOnlyDictionary"


@bounded
def from_object(value: Any, settings: SerializerSettings | None = None, *, text: bool = False) -> JToken:
    """The token of a boxed value, as the serializer of Json.NET makes it; `text`: only to be written at once."""
    return _Serializer(settings, text).token(value, type_of(value) if value is not None else None)


class _Serializer:
    def __init__(self, settings: SerializerSettings | None, text: bool) -> None:
        self.text = text
        self.skip_null = settings is not None and settings.get("NullValueHandling").value == 1
        self.open: list[Any] = []

    def token(self, value: Any, of: Type | None) -> JToken:
        if value is None:
            return JValue(None)
        if isinstance(value, JToken):
            return value.clone()
        if isinstance(value, Char):
            return JValue(str(value), STRING)
        if isinstance(value, EnumValue):
            return JValue(value.value)
        kind = find_kind(value)
        if kind is not None:
            # tokens have one zero, without a sign; text keeps it
            return JValue.of(value, kind) if self.text or value != 0 or kind is not FLOAT else JValue(abs(value))
        if any(value is outer for outer in self.open):
            raise JsonSerializationException(f"Self referencing loop detected with type '{type_of(value).full_name}'.")
        self.open.append(value)
        try:
            return self._object(value, of)
        finally:
            self.open.pop()

    def _object(self, value: Any, of: Type | None) -> JToken:
        if isinstance(value, Anonymous):
            names, types = value.clr_type.names, value.clr_type.types
            return self._members(zip(names, types, value, strict=True))
        if isinstance(value, KeyValuePair):
            args = of.args if isinstance(of, Named) and len(of.args) == 2 else (None, None)
            return self._members((("Key", args[0], value[0]), ("Value", args[1], value[1])))
        if isinstance(value, ClrTuple):
            own = getattr(value, "clr_type", of)
            types = own.elements if isinstance(own, TupleType) else own.args if isinstance(own, Named) else ()
            padded = (*types, *(None for _ in range(len(value) - len(types))))
            return self._members((f"Item{i}", t, v) for i, (t, v) in enumerate(zip(padded, value, strict=True), 1))
        own = type_of(value)
        if own.full_name.startswith("System.Xml.Linq.X"):
            from apimpy.dotnet.json_net.xml_convert import from_xml, is_xml

            if is_xml(value):
                return from_xml(value)
        if isinstance(value, Array) and value.shape is not None:
            return self._rows(list(value), value.of, value.shape)
        if isinstance(value, Mapping) or argument_of(own, _DICTIONARY) or argument_of(own, _READ_ONLY):
            return self._dictionary(value, own)
        if hasattr(value, "__iter__") or hasattr(value, "clr_iter"):
            item_type = element_type(value)
            out = JArray()
            for item in iterate(value):
                out.insert_item(out.count, self._item(item, item_type))
            return out
        return self._properties(value, own)

    def _item(self, value: Any, of: Type | None) -> JToken:
        return self.token(value if of is None else box(value, of), of)

    def _members(self, members: Any) -> JObject:
        out = JObject()
        for name, of, value in members:
            if not (self.skip_null and value is None):
                out.attach(name, self._item(value, of))
        return out

    def _rows(self, items: list[Any], of: Type, shape: tuple[int, ...]) -> JArray:
        out = JArray()
        size = len(items) // shape[0] if shape[0] else 0
        for i in range(shape[0]):
            part = items[i * size : (i + 1) * size]
            token = self._rows(part, of, shape[1:]) if len(shape) > 1 else self._item(part[0], of)
            out.insert_item(out.count, token)
        return out

    def _dictionary(self, value: Any, own: Type) -> JObject:
        key_type = argument_of(own, _DICTIONARY) or argument_of(own, _READ_ONLY)
        value_type = argument_of(own, _DICTIONARY, 1) or argument_of(own, _READ_ONLY, 1)
        out = JObject()
        for key, item in iterate(value):
            boxed = key if key_type is None else box(key, key_type)
            name = date_text(boxed) if type_of(boxed).full_name.startswith("System.DateTime") else to_string(boxed)
            if not (self.skip_null and item is None):
                out.put(name, self._item(item, value_type))
        return out

    def _properties(self, value: Any, own: Type) -> JToken:
        """Any other object: its public readable properties, those of the class itself before inherited ones."""
        out = JObject()
        for decl in _lineage(own):
            for name in decl.declarations:
                for member in decl.own(name):
                    if isinstance(member, Property) and not member.static and not member.index and name not in out:
                        item = getattr(value, member.decl.attr) if member.decl.attr else _read(member, value)
                        if not (self.skip_null and item is None):
                            out.attach(name, self._item(item, member.type))
        return out


def _read(member: Property, value: Any) -> Any:
    return None if member.getter is None or member.decl.rt else member.getter(value)


def _lineage(of: Type) -> list[ClrType]:
    found = (
        [of.decl] if isinstance(of, Named) and of.decl.full_name not in ("System.Object", "System.ValueType") else []
    )
    for base in of.bases():
        found += [d for d in _lineage(base) if d not in found]
    return found
