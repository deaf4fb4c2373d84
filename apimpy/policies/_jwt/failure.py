"""Why a token is refused: the reason and the text that `context.LastError` shows.

The texts imitate those of the library the platform uses; they never hold a token or a key.
"""

from __future__ import annotations

__all__ = ["TokenError", "denied", "invalid", "shown"]

_LONGEST = 200


class TokenError(Exception):
    """The token does not pass."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason, self.message = reason, message


def invalid(message: str) -> TokenError:
    """The token is none, or breaks a rule that has no reason of its own."""
    return TokenError("JwtInvalid", message)


def denied(reason: str, message: str) -> TokenError:
    """A refusal whose text ends as the platform's do."""
    return TokenError(reason, f"{message.rstrip('.')}. Access denied.")


def shown(text: str) -> str:
    """A value that the caller chose, short enough for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
