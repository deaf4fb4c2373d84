"""Encodings load without a network, models map to them, counts are those of tiktoken."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from apimpy.tokens import encodings
from apimpy.tokens.counter import COUNTED, PIECE, TiktokenCounter
from apimpy.tokens.models import encoding_for


@pytest.fixture(scope="module")
def counter() -> TiktokenCounter:
    made = TiktokenCounter({"My-Deployment": "gpt-4"})
    made.preload()
    return made


@pytest.mark.parametrize(
    ("model", "nominal", "used"),
    [
        ("gpt-4o-mini", "o200k_base", "o200k_base"),
        ("gpt-4o-2024-08-06", "o200k_base", "o200k_base"),
        ("GPT-4.1-nano", "o200k_base", "o200k_base"),
        ("gpt-5", "o200k_base", "o200k_base"),
        ("o3-mini", "o200k_base", "o200k_base"),
        ("gpt-oss-120b", "o200k_harmony", "o200k_base"),
        ("openai/gpt-oss-20b", "o200k_harmony", "o200k_base"),
        ("gpt-4-32k", "cl100k_base", "cl100k_base"),
        ("gpt-35-turbo-0613", "cl100k_base", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base", "cl100k_base"),
        ("ft:gpt-4o:team", "o200k_base", "o200k_base"),
        ("text-embedding-3-large", "cl100k_base", "cl100k_base"),
        ("text-embedding-ada-002", "cl100k_base", "cl100k_base"),
        ("davinci-002", "cl100k_base", "cl100k_base"),
        ("text-davinci-003", "p50k_base", "cl100k_base"),
        ("davinci", "r50k_base", "cl100k_base"),
        ("claude-sonnet", "o200k_base", "o200k_base"),
        ("my own deployment", "o200k_base", "o200k_base"),
        (None, "o200k_base", "o200k_base"),
        ("", "o200k_base", "o200k_base"),
    ],
)
def test_model_map(model: str | None, nominal: str, used: str) -> None:
    found = encoding_for(model)
    assert (found.nominal, found.used) == (nominal, used)
    assert (found.note is not None) == (nominal in ("p50k_base", "r50k_base"))


@pytest.mark.parametrize(
    ("text", "model", "tokens"),
    [
        ("hello world", "gpt-4o", [24912, 2375]),
        ("hello world", "gpt-4", [15339, 1917]),
        ("<|endoftext|>", "gpt-4", [27, 91, 8862, 728, 428, 91, 29]),
        ("", "gpt-4o", []),
    ],
)
def test_known_tokens(counter: TiktokenCounter, text: str, model: str, tokens: list[int]) -> None:
    """The ranks, the pattern and the treatment of special tokens are those of the published encodings."""
    assert counter.encoding(model).encode_ordinary(text) == tokens
    assert counter.count(text, model) == len(tokens)


@pytest.mark.parametrize(
    "text", ["naïve café — 東京 🚀", "a\ud800b", "x" * 45, "\r\n\t  ", "1234567890" * 20, "'S LL'd it's", "zażółć" * 30]
)
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])
def test_round_trip(counter: TiktokenCounter, text: str, model: str) -> None:
    tokens = counter.encoding(model).encode_ordinary(text)
    assert counter.count(text, model) == len(tokens) == counter.count(text, model)
    if "\ud800" not in text:
        assert counter.encoding(model).decode(tokens) == text


def test_alias(counter: TiktokenCounter) -> None:
    assert counter.encoding_name("my-deployment") == "cl100k_base"
    assert counter.encoding_name("other-deployment") == "o200k_base"


def test_models_of_deployments_are_learned() -> None:
    """An alias goes before what an answer said, and that before what the name looks like."""
    counter = TiktokenCounter({"mine": "gpt-4o"})
    for name in ("mine", "gpt-4o-really-4", "any"):
        assert counter.encoding_name(name) == "o200k_base"
        counter.learn(name, "gpt-4-0613")
    assert [counter.encoding_name(n) for n in ("mine", "gpt-4o-really-4", "any")] == [
        "o200k_base",
        "cl100k_base",
        "cl100k_base",
    ]
    counter.learn("any", "gpt-4o")
    assert counter.encoding_name("any") == "o200k_base"
    for n in range(20_000):
        counter.learn(f"deployment-{n}", "gpt-4")
    assert len(counter._learned) <= 8192


def test_long_text_is_counted_in_pieces(counter: TiktokenCounter) -> None:
    text = "the quick brown fox " * (3 * PIECE // 20)
    exact = len(counter.encoding("gpt-4o").encode_ordinary(text))
    assert abs(counter.count(text, "gpt-4o") - exact) <= 3


def test_one_character_run_stays_cheap(counter: TiktokenCounter) -> None:
    """Beyond the bound four bytes make a token, so a hostile text cannot hold a core."""
    short = counter.count("a " * (PIECE // 2), None)
    assert counter.count("a " * (COUNTED // 2 + 2000), None) == short * (COUNTED // PIECE) + 1000


async def test_count_async_agrees(counter: TiktokenCounter) -> None:
    for text in ("hello world", "hello world " * 4000):
        assert await counter.count_async(text, "gpt-4o") == counter.count(text, "gpt-4o")


def test_models_from_callers_do_not_pile_up(counter: TiktokenCounter) -> None:
    for i in range(10_000):
        counter.resolve(f"model-{i}")
        counter.count(f"word-{i}", None)
        counter.count(f"a text that is not so short and has number {i}", None)
    assert len(counter._models) <= 8192
    assert len(counter._short) <= 8192
    assert len(counter._long) <= 8192


def test_damaged_vocabulary_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = hashlib.sha256
    monkeypatch.setattr(encodings.hashlib, "sha256", lambda data: real(data + b"x"))
    with pytest.raises(ValueError, match="damaged"):
        encodings.ranks("cl100k_base")


def test_no_network_and_no_tiktoken_at_import() -> None:
    """Importing the counter imports no tiktoken; loading touches neither socket nor cache folder."""
    code = (
        "import sys, socket\n"
        "import apimpy.tokens.counter as c\n"
        "assert 'tiktoken' not in sys.modules\n"
        "def refuse(*a, **k): raise SystemExit('network used')\n"
        "socket.socket.connect = refuse\n"
        "k = c.TiktokenCounter(); k.preload(['cl100k_base'])\n"
        "print(k.count('hello world', 'gpt-4'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("2", 0), done.stderr
