"""What `apimpy serve` was asked to do: flags as data, checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from apimpy.configuration.observing import otlp_problem
from apimpy.configuration.values import redis_problem
from apimpy.gateway.server import Limits
from apimpy.runtime.message import Url
from apimpy.runtime.services import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from apimpy.observe.logs import LogFormat

__all__ = ["ConfigError", "ServeConfig", "parse_backend", "parse_otlp", "parse_pair", "parse_redis"]

KEY_HEADER = "Ocp-Apim-Subscription-Key"


class ConfigError(Exception):
    """A flag that cannot be; the text is for the user."""


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """What to serve, and how.

    `policy`: a policy document, a gateway file or a folder.  `backend`: of the APIs that name none; None: the mock,
    or what policies choose.  `given`: the options that were said on the command line.
    """

    policy: Path
    backend: Url | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    admin_port: int = 8081
    named_values: tuple[tuple[str, str], ...] = ()
    fragments: Path | None = None
    subscriptions: tuple[tuple[str, str], ...] = ()
    subscription_header: str = KEY_HEADER
    identity_token: str | None = field(default=None, repr=False)
    identity_file: Path | None = None
    identity_command: str | None = None
    event_loggers: tuple[tuple[str, Path], ...] = ()
    """Files for `log-to-eventhub`, by the id of the logger."""
    trace: bool = False
    """Trace every request."""
    workers: int = 1
    """Processes."""
    redis: str | None = field(default=None, repr=False)
    """URL of the Redis that keeps state; goes before the one of a gateway file."""
    watch: bool = False
    """Reload when files of the configuration change."""
    access_log: LogFormat = "json"
    llm_log: tuple[str, ...] = ()
    """Files, `-` or `otlp`; goes before the ones of a gateway file."""
    llm_messages: str | None = None
    llm_redact: tuple[str, ...] = ()
    """Regular expressions, besides those of a gateway file."""
    otlp: str | None = None
    """Base URL of a collector."""
    drain_seconds: float = 30.0
    limits: Limits = field(default_factory=Limits)
    options: Options = field(default_factory=Options)
    given: frozenset[str] = frozenset()
    environment: str | None = None
    """Of a folder: the `configuration.{environment}.yaml` to lay over it."""

    def options_with(self, others: Mapping[str, Any]) -> Options:
        """The options, with those of a gateway file where the command line says nothing."""
        return replace(self.options, **{k: v for k, v in others.items() if k not in self.given})


def parse_pair(text: str, flag: str) -> tuple[str, str]:
    """`NAME=VALUE`; the value may be empty and hold further `=`."""
    name, sep, value = text.partition("=")
    if not sep or not name.strip():
        raise ConfigError(f"{flag} wants NAME=VALUE, not {name!r}")
    return name.strip(), value


def parse_redis(text: str) -> str:
    """The URL of a Redis.  No message shows it: it may hold a password."""
    problem = redis_problem(text)
    if problem is not None:
        raise ConfigError(f"--redis {problem}")
    return text


def parse_otlp(text: str) -> str:
    """The base URL of a collector."""
    problem = otlp_problem(text)
    if problem is not None:
        raise ConfigError(f"--otlp {problem}, not {text!r}")
    return text


def parse_backend(text: str) -> Url:
    """The backend's base URL: http or https, no query."""
    try:
        url = Url.of_backend(text)
    except ValueError:
        raise ConfigError(f"--backend wants an http or https URL, not {text!r}") from None
    if url.query_string:
        raise ConfigError("--backend is a base URL: it has no query")
    return url
