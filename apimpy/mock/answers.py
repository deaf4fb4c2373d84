"""What the mock model says: a pure function of the request.

The same request always gets the same bytes, ids included, so recorded traffic can be compared.  Tokens are counted with
the real vocabularies, so limits and metrics in front of the mock behave as in front of a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from apimpy.policies._llm.estimate import prompt_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["Answer", "Speaker", "last_question", "usage", "usage_of_responses"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One finished completion.  `pieces` are the texts of the stream's events; `stop` is the sequence that ended it."""

    text: str
    pieces: tuple[str, ...]
    tokens: int
    reason: Literal["stop", "length"]
    stop: str | None = None


def usage(prompt: int, completion: int) -> dict[str, Any]:
    """The `usage` object of chat and legacy completions."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def usage_of_responses(prompt: int, completion: int) -> dict[str, Any]:
    """The `usage` object of the Responses API."""
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + completion,
    }


def _text(content: Any) -> str:
    """The text of a message's `content`."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(p["text"] for p in parts if isinstance(p, dict) and isinstance(p.get("text"), str))


def last_question(messages: Sequence[Any]) -> str:
    """The text of the last user message."""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return _text(message.get("content"))
    return ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """The model: it says `fixed`, else it echoes the question."""

    counter: TiktokenCounter
    fixed: str | None = None

    def prompt_tokens(self, kind: str, body: dict[str, Any], model: str) -> int:
        """Tokens of a request of that kind: `chat`, `completion`, `responses`, `embeddings`, `anthropic`."""
        return prompt_tokens(kind, body, model, self.counter)

    def text_of(self, tokens: Sequence[int], model: str) -> str:
        """The text of a prompt that was sent as token numbers; the numbers themselves when they are none."""
        try:
            return self.counter.encoding(model).decode(list(tokens))
        except (KeyError, OverflowError):
            return " ".join(map(str, tokens))

    def say(
        self, question: str, model: str, limit: int | None = None, stops: Sequence[str] = (), variant: int = 0
    ) -> Answer:
        """The answer: up to the first of `stops`, at most `limit` tokens of it.  Variants above 0 differ in text."""
        text = f"You said: {question}" if self.fixed is None else self.fixed
        if variant:
            text += f" ({variant + 1})"
        found = [(at, -len(s), s) for s in stops if (at := text.find(s)) >= 0]
        stop = None
        if found:
            at, _, stop = min(found)
            text = text[:at]
        encoding = self.counter.encoding(model)
        tokens = encoding.encode_ordinary(text)
        reason: Literal["stop", "length"] = "stop"
        if limit is not None and len(tokens) > limit:
            tokens, reason, stop = tokens[:limit], "length", None
        # A token may end inside a character: cut where the text so far decodes to something new and whole.
        raw = encoding.decode_bytes(tokens)
        text = raw.decode("utf-8", "ignore")
        ends, size = [0], 0
        for token in tokens:
            size += len(encoding.decode_single_token_bytes(token))
            ends.append(len(raw[:size].decode("utf-8", "ignore")) if size <= 4096 else ends[-1])
        if ends[-1] < len(text):
            ends.extend(range(ends[-1] + 16, len(text), 16))
            ends.append(len(text))
        pieces = tuple(text[a:b] for a, b in pairwise(ends) if b > a)
        return Answer(text, pieces, len(tokens), reason, stop)
