"""`apimpy trace`: one request through a policy, and what every policy did.

The gateway is the real one, without a listener.  The backend is a real one (`--backend`), the mock (`--mock`), or
nobody: then every call is answered with `--reply` files in turn, or an empty 200.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from apimpy.configuration.assemble import Assembled
    from apimpy.gateway.config import ServeConfig
    from apimpy.runtime.message import Request, Response

__all__ = ["trace_command"]


@click.command(
    "trace",
    short_help="Send one request through a policy and print what every policy did.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("policy", type=click.Path(exists=True, path_type=Path))
@click.argument("request", nargs=-1, required=True)
@click.option("--backend", metavar="URL", help="Ask a real backend.")
@click.option("--mock", is_flag=True, help="Ask the built-in OpenAI-compatible backend.")
@click.option(
    "--reply",
    "replies",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the backend answers, HTTP or just a body; repeatable, one call each.",
)
@click.option("--named-value", "named_values", multiple=True, metavar="NAME=VALUE", help="Repeatable.")
@click.option(
    "--fragments", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of fragment files."
)
@click.option("--subscription", "subscriptions", multiple=True, metavar="NAME=KEY", help="A known key.  Repeatable.")
@click.option("--identity-token", metavar="TOKEN", help="Managed identity: this token.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def trace_command(policy: Path, request: tuple[str, ...], **flags: Any) -> None:
    """Send REQUEST through POLICY and print what every policy did.

    POLICY is a policy document, a gateway file or an APIOps folder.  REQUEST is an HTTP file, a JSON file, a URL,
    or the words of a curl command.
    """
    from apimpy.cli.requests import RequestError, request_from, response_from
    from apimpy.gateway.config import ConfigError

    if sum((flags["backend"] is not None, flags["mock"], bool(flags["replies"]))) > 1:
        raise click.UsageError("only one of --backend, --mock and --reply")
    try:
        config = _config(policy, flags)
        sent = request_from(request)
        replies = [response_from(path) for path in flags["replies"]]
    except (RequestError, ConfigError) as error:
        raise click.UsageError(str(error)) from error
    assembled = _load(config)
    if assembled is None:
        sys.exit(1)
    shown, response = asyncio.run(_send(config, assembled, sent, flags, replies))
    if flags["format_"] == "json":
        click.echo(json.dumps(shown["trace"], indent=2, ensure_ascii=False))
    else:
        _print(shown, response)


def _config(policy: Path, flags: dict[str, Any]) -> ServeConfig:
    from apimpy.gateway.config import ServeConfig, parse_backend, parse_pair

    return ServeConfig(
        policy=policy,
        backend=None if flags["backend"] is None else parse_backend(flags["backend"]),
        named_values=tuple(parse_pair(p, "--named-value") for p in flags["named_values"]),
        fragments=flags["fragments"],
        subscriptions=tuple(parse_pair(p, "--subscription") for p in flags["subscriptions"]),
        identity_token=flags["identity_token"],
        access_log="off",
        trace=True,
    )


def _load(config: ServeConfig) -> Assembled | None:
    from apimpy.diagnostics import Severity
    from apimpy.gateway.load import load_configuration

    loaded = load_configuration(config, os.environ)
    for item in loaded.diagnostics:
        if item.severity >= Severity.WARNING:
            click.echo(str(item), err=True)
    return loaded.assembled


async def _send(
    config: ServeConfig, assembled: Assembled, request: Request, flags: dict[str, Any], replies: list[Response]
) -> tuple[dict[str, Any], Response]:
    """The trace with its summary, and the response, whose body is bytes."""
    from apimpy.gateway.build import build_gateway
    from apimpy.gateway.run import in_process
    from apimpy.runtime.message import Url
    from apimpy.tokens.counter import TiktokenCounter

    counter = TiktokenCounter()
    async with AsyncExitStack() as stack:
        backend = config.backend
        if flags["mock"]:
            from apimpy.mock.backend import MockSettings, mock_application

            backend = await stack.enter_async_context(in_process(mock_application(counter, MockSettings(None))))
        gateway = build_gateway(config, assembled, backend or Url.parse("http://backend.invalid/"), counter)
        stack.push_async_callback(gateway.services.transport.aclose)
        if backend is None:
            gateway.services.transport = _Playback(replies)
        assert gateway.tracing is not None
        ex = await gateway.handle(request)
        assert ex.response is not None
        data = await ex.response.body.buffer()
        await gateway.close(ex, completed=True, sent=len(data))
        await gateway.services.background.drain(5.0)
        shown = gateway.tracing.shown(gateway.tracing.latest()[0]["traceId"])
    assert shown is not None
    return shown, ex.response


class _Playback:
    """A transport that asks nobody: prepared responses in turn, the last one again and again."""

    def __init__(self, replies: list[Response]) -> None:
        self._replies = replies

    async def send(self, request: Request, *, timeout: float | None) -> Response:  # noqa: ASYNC109 the port's own signature
        from apimpy.runtime.message import Body, Headers, Response

        if not self._replies:
            return Response()
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return Response(reply.status, reply.reason, Headers(reply.headers), Body(reply.body.data))

    async def aclose(self) -> None:
        """Nothing is open."""


def _print(shown: dict[str, Any], response: Response) -> None:
    from apimpy.cli.trace_text import trace_lines

    summary = shown["summary"]
    took = f"{summary['seconds'] * 1000:.1f} ms"
    status = click.style(f"{response.status} {response.reason}", fg="green" if response.status < 400 else "red")
    click.echo(f"{summary['method']} {summary['url']} → {status} in {took}")
    for line in trace_lines(shown["trace"]):
        click.echo(line)
    click.echo("")
    click.echo(click.style("response", bold=True))
    for name, value in response.headers.items():
        click.echo(f"  {name}: {value}")
    data = response.body.wire() or b""
    if data:
        click.echo("")
        click.echo(data.decode("utf-8", "replace"))
