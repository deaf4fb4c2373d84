"""`apimpy serve`: a policy in front of a backend, a gateway file or a folder, as a gateway."""

from __future__ import annotations

import dataclasses
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apimpy.cli.mocking import given_flags, mock_flags, mock_settings
from apimpy.configuration.options import CHOICES, MESSAGES

if TYPE_CHECKING:
    from aiohttp.web import Application

    from apimpy.configuration.assemble import Assembled
    from apimpy.gateway.config import ServeConfig
    from apimpy.mock.backend import MockSettings
    from apimpy.runtime.services import Options
    from apimpy.tokens.counter import TiktokenCounter

__all__ = ["serve_command"]

_OWN_FLAGS = ("max_request_body", "max_buffered_body")


@click.command("serve", short_help="Run the gateway.")
@click.argument("policy", type=click.Path(exists=True, path_type=Path))
@click.option("--backend", metavar="URL", help="Base URL of the backend; the incoming path is appended to it.")
@click.option("--mock", is_flag=True, help="Use the built-in OpenAI-compatible backend.")
@mock_flags("mock-")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 picks one.")
@click.option("--admin-port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="0 picks one.")
@click.option("--named-value", "named_values", multiple=True, metavar="NAME=VALUE", help="Repeatable.")
@click.option(
    "--fragments", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of fragment files."
)
@click.option("--subscription", "subscriptions", multiple=True, metavar="NAME=KEY", help="A known key.  Repeatable.")
@click.option("--subscription-header", metavar="NAME", help="Header with the key (`api-key` for Azure OpenAI clients).")
@click.option("--identity-token", metavar="TOKEN", help="Managed identity: this token.")
@click.option("--identity-file", type=click.Path(path_type=Path), help="Managed identity: the token in this file.")
@click.option("--identity-command", metavar="COMMAND", help="Managed identity: what this prints for {resource}.")
@click.option(
    "--event-logger", "event_loggers", multiple=True, metavar="NAME=FILE", help="For log-to-eventhub.  Repeatable."
)
@click.option(
    "--rate-algorithm", type=click.Choice(CHOICES["rate_algorithm"]), help="Tokens per minute, calls per period."
)
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="A fidelity option.  Repeatable.")
@click.option(
    "--access-log", type=click.Choice(["off", "json", "text"]), default="json", show_default=True, help="On stdout."
)
@click.option(
    "--llm-log", multiple=True, metavar="FILE|-|otlp", help="Calls of language models, a record each.  Repeatable."
)
@click.option("--llm-messages", type=click.Choice(MESSAGES), help="Which messages are part of them (none).")
@click.option("--llm-redact", multiple=True, metavar="REGEX", help="What they must not show.  Repeatable.")
@click.option("--otlp", metavar="URL", help="Metrics to this collector, OTLP over HTTP.")
@click.option("--max-body", type=click.IntRange(1), metavar="BYTES", help="413 beyond (1 GiB).")
@click.option("--max-buffered-body", type=click.IntRange(1), metavar="BYTES", help="For policies (64 MiB).")
@click.option("--max-header", type=click.IntRange(16384), default=32768, metavar="BYTES", help="One field; 431 beyond.")
@click.option("--drain", type=click.FloatRange(0), default=30.0, show_default=True, metavar="SECONDS")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="warning")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--redis", metavar="URL", help="Keep counters and caches there, shared between gateways.")
@click.option("--environment", metavar="NAME", help="Of a folder: lay configuration.NAME.yaml over it.")
@click.option("--trace", is_flag=True, help="Trace every request; see /traces on the admin port.")
@click.option("--check", is_flag=True, help="Report what there is to say, and do not serve.")
@click.option("--watch", is_flag=True, help="Reload when a file of the configuration changes.")
def serve_command(policy: Path, **flags: Any) -> None:
    """Run POLICY as a gateway: a policy document in front of a backend, a gateway file, or an APIOps folder.

    SIGTERM finishes what is under way and exits.
    """
    from apimpy.gateway.config import ConfigError

    try:
        config = _config(policy, flags)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    logging.basicConfig(
        stream=sys.stderr, level=flags["log_level"].upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    sys.exit(_run(config, flags, mock_settings(flags, "mock-") if flags["mock"] else None))


def _config(policy: Path, flags: dict[str, Any]) -> ServeConfig:
    from apimpy.configuration.source import configured
    from apimpy.gateway.config import (
        KEY_HEADER,
        ConfigError,
        ServeConfig,
        parse_backend,
        parse_otlp,
        parse_pair,
        parse_redis,
    )
    from apimpy.gateway.server import Limits

    if flags["mock"] and flags["backend"] is not None:
        raise ConfigError("one of --backend URL and --mock, and only one")
    if not flags["mock"] and (idle := given_flags(flags, "mock-")):
        raise ConfigError(f"{idle[0]} needs --mock")
    if configured(policy) is None:
        if policy.is_dir():
            raise ConfigError(f"{policy} holds neither gateway.yaml nor the folders of APIOps")
        if not flags["mock"] and flags["backend"] is None:
            raise ConfigError("one of --backend URL and --mock is needed, and only one")
    if flags["workers"] > 1 and (not hasattr(os, "fork") or flags["trace"]):
        raise ConfigError(
            "--workers above 1 and --trace do not go together"
            if flags["trace"]
            else "--workers above 1 needs a system that can fork"
        )
    ways = [flags[f"identity_{way}"] for way in ("token", "file", "command")]
    if sum(w is not None for w in ways) > 1:
        raise ConfigError("only one of --identity-token, --identity-file and --identity-command")
    options, given = _options(flags)
    return ServeConfig(
        policy=policy,
        backend=None if flags["backend"] is None else parse_backend(flags["backend"]),
        host=flags["host"],
        port=flags["port"],
        admin_port=flags["admin_port"],
        named_values=tuple(parse_pair(p, "--named-value") for p in flags["named_values"]),
        fragments=flags["fragments"],
        subscriptions=tuple(parse_pair(p, "--subscription") for p in flags["subscriptions"]),
        subscription_header=flags["subscription_header"] or KEY_HEADER,
        identity_token=ways[0],
        identity_file=ways[1],
        identity_command=ways[2],
        event_loggers=tuple(_event_logger(p) for p in flags["event_loggers"]),
        trace=flags["trace"],
        workers=flags["workers"],
        redis=None if flags["redis"] is None else parse_redis(flags["redis"]),
        watch=flags["watch"],
        access_log=flags["access_log"],
        llm_log=flags["llm_log"],
        llm_messages=flags["llm_messages"],
        llm_redact=flags["llm_redact"],
        otlp=None if flags["otlp"] is None else parse_otlp(flags["otlp"]),
        drain_seconds=flags["drain"],
        limits=Limits(line=flags["max_header"], field=flags["max_header"]),
        options=options,
        given=given,
        environment=flags["environment"],
    )


def _event_logger(text: str) -> tuple[str, Path]:
    from apimpy.gateway.config import ConfigError, parse_pair

    name, file = parse_pair(text, "--event-logger")
    path = Path(file)
    if not file or path.is_dir() or not path.parent.is_dir():
        raise ConfigError(f"--event-logger {name}: {file!r} is no file in a folder that exists")
    return name, path


def _options(flags: dict[str, Any]) -> tuple[Options, frozenset[str]]:
    """The options, and the names of those that were given."""
    from apimpy.configuration.options import OptionError, option_value
    from apimpy.gateway.config import ConfigError, parse_pair
    from apimpy.runtime.services import Options

    own = {name: flags[name.replace("request_", "")] for name in _OWN_FLAGS}
    chosen = {name: value for name, value in own.items() if value is not None}
    if flags["rate_algorithm"]:
        chosen["rate_algorithm"] = flags["rate_algorithm"]
    for text in flags["options"]:
        name, value = parse_pair(text, "--option")
        if name in _OWN_FLAGS:
            raise ConfigError(f"{name} has a flag of its own: --{name.replace('request_', '').replace('_', '-')}")
        try:
            chosen[name] = option_value(name, value)
        except OptionError as error:
            raise ConfigError(f"--option: {error}") from error
    return Options(**chosen), frozenset(chosen)


def _run(config: ServeConfig, flags: dict[str, Any], settings: MockSettings | None) -> int:
    from apimpy.diagnostics import Severity
    from apimpy.gateway.config import ConfigError
    from apimpy.gateway.load import load_configuration
    from apimpy.gateway.observing import Observing
    from apimpy.gateway.run import run_until_stopped, serve
    from apimpy.mock.backend import mock_application
    from apimpy.tokens.counter import TiktokenCounter

    loaded = load_configuration(config, os.environ)
    for item in loaded.diagnostics:
        if item.severity >= Severity.WARNING:
            click.echo(str(item), err=True)
            if item.help:
                click.echo(f"  help: {item.help}", err=True)
    assembled = loaded.assembled
    if assembled is None:
        return 1
    try:
        watched = Observing.of(config, assembled.model, threading.Lock())
    except ConfigError as error:
        click.echo(f"apimpy serve: {error}", err=True)
        return 2
    if flags["check"]:
        return 0
    options = config.options_with(assembled.model.options)
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if value != field.default:
            click.echo(f"option {field.name}: {value}", err=True)
    counter = TiktokenCounter()
    counting = assembled.counts_tokens or flags["mock"] or watched.llm_log is not None
    mock = mock_application(counter, settings) if settings is not None else None
    if config.workers > 1:
        return _several(config, assembled, counter, mock, counting)
    return run_until_stopped(lambda: serve(config, assembled, counter, preload=counting, mock=mock))


def _several(
    config: ServeConfig, assembled: Assembled, counter: TiktokenCounter, mock: Application | None, counting: bool
) -> int:
    from apimpy.gateway.config import ConfigError
    from apimpy.gateway.run import PortInUse
    from apimpy.gateway.together import serve_together

    try:
        return serve_together(config, assembled, counter, preload=counting, mock=mock)
    except ConfigError as error:
        click.echo(f"apimpy serve: {error}", err=True)
        return 2
    except PortInUse as error:
        click.echo(f"apimpy: {error}", err=True)
        return 1
