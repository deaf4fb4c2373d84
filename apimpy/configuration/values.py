"""Values that are written down, or kept in the environment or a file: named values, keys, tokens.

    {value: "5000"}    {env: OPENAI_KEY}    {file: secrets/openai}    {secret: true, env: OPENAI_KEY}

A value that is not there is an error for a gateway and a warning for `lint`, which works without secrets.  No message
shows a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from apimpy.configuration.fields import Section, wrong_type
from apimpy.configuration.model import Secret
from apimpy.diagnostics import Severity
from apimpy.pattern import pattern
from apimpy.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from apimpy.configuration.yaml_source import Node
    from apimpy.diagnostics import Sink
    from apimpy.source import Span

__all__ = [
    "MAX_VALUE",
    "Surroundings",
    "check_name",
    "check_value",
    "env_file",
    "missing_value",
    "read_value",
    "redis_problem",
]

MAX_VALUE = 4096
_REDIS = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")
_NAME = pattern(r"[A-Za-z0-9._-]{1,256}")


class Surroundings(Record, frozen=True):
    """What reading a configuration may look at besides its text.

    `folder`: what relative paths start from.  `complete`: every value must be there (a gateway, not a linter).
    """

    folder: Path
    environ: Mapping[str, str]
    complete: bool = True


def missing_value(what: str, tried: str, span: Span, around: Surroundings, sink: Sink, help: str | None = None) -> None:
    """CFG011: an error where the value is needed."""
    severity = Severity.ERROR if around.complete else Severity.WARNING
    sink.report("CFG011", f"{what} has no value: {tried}", span, severity=severity, help=help)


def check_name(name: str, span: Span, sink: Sink) -> None:
    """Names that `{{…}}` can say."""
    if not _NAME.fullmatch(name):
        sink.report("CFG007", f"'{name}' cannot be the name of a named value: letters, digits, '.', '_', '-'", span)


def check_value(name: str, value: Secret, span: Span, sink: Sink) -> None:
    """The platform's limits."""
    if not 1 <= len(value.text) <= MAX_VALUE:
        message = f"the value of '{name}' has {len(value.text)} characters; 1 to {MAX_VALUE} are allowed"
        sink.report("CFG007", message, span)


def read_value(node: Node, what: str, around: Surroundings, sink: Sink, *, more: tuple[str, ...] = ()) -> Secret | None:
    """A text, or one of `value`, `env` and `file`.  None after a report.  `more`: other keys that may stand there."""
    if node.kind in ("text", "number", "bool"):
        return Secret(node.text)
    if node.kind != "map":
        wrong_type(node, what, "a text, or a mapping with value, env or file", sink)
        return None
    section = Section(node, what, sink)
    sources = [key for key in ("value", "env", "file") if section.node(key) is not None]
    section.done(more)
    if len(sources) != 1:
        message = f"{what} needs one of value, env and file" + (", and only one" if sources else "")
        sink.report("CFG006", message, node.span)
        return None
    source = section.node(sources[0])
    assert source is not None
    if source.kind not in ("text", "number", "bool"):
        wrong_type(source, f"'{sources[0]}'", "a text", sink)
        return None
    if sources[0] == "value":
        return Secret(source.text)
    if sources[0] == "env":
        found = around.environ.get(source.text)
        if found is None:
            missing_value(what, f"the environment has no variable {source.text}", source.span, around, sink)
        return None if found is None else Secret(found)
    try:
        return Secret((around.folder / source.text).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r"))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        missing_value(what, f"cannot read {source.text}: {why}", source.span, around, sink)
        return None


def redis_problem(url: str) -> str | None:
    """What is wrong with the URL of a Redis; it may hold a password, so nothing of it is said.

    >>> redis_problem("localhost:6379")
    'wants redis://HOST[:PORT][/DATABASE], rediss:// for TLS, unix://PATH, or redis+cluster://HOST[:PORT]'
    """
    try:
        parts = urlsplit(url)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        fine = parts.scheme in _REDIS and bool(place) and (parts.port is None or parts.port > 0)
        database = parts.path.strip("/") if parts.scheme != "unix" else ""
    except ValueError:
        fine, database = False, ""
    if fine and (not database or (database.isdecimal() and "+" not in parts.scheme)):
        return None
    return "wants redis://HOST[:PORT][/DATABASE], rediss:// for TLS, unix://PATH, or redis+cluster://HOST[:PORT]"


def env_file(path: Path) -> dict[str, str]:
    """The assignments of a `.env` file; none when there is no such file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, sep, value = line.strip().removeprefix("export ").partition("=")
        if not sep or name.lstrip().startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found
