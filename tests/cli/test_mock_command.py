"""`apimpy mock`: its flags, what is wrong with them, and its process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner
from mocks import mock_processes
from processes import running

from apimpy.cli.mock import mock_command
from apimpy.cli.serve import serve_command
from apimpy.mock.faults import field_names

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
POLICY = "<policies><inbound/><backend><forward-request/></backend><outbound/></policies>"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "mock.md"

WRONG: list[tuple[list[str], str]] = [
    (["--fault", "stauts=429"], "--fault: 'stauts=429': there is no 'stauts': did you mean 'status'?"),
    (["--fault", "status=99"], "status takes a whole number from 200 to 599, not '99'"),
    (["--fault", "reset", "--fault", "hang"], "'hang': no request reaches it, 'reset' takes them all"),
    (["--fault", "reset,share=2"], "share takes a number above 0 and up to 1, not '2'"),
    (["--delay", "soon"], "--delay: delay takes milliseconds, as in 250 or 100-300, not 'soon'"),
    (["--event-delay", "20-10"], "--event-delay: event-delay takes milliseconds from 0"),
    (["--seed", "x"], "'x' is not a valid integer"),
    (["--name", "a\nb"], "--name takes printable ASCII text"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_wrong_usage_is_2(words: list[str], says: str) -> None:
    result = CliRunner().invoke(mock_command, words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_serve_says_the_same_of_its_flags(tmp_path: Path, words: list[str], says: str) -> None:
    policy = tmp_path / "policy.xml"
    policy.write_text(POLICY)
    prefixed = [word.replace("--", "--mock-") for word in words]
    result = CliRunner().invoke(serve_command, [str(policy), "--mock", *prefixed])
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.sub(r"^--", "--mock-", says) in result.stderr


@pytest.mark.parametrize("words", [["--mock-reply", "x"], ["--mock-fault", "reset"], ["--mock-seed", "0"]])
def test_flags_of_a_mock_that_is_not_there(tmp_path: Path, words: list[str]) -> None:
    policy = tmp_path / "policy.xml"
    policy.write_text("<policies/>")
    result = CliRunner().invoke(serve_command, [str(policy), "--backend", "http://127.0.0.1:1", *words])
    assert (result.exit_code, f"{words[0]} needs --mock" in result.stderr) == (2, True)


async def ask(url: str, body: Any = CHAT) -> tuple[int, str | None, str | None]:
    """Status, Retry-After and the mock's name."""
    async with aiohttp.ClientSession() as session, session.post(url + "/v1/chat/completions", json=body) as answer:
        await answer.read()
        return answer.status, answer.headers.get("Retry-After"), answer.headers.get("x-mock-name")


async def test_two_mocks_with_schedules_of_their_own() -> None:
    """Each goes by its flags; the admin call changes one of them."""
    faults = ["--fault", "status=429,retry-after=7,calls=1-2", "--fault", "status=503,calls=4"]
    async with mock_processes(ptu=faults, payg=["--seed", "3"]) as mocks:
        got = [await ask(mocks["ptu"].url) for _ in range(5)]
        assert got == [(429, "7", "ptu"), (429, "7", "ptu"), (200, None, "ptu"), (503, None, "ptu"), (200, None, "ptu")]
        assert await ask(mocks["payg"].url) == (200, None, "payg")
        await mocks["payg"].set_faults("status=500")
        assert await ask(mocks["payg"].url) == (500, None, "payg")
        assert len(await mocks["ptu"].requests()) == 5


async def test_the_mock_of_serve(tmp_path: Path) -> None:
    """It goes by the flags of the gateway, and its paths are reached through the gateway."""
    policy = tmp_path / "policy.xml"
    policy.write_text(POLICY)
    words = ["--mock", "--mock-name", "inside", "--mock-fault", "status=503,retry-after=2,calls=1", "--mock-seed", "5"]
    async with running("serve", str(policy), "--port", "0", "--admin-port", "0", *words) as gateway:
        url = gateway.urls[0]
        assert [await ask(url) for _ in range(2)] == [(503, "2", "inside"), (200, None, "inside")]
        async with aiohttp.ClientSession() as session, session.get(url + "/mock/faults") as answer:
            assert await answer.json() == {"faults": [words[4]], "seed": 5, "requests": 2}


async def test_what_hangs_does_not_keep_the_process() -> None:
    """A caller is waiting for ever; SIGTERM still ends the mock with 0."""
    async with running("mock", "--port", "0", "--fault", "hang") as mock, aiohttp.ClientSession() as session:
        with pytest.raises(TimeoutError):
            await session.post(mock.urls[0], json=CHAT, timeout=aiohttp.ClientTimeout(total=0.3))
        assert (await mock.stop())[0] == 0


def test_the_page_has_every_flag_and_field() -> None:
    page = PAGE.read_text(encoding="utf-8")
    flags = [option.opts[0] for option in mock_command.params]
    assert [flag for flag in flags if f"`{flag}" not in page] == []
    assert [name for name in field_names() if f"| `{name}" not in page] == []
