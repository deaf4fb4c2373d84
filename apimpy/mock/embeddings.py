"""`POST …/embeddings`: vectors without a model, near for texts that are alike.

A text is lower-cased and stripped of punctuation; every word and every three letters in a row add to coordinates that
their hash names.  So equal words, inflections and slips of the pen bring texts near, and meaning does not: a semantic
cache in front of the mock can be tried with paraphrases that share words.
"""

from __future__ import annotations

import struct
import unicodedata
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from apimpy.embeddings.answer import embeddings_answer
from apimpy.mock.call import Call, Document, Refusal

if TYPE_CHECKING:
    from apimpy.mock.answers import Speaker

__all__ = ["embedding", "embeddings"]

_SIZES = {"text-embedding-3-large": 3072}
_USUAL_SIZE, _MOST = 1536, 4096


def embeddings(call: Call, speaker: Speaker) -> Document:
    """The list of vectors."""
    given = call.body.get("input")
    texts = _texts(given)
    if texts is None:
        raise Refusal(400, "'$.input' is invalid. Please check the API reference.", "invalid_value", "input")
    size = call.positive("dimensions", most=_MOST) or _SIZES.get(call.model, _USUAL_SIZE)
    packed = call.body.get("encoding_format") == "base64"
    tokens = speaker.prompt_tokens("embeddings", call.body, call.model)
    return embeddings_answer([embedding(text, size) for text in texts], call.model, tokens, packed=packed)


def _texts(given: Any) -> list[str] | None:
    """The inputs as texts (token numbers as their digits); None when it is no valid `input`."""
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not given:
        return None
    if all(type(v) is int for v in given):
        return [" ".join(map(str, given))]
    out = []
    for item in given:
        if isinstance(item, list) and item and all(type(v) is int for v in item):
            out.append(" ".join(map(str, item)))
        elif isinstance(item, str):
            out.append(item)
        else:
            return None
    return out


def _features(text: str) -> Counter[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(c if c.isalnum() else " " for c in folded).split()
    out = Counter(words)
    for word in words:
        edged = f" {word} "
        out.update(edged[i : i + 3] for i in range(len(edged) - 2))
    return out


def embedding(text: str, size: int) -> list[float]:
    """A vector of length 1."""
    vector = [0.0] * size
    for feature, times in _features(text).items():
        digest = blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        weight = times**0.5  # a word that comes often must not drown the others
        for value in struct.unpack("<4I", digest):
            vector[(value >> 1) % size] += weight if value & 1 else -weight
    norm = sum(v * v for v in vector) ** 0.5
    if not norm:
        vector[0] = norm = 1.0
    return [v / norm for v in vector]
