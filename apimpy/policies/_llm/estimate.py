"""Tokens of a prompt before the model has counted them.

The message overheads are those published for the chat models; an image counts a flat 1200, audio and files nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.runtime.ports import TokenCounter

__all__ = ["IMAGE_TOKENS", "prompt_tokens"]

IMAGE_TOKENS = 1200
_Count = "Callable[[str], int]"


def prompt_tokens(kind: str, body: dict[str, Any], model: str | None, counter: TokenCounter) -> int:
    """The estimate for a request body of that kind (0 for `none`)."""

    def tok(text: str) -> int:
        return counter.count(text, model) if text else 0

    if kind == "chat":
        return _chat(body, model, counter, tok)
    if kind == "completion":
        return _inputs(body.get("prompt"), tok) + tok(_text(body.get("suffix")))
    if kind == "embeddings":
        return _inputs(body.get("input"), tok)
    if kind == "responses":
        return _responses(body, model, counter, tok)
    if kind == "anthropic":
        return _anthropic(body, tok)
    if kind == "gemini":
        return _gemini(body, tok)
    if kind == "bedrock":
        return _bedrock(body, tok)
    return 0


def _chat(body: dict[str, Any], model: str | None, counter: TokenCounter, tok: Callable[[str], int]) -> int:
    old = model is not None and model.endswith("gpt-3.5-turbo-0301")
    each, named = (4, -1) if old else (3, 1)
    total = 3 + sum(_message(m, each, named, tok) for m in _list(body.get("messages")))
    return total + _tools(body, model, counter, tok) + _schema(body.get("response_format"), tok)


def _message(message: Any, each: int, named: int, tok: Callable[[str], int]) -> int:
    if not isinstance(message, dict):
        return each
    total = each + tok(_text(message.get("role"))) + _content(message.get("content"), tok)
    name = message.get("name")
    if isinstance(name, str):
        total += named + tok(name)
    calls = message.get("tool_calls")
    if calls:
        total += tok(_json(calls))
    return total


def _content(content: Any, tok: Callable[[str], int]) -> int:
    """A text, or parts of text and images."""
    if isinstance(content, str):
        return tok(content)
    total = 0
    for part in _list(content):
        if isinstance(part, str):
            total += tok(part)
        elif isinstance(part, dict):
            kind = part.get("type")
            if kind in ("image_url", "input_image", "image") or "image" in part:
                total += IMAGE_TOKENS
            elif isinstance(part.get("text"), str):
                total += tok(part["text"])
            elif isinstance(part.get("refusal"), str):
                total += tok(part["refusal"])
            elif isinstance(part.get("content"), (str, list)):
                total += _content(part["content"], tok)
            elif kind == "tool_use":
                total += tok(_text(part.get("name"))) + tok(_json(part.get("input")))
            elif isinstance(part.get("toolUse"), dict):
                used = part["toolUse"]
                total += tok(_text(used.get("name"))) + tok(_json(used.get("input")))
            elif isinstance(part.get("toolResult"), dict):
                total += _content(part["toolResult"].get("content"), tok)
    return total


def _tools(body: dict[str, Any], model: str | None, counter: TokenCounter, tok: Callable[[str], int]) -> int:
    functions = [t.get("function", t) for t in _list(body.get("tools")) if isinstance(t, dict)]
    functions += [f for f in _list(body.get("functions")) if isinstance(f, dict)]
    functions = [f for f in functions if isinstance(f, dict) and "name" in f]
    if not functions:
        return 0
    each = 10 if counter.encoding_name(model) == "cl100k_base" else 7
    return 12 + sum(_function(f, each, tok) for f in functions)


def _function(function: dict[str, Any], each: int, tok: Callable[[str], int]) -> int:
    total = each + tok(_text(function.get("name"))) + tok(_text(function.get("description")))
    parameters = function.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    if not isinstance(properties, dict) or not properties:
        return total
    total += 3
    for name, declared in properties.items():
        about = declared if isinstance(declared, dict) else {}
        total += 3 + tok(name) + tok(_text(about.get("type"))) + tok(_text(about.get("description")))
        values = about.get("enum")
        if isinstance(values, list):
            total += -3 + sum(3 + tok(v if isinstance(v, str) else _json(v)) for v in values)
    return total


def _schema(format: Any, tok: Callable[[str], int]) -> int:
    schema = format.get("json_schema") if isinstance(format, dict) else None
    return tok(_json(schema)) if schema else 0


def _inputs(given: Any, tok: Callable[[str], int]) -> int:
    """A text, token numbers, or lists of either."""
    if isinstance(given, str):
        return tok(given)
    return sum(1 if isinstance(one, int) else _inputs(one, tok) for one in _list(given))


def _responses(body: dict[str, Any], model: str | None, counter: TokenCounter, tok: Callable[[str], int]) -> int:
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else _list(given)
    total = 3 + tok(_text(body.get("instructions"))) + sum(_item(i, tok) for i in items)
    text = body.get("text")
    format = text.get("format") if isinstance(text, dict) else None
    schema = format.get("schema") if isinstance(format, dict) else None
    return total + _tools(body, model, counter, tok) + (tok(_json(schema)) if schema else 0)


def _item(item: Any, tok: Callable[[str], int]) -> int:
    total = _message(item, 3, 1, tok)
    if isinstance(item, dict) and "content" not in item:
        total += sum(tok(_text(item.get(key))) for key in ("name", "arguments", "output"))
    return total


def _anthropic(body: dict[str, Any], tok: Callable[[str], int]) -> int:
    total = _content(body.get("system"), tok)
    for message in _list(body.get("messages")):
        total += 3 + (_content(message.get("content"), tok) if isinstance(message, dict) else 0)
    tools = body.get("tools")
    return total + (tok(_json(tools)) if tools else 0)


def _gemini(body: dict[str, Any], tok: Callable[[str], int]) -> int:
    total = 0
    contents = [body.get("systemInstruction") or body.get("system_instruction"), *_list(body.get("contents"))]
    for content in contents:
        for part in _list(content.get("parts")) if isinstance(content, dict) else ():
            if not isinstance(part, dict):
                continue
            total += tok(_text(part.get("text")))
            inline = part.get("inlineData") or part.get("inline_data")
            if isinstance(inline, dict):
                mime = _text(inline.get("mimeType") or inline.get("mime_type"))
                total += IMAGE_TOKENS if mime.startswith("image/") else 0
    tools = body.get("tools")
    return total + (tok(_json(tools)) if tools else 0)


def _bedrock(body: dict[str, Any], tok: Callable[[str], int]) -> int:
    total = 3 + _content(body.get("system"), tok) + sum(_message(m, 3, 1, tok) for m in _list(body.get("messages")))
    config = body.get("toolConfig")
    tools = config.get("tools") if isinstance(config, dict) else None
    return total + (tok(_json(tools)) if tools else 0)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _json(value: Any) -> str:
    """Canonical JSON.  RecursionError when it is nested too deeply."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # deep, or halves of surrogate pairs
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
