"""The `TokenCounter` port over tiktoken.

Counting costs about 30 µs per KB, and worse than linear on long runs of one character; so long texts are counted in
pieces (each cut costs at most one token of accuracy), and `count_async` moves work above a size to a thread (tiktoken
releases the interpreter's lock).  Text that spells a special token (`<|endoftext|>`) is ordinary text.

A conversation sends its system prompt and its history again with every turn, so counts are remembered: short texts as
they are, longer ones by digest (what people wrote does not stay in memory).
"""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from typing import TYPE_CHECKING

from apimpy.tokens.encodings import load
from apimpy.tokens.models import DEFAULT_ENCODING, SHIPPED, ModelEncoding, encoding_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tiktoken import Encoding

__all__ = ["PIECE", "THREAD_ABOVE", "TiktokenCounter"]

THREAD_ABOVE = 16 * 1024
"""Characters above which a count belongs in a thread."""
PIECE = 64 * 1024
"""Characters counted at a time."""
COUNTED = 8 * 1024 * 1024
"""Characters counted exactly; what lies beyond is estimated at four bytes a token."""
_SHORT, _REMEMBERED = 40, 8192


class TiktokenCounter:
    """Counts tokens with the shipped vocabularies.

    `aliases` maps deployment names to model names; others are learned from answers.  `preload` at start-up: an
    encoding that was not loaded is loaded by the first text that needs it.
    """

    def __init__(self, aliases: Mapping[str, str] | None = None) -> None:
        self._aliases = {k.lower(): v for k, v in (aliases or {}).items()}
        self._learned: dict[str, str] = {}
        self._models: dict[str | None, ModelEncoding] = {}
        self._encoders: dict[str, Callable[[str], list[int]]] = {}
        self._short: dict[tuple[str, str], int] = {}
        self._long: dict[tuple[str, bytes], int] = {}

    def preload(self, names: Iterable[str] = SHIPPED) -> None:
        """Load vocabularies now (0.2 to 0.4 s each)."""
        for name in names:
            self._encoder(name)

    def encoding(self, model: str | None) -> Encoding:
        """The tiktoken encoding a model's text is counted with."""
        return load(self.resolve(model).used)

    def resolve(self, model: str | None) -> ModelEncoding:
        found = self._models.get(model)
        if found is None:
            name = self._aliases.get(model.lower()) or self._learned.get(model, model) if model else model
            found = encoding_for(name)
            if len(self._models) >= _REMEMBERED:  # names come from callers
                self._models.clear()
            self._models[model] = found
        return found

    def learn(self, deployment: str, model: str) -> None:
        """A backend answered for a deployment, whose name may be any, as this model."""
        if self._learned.get(deployment) != model:
            if len(self._learned) >= _REMEMBERED:  # names come from callers
                self._learned.clear()
            self._learned[deployment] = model
            self._models.pop(deployment, None)

    def encoding_name(self, model: str | None) -> str:
        return self.resolve(model).used

    def count(self, text: str, model: str | None) -> int:
        """Tokens of `text` for `model` (unknown: o200k_base)."""
        name = (self._models.get(model) or self.resolve(model)).used
        size = len(text)
        if size <= _SHORT:  # roles, names, type words: the same few over and over
            key = (name, text)
            known = self._short.get(key)
            if known is None:
                known = len(self._encoder(name)(text))
                if len(self._short) >= _REMEMBERED:
                    self._short.clear()
                self._short[key] = known
            return known
        encode = self._encoders.get(name) or self._encoder(name)
        if size <= PIECE:
            digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            counted = self._long.get((name, digest))
            if counted is None:
                counted = len(encode(text))
                if len(self._long) >= _REMEMBERED:
                    self._long.clear()
                self._long[name, digest] = counted
            return counted
        total = sum(len(encode(text[at : min(at + PIECE, COUNTED)])) for at in range(0, min(size, COUNTED), PIECE))
        if size > COUNTED:
            total += (len(text[COUNTED:].encode("utf-8", "surrogatepass")) + 3) // 4
        return total

    async def count_async(self, text: str, model: str | None) -> int:
        """`count`, in a thread when the text is long."""
        if len(text) <= THREAD_ABOVE:
            return self.count(text, model)
        return await asyncio.to_thread(self.count, text, model)

    def _encoder(self, name: str) -> Callable[[str], list[int]]:
        found = self._encoders.get(name)
        if found is None:
            found = load(name if name in SHIPPED else DEFAULT_ENCODING).encode_ordinary
            self._encoders[name] = found
        return found
