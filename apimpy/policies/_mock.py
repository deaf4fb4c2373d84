"""What `mock-response` answers with: one of the responses that an API description declares.

The description itself is read elsewhere; here are the choice among what it declares and the sample made from a schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.runtime.exchange import DeclaredResponse, Representation

__all__ = ["choose", "content_of", "sample"]

_MAX_DEPTH = 32


def choose(declared: Sequence[DeclaredResponse], status: int, content_type: str | None) -> Representation | None:
    """The representation of a status code: of the media type asked for, else the first one."""
    found = next((r.representations for r in declared if r.status == status), ())
    if content_type is None:
        return found[0] if found else None
    wanted = _media_type(content_type)
    return next((r for r in found if _media_type(r.content_type) == wanted), None)


def content_of(representation: Representation, index: int | None) -> bytes:
    """An example (the first unless `index` names another), else a sample of the schema, else nothing."""
    examples = representation.examples
    if examples:
        return examples[index] if index is not None and 0 <= index < len(examples) else examples[0]
    if representation.schema is None:
        return b""
    import orjson

    return orjson.dumps(sample(representation.schema))


def sample(schema: Any, depth: int = 0) -> Any:
    """A value of a JSON schema: its default or first enumerated value, else the plainest of its type."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return None
    for name in ("example", "default", "const"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    merged = {}
    for part in schema.get("allOf", ()):
        value = sample(part, depth + 1)
        if isinstance(value, dict):
            merged.update(value)
    for name in ("oneOf", "anyOf"):
        if schema.get(name):
            return sample(schema[name][0], depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null")
    if kind == "object" or merged or "properties" in schema:
        own = {name: sample(part, depth + 1) for name, part in schema.get("properties", {}).items()}
        return merged | own
    if kind == "array" or "items" in schema:
        return [sample(schema.get("items"), depth + 1)]
    return {"string": "string", "integer": 0, "number": 0, "boolean": False}.get(str(kind))


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()
