"""What a response says it cost, in the shapes of the different APIs."""

from __future__ import annotations

from typing import Any

from apimpy.record import Record

__all__ = ["Usage", "completion_text", "delta_texts", "usage_in"]


class Usage(Record, frozen=True, eq=True):
    """Tokens of one call.  `cached` and `reasoning` are parts of the others, None when not reported."""

    prompt: int
    completion: int
    total: int
    cached: int | None = None
    reasoning: int | None = None
    source: str = "reported"


def usage_in(kind: str, message: dict[str, Any], before: Usage | None = None) -> Usage | None:
    """The usage a response object (or stream event) reports; `before` is what earlier events of the stream said."""
    if kind == "gemini":
        return _gemini(message.get("usageMetadata"))
    if kind == "anthropic":
        return _anthropic(message, before)
    holder = message
    if isinstance(message.get("response"), dict):  # responses: response.completed and its like
        holder = message["response"]
    usage = holder.get("usage")
    if not isinstance(usage, dict):
        return None
    if "input_tokens" in usage or "output_tokens" in usage:
        return _usage(
            usage, "input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"
        )
    if "inputTokens" in usage:
        return _usage(usage, "inputTokens", "outputTokens", "totalTokens", "", "")
    if "prompt_tokens" in usage or "total_tokens" in usage:
        return _usage(
            usage,
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "prompt_tokens_details",
            "completion_tokens_details",
        )
    return None


def _usage(usage: dict[str, Any], prompt: str, completion: str, total: str, before: str, after: str) -> Usage:
    spent, made = _number(usage.get(prompt)), _number(usage.get(completion))
    reported = _number(usage.get(total))
    return Usage(
        spent,
        made,
        spent + made if total not in usage else reported,
        _detail(usage.get(before), "cached_tokens"),
        _detail(usage.get(after), "reasoning_tokens"),
    )


def _anthropic(message: dict[str, Any], before: Usage | None) -> Usage | None:
    holder = message.get("message")
    usage = holder.get("usage") if isinstance(holder, dict) else message.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, cached = before.prompt if before else 0, before.cached if before else None
    if "input_tokens" in usage:
        cached = _number(usage["cache_read_input_tokens"]) if "cache_read_input_tokens" in usage else None
        prompt = _number(usage["input_tokens"]) + _number(usage.get("cache_creation_input_tokens")) + (cached or 0)
    completion = (
        _number(usage.get("output_tokens")) if "output_tokens" in usage else (before.completion if before else 0)
    )
    return Usage(prompt, completion, prompt + completion, cached)


def _gemini(usage: Any) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    thoughts = _number(usage["thoughtsTokenCount"]) if "thoughtsTokenCount" in usage else None
    cached = _number(usage["cachedContentTokenCount"]) if "cachedContentTokenCount" in usage else None
    prompt, completion = _number(usage.get("promptTokenCount")), _number(usage.get("candidatesTokenCount"))
    completion += thoughts or 0
    total = _number(usage["totalTokenCount"]) if "totalTokenCount" in usage else prompt + completion
    return Usage(prompt, completion, total, cached, thoughts)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _detail(details: Any, name: str) -> int | None:
    return _number(details[name]) if isinstance(details, dict) and isinstance(details.get(name), int) else None


# --- text, for estimates ----------------------------------------------------------------------------------------------


def completion_text(kind: str, message: dict[str, Any]) -> str:
    """What the model wrote, when it did not say what that cost."""
    out: list[str] = []
    for choice in _dicts(message.get("choices")):
        _collect(choice.get("message"), out)
        _add(choice.get("text"), out)
    if kind == "responses":
        for item in _dicts(message.get("output")):
            _collect(item, out)
            _add(item.get("name"), out)
            _add(item.get("arguments"), out)
            for part in _dicts(item.get("content")):
                _add(part.get("text"), out)
    elif kind == "anthropic":
        for part in _dicts(message.get("content")):
            _add(part.get("text"), out)
            _add(part.get("thinking"), out)
    elif kind == "gemini":
        out += _gemini_texts(message)
    elif kind == "bedrock":
        output = message.get("output")
        inner = output.get("message") if isinstance(output, dict) else None
        for part in _dicts(inner.get("content")) if isinstance(inner, dict) else ():
            _add(part.get("text"), out)
    return "".join(out)


def delta_texts(kind: str, event: dict[str, Any]) -> list[str]:
    """What one event of a stream adds to the text."""
    out: list[str] = []
    if kind == "responses":
        if event.get("type") in ("response.output_text.delta", "response.function_call_arguments.delta"):
            _add(event.get("delta"), out)
    elif kind == "anthropic":
        delta = event.get("delta")
        if isinstance(delta, dict):
            for key in ("text", "partial_json", "thinking"):
                _add(delta.get(key), out)
    elif kind == "gemini":
        out += _gemini_texts(event)
    else:
        for choice in _dicts(event.get("choices")):
            _collect(choice.get("delta"), out)
            _add(choice.get("text"), out)
    return out


def _collect(message: Any, out: list[str]) -> None:
    if not isinstance(message, dict):
        return
    _add(message.get("reasoning_content"), out)
    _add(message.get("content"), out)
    for call in _dicts(message.get("tool_calls")):
        function = call.get("function")
        if isinstance(function, dict):
            _add(function.get("name"), out)
            _add(function.get("arguments"), out)


def _gemini_texts(message: dict[str, Any]) -> list[str]:
    out: list[str] = []
    for candidate in _dicts(message.get("candidates")):
        content = candidate.get("content")
        for part in _dicts(content.get("parts")) if isinstance(content, dict) else ():
            _add(part.get("text"), out)
    return out


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _add(value: Any, out: list[str]) -> None:
    if isinstance(value, str) and value:
        out.append(value)
