"""The shape of an answer with embeddings, as OpenAI's API gives it."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["embeddings_answer"]


def embeddings_answer(vectors: Sequence[Sequence[float]], model: str, tokens: int, *, packed: bool) -> dict[str, Any]:
    """`packed`: each vector as base64 of its 32-bit floats (`encoding_format` of the request), which clients prefer.

    >>> embeddings_answer([[1.0, -0.5]], "m", 3, packed=True)["data"]
    [{'object': 'embedding', 'index': 0, 'embedding': 'AACAPwAAAL8='}]
    """
    rows = []
    for number, vector in enumerate(vectors):
        value: Any = list(vector)
        if packed:
            value = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        rows.append({"object": "embedding", "index": number, "embedding": value})
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": model, "usage": usage}
