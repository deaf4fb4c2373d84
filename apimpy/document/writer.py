"""Content of elements as XML text: what `set-body` sends when its content is markup rather than text."""

from __future__ import annotations

from apimpy.document.model import Comment, Element, Island, Text

__all__ = ["inner_xml", "outer_xml"]

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_QUOTED = _TEXT | str.maketrans({'"': "&quot;"})


def inner_xml(element: Element) -> str:
    """What stands between the tags, as XML; comments are left out, named values have been replaced."""
    return _written(list(reversed(element.nodes)))


def outer_xml(element: Element) -> str:
    """An element as XML, tags and all; comments are left out, named values have been replaced."""
    return _written([element])


def _written(stack: list[Element | Text | Island | Comment | str]) -> str:
    """What a stack of content says, the last of it first."""
    out: list[str] = []
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            out.append(node)
        elif isinstance(node, Text):
            out.append(node.value.translate(_TEXT))
        elif isinstance(node, Island):
            out.append(node.code.translate(_TEXT))
        elif isinstance(node, Element):
            out.append(_start(node))
            if node.nodes:
                stack.append(f"</{node.name}>")
                stack.extend(reversed(node.nodes))
    return "".join(out)


def _start(element: Element) -> str:
    parts = [element.name]
    for a in element.attributes:
        value = a.value.value if isinstance(a.value, Text) else a.value.code
        parts.append(f'{a.name}="{value.translate(_QUOTED)}"')
    return f"<{' '.join(parts)}{'>' if element.nodes else ' />'}"
