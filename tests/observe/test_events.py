"""Events in a file."""

import asyncio
import json
import logging

import pytest

from apimpy.observe import events, gathered
from apimpy.observe.events import FileEventLogger, event_line
from apimpy.runtime.ports import Event

NOON = 1_700_000_000.25


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Event(NOON, "hé\n"), {"body": "hé\n"}),
        (Event(NOON, "x", "3"), {"partition_id": "3", "body": "x"}),
        (Event(NOON, "x", None, "eu"), {"partition_key": "eu", "body": "x"}),
    ],
)
def test_line(event, expected):
    line = event_line("audit", event)
    assert line.endswith(b"}\n")
    assert json.loads(line) == {"time": "2023-11-14T22:13:20.250Z", "logger": "audit", **expected}


def lines(path):
    return [json.loads(line)["body"] for line in path.read_text().splitlines()]


async def test_events_are_appended_within_a_moment(tmp_path, monkeypatch):
    monkeypatch.setattr(gathered, "_INTERVAL", 0.001)
    path = tmp_path / "events.jsonl"
    path.write_text('{"body":"before"}\n')
    logger = FileEventLogger("audit", path)
    for n in range(3):
        logger.log(Event(NOON, str(n)))
    for _ in range(1000):
        if len(lines(path)) == 4:
            break
        await asyncio.sleep(0.005)
    assert lines(path) == ["before", "0", "1", "2"]
    logger.log(Event(NOON, "last"))
    await logger.aclose()
    assert lines(path)[-1] == "last"
    await logger.aclose()


async def test_two_loggers_share_a_file(tmp_path):
    path = tmp_path / "events.jsonl"
    loggers = [FileEventLogger(name, path) for name in ("a", "b")]
    for logger in loggers:
        logger.log(Event(NOON, "x"))
        await logger.aclose()
    assert [json.loads(line)["logger"] for line in path.read_text().splitlines()] == ["a", "b"]


@pytest.mark.step("log-to-eventhub 3")
async def test_a_file_that_cannot_be_written_is_told_once(tmp_path, caplog):
    logger = FileEventLogger("audit", tmp_path)  # a folder
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            logger.log(Event(NOON, "x"))
            await logger.aclose()
    assert [r.message.partition(" to ")[0] for r in caplog.records] == ["logger audit: cannot write"]


@pytest.mark.step("log-to-eventhub 3")
async def test_a_disk_that_does_not_keep_up_costs_events(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(events, "_WAITING_LIMIT", 2)
    path = tmp_path / "events.jsonl"
    logger = FileEventLogger("audit", path)
    for n in range(5):
        logger.log(Event(NOON, str(n)))
    with caplog.at_level(logging.WARNING):
        await logger.aclose()
    assert lines(path) == ["0", "1"]
    assert [r.message for r in caplog.records] == ["logger audit: 3 events were dropped"]
