"""What `apimpy mock` and `apimpy serve --mock` say about the mock backend, in flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from apimpy.mock.backend import MockSettings
    from apimpy.mock.faults import Span

__all__ = ["given_flags", "mock_flags", "mock_settings"]

_NAMES = ("reply", "delay", "event_delay", "faults", "seed", "name")


def mock_flags(prefix: str = "") -> Callable[[Any], Any]:
    """The options, as `--mock-reply` with the prefix `mock-`; as parameters, `mock_reply`."""
    own = prefix.replace("-", "_")
    whose = "of the mock" if prefix else "of this mock"
    options = (
        click.option(f"--{prefix}reply", f"{own}reply", metavar="TEXT", help=f"The answer {whose} (default: an echo)."),
        click.option(f"--{prefix}delay", f"{own}delay", metavar="MS", help="Before every answer; 100-300 is a range."),
        click.option(f"--{prefix}event-delay", f"{own}event_delay", metavar="MS", help="Between events of a stream."),
        click.option(
            f"--{prefix}fault",
            f"{own}faults",
            multiple=True,
            metavar="RULE",
            help="A fault and its requests: status=429,retry-after=7,calls=1-3.  Repeatable; the first that fits.",
        ),
        click.option(f"--{prefix}seed", f"{own}seed", type=int, metavar="NUMBER", help="For shares and ranges (0)."),
        click.option(f"--{prefix}name", f"{own}name", metavar="NAME", help="Sent in the header x-mock-name."),
    )

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def given_flags(flags: dict[str, Any], prefix: str) -> list[str]:
    """The flags of the mock that were given, as they are written."""
    own = prefix.replace("-", "_")
    spelled = {name: f"--{prefix}{name.replace('_', '-').removesuffix('s')}" for name in _NAMES}
    return [spelled[name] for name in _NAMES if flags[own + name] not in (None, ())]


def mock_settings(flags: dict[str, Any], prefix: str = "") -> MockSettings:
    """The settings.  UsageError when a flag is wrong."""
    from apimpy.mock.backend import MockSettings
    from apimpy.mock.schedule import rules_of

    own = prefix.replace("-", "_")
    values = {name: flags[own + name] for name in _NAMES}
    name = values["name"]
    if name is not None and (not name.isprintable() or not name.isascii()):
        raise click.UsageError(f"--{prefix}name takes printable ASCII text, not {name!r}")
    try:
        rules_of(values["faults"])
    except ValueError as error:
        raise click.UsageError(f"--{prefix}fault: {str(error).removeprefix('fault ')}") from error
    return MockSettings(
        reply=values["reply"],
        delay=_span(f"--{prefix}delay", "delay", values["delay"]),
        event_delay=_span(f"--{prefix}event-delay", "event-delay", values["event_delay"]),
        faults=tuple(values["faults"]),
        seed=values["seed"] or 0,
        name=name,
    )


def _span(flag: str, field: str, text: str | None) -> Span:
    from apimpy.mock.faults import Span, fault_of

    if text is None:
        return Span()
    try:
        fault = fault_of({field: text})
    except ValueError as error:
        raise click.UsageError(f"{flag}: {error}") from error
    return fault.delay if field == "delay" else fault.event_delay
