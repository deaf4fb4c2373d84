"""What the mock model says: replies, embeddings and usage, all pure functions of the request.

The same request always gets the same bytes, ids included, so recorded traffic can be compared.  Tokens are counted with
the real vocabularies, so limits and metrics in front of the mock behave as in front of a model.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["CREATED", "Reply", "chat_text", "embedding", "embedding_inputs", "encode_vector", "identifier", "reply"]

CREATED = 1_700_000_000
"""Time stamp of every answer."""
_IMAGE_TOKENS = 1200
_DIMENSIONS = {"text-embedding-3-large": 3072}
_MAX_DIMENSIONS = 4096


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished completion.  `pieces` are the texts of the stream's events."""

    text: str
    pieces: tuple[str, ...]
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str

    def usage(self) -> dict[str, Any]:
        """The `usage` object of chat and legacy completions."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }

    def responses_usage(self) -> dict[str, Any]:
        """The `usage` object of the Responses API."""
        return {
            "input_tokens": self.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": self.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


def identifier(prefix: str, body: bytes) -> str:
    """An id that depends on the request alone."""
    return prefix + hashlib.sha256(body).hexdigest()[:24]


def _content(content: Any) -> tuple[str, int]:
    """Text and number of images of a message's `content`."""
    if isinstance(content, str):
        return content, 0
    texts, images = [], 0
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            if isinstance(part.get("text"), str):
                texts.append(part["text"])
            elif "image" in str(part.get("type")):
                images += 1
    return "\n".join(texts), images


def chat_text(messages: list[Any]) -> str:
    """The last user message."""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return _content(message.get("content"))[0]
    return ""


def _prompt_tokens(messages: list[Any], model: str | None, counter: TiktokenCounter) -> int:
    total = 3
    for message in messages:
        if not isinstance(message, dict):
            continue
        text, images = _content(message.get("content"))
        total += 3 + counter.count(str(message.get("role", "")), model) + counter.count(text, model)
        total += images * _IMAGE_TOKENS
        if isinstance(message.get("name"), str):
            total += 1 + counter.count(message["name"], model)
    return total


def reply(
    messages: list[Any], model: str | None, limit: int | None, fixed: str | None, counter: TiktokenCounter
) -> Reply:
    """The answer to a conversation: `fixed`, else the last user message echoed; at most `limit` tokens of it."""
    text = f"You said: {chat_text(messages)}" if fixed is None else fixed
    encoding = counter.encoding(model)
    tokens = encoding.encode_ordinary(text)
    reason = "stop"
    if limit is not None and len(tokens) > limit:
        tokens, reason = tokens[:limit], "length"
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
    return Reply(text, pieces, _prompt_tokens(messages, model, counter), len(tokens), reason)


def embedding_inputs(value: Any, model: str | None, counter: TiktokenCounter) -> tuple[list[str], int] | None:
    """The inputs as texts, and their tokens; None when it is no valid `input`."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value:
        return None
    if all(type(v) is int for v in value):
        value = [value]
    texts, tokens = [], 0
    for item in value:
        if isinstance(item, str):
            texts.append(item)
            tokens += counter.count(item, model)
        elif isinstance(item, list) and all(type(v) is int for v in item):
            texts.append(" ".join(map(str, item)))
            tokens += len(item)
        else:
            return None
    return texts, tokens


def embedding(text: str, model: str | None, dimensions: int | None) -> list[float]:
    """A unit vector: the sum of a few hashed coordinates for every word, so texts that share words are near."""
    size = dimensions or _DIMENSIONS.get(model or "", 1536)
    size = max(1, min(size, _MAX_DIMENSIONS))
    vector = [0.0] * size
    for word in text.lower().split() or [""]:
        digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
        for value in struct.unpack("<8I", digest):
            vector[(value >> 1) % size] += 1.0 if value & 1 else -1.0
    norm = sum(v * v for v in vector) ** 0.5
    if not norm:
        vector[0] = norm = 1.0
    return [v / norm for v in vector]


def encode_vector(vector: list[float], format: str | None) -> Any:
    """A vector as the request's `encoding_format` wants it."""
    if format == "base64":
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return vector
