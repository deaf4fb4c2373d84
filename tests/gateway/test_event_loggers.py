"""Loggers of the gateway: named on the command line, checked when the policy is loaded."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from apimpy.cli.main import cli
from apimpy.gateway.config import ServeConfig
from apimpy.gateway.load import load_configuration

EVENT = '<log-to-eventhub logger-id="audit">x</log-to-eventhub>'
NESTED = (
    f'<choose><when condition="true"><retry condition="false" count="1" interval="0">{EVENT}</retry></when></choose>'
)


def policy(tmp_path, inside):
    path = tmp_path / "policy.xml"
    path.write_text(f"<policies><inbound>{inside}</inbound></policies>")
    return path


@pytest.mark.step("log-to-eventhub 4")
@pytest.mark.parametrize("inside", [EVENT, NESTED])
@pytest.mark.parametrize(("known", "loads"), [(["audit"], True), (["audit", "b"], True), ([], False), (["b"], False)])
def test_unknown_loggers_are_errors_where_loggers_are_known(tmp_path, inside, known, loads):
    files = tuple((name, Path(os.devnull)) for name in known)
    loaded = load_configuration(ServeConfig(policy(tmp_path, inside), event_loggers=files), {})
    assert (loaded.assembled is not None) == loads
    assert [(d.code, d.message) for d in loaded.diagnostics] == (
        [] if loads else [("CFG001", "Logger with id 'audit' could not be found.")]
    )


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ([], "Logger with id 'audit' could not be found."),
        (["--event-logger", "audit"], "--event-logger wants NAME=VALUE"),
        (["--event-logger", "audit="], "is no file in a folder that exists"),
        (["--event-logger", "audit=/no/such/folder/x"], "is no file in a folder that exists"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, flag, message):
    result = CliRunner().invoke(cli, ["serve", str(policy(tmp_path, EVENT)), "--mock", *flag])
    assert result.exit_code in (1, 2)
    assert message in " ".join(result.output.split())
