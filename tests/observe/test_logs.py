"""Access lines hold what they say, on one line, and a slow reader costs no latency."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from apimpy.observe import logs
from apimpy.observe.logs import AccessLog, AccessRecord, _pieces, json_line, text_line

RECORD = AccessRecord(
    time=1_700_000_000.25,
    request_id="0b1c",
    remote="127.0.0.1",
    method="POST",
    path="/v1/chat/completions",
    status=200,
    seconds=0.0123456,
    bytes_sent=42,
    completed=True,
    api="api",
    error_source="llm-token-limit",
    error_reason="OpenAITokenLimitExceeded",
    error_message="line one\nline two",
)


def test_json_line() -> None:
    line = json_line(RECORD)
    assert line.count(b"\n") == 1
    row = json.loads(line)
    assert row["time"] == "2023-11-14T22:13:20.250Z"
    assert (row["request_id"], row["status"], row["duration_ms"]) == ("0b1c", 200, 12.346)
    assert row["error"]["reason"] == "OpenAITokenLimitExceeded"
    assert "product" not in row


def test_text_line_is_one_line() -> None:
    line = text_line(replace(RECORD, completed=False, notes=("note\r\nforged",)))
    assert line.count(b"\n") == 1
    assert b"200 (cut)" in line
    assert b"line one\\nline two" in line


@pytest.mark.parametrize("make", [json_line, text_line])
def test_broken_unicode_is_printed(make: object) -> None:
    line = make(replace(RECORD, path="/caf\udce9"))  # type: ignore[operator]
    assert b"udce9" in line


@pytest.mark.parametrize("format", ["json", "text"])
async def test_records_are_written(format: logs.LogFormat) -> None:
    reader, writer = os.pipe()
    log = AccessLog(format, writer)
    for _ in range(3):
        log.add(RECORD)
    await log.aclose()
    assert os.read(reader, 65536).count(b"\n") == 3
    os.close(reader)
    log.add(RECORD)
    await log.aclose()  # the reader has gone: no exception
    os.close(writer)


async def test_waiting_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_WAITING_LIMIT", 5)
    reader, writer = os.pipe()
    log = AccessLog("json", writer)
    for _ in range(8):
        log.add(RECORD)
    await log.aclose()
    lines = os.read(reader, 65536).splitlines()
    assert (len(lines), json.loads(lines[-1])) == (6, {"dropped_lines": 3})
    os.close(reader)
    os.close(writer)


def test_pieces_of_a_shared_log() -> None:
    """Whole lines, none lost, no piece longer than a pipe takes at once unless it is one line."""
    lines = [bytes([65 + n % 26]) * (n * 37 % 1500) + b"\n" for n in range(200)] + [b"x" * 9000 + b"\n", b"y\n"]
    pieces = list(_pieces(lines))
    assert b"".join(pieces) == b"".join(lines)
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert [len(piece) for piece in pieces if len(piece) > 4096] == [9001]
    assert len(pieces) < 60
