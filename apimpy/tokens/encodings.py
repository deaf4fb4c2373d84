"""tiktoken encodings built from the vocabularies in the package: no download, no cache folder, no environment.

tiktoken's own loader fetches the rank files at first use.  Here they are package data, checked against the published
SHA-256, so that a read-only, offline container counts like any other.  Loading takes some tenths of a second and tens
of megabytes: `load` is meant for start-up or a thread, never for the first request.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from binascii import a2b_base64
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

__all__ = ["load", "ranks"]

_CL100K_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"""
    r"""|\s+(?!\S)|\s"""
)
_SUFFIX = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)?"""
_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_O200K_PATTERN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_SUFFIX}"
    rf"|[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_SUFFIX}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    sha256: str
    pattern: str
    special: tuple[tuple[str, int], ...]


_VOCABULARIES = {
    "cl100k_base": _Vocabulary(
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        _CL100K_PATTERN,
        (
            ("<|endoftext|>", 100257),
            ("<|fim_prefix|>", 100258),
            ("<|fim_middle|>", 100259),
            ("<|fim_suffix|>", 100260),
            ("<|endofprompt|>", 100276),
        ),
    ),
    "o200k_base": _Vocabulary(
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        _O200K_PATTERN,
        (("<|endoftext|>", 199999), ("<|endofprompt|>", 200018)),
    ),
}


def ranks(name: str) -> dict[bytes, int]:
    """The byte-pair ranks of a shipped encoding.  KeyError: not shipped; ValueError: the file is damaged."""
    expected = _VOCABULARIES[name].sha256
    data = gzip.decompress(files(__package__).joinpath("vocabularies", f"{name}.tiktoken.gz").read_bytes())
    if hashlib.sha256(data).hexdigest() != expected:
        raise ValueError(f"the vocabulary {name} in this installation is damaged: its SHA-256 is not {expected}")
    words = data.split()  # alternately a token in base64 and its rank
    return dict(zip(map(a2b_base64, words[::2]), map(int, words[1::2]), strict=True))


_BUILDING = threading.Lock()


# An Encoding never changes and is a pure function of package data: sharing one among gateways of a process is safe,
# and two copies would cost 75 MB.
@cache
def _load(name: str) -> Encoding:
    from tiktoken import Encoding

    row = _VOCABULARIES[name]
    return Encoding(name, pat_str=row.pattern, mergeable_ranks=ranks(name), special_tokens=dict(row.special))


def load(name: str) -> Encoding:
    """The encoding, built once for the process.  Any thread may ask."""
    with _BUILDING:
        return _load(name)
