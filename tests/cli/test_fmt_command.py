"""`apimpy fmt`: which files it changes, what it says, how it ends."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

MESSY = "<fragment><base/><!-- c -->\n</fragment>"
TIDY = "<fragment>\n    <base /> <!-- c -->\n</fragment>\n"
BROKEN = "<fragment><base></fragment>"


def put(folder: Path, **files: str | bytes) -> None:
    for name, text in files.items():
        path = folder / f"{name}.xml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_in_place(inside: Any, tmp_path: Path) -> None:
    """What differs is written and named on stdout; a second run changes nothing."""
    put(tmp_path, a=MESSY, b=TIDY)
    done = inside("fmt", "a.xml", "b.xml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "changed a.xml\n", "1 of 2 files changed\n")
    assert [(tmp_path / f"{n}.xml").read_text() for n in "ab"] == [TIDY, TIDY]
    done = inside("fmt", "a.xml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "0 of 1 file changed\n")


@pytest.mark.parametrize(
    ("text", "code", "stdout", "stderr"),
    [
        (MESSY, 1, "would change a.xml\n", "1 of 1 file would change\n"),
        (TIDY, 0, "", "0 of 1 file would change\n"),
        (codecs.BOM_UTF8 + TIDY.encode(), 1, "would change a.xml\n", "1 of 1 file would change\n"),
        (TIDY.replace("\n", "\r\n"), 1, "would change a.xml\n", "1 of 1 file would change\n"),
    ],
)
def test_check(inside: Any, tmp_path: Path, text: str | bytes, code: int, stdout: str, stderr: str) -> None:
    """Exit 1 when something would change; nothing is written."""
    put(tmp_path, a=text)
    before = (tmp_path / "a.xml").read_bytes()
    done = inside("fmt", "--check", "a.xml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)
    assert (tmp_path / "a.xml").read_bytes() == before


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--check",), 1)])
def test_diff(inside: Any, tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    """The difference on stdout; nothing is written; with --check its exit code."""
    put(tmp_path, a=MESSY, b=TIDY)
    done = inside("fmt", "--diff", *words, "a.xml", "b.xml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == (
        "--- a.xml\n+++ a.xml (laid out)\n@@ -1,2 +1,3 @@\n-<fragment><base/><!-- c -->\n-</fragment>\n"
        "\\ No newline at end of file\n+<fragment>\n+    <base /> <!-- c -->\n+</fragment>\n"
    )
    assert (tmp_path / "a.xml").read_text() == MESSY


@pytest.mark.parametrize(
    ("words", "text", "code", "stdout"),
    [
        ((), MESSY, 0, TIDY),
        ((), TIDY, 0, TIDY),
        (("--check",), MESSY, 1, ""),
        (("--check",), TIDY, 0, ""),
        (("--indent", "2"), MESSY, 0, TIDY.replace("    ", "  ")),
        ((), BROKEN, 1, ""),
    ],
)
def test_standard_input(inside: Any, words: tuple[str, ...], text: str, code: int, stdout: str) -> None:
    """`-`: from stdin to stdout."""
    done = inside("fmt", *words, "-", stdin=text)
    assert (done.returncode, done.stdout) == (code, stdout)


def test_standard_input_as_bytes(apimpy: Any) -> None:
    """A real process: UTF-8 in, UTF-8 out, whatever the terminal speaks."""
    done = apimpy("fmt", "-", stdin="\ufeff<fragment><!-- é --></fragment>")
    assert (done.returncode, done.stdout) == (0, "<fragment>\n    <!-- é -->\n</fragment>\n")


def test_a_broken_document(inside: Any, tmp_path: Path) -> None:
    """It stays as it is and is reported on stderr; the others are laid out all the same; exit 1."""
    put(tmp_path, a=BROKEN, b=MESSY, c=b"\xff\xff")
    done = inside("fmt", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, f"changed {os.path.join('.', 'b.xml')}\n")
    assert "a.xml:1:17: error DOC002" in done.stderr
    assert "c.xml:1:1: error DOC001" in done.stderr
    assert (tmp_path / "a.xml").read_text() == BROKEN


def test_folders(inside: Any, tmp_path: Path) -> None:
    """Every policy document below a folder; other XML, other files and hidden folders are none of our business."""
    (tmp_path / "apis" / "x").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("apis/x/policy.xml", "policy.xml", ".git/x.xml", "notes.txt"):
        (tmp_path / name).write_text(MESSY)
    (tmp_path / "pom.xml").write_text("<project><a/></project>")
    done = inside("fmt", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout.count("changed ")) == (0, 2)
    assert (tmp_path / "apis/x/policy.xml").read_text() == (tmp_path / "policy.xml").read_text() == TIDY
    assert (tmp_path / ".git/x.xml").read_text() == (tmp_path / "notes.txt").read_text() == MESSY
    assert (tmp_path / "pom.xml").read_text() == "<project><a/></project>"
    done = inside("fmt", "pom.xml", cwd=tmp_path)
    assert done.returncode == 1
    assert "DOC006" in done.stderr


@pytest.mark.parametrize(
    ("codec", "mark"), [("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE), ("utf-8", b"")]
)
def test_coding(inside: Any, tmp_path: Path, codec: str, mark: bytes) -> None:
    """A file keeps its coding."""
    put(tmp_path, a=mark + MESSY.replace("c", "é").encode(codec))
    assert inside("fmt", "a.xml", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.xml").read_bytes() == mark + TIDY.replace("c", "é").encode(codec)


def test_links_and_modes(inside: Any, tmp_path: Path) -> None:
    """A link stays a link, its file keeps its mode, and nothing else is left behind."""
    (tmp_path / "real").mkdir()
    put(tmp_path / "real", a=MESSY)
    (tmp_path / "real" / "a.xml").chmod(0o640)
    (tmp_path / "link.xml").symlink_to(tmp_path / "real" / "a.xml")
    assert inside("fmt", "link.xml", cwd=tmp_path).returncode == 0
    assert (tmp_path / "link.xml").is_symlink()
    assert (tmp_path / "real" / "a.xml").read_text() == TIDY
    assert stat.S_IMODE((tmp_path / "real" / "a.xml").stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.xml", "link.xml", "real"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="a folder that cannot be written to")
def test_a_folder_that_cannot_be_written_to(inside: Any, tmp_path: Path) -> None:
    """The file is what it was; exit 1."""
    put(tmp_path, a=MESSY)
    tmp_path.chmod(0o500)
    try:
        done = inside("fmt", str(tmp_path / "a.xml"))
    finally:
        tmp_path.chmod(0o700)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert (tmp_path / "a.xml").read_text() == MESSY


def test_a_file_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, inside: Any, tmp_path: Path) -> None:
    """When the last step fails the file is what it was, and nothing else is left behind; exit 1."""

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    put(tmp_path, a=MESSY)
    monkeypatch.setattr("apimpy.cli.rewriting.os.replace", full)
    done = inside("fmt", "a.xml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "apimpy fmt: cannot write a.xml: No space left on device" in done.stderr
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.xml", MESSY)]


@pytest.mark.parametrize(
    ("words", "stderr"),
    [
        ((), "Missing argument"),
        (("none.xml",), "no such file or folder"),
        (("empty",), "no *.xml files"),
        (("gateway.yaml",), "not a policy document"),
        (("-", "a.xml"), "'-' is a document on its own"),
        (("--indent", "0", "a.xml"), "--indent"),
        (("--width", "10", "a.xml"), "--width"),
    ],
)
def test_wrong_usage(inside: Any, tmp_path: Path, words: tuple[str, ...], stderr: str) -> None:
    """Exit 2."""
    put(tmp_path, a=TIDY)
    (tmp_path / "empty").mkdir()
    (tmp_path / "gateway.yaml").write_text("apis: []")
    done = inside("fmt", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert stderr in done.stderr


def test_named_twice(inside: Any, tmp_path: Path) -> None:
    """A file is one file, however often it is named."""
    put(tmp_path, a=MESSY)
    done = inside("fmt", "a.xml", "a.xml", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("changed a.xml\n", "1 of 1 file changed\n")


def test_expressions(inside: Any) -> None:
    """`--expressions` moves the lines of expressions."""
    text = "<fragment>\n  <set-body>@{\n    return 1;\n  }</set-body>\n</fragment>\n"
    moved = "<fragment>\n    <set-body>@{\n      return 1;\n    }</set-body>\n</fragment>\n"
    assert inside("fmt", "--expressions", "-", stdin=text).stdout == moved
