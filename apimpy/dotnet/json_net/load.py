"""Builds tokens from what the exact reader reads: `JToken.Parse`, `JObject.Parse` and `JArray.Parse`."""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.exceptions import ArgumentException, JsonSerializationException, JsonWriterException
from apimpy.dotnet.json_net.exact import CLOSES, NAME, START_ARRAY, START_CONSTRUCTOR, START_OBJECT, Reader
from apimpy.dotnet.json_net.kinds import BOOLEAN, COMMENT, DATE, FLOAT, INTEGER, NULL, STRING, UNDEFINED
from apimpy.dotnet.json_net.tree import JArray, JConstructor, JContainer, JObject, JToken, JValue

__all__ = ["load", "take"]

_VALUES = {
    "Undefined": UNDEFINED,
    "Integer": INTEGER,
    "Float": FLOAT,
    "Boolean": BOOLEAN,
    "Null": NULL,
    "Date": DATE,
    "String": STRING,
    "Comment": COMMENT,
}


def load(reader: Reader, what: str, settings: Any) -> JToken:
    """`JToken.Parse` & co.: one value, then nothing but comments."""
    token = load_one(reader, what, settings)
    while reader.read():
        pass
    return token


def load_one(reader: Reader, what: str, settings: Any) -> JToken:
    ignore = settings is not None and settings.get("CommentHandling").value == 0
    if not reader.read():
        raise reader.error(f"Error reading {what} from JsonReader.")
    while reader.current == "Comment" and (what != "JToken" or ignore):
        if not reader.read():
            if what == "JToken":
                raise reader.error(f"Error reading {what} from JsonReader.")
            reader.current = "Comment"
            break
    if what == "JObject" and reader.current != START_OBJECT:
        raise reader.error(
            f"Error reading JObject from JsonReader. Current JsonReader item is not an object: {reader.current}."
        )
    if what == "JArray" and reader.current != START_ARRAY:
        raise reader.error(
            f"Error reading JArray from JsonReader. Current JsonReader item is not an array: {reader.current}."
        )
    root = _container(reader)
    if root is not None:
        _fill(reader, root, settings)
        return root
    kind = _VALUES.get(reader.current)
    if kind is None:
        raise reader.error(f"Error reading JToken from JsonReader. Unexpected token: {reader.current}.")
    return JValue.of(reader.value, kind)


def take(reader: Reader) -> JToken:
    """The value the reader is at, moving to its end.  Text that ends too early is cut off, as a token writer does."""
    root = _container(reader)
    if root is None:
        return JValue.of(reader.value, _VALUES[reader.current])
    _fill(reader, root, None, cut=True)
    return root


def _container(reader: Reader) -> JContainer | None:
    if reader.current == START_OBJECT:
        return JObject()
    if reader.current == START_ARRAY:
        return JArray()
    if reader.current == START_CONSTRUCTOR:
        if not reader.value:
            raise ArgumentException("Constructor name cannot be empty.", "name")
        return JConstructor(reader.value)
    return None


def _fill(reader: Reader, root: JContainer, settings: Any, *, cut: bool = False) -> None:
    """Read the content of a container whose opening token is current."""
    depth = reader.depth
    name = root.clr_name.rpartition(".")[2]
    more = reader.read()
    if not more and not cut:
        raise reader.error(f"Error reading {name} from JsonReader.")
    if not more and isinstance(root, JObject):
        raise JsonSerializationException(f"Unexpected end when reading JSON. {reader.where()}")
    comments = settings is not None and settings.get("CommentHandling").value == 1
    duplicates = 0 if settings is None else settings.get("DuplicatePropertyNameHandling").value
    open_ = [root]
    key = ""
    while more:
        now = reader.current
        if now == NAME:
            key = reader.value
            parent = open_[-1]
            if isinstance(parent, JObject) and duplicates and key in parent:
                if duplicates == 2:
                    raise reader.error(f"Property with the name '{key}' already exists in the current JSON object.")
                _skip(reader)
        elif now in CLOSES:
            if len(open_) == 1:
                return
            open_.pop()
        elif now != "Comment" or (comments and not isinstance(open_[-1], JObject)):
            child = _container(reader)
            item = child if child is not None else JValue.of(reader.value, _VALUES[now])
            parent = open_[-1]
            item._owner = parent
            if isinstance(parent, JObject):
                item._key = key
                parent._values[key] = item
            else:
                assert isinstance(parent, JArray)
                parent._items.append(item)
            if child is not None:
                open_.append(child)
        more = reader.read()
    if cut:
        if reader.state != "Finished":
            raise JsonWriterException("Unexpected end when reading token. Path ''.")
        return
    if reader.depth > depth:
        raise reader.error(f"Unexpected end of content while loading {name}.")


def _skip(reader: Reader) -> None:
    """Skip the value of a property."""
    depth = reader.depth
    reader.read()
    while reader.current in (START_OBJECT, START_ARRAY, START_CONSTRUCTOR) or reader.depth > depth:
        if not reader.read():
            return
