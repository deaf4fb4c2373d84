"""What waits to be written away from the hot path."""

import asyncio
import threading

from apimpy.observe import gathered
from apimpy.observe.gathered import Gathered


class Slow(Gathered[int]):
    """Writes nothing before it may."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.begun, self.may = threading.Event(), threading.Event()
        self.written: list[tuple[list[int], int]] = []

    def _write(self, things: list[int], dropped: int) -> None:
        self.begun.set()
        assert self.may.wait(10)
        self.written.append((things, dropped))


async def test_one_write_at_a_time_and_in_order(monkeypatch):
    monkeypatch.setattr(gathered, "_INTERVAL", 0.001)
    slow = Slow(limit=3)
    slow.add(0)
    await asyncio.to_thread(slow.begun.wait, 10)
    for n in range(1, 6):
        slow.add(n)
        await asyncio.sleep(0.01)  # due many times over, yet the first write is not done
    slow.may.set()
    await slow.aclose()
    assert slow.written == [([0], 0), ([1, 2, 3], 2)]


async def test_nothing_is_written_when_nothing_came():
    slow = Slow(limit=3)
    await slow.aclose()
    assert slow.written == []
