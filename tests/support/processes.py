"""`apimpy serve` and `apimpy mock` as real processes, for tests."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).resolve().parents[2]
CODE = "import sys; from apimpy.cli.{0} import {0}_command; {0}_command(sys.argv[1:])"


@dataclass
class Started:
    process: asyncio.subprocess.Process
    line: str

    @property
    def urls(self) -> list[str]:
        return re.findall(r"http://[\d.]+:\d+", self.line)

    async def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        if self.process.returncode is None:
            self.process.send_signal(number)
        out, err = await asyncio.wait_for(self.process.communicate(), 20)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


async def spawn(command: str, *words: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    code = CODE.format(command)
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code, *words, stdout=pipe, stderr=pipe, cwd=ROOT)


@asynccontextmanager
async def running(command: str, *words: str, patience: float = 20) -> AsyncIterator[Started]:
    """`patience`: seconds until it listens."""
    process = await spawn(command, *words)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), patience)).decode()
        started = Started(process, line)
        if "listening on" not in line:
            pytest.fail(f"did not start: {await started.stop()}")
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
