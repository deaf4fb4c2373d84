"""`apimpy mock`: the OpenAI-compatible backend on its own."""

from __future__ import annotations

import sys
from typing import Any

import click

from apimpy.cli.mocking import mock_flags, mock_settings

__all__ = ["mock_command"]


@click.command("mock", short_help="Run an OpenAI-compatible backend without a model.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 picks one.")
@mock_flags()
def mock_command(host: str, port: int, **flags: Any) -> None:
    """Answer like OpenAI, Azure OpenAI, Anthropic and Azure AI Content Safety, without a model.

    Answers depend on the request alone; usage is counted with the real vocabularies.

    \b
    A fault is one of
      status=429[,retry-after=7 | retry-after-date=7][,retry-after-ms=1500]
      reset   hang   cut[=EVENTS]   stall[=EVENTS]   malformed
      delay=MS   first-byte=MS   event-delay=MS      (also with the others)
    for the requests with
      share=0.2   calls=1-3   path=/embeddings   model=gpt-4o

    A single request asks for one in a header: x-mock-fault: reset, or x-mock-status: 429.  PUT /mock/faults changes
    the rules, GET /mock/requests lists what came.
    """
    settings = mock_settings(flags)

    from apimpy.gateway.run import run_until_stopped, serve_mock
    from apimpy.mock.backend import mock_application
    from apimpy.tokens.counter import TiktokenCounter

    counter = TiktokenCounter()
    application = mock_application(counter, settings)
    sys.exit(run_until_stopped(lambda: serve_mock(host, port, application, counter)))
