"""One request to the mock as the shapes see it, and what they give back.  Nothing here knows of sockets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CREATED", "Call", "Document", "Events", "Refusal", "missing"]

CREATED = 1_700_000_000
"""Time stamp of every answer, in seconds since 1970."""

Document = dict[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Events:
    """A stream of server-sent events, each a JSON object.

    `named`: every event has its `type` in an `event:` line; `done`: `data: [DONE]` comes last.
    """

    events: tuple[Document, ...]
    named: bool = False
    done: bool = True


class Refusal(Exception):
    """The request is wrong: the text is the message of the error."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param


@dataclass(frozen=True, slots=True)
class Call:
    """`raw` is the body as it came, `body` what it says; `azure` when the path is one of Azure OpenAI's."""

    raw: bytes
    body: Document
    model: str
    azure: bool = False
    headers: Mapping[str, str] | None = None

    @property
    def stream(self) -> bool:
        return self.body.get("stream") is True

    def identifier(self, prefix: str) -> str:
        """An id that depends on the request alone."""
        return prefix + hashlib.sha256(self.raw).hexdigest()[:24]

    def positive(self, *names: str, most: int | None = None) -> int | None:
        """The first of these members that is there, a whole number from 1; None when none is.  Refusal otherwise."""
        for name in names:
            value = self.body.get(name)
            if value is None:
                continue
            if type(value) is not int or value < 1 or (most is not None and value > most):
                upto = f" to {most}" if most is not None else ""
                raise Refusal(400, f"Invalid '{name}': an integer from 1{upto} is expected.", "invalid_value", name)
            return value
        return None

    def stops(self, name: str) -> tuple[str, ...]:
        """The stop sequences of a member: a text or a list of texts.  Refusal otherwise."""
        value = self.body.get(name)
        if value is None:
            return ()
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
            raise Refusal(400, f"Invalid '{name}': a string or a list of strings is expected.", "invalid_type", name)
        return tuple(t for t in texts if t)

    def members(self, name: str) -> list[Any]:
        """A member that must be a list with something in it.  Refusal otherwise."""
        value = self.body.get(name)
        if not isinstance(value, list) or not value:
            raise missing(name)
        return value


def missing(name: str) -> Refusal:
    return Refusal(400, f"Missing required parameter: '{name}'.", "missing_required_parameter", name)
