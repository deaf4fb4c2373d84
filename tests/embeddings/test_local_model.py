"""The model itself, as the process that a gateway asks: `apimpy embeddings` with the extra installed."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import aiohttp
import pytest
from processes import running, spawn

ALIKE, OTHER = "I forgot my password, how can I reset it?", "What is the capital of France?"

needs_extra = pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="the extra 'embeddings' is missing")


@pytest.fixture
async def endpoint() -> AsyncIterator[str]:
    async with running("embeddings", "--port", "0", patience=120) as service:
        yield service.urls[0]


@needs_extra
async def test_a_semantic_cache_without_a_cloud(endpoint: str, tmp_path: Path) -> None:
    """A paraphrase is a hit, another question is not, and one too long to be read whole passes by the cache."""
    (tmp_path / "policy.xml").write_text("""
<policies>
  <inbound>
    <base />
    <llm-semantic-cache-lookup
      score-threshold="0.1" embeddings-backend-id="embed" embeddings-backend-auth="system-assigned" />
  </inbound>
  <backend><base /></backend>
  <outbound><base /><llm-semantic-cache-store duration="60" /></outbound>
  <on-error><base /></on-error>
</policies>""")
    (tmp_path / "gateway.yaml").write_text(f"""
version: 1
options: {{semantic_cache_headers: true}}
backends:
  embed: {{url: {endpoint}/v1/embeddings, credentials: {{header: {{x-key: [none]}}}}}}
managed_identity: {{kind: static, token: none}}
policy: policy.xml
apis: [{{id: a, path: "", subscription_required: false}}]
""")
    asked = ["How do I reset my password?", ALIKE, OTHER, *["word " * 300] * 2]
    got = []
    words = ("--mock", "--port", "0", "--admin-port", "0", "--access-log", "off")
    async with running("serve", str(tmp_path / "gateway.yaml"), *words) as gateway, aiohttp.ClientSession() as session:
        for text in asked:
            body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
            async with session.post(f"{gateway.urls[0]}/v1/chat/completions", json=body) as answer:
                assert answer.status == 200, await answer.text()
                got.append(answer.headers["X-Semantic-Cache"])
    assert got == ["miss", "hit", "miss", "error", "error"]


@needs_extra
async def test_its_vectors(endpoint: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{endpoint}/v1/embeddings", json={"input": ["hello", ALIKE]}) as answer,
    ):
        body = json.loads(await answer.text())
    assert body["model"] == "all-minilm-l6-v2"
    assert body["usage"]["prompt_tokens"] == 3 + 13
    for row in body["data"]:
        assert len(row["embedding"]) == 384
        assert sum(v * v for v in row["embedding"]) == pytest.approx(1, abs=1e-5)


@needs_extra
async def test_a_directory_without_a_model(tmp_path: Path) -> None:
    process = await spawn("embeddings", "--model", str(tmp_path))
    _, err = await process.communicate()
    assert (process.returncode, b"no sentence-transformers model in" in err) == (2, True)


async def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sentence_transformers.py").write_text("raise ImportError('not here')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    process = await spawn("embeddings")
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert b"pip install 'apimpy[embeddings]'" in err
