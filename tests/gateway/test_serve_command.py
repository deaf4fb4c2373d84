"""`apimpy serve` and `apimpy mock` as processes: what they print, how they end, what they refuse."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from click.testing import CliRunner
from ports import free_port
from processes import running, spawn

from apimpy.cli.mock import mock_command
from apimpy.cli.serve import serve_command

if TYPE_CHECKING:
    pass

EMPTY = "<policies><inbound><base/></inbound><backend><forward-request/></backend><outbound/><on-error/></policies>"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.xml"
    path.write_text(EMPTY)
    return path


async def test_serves_reports_and_drains(policy: Path) -> None:
    """One line with the URLs; requests answered; the admin paths; SIGTERM (twice, too) lets a request end: exit 0."""
    words = [str(policy), "--mock", "--port", "0", "--admin-port", "0", "--mock-reply", "one two three"]
    async with running("serve", *words) as gateway, aiohttp.ClientSession() as session:
        url, admin = gateway.urls
        async with session.post(url + "/v1/chat/completions", json=CHAT) as answer:
            assert answer.status == 200
            assert (await answer.json())["choices"][0]["message"]["content"] == "one two three"
        for path, text in (("/healthz", "ok"), ("/readyz", "ready"), ("/metrics", "apimpy_requests_total{")):
            async with session.get(admin + path) as answer:
                assert answer.status == 200
                assert text in await answer.text()
        async with session.get(url + "/metrics") as answer:
            assert answer.status == 404, "the admin paths are not on the first listener"

        slow = session.post(url + "/v1/chat/completions", json=CHAT, headers={"x-mock-delay": "600"})
        under_way = asyncio.ensure_future(slow.__aenter__())
        await asyncio.sleep(0.2)
        gateway.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        async with session.get(admin + "/readyz") as answer:
            assert answer.status == 503
        last = await under_way
        assert last.status == 200
        assert last.headers["Connection"] == "close"
        last.release()
        code, out, err = await gateway.stop()
    assert (code, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [r["status"] for r in rows] == [200, 404, 200]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", rows[0]["request_id"])
    assert rows[0]["path"] == "/v1/chat/completions"


async def test_keys_never_reach_the_log(policy: Path) -> None:
    words = [str(policy), "--mock", "--port", "0", "--admin-port", "0", "--subscription", "red=s3cr3t"]
    async with running("serve", *words) as gateway, aiohttp.ClientSession() as session:
        url = gateway.urls[0] + "/v1/models"
        for target, headers, status in (
            (url, {"Ocp-Apim-Subscription-Key": "s3cr3t"}, 200),
            (url + "?subscription-key=s3cr3t", {}, 200),
            (url + "?subscription-key=s3cr3t2", {"Authorization": "Bearer s3cr3t3"}, 401),
        ):
            async with session.get(target, headers=headers) as answer:
                assert answer.status == status
        code, out, err = await gateway.stop()
    assert (code, "s3cr3t" in out + err) == (0, False)
    rows = [json.loads(line) for line in out.splitlines()]
    assert [r.get("subscription") for r in rows] == ["red", "red", None]
    assert rows[2]["error"]["reason"] == "SubscriptionKeyInvalid"


async def test_unreachable_backend_and_oversized_body(policy: Path) -> None:
    words = [str(policy), "--backend", f"http://127.0.0.1:{free_port()}", "--port", "0", "--admin-port", "0"]
    async with running("serve", *words, "--max-body", "1000") as gateway, aiohttp.ClientSession() as session:
        for body, status in ((b"x", 500), (b"x" * 1001, 413), (b"x", 500)):
            async with session.post(gateway.urls[0], data=body) as answer:
                assert answer.status == status
                assert (await answer.json(content_type="application/json"))["statusCode"] == status
        code, out, _ = await gateway.stop(signal.SIGINT)
    assert code == 0
    assert json.loads(out.splitlines()[0])["error"]["reason"] == "BackendConnectionFailure"


@pytest.mark.parametrize("which", ["--port", "--admin-port"])
async def test_port_in_use(policy: Path, which: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        other = "--admin-port" if which == "--port" else "--port"
        process = await spawn("serve", str(policy), "--mock", which, number, other, "0")
        out, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert out == b""
    assert err.decode().splitlines() == [f"apimpy: cannot listen on 127.0.0.1:{number}: address already in use"]


async def test_errors_in_the_document(tmp_path: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_text("<policies>\n  <inbound>\n    <set-headr name='x'/>\n  </inbound>\n</policies>")
    process = await spawn("serve", str(path), "--mock", "--port", "0", "--admin-port", "0")
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, out) == (1, b"")
    assert err.decode().startswith(f"{path}:3:")


async def test_unsupported_policy_warns_and_fails_where_it_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "later.xml"
    unsupported = "<invoke-request backend-id='b' />"
    path.write_text(EMPTY.replace("<outbound/>", f"<outbound>{unsupported}</outbound>"))
    words = [str(path), "--mock", "--port", "0", "--admin-port", "0"]
    async with running("serve", *words) as gateway, aiohttp.ClientSession() as session:
        async with session.get(gateway.urls[0] + "/v1/models") as answer:
            assert answer.status == 500
        code, out, err = await gateway.stop()
    assert code == 0
    assert "POL018" in err
    assert json.loads(out.splitlines()[0])["error"]["reason"] == "PolicyNotSupported"


async def test_mock_command() -> None:
    async with running("mock", "--port", "0", "--reply", "fixed") as mock, aiohttp.ClientSession() as session:
        async with session.post(mock.urls[0] + "/v1/chat/completions", json=CHAT) as answer:
            assert (await answer.json())["choices"][0]["message"]["content"] == "fixed"
        assert (await mock.stop())[0] == 0


WRONG: list[tuple[list[str], str]] = [
    ([], "one of --backend URL and --mock"),
    (["--mock", "--backend", "http://x"], "only one"),
    (["--backend", "ftp://x"], "http or https URL"),
    (["--backend", "x"], "http or https URL"),
    (["--backend", "http://x/?a=b"], "no query"),
    (["--mock", "--named-value", "x"], "NAME=VALUE"),
    (["--mock", "--subscription", "=k"], "NAME=VALUE"),
    (["--mock", "--option", "nope=1"], "there is no option"),
    (["--mock", "--option", "rate_algorithm=leaky"], "bucket, sliding"),
    (["--mock", "--option", "timeout_status=x"], "a number"),
    (["--mock", "--option", "strict_validation=1"], "true or false"),
    (["--mock", "--rate-algorithm", "leaky"], "leaky"),
    (["--mock", "--port", "70000"], "70000"),
    (["--mock", "--identity-token", "t", "--identity-command", "c"], "only one of"),
    (["--mock", "--workers", "2", "--trace"], "do not go together"),
    (["--mock", "--redis", "localhost:6379"], "--redis wants redis://HOST"),
    (["--mock", "--redis", "redis://h/name"], "--redis wants redis://HOST"),
    (["--mock", "--redis", "redis://h:0"], "--redis wants redis://HOST"),
    (["--mock", "--redis", "redis+cluster://h/1"], "--redis wants redis://HOST"),
    (["--mock", "--no-such-flag"], "No such option"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_wrong_usage_is_2(policy: Path, words: list[str], says: str) -> None:
    result = CliRunner().invoke(serve_command, [str(policy), *words])
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_a_folder_without_a_configuration_is_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(serve_command, [str(tmp_path), "--mock"])
    assert (result.exit_code, "holds neither gateway.yaml nor" in result.stderr) == (2, True)


def test_a_file_that_is_not_there_is_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(serve_command, [str(tmp_path / "nothing.xml"), "--mock"])
    assert result.exit_code == 2


def test_help() -> None:
    for command in (serve_command, mock_command):
        result: Any = CliRunner().invoke(command, ["--help"])
        assert result.exit_code == 0
