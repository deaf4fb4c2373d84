"""Tokens come from where they were configured to, and every failure says why."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from apimpy.gateway.identity import CommandIdentity, FileIdentity, NoIdentity, StaticIdentity
from apimpy.runtime.ports import ManagedIdentityError

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def python(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} {{resource}} {{client_id}}"


async def test_static_and_none() -> None:
    assert await StaticIdentity("t").token("r", None) == "t"
    with pytest.raises(ManagedIdentityError, match="--identity-token"):
        await NoIdentity().token("r", None)


async def test_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "token"
    identity = FileIdentity(path)
    with pytest.raises(ManagedIdentityError, match="cannot be read"):
        await identity.token("r", None)
    path.write_text(" one\n")
    assert await identity.token("r", None) == "one"
    path.write_text("two")
    os.utime(path, (1, 1))
    assert await identity.token("r", None) == "two"
    path.write_text("")
    with pytest.raises(ManagedIdentityError, match="is empty"):
        await identity.token("r", None)


@pytest.mark.parametrize(
    ("printed", "life"),
    [
        ("plain", 300),
        (json.dumps({"accessToken": "plain", "expires_on": 1_700_003_600}), 3540),
        (json.dumps({"accessToken": "plain", "expiresOn": "2023-11-14T23:13:20+00:00"}), 3540),
        (json.dumps({"access_token": "plain", "expires_in": 600}), 540),
    ],
)
async def test_command_keeps_a_token_while_it_lives(tmp_path: Path, printed: str, life: int) -> None:
    runs = tmp_path / "runs"
    clock = Clock()
    code = f"import sys; open({str(runs)!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10)); print({printed!r})"
    identity = CommandIdentity(python(code), clock)
    assert await identity.token("https://a b", "me") == "plain"
    clock.time += life - 1
    assert await identity.token("https://a b", "me") == "plain"
    assert runs.read_text() == "https://a b me\n"
    clock.time += 2
    await identity.token("https://a b", "me")
    await identity.token("other", None)
    assert runs.read_text().count("\n") == 3


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/no/such/program", "cannot be run"),
        (python("import sys; print('secret'); sys.exit('no luck')"), "ended with 1: no luck"),
        (python("print('a b')"), "printed no token"),
        (python("print('{')"), "JSON that cannot be read"),
        (python("print('{}')"), "printed no token"),
    ],
)
async def test_command_failures(command: str, says: str) -> None:
    with pytest.raises(ManagedIdentityError, match=says) as caught:
        await CommandIdentity(command, Clock()).token("r", None)
    assert "secret" not in str(caught.value)


async def test_slow_command_is_stopped() -> None:
    identity = CommandIdentity(python("import time; time.sleep(30)"), Clock(), timeout=0.2)
    with pytest.raises(ManagedIdentityError, match="more than"):
        await identity.token("r", None)
