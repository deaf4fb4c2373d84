"""`configuration.{environment}.yaml`: what one environment has otherwise than the folder says.

An entry is laid over the resource of its name: objects member by member, everything else replaced.  `{#name#}` in the
file is a variable of the environment.  An entry that no resource has is reported (CFG017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.configuration.fields import items
from apimpy.configuration.model import PolicyText
from apimpy.configuration.yaml_source import Entry, Node, parse_yaml, read_text
from apimpy.pattern import pattern
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from apimpy.diagnostics import Sink

__all__ = ["Overrides"]

_TOKEN = pattern(r"\{#\s*([^#{}\s]+)\s*#\}")
_KEPT = ("apiRevision", "isCurrent")
_ALIASES = {"versionsets": ("versionsets", "apiversionsets"), "policyfragments": ("policyfragments", "fragments")}


def _folded(key: str) -> str:
    return key.lower().replace(" ", "").replace("_", "").replace("-", "")


class Overrides:
    """The entry of one resource, or the whole file."""

    def __init__(self, node: Node | None, sink: Sink | None, used: set[int] | None = None) -> None:
        self._node, self._sink = node, sink
        self._used: set[int] = set() if used is None else used

    @classmethod
    def none(cls) -> Overrides:
        """No overrides."""
        return cls(None, None)

    @classmethod
    def load(cls, folder: Path, environment: str | None, environ: Mapping[str, str], sink: Sink) -> Overrides:
        """The file of an environment, in the folder or beside it.  CFG010 when there is none."""
        if environment is None:
            return cls.none()
        name = f"configuration.{environment}.yaml"
        path = next((p for p in (folder / name, folder.parent / name) if p.is_file()), folder / name)
        text = read_text(path, sink)
        if text is None:
            return cls.none()
        return cls(parse_yaml(_filled(text, environ, sink), sink), sink)

    def below(self, collection: str, name: str) -> Overrides:
        """The entry of a resource in a collection."""
        entry = self._entry(collection)
        if entry is None or self._sink is None:
            return Overrides.none()
        for item in items(entry.node, f"'{collection}'", self._sink):
            if item.kind == "map" and "name" in item.value and item.value["name"].node.text == name:
                self._used.add(id(item))
                return Overrides(item, self._sink, self._used)
        return Overrides.none()

    def _entry(self, collection: str) -> Entry | None:
        if self._node is None or self._node.kind != "map":
            return None
        names = _ALIASES.get(collection, (collection,))
        return next((e for k, e in self._node.value.items() if _folded(k) in names), None)

    def laid_over(self, node: Node) -> Node:
        """Properties with those of this entry over them."""
        if self._node is None or self._node.kind != "map" or "properties" not in self._node.value:
            return node
        return _merged(node, self._node.value["properties"].node, top=True)

    def policy(self) -> PolicyText | None:
        """The policy text that replaces the resource's own."""
        entry = self._entry("policies")
        if entry is None or self._sink is None:
            return None
        for item in items(entry.node, "'policies'", self._sink):
            properties: Any = item.value.get("properties") if item.kind == "map" else None
            value = properties.node.value.get("value") if properties and properties.node.kind == "map" else None
            if value is not None and value.node.kind == "text":
                line, _ = value.node.span.line_col
                inline = SourceFile(f"{value.node.span.file.name}#line-{line}", value.node.text)
                return PolicyText(value.node.span, inline=inline)
        return None

    def unused(self, sink: Sink) -> None:
        """Report the entries of the file that no resource has asked for."""
        if self._node is not None:
            _unused(self._node, self._used, sink)


_KNOWN = frozenset(
    ("apis", "apiversionsets", "backends", "groups", "namedvalues", "operations", "policyfragments", "products")
) | {"subscriptions", "versionsets"}


def _unused(node: Node, used: set[int], sink: Sink) -> None:
    for key, entry in node.value.items() if node.kind == "map" else ():
        if _folded(key) not in _KNOWN or entry.node.kind != "list":
            continue
        for item in entry.node.value:
            if item.kind != "map" or "name" not in item.value:
                continue
            name = item.value["name"].node
            if id(item) in used:
                _unused(item, used, sink)
            else:
                sink.report("CFG017", f"nothing in '{key}' has the name '{name.text}': no effect", name.span)


def _merged(under: Node, over: Node, *, top: bool = False) -> Node:
    if under.kind != "map" or over.kind != "map":
        return over
    entries: dict[str, Entry] = dict(under.value)
    for key, entry in over.value.items():
        if top and key in _KEPT:
            continue
        held = entries.get(key)
        entries[key] = entry if held is None else Entry(entry.key_span, _merged(held.node, entry.node))
    return Node("map", entries, under.span)


def _filled(file: SourceFile, environ: Mapping[str, str], sink: Sink) -> SourceFile:
    """Variables put in.  Places in the result are those of the result: a value seldom brings lines."""
    out, at = "", 0
    for found in _TOKEN.finditer(file.text):
        value = environ.get(found[1])
        if value is None:
            message = f"the environment has no variable {found[1]}"
            sink.report("CFG011", message, file.span(*found.span()))
        out += file.text[at : found.start()] + (found[0] if value is None else value)
        at = found.end()
    return SourceFile(file.name, out + file.text[at:])
