"""Which encoding a model's text is counted with.

Prefixes are tried in order; the first that fits wins.  Names come from callers in all shapes: provider prefixes
(`openai/gpt-4o`), fine-tunes (`ft:gpt-4o:team`), Azure's spelling (`gpt-35-turbo`), dates at the end.
Two vocabularies ship with the package; families that would need another are counted with the nearest one, and
`ModelEncoding.note` says so.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_ENCODING", "SHIPPED", "ModelEncoding", "encoding_for"]

SHIPPED = ("o200k_base", "cl100k_base")
DEFAULT_ENCODING = "o200k_base"

_PREFIXES = (
    ("gpt-oss", "o200k_harmony"),
    ("gpt-5", "o200k_base"),
    ("gpt-4.5", "o200k_base"),
    ("gpt-4.1", "o200k_base"),
    ("gpt-4o", "o200k_base"),
    ("chatgpt-4o", "o200k_base"),
    ("o1", "o200k_base"),
    ("o3", "o200k_base"),
    ("o4", "o200k_base"),
    ("model-router", "o200k_base"),
    ("gpt-4", "cl100k_base"),
    ("gpt-3.5", "cl100k_base"),
    ("gpt-35", "cl100k_base"),
    ("text-embedding-3", "cl100k_base"),
    ("text-embedding-ada-002", "cl100k_base"),
    ("davinci-002", "cl100k_base"),
    ("babbage-002", "cl100k_base"),
    ("text-davinci-00", "p50k_base"),
    ("code-", "p50k_base"),
    ("davinci", "r50k_base"),
    ("curie", "r50k_base"),
    ("babbage", "r50k_base"),
    ("ada", "r50k_base"),
)

# o200k_harmony only adds special tokens to o200k_base, and those are counted as ordinary text: the same counts.
_STAND_INS = {"o200k_harmony": "o200k_base", "p50k_base": "cl100k_base", "r50k_base": "cl100k_base"}


@dataclass(frozen=True, slots=True)
class ModelEncoding:
    """`nominal` is the model's own encoding, `used` the shipped one; `note` when the two count differently."""

    nominal: str
    used: str
    note: str | None = None


def encoding_for(model: str | None) -> ModelEncoding:
    """The encoding of a model or deployment name; o200k_base when it is not known.

    >>> encoding_for("ft:gpt-35-turbo-0613:team").used
    'cl100k_base'
    """
    name = (model or "").strip().lower()
    name = name.removeprefix("ft:").removeprefix("openai/")
    for prefix, nominal in _PREFIXES:
        if name.startswith(prefix):
            used = _STAND_INS.get(nominal, nominal)
            if used == nominal or nominal == "o200k_harmony":
                return ModelEncoding(nominal, used)
            return ModelEncoding(nominal, used, f"{nominal} is not shipped: tokens of {model} are counted with {used}")
    return ModelEncoding(DEFAULT_ENCODING, DEFAULT_ENCODING)
