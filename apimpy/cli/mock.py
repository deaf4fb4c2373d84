"""`apimpy mock`: the OpenAI-compatible backend on its own."""

from __future__ import annotations

import sys

import click

__all__ = ["mock_command"]


@click.command("mock", short_help="Run an OpenAI-compatible backend without a model.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 picks one.")
@click.option("--reply", metavar="TEXT", help="What it answers (default: an echo of the last user message).")
@click.option("--delay", type=click.FloatRange(0), default=0.0, metavar="MS", help="Before every response.")
@click.option("--event-delay", type=click.FloatRange(0), default=0.0, metavar="MS", help="Between events of a stream.")
def mock_command(host: str, port: int, reply: str | None, delay: float, event_delay: float) -> None:
    """Answer like OpenAI and Azure OpenAI: chat completions, completions, embeddings, responses, models.

    Answers depend on the request alone; usage is counted with the real vocabularies.
    Faults on request: the headers x-mock-status, x-mock-retry-after, x-mock-delay, x-mock-event-delay, x-mock-cut.
    """
    from apimpy.gateway.run import run_until_stopped, serve_mock
    from apimpy.mock.backend import MockSettings, mock_application
    from apimpy.tokens.counter import TiktokenCounter

    counter = TiktokenCounter()
    application = mock_application(counter, MockSettings(reply, delay / 1000, event_delay / 1000))
    sys.exit(run_until_stopped(lambda: serve_mock(host, port, application, counter)))
