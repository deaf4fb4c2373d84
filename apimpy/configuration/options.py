"""Fidelity options by name: their types and choices, for flags and for the gateway file."""

from __future__ import annotations

from typing import Any

__all__ = ["CHOICES", "MESSAGES", "OptionError", "option_value"]

CHOICES = {
    "rate_algorithm": ("bucket", "sliding"),
    "stream_usage": ("prefer_reported", "estimate"),
    "llm_log_usage": ("reported", "estimate"),
    "same_key_policy": ("each_instance", "once"),
    "anthropic_parsing": ("native", "off"),
    "content_safety_fail": ("closed", "open"),
    "breaker_error_reasons": ("literal", "ignore"),
    "week_start": ("monday", "sunday"),
    "variables_missing": ("throw", "null"),
    "sse_buffering": ("never", "platform"),
}


MESSAGES = ("none", "requests", "responses", "all")
"""Which messages of a call are part of the LLM log; not a fidelity option."""


class OptionError(ValueError):
    """A name or value that cannot be.  `unknown`: it was the name."""

    def __init__(self, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.unknown = unknown


def option_value(name: str, text: str) -> Any:
    """The value of an option, written as text.  OptionError."""
    from dataclasses import fields

    from apimpy.runtime.services import Options

    defaults = {f.name: f.default for f in fields(Options)}
    if name not in defaults:
        raise OptionError(f"there is no option {name!r}; there are {', '.join(defaults)}", unknown=True)
    default = defaults[name]
    if name in CHOICES and text not in CHOICES[name]:
        raise OptionError(f"{name} is one of {', '.join(CHOICES[name])}, not {text!r}")
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise OptionError(f"{name} is true or false, not {text!r}")
        return text == "true"
    if isinstance(default, int):
        if not text.isascii() or not text.isdigit():
            raise OptionError(f"{name} is a number, not {text!r}")
        return int(text)
    return text
