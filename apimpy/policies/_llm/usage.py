"""What a response says it cost, in the shapes of the different APIs."""

from __future__ import annotations

from typing import Any

from apimpy.record import Record

__all__ = ["Usage", "is_final", "usage_in"]


class Usage(Record, frozen=True, eq=True):
    """Tokens of one call.  `cached` and `reasoning` are parts of the others, None when not reported.

    `source` is `reported`, `estimated`, or `mixed`: reported in part, before the response broke off.
    """

    prompt: int
    completion: int
    total: int
    cached: int | None = None
    reasoning: int | None = None
    source: str = "reported"


def usage_in(kind: str, message: dict[str, Any], before: Usage | None = None) -> Usage | None:
    """The usage a response object (or stream event) reports; `before` is what earlier events of the stream said."""
    if kind == "gemini" or (kind == "none" and "usageMetadata" in message):
        return _gemini(message.get("usageMetadata"))
    if kind == "anthropic":
        return _anthropic(message, before)
    holder = message
    if kind == "bedrock":
        if isinstance(message.get("metadata"), dict):  # the last event of a stream
            holder = message["metadata"]
    elif isinstance(message.get("response"), dict):  # responses: response.completed and its like
        holder = message["response"]
    usage = holder.get("usage")
    if not isinstance(usage, dict):
        return None
    if kind == "none" and ("cache_read_input_tokens" in usage or "cache_creation_input_tokens" in usage):
        return _anthropic(message, before)
    if "input_tokens" in usage or "output_tokens" in usage:
        return _usage(
            usage, "input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"
        )
    if "inputTokens" in usage or "outputTokens" in usage:
        found = _usage(usage, "inputTokens", "outputTokens", "totalTokens", "", "")
        return Usage(found.prompt, found.completion, found.total, _detail(usage, "cacheReadInputTokens"))
    if "prompt_tokens" in usage or "completion_tokens" in usage or "total_tokens" in usage:
        return _usage(
            usage,
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "prompt_tokens_details",
            "completion_tokens_details",
        )
    return None


def is_final(kind: str, event: dict[str, Any]) -> bool:
    """Whether usage in this event of a stream is that of the whole call."""
    if kind == "anthropic":
        return event.get("type") == "message_delta"
    if kind == "responses":
        return event.get("type") in ("response.completed", "response.incomplete", "response.failed")
    if kind == "gemini":
        candidates = event.get("candidates")
        return not candidates or _any_has(candidates, "finishReason")
    if kind == "bedrock":
        return "metadata" in event
    choices = event.get("choices")
    return not choices or _any_has(choices, "finish_reason")


def _any_has(items: Any, name: str) -> bool:
    return isinstance(items, list) and any(isinstance(i, dict) and i.get(name) for i in items)


def _usage(usage: dict[str, Any], prompt: str, completion: str, total: str, before: str, after: str) -> Usage:
    spent, made = _number(usage.get(prompt)), _number(usage.get(completion))
    return Usage(
        spent,
        made,
        _total(usage.get(total), spent + made),
        _detail(usage.get(before), "cached_tokens"),
        _detail(usage.get(after), "reasoning_tokens"),
    )


def _anthropic(message: dict[str, Any], before: Usage | None) -> Usage | None:
    holder = message.get("message")
    usage = holder.get("usage") if isinstance(holder, dict) else message.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, cached = before.prompt if before else 0, before.cached if before else None
    if _is_number(usage.get("input_tokens")):
        cached = _detail(usage, "cache_read_input_tokens")
        prompt = _number(usage["input_tokens"]) + _number(usage.get("cache_creation_input_tokens")) + (cached or 0)
    completion = before.completion if before else 0
    if _is_number(usage.get("output_tokens")):
        completion = _number(usage["output_tokens"])
    return Usage(prompt, completion, prompt + completion, cached)


def _gemini(usage: Any) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    thoughts, cached = _detail(usage, "thoughtsTokenCount"), _detail(usage, "cachedContentTokenCount")
    prompt = _number(usage.get("promptTokenCount"))
    completion = _number(usage.get("candidatesTokenCount")) + (thoughts or 0)
    return Usage(prompt, completion, _total(usage.get("totalTokenCount"), prompt + completion), cached, thoughts)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1 << 62


def _number(value: Any) -> int:
    return int(value) if _is_number(value) else 0


def _total(reported: Any, parts: int) -> int:
    return _number(reported) or parts


def _detail(details: Any, name: str) -> int | None:
    return int(details[name]) if isinstance(details, dict) and _is_number(details.get(name)) else None
