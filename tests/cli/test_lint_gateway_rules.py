"""Rules that need a gateway file: what backends, pools, secrets and scopes it has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from apimpy.cli.lint import lint_command

BACKENDS = """
backends:
  west: {url: "https://west.test"}
  north: {url: "https://north.test"}
  lax: {url: "https://lax.test", tls: {validateCertificateName: false}}
  regions: {type: Pool, pool: {services: [{id: west}, {id: north}]}}
  mixed: {type: Pool, pool: {services: [{id: west}, {id: lax}]}}
"""
FILE = f"""version: 1
named_values: {{key: {{value: abc, secret: true}}, name: {{value: abc}}}}
policy: global.xml
apis:
  - id: a
    path: a
    subscription_required: false
    service_url: https://west.test
    policy: api.xml
    operations: [{{id: o, method: GET, url_template: /, policy: operation.xml}}]
{BACKENDS}"""
PLAIN = "<policies><inbound><base />{}</inbound><backend><base /></backend><outbound><base /></outbound></policies>"
GLOBAL = "<policies><inbound>{}</inbound><backend>{}</backend><outbound /><on-error /></policies>"
FORWARD = "<forward-request buffer-request-body='true' />"
RETRY = f"<retry count='{{}}' interval='0' condition='@(context.Response == null)'>{FORWARD}</retry>"
USE = "<set-backend-service backend-id='{}' />"
SAFETY = "<llm-content-safety backend-id='{}'><blocklists><id>b</id></blocklists></llm-content-safety>"
TRACE = "<trace source='a'><message>{}</message></trace>"


@pytest.mark.parametrize(
    ("inbound", "backend", "found"),
    [
        (USE.format("regions"), FORWARD, ["AIG012"]),
        (USE.format("regions"), RETRY.format(1), []),
        (USE.format("regions"), RETRY.format(2), ["AIG013"]),
        (USE.format("west"), FORWARD, []),
        (USE.format("lax"), FORWARD, ["SEC016"]),
        (USE.format("mixed"), RETRY.format(1), ["SEC016"]),
        (SAFETY.format("west"), FORWARD, []),
        (SAFETY.format("wets"), FORWARD, ["CFG008"]),
        (TRACE.format("{{key}}"), FORWARD, ["SEC013"]),
        (TRACE.format("{{name}}"), FORWARD, []),
    ],
)
def test_what_the_file_knows(tmp_path: Path, inbound: str, backend: str, found: list[str]) -> None:
    """The API's document names a backend; the global one forwards."""
    assert codes(tmp_path, GLOBAL.format("", backend), PLAIN.format(inbound), PLAIN.format("")) == found


def test_scopes(tmp_path: Path) -> None:
    """A document is for the scope at which the file names it."""
    outer, api = GLOBAL.format("", FORWARD), PLAIN.format("")
    assert codes(tmp_path, outer, api, PLAIN.format(SAFETY.format("west"))) == ["SVC001"]
    assert codes(tmp_path, outer, PLAIN.format(SAFETY.format("west")), api) == []


@pytest.mark.parametrize(
    ("setting", "inbound", "found"),
    [
        ("subscription_required: false", "", []),
        ("subscription_required: true", "", ["SEC017"]),
        ("subscription_key: {header: x-key, query: key}", "", ["SEC017"]),
        ("subscription_key: {header: x-key, query: key}", "<set-header name='X-Key' exists-action='delete' />", []),
    ],
)
def test_keys(tmp_path: Path, setting: str, inbound: str, found: list[str]) -> None:
    """A document, here the global one, takes the header away, or the backend gets it."""
    plain = PLAIN.format("")
    assert codes(tmp_path, GLOBAL.format(inbound, FORWARD), plain, plain, setting) == found


def codes(
    folder: Path, outer: str, api: str, operation: str, setting: str = "subscription_required: false"
) -> list[str]:
    for name, text in (("global", outer), ("api", api), ("operation", operation)):
        (folder / f"{name}.xml").write_text(text)
    (folder / "gateway.yaml").write_text(FILE.replace("subscription_required: false", setting))
    result = CliRunner().invoke(lint_command, [str(folder / "gateway.yaml"), "--format", "json", "--no-cache"])
    shown = json.loads(result.stdout)["diagnostics"]
    return [d["code"] for d in shown if d["code"][:3] in ("AIG", "SEC", "SVC", "CFG", "POL")]
