"""The most tokens that a call may make, as it says itself: what is reserved besides the prompt.

A call may name its bound under several names at once, of which the model obeys one or another; the largest counts.
What is no positive whole number bounds nothing and is passed over.
"""

from __future__ import annotations

from typing import Any

__all__ = ["completion_bound"]

_BOUNDS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def completion_bound(kind: str, body: dict[str, Any], default: int) -> int:
    """Tokens over all choices; `default` for each choice when the call names no bound."""
    if kind == "embeddings" or kind == "none":
        return 0
    if kind == "gemini":
        inner = _object(body.get("generationConfig") or body.get("generation_config"))
        most = _largest(inner, ("maxOutputTokens", "max_output_tokens"))
        choices = _largest(inner, ("candidateCount", "candidate_count"))
    elif kind == "bedrock":
        most, choices = _largest(_object(body.get("inferenceConfig")), ("maxTokens",)), 1
    else:
        most, choices = _largest(body, _BOUNDS), _largest(body, ("n", "best_of"))
        prompt = body.get("prompt")
        if kind == "completion" and isinstance(prompt, list) and prompt and isinstance(prompt[0], (str, list)):
            choices = max(1, choices) * len(prompt)
    return (most or default) * max(1, choices)


def _largest(holder: dict[str, Any], names: tuple[str, ...]) -> int:
    return max((_positive(holder[name]) for name in names if name in holder), default=0)


def _positive(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value < 1:
        return 0
    return 1 << 62 if value > 1 << 62 else int(value)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
