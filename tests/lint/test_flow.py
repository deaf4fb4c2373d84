"""The way of a request through a document: variables on every way, policies that are not reached."""

from __future__ import annotations

import pytest
from linting import lint

SET = '<set-variable name="v" value="1" />'
READ = '<set-header name="x"><value>@((string)context.Variables["v"])</value></set-header>'
STOP = "<return-response />"
LOOKUP = '<cache-lookup-value key="k" variable-name="v" />'
OTHER = '<cache-lookup-value key="k" variable-name="w" />'
SEND = '<send-request mode="new" response-variable-name="v"><set-url>https://a.test</set-url></send-request>'


def when(policies: str, condition: str = '@(context.Request.Method == "GET")') -> str:
    return f"<when condition='{condition}'>{policies}</when>"


def choose(*branches: str, otherwise: str | None = None) -> str:
    last = "" if otherwise is None else f"<otherwise>{otherwise}</otherwise>"
    return f"<choose>{''.join(branches)}{last}</choose>"


def retry(policies: str, condition: str = "@(false)") -> str:
    return f"<retry condition='{condition}' count='2' interval='0'>{policies}</retry>"


def codes(inbound: str, *wanted: str, outbound: str = "", before: str = "") -> list[str]:
    text = f"<policies><inbound>{before}{inbound}</inbound><backend><forward-request /></backend>"
    text += f"<outbound>{outbound}</outbound><on-error /></policies>"
    return [d.code for d in lint(text) if d.code in wanted or d.severity == 2]


ASKS = '@(context.Variables.ContainsKey("v"))'


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        (SET + READ, 0),
        (READ + SET, 1),
        (READ, 1),
        # choose: what all branches that go on have in common
        (choose(when(SET)) + READ, 1),
        (choose(when(SET), otherwise=SET) + READ, 0),
        (choose(when(SET), otherwise=STOP) + READ, 0),
        (choose(when(STOP), otherwise=SET) + READ, 0),
        (choose(when(SET), when(SET, "@(true)")) + READ, 0),
        (choose(when(SET, "true")) + READ, 0),
        # a condition may know more than we do
        (choose(when(SET)) + choose(when(READ)), 0),
        (choose(when(READ, ASKS)), 0),
        (LOOKUP + choose(when(SET, '@(context.Variables.GetValueOrDefault("v", "") == "")')) + READ, 0),
        (SET.replace('"1"', '\'@(context.Variables.ContainsKey("v") ? (string)context.Variables["v"] : "1")\''), 0),
        # loops run once at least; their condition comes after
        (retry(SET) + READ, 0),
        (retry(SET, '@((string)context.Variables["v"] == "")'), 0),
        (retry(READ + SET), 1),
        # side by side
        (f'<wait for="all">{SEND}{LOOKUP}</wait>{READ}', 0),
        (f'<wait for="any">{SEND}{OTHER}</wait>{READ}', 1),
        # who else sets variables
        (SEND + READ, 0),
        (LOOKUP + READ, 1),
        (LOOKUP.replace(" />", ' default-value="" />') + READ, 0),
        ('<include-fragment fragment-id="f" />' + READ, 0),
        # a response that was never received
        ('<return-response response-variable-name="v" />', 1),
        (SEND + '<return-response response-variable-name="v" />', 0),
    ],
)
def test_variables(policies: str, found: int) -> None:
    """RUN003 where a variable is read that need not be there, and nowhere else."""
    assert codes(policies, "RUN003") == ["RUN003"] * found
    assert codes(policies, "RUN003", before="<base />").count("RUN003") == 0


def test_sections_follow_each_other() -> None:
    """What inbound sets is there in outbound; what it does not is missed there."""
    assert codes(SET, "RUN003", outbound=READ) == []
    assert codes("", "RUN003", outbound=READ) == ["RUN003"]


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        (STOP, 0),
        (STOP + SET, 1),
        (STOP + SET + SET, 1),
        (choose(when(STOP)) + SET, 0),
        (choose(when(STOP), otherwise=STOP) + SET, 1),
        (choose(when(STOP + SET)), 1),
        (retry(STOP) + SET, 1),
        ("<mock-response />" + SET, 1),
    ],
)
def test_what_is_not_reached(policies: str, found: int) -> None:
    """RUN002 once for each place where nothing goes on."""
    assert codes(policies, "RUN002") == ["RUN002"] * found
