"""Rows in files: JSON lines, files that do not grow without end, and several processes on one."""

import json
import logging
import multiprocessing
import os
import threading

from apimpy.observe.row_files import FileRows, StdoutRows


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rows_are_appended(tmp_path):
    path = tmp_path / "llm.jsonl"
    for number in range(2):
        FileRows(path, 0).write([{"n": number}, {"x": "é\n"}], 0)
    FileRows(path, 0).write([], 3)
    assert read(path) == [{"n": 0}, {"x": "é\n"}, {"n": 1}, {"x": "é\n"}, {"DroppedRecords": 3}]
    assert path.stat().st_mode & 0o077 == 0


def test_a_full_file_makes_room_for_a_new_one(tmp_path):
    path = tmp_path / "llm.jsonl"
    writer = FileRows(path, 30)
    for number in range(7):
        writer.write([{"number": number}], 0)
    assert read(path) == [{"number": 6}]
    assert read(tmp_path / "llm.jsonl.1") == [{"number": 4}, {"number": 5}]
    writer.write([{"number": "larger than a file may be"}], 0)
    assert [len(read(p)) for p in (path, tmp_path / "llm.jsonl.1")] == [1, 1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["llm.jsonl", "llm.jsonl.1"]


def work(path, number):
    writer = FileRows(path, 40_000)
    for n in range(200):
        writer.write([{"worker": number, "n": n, "text": "x" * 100}], 0)


def test_processes_share_a_file(tmp_path):
    """Every line is whole, none is lost while two files hold them all, and no file is larger than it may be."""
    path = tmp_path / "llm.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(path, number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    files = [path, tmp_path / "llm.jsonl.1"]
    assert all(file.stat().st_size <= 40_000 for file in files)
    rows = [row for file in reversed(files) for row in read(file)]
    for number in range(2):
        assert [row["n"] for row in rows if row["worker"] == number] == list(range(200))


def test_a_file_that_cannot_be_written_is_told_once(tmp_path, caplog):
    writer = FileRows(tmp_path, 0)  # a folder
    with caplog.at_level(logging.WARNING):
        writer.write([{}], 0)
        writer.write([{}], 0)
    assert [r.message.partition(" to ")[0] for r in caplog.records] == ["LLM log: cannot write"]


def test_standard_output():
    get, put = os.pipe()
    StdoutRows(threading.Lock(), put).write([{"a": 1}], 0)
    os.close(put)
    with os.fdopen(get) as file:
        assert json.loads(file.read()) == {"a": 1}
    StdoutRows(threading.Lock(), put).write([{"a": 1}], 0)  # nobody reads: nothing happens
