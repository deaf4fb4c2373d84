"""Where policies may stand: the table of `docs/behaviour.md`, tried."""

import re
from pathlib import Path

import pytest

from apimpy.policies import catalogue
from apimpy.policy.facts import PLANNED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "behaviour.md"
SECTIONS = {"inbound", "backend", "outbound", "on-error"}


def table():
    """Policies with their sections, from the page."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and "`" in line:
            _, sections, policies, _ = line.split("|")
            for name in re.findall(r"`(.*?)`", policies):
                yield name, set(sections.strip().split(", "))


TABLE = list(table())


@pytest.mark.step("placement 1")
@pytest.mark.parametrize(
    "inside", ["{}", "<choose><when condition='@(True)'>{}</when></choose>"], ids=["", "in choose"]
)
@pytest.mark.parametrize(("name", "sections"), TABLE, ids=[name for name, _ in TABLE])
def test_sections(h, kit, name, sections, inside):
    """Anything but its place may be wrong with it."""
    found = set()
    for section in SECTIONS:
        h.sink = type(h.sink)()
        h.compile(kit.policies(**{section.replace("-", "_"): inside.format(f"<{name} />")}))
        if "POL002" not in h.codes():
            found.add(section)
    assert found == sections


def test_every_policy_that_runs_is_in_the_table():
    assert sorted(name for name, _ in TABLE) == sorted(
        {p.element for p in catalogue() if p.support is not PLANNED} | {"base", "include-fragment"}
    )


LIMITS = {
    "rate-limit": '<rate-limit calls="1" renewal-period="1" />',
    "quota": '<quota calls="1" renewal-period="400" />',
    "rate-limit-by-key": '<rate-limit-by-key calls="1" renewal-period="1" counter-key="k" />',
    "quota-by-key": '<quota-by-key calls="1" renewal-period="400" counter-key="k" />',
}


@pytest.mark.step("placement 2")
@pytest.mark.parametrize("scope", ["global", "product", "api", "operation"])
@pytest.mark.parametrize("name", LIMITS)
def test_scopes(h, kit, name, scope):
    h.compile((scope, kit.policies(inbound=LIMITS[name])))
    assert ("POL002" in h.codes()) == (scope == "global" and not name.endswith("by-key"))
