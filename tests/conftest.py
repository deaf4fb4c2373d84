"""What every run of the tests says at its end."""

from __future__ import annotations

from typing import Any

LOUD = "NO REDIS"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A skip that hides a whole kind of test is not left among the dots."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    skipped = [reason for reason in reasons if LOUD in reason]
    if skipped:
        line = f"{len(skipped)} TESTS NOT RUN: {skipped[0][skipped[0].index(LOUD) :].rstrip(chr(39) + ')')}"
        terminalreporter.write_line(f"######## {line} ########", red=True, bold=True)
