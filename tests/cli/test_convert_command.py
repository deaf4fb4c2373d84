"""`apimpy convert`: from one encoding to the other, on stdout or in place."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pytest

RAW = '<fragment a="@(x["k"] > 1)">\r\n  <!-- é & -->\r\n</fragment>'
XML = '<fragment a="@(x[&quot;k&quot;] &gt; 1)">\r\n  <!-- é & -->\r\n</fragment>'
WRONG = '<fragment a="@(x) and more" />'


@pytest.mark.parametrize(("text", "to", "expected"), [(RAW, "xml", XML), (XML, "rawxml", RAW), (XML, "xml", XML)])
def test_to_standard_output(inside: Any, tmp_path: Path, text: str, to: str, expected: str) -> None:
    """One document to stdout, to the last byte; the file stays."""
    path = tmp_path / "a.xml"
    path.write_bytes(text.encode())
    done = inside("convert", "--to", to, path)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
    assert path.read_bytes() == text.encode()


def test_standard_input(inside: Any) -> None:
    """`-`: from stdin to stdout."""
    text = RAW.replace("\r", "")
    assert inside("convert", "--to", "xml", "-", stdin=text).stdout == XML.replace("\r", "")


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_in_place(inside: Any, tmp_path: Path, mark: bytes) -> None:
    """Everything but the spelling stays, byte-order mark and line ends included; there and back is the same file."""
    (tmp_path / "a.xml").write_bytes(mark + RAW.encode())
    (tmp_path / "b.xml").write_bytes(XML.encode())
    (tmp_path / "pom.xml").write_text("<project/>")
    done = inside("convert", "--to", "xml", "--write", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout.count("changed "), done.stderr) == (0, 1, "")
    assert (tmp_path / "a.xml").read_bytes() == mark + XML.encode()
    assert inside("convert", "--to", "rawxml", "--write", "a.xml", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.xml").read_bytes() == mark + RAW.encode()


def test_a_document_with_errors(inside: Any, tmp_path: Path) -> None:
    """It stays as it is and is reported on stderr; exit 1."""
    path = tmp_path / "a.xml"
    path.write_text(WRONG)
    for words in ((), ("--write",)):
        done = inside("convert", "--to", "xml", *words, path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "a.xml:1:18: error DOC009" in done.stderr
    assert path.read_text() == WRONG


def test_a_file_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, inside: Any, tmp_path: Path) -> None:
    """The file is what it was; exit 1."""

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.xml").write_bytes(RAW.encode())
    monkeypatch.setattr("apimpy.cli.rewriting.os.replace", full)
    done = inside("convert", "--to", "xml", "--write", "a.xml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "apimpy convert: cannot write a.xml: No space left on device\n"


@pytest.mark.parametrize(
    ("words", "stderr"),
    [
        (("a.xml",), "Missing option '--to'"),
        (("--to", "json", "a.xml"), "--to"),
        (("--to", "xml"), "Missing argument"),
        (("--to", "xml", "none.xml"), "no such file or folder"),
        (("--to", "xml", "a.xml", "b.xml"), "--write"),
        (("--to", "xml", "."), "--write"),
        (("--to", "xml", "--write", "-"), "standard input cannot be changed in place"),
    ],
)
def test_wrong_usage(inside: Any, tmp_path: Path, words: tuple[str, ...], stderr: str) -> None:
    """Exit 2."""
    for name in "ab":
        (tmp_path / f"{name}.xml").write_text(RAW)
    done = inside("convert", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert stderr in done.stderr
