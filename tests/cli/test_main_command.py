"""`apimpy` itself: its version, its commands, those that are not built, and what our own bugs look like."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import apimpy as apimpy_package
from apimpy.cli import main as main_module
from apimpy.cli.options import named_values


@pytest.mark.parametrize(
    ("words", "code", "stdout", "stderr"),
    [
        (("--version",), 0, f"apimpy, version {apimpy_package.__version__}", ""),
        (("--help",), 0, "Azure API Management policies, run anywhere.", ""),
        (("lint", "--help"), 0, "Check policy documents", ""),
        (("eval", "--help"), 0, "Evaluate an expression", ""),
        ((), 2, "", ""),
        (("nonsense",), 2, "", "No such command 'nonsense'"),
        (("--nonsense",), 2, "", "No such option"),
        (("serve", "--nonsense", "x.xml"), 2, "", "No such option"),
        (("serve",), 2, "", "Missing argument"),
    ],
)
def test_words(apimpy: Any, words: tuple[str, ...], code: int, stdout: str, stderr: str) -> None:
    """Talk goes to stderr, answers to stdout; wrong usage is exit 2."""
    done = apimpy(*words)
    assert done.returncode == code
    assert stdout in done.stdout
    assert stderr in done.stderr


@pytest.mark.parametrize("command", ["fmt", "convert", "trace", "explain", "test"])
def test_command_that_is_not_built(apimpy: Any, command: str) -> None:
    """A command of the design that does not exist yet says so: exit 2."""
    done = apimpy(command, "x")
    if done.returncode == 2 and "No such option" not in done.stderr and command in main_module._LATER:
        assert done.stderr == f"apimpy: '{command}' is not available yet\n"
        assert done.stdout == ""
    else:
        assert command in main_module._COMMANDS


def test_commands_of_help_exist() -> None:
    """Every command that help lists has a module with a command in it."""
    context = main_module.click.Context(main_module.cli)
    for name in main_module.cli.list_commands(context):
        assert main_module.cli.get_command(context, name) is not None


def test_our_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An exception that should not happen: one line, exit 3; the traceback for developers."""

    def broken(name: str) -> Any:
        raise ZeroDivisionError("oops")

    monkeypatch.delenv("APIMPY_DEBUG", raising=False)
    monkeypatch.setattr(main_module.importlib, "import_module", broken)
    with pytest.raises(SystemExit) as end:
        main_module.main(["lint", "x.xml"])
    assert end.value.code == 3
    assert capsys.readouterr().err == "apimpy: internal error: ZeroDivisionError: oops\n"
    monkeypatch.setenv("APIMPY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main_module.main(["lint", "x.xml"])


@pytest.mark.parametrize(
    ("pairs", "values"),
    [
        ((), {}),
        (("a=1",), {"a": "1"}),
        (("a=", "b=x=y"), {"a": "", "b": "x=y"}),
        (("a=1", "a=2"), {"a": "2"}),
    ],
)
def test_named_values(pairs: tuple[str, ...], values: dict[str, str]) -> None:
    """The first equals sign divides; a later value wins."""
    assert named_values(pairs) == values


@pytest.mark.parametrize("pair", ["a", "=1", ""])
def test_named_value_without_name_or_value(pair: str) -> None:
    """Wrong usage."""
    with pytest.raises(main_module.click.UsageError):
        named_values((pair,))


def test_commands_are_loaded_late() -> None:
    """Asking for help imports no command."""
    assert "apimpy.cli.main" in sys.modules
    source = main_module.__dict__
    assert not any(name in source for name in ("lint_command", "eval_command", "serve_command", "mock_command"))
