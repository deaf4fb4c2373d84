"""What an operator does not want to find in a log: regular expressions, JSON paths, and values of headers.

    redaction = Redaction(patterns=[r"\\b\\d{16}\\b"], paths=["$.RequestMessages[?(@.role=='system')].content"])
    row = redaction.applied({"RequestMessages": […], …}, hide)

Paths are those of JSONPath that name things: `$`, `.name`, `['name']`, `[0]`, `[*]`, `.*`, and `[?(@.name=='text')]`
for the items of a list by one of their texts.  What they lead to is replaced as a whole.  Patterns are those of the
`regex` package; one that does not come to an end in time costs the text, not the secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import regex

from apimpy.runtime.masking import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

__all__ = ["Redaction", "RedactionError"]

_PATIENCE = 2.0
"""Seconds for one pattern on one text."""
_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_][\w-]*|\*)
    |\[\s*(?:(?P<index>\d+)|(?P<all>\*)|'(?P<single>[^']*)'|"(?P<double>[^"]*)"
    |\?\(?\s*@\.(?P<key>[\w-]+)\s*==\s*(?:'(?P<is>[^']*)'|"(?P<equals>[^"]*)")\s*\)?)\s*\]""",
    re.VERBOSE,
)


class RedactionError(ValueError):
    """A pattern or path that cannot be; the text is for the user."""


class _Where:
    """A step to the items of a list whose member `name` is `text`."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text


_Step = str | int | None | _Where
"""A member, an item, everything, or some items."""


class Redaction:
    """Replaces what must not be written.  RedactionError."""

    __slots__ = ("_paths", "_patterns")

    def __init__(self, patterns: Iterable[str] = (), paths: Iterable[str] = ()) -> None:
        self._patterns = tuple(_compiled(p) for p in patterns)
        self._paths = tuple(_steps(p) for p in paths)

    def text(self, text: str) -> str:
        """The text without what the patterns match."""
        for one in self._patterns:
            try:
                text = one.sub(HIDDEN, text, concurrent=True, timeout=_PATIENCE)
            except TimeoutError:
                return HIDDEN
        return text

    def applied(self, row: dict[str, Any], hide: Callable[[str], str], spared: Collection[str] = ()) -> dict[str, Any]:
        """A copy of JSON data without what paths and patterns name; `hide` sees every text first.

        Members that are `spared` are what only a path can hide.
        """
        copy = row
        for steps in self._paths:
            copy = _replaced(copy, steps)
        return {name: value if name in spared else self._clean(value, hide) for name, value in copy.items()}

    def _clean(self, value: Any, hide: Callable[[str], str]) -> Any:
        if isinstance(value, str):
            return self.text(hide(value)) if value and value != HIDDEN else value
        if isinstance(value, dict):
            return {name: self._clean(item, hide) for name, item in value.items()}
        if isinstance(value, list):
            return [self._clean(item, hide) for item in value]
        return value


def _compiled(text: str) -> Any:
    try:
        return regex.compile(text)
    except regex.error as error:
        raise RedactionError(f"{text!r} is no regular expression: {error}") from None


def _steps(path: str) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    at = 1
    while path.startswith("$") and at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            break
        at = found.end()
        index, key, equals = found["index"], found["key"], found["is"]
        name = next((found[n] for n in ("name", "single", "double") if found[n] is not None), None)
        if index is not None:
            steps.append(int(index))
        elif key is not None:
            steps.append(_Where(key, found["equals"] if equals is None else equals))
        else:
            steps.append(None if name == "*" and found["name"] else name)
    if not steps or at < len(path):
        raise RedactionError(f"{path!r} is no path: $.name, ['name'], [0], [*] and [?(@.name=='text')] can be said")
    return tuple(steps)


def _replaced(value: Any, steps: tuple[_Step, ...]) -> Any:
    """A copy in which what the steps lead to is hidden; what they miss stays the same object."""
    if not steps:
        return HIDDEN
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        return {k: _replaced(v, rest) if step is None or k == step else v for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(v, rest) if _meant(step, n, v) else v for n, v in enumerate(value)]
    return value


def _meant(step: _Step, number: int, item: Any) -> bool:
    if isinstance(step, _Where):
        return isinstance(item, dict) and item.get(step.name) == step.text
    return step is None or (isinstance(step, int) and step == number)
