"""What a project wants of the linter: `[tool.apimpy.lint]` of `pyproject.toml`, or `[lint]` of `apimpy.toml`.

    [tool.apimpy.lint]
    select = ["security", "AIG"]            # only these rules; codes, beginnings of codes, names or categories
    ignore = ["STY002"]
    gateway = "v2"
    fail-level = "warning"
    exclude = ["generated/**"]
    baseline = "lint-baseline.json"
    [tool.apimpy.lint.levels]
    unread-variable = "warning"             # error, warning, info or off
    [tool.apimpy.lint.per-file-ignores]
    "legacy/*.xml" = ["SEC003"]

`select` chooses among rules; what the compiler and the binder say (DOC, POL, EXP, CS …) is always told unless it is
ignored.  A mistake in the file is a finding of the family CFG with its line.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apimpy.diagnostics import CODES, Severity
from apimpy.policy.facts import GATEWAYS
from apimpy.record import Record, field, replace
from apimpy.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apimpy.diagnostics import Diagnostic, Sink
    from apimpy.source import Span

__all__ = ["LEVELS", "Settings", "known_words", "matches", "read_settings"]

LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}
OFF = "off"


class Settings(Record, frozen=True, eq=True):
    """Paths are relative to `folder`, where the file stands."""

    folder: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    levels: tuple[tuple[str, str], ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    gateway: str | None = None
    fail_level: str = "error"
    exclude: tuple[str, ...] = ()
    baseline: str | None = None

    def runs(self, code: str, name: str, category: str) -> bool:
        """Whether a rule is wanted anywhere."""
        words = (code, name, category)
        if self.select and not matches(self.select, *words):
            return False
        return not matches(self.ignore, *words) and self.level(code, name) != OFF

    def level(self, code: str, name: str) -> str | None:
        """The level a project gives to a code; None: its own."""
        return next((level for word, level in self.levels if word in (code, name)), None)

    def excludes(self, path: str) -> bool:
        """Whether a file is left out of folders that are searched."""
        return any(_glob(path, self.folder, glob) for glob in self.exclude)

    def judge(self, found: Iterable[Diagnostic], category: Callable[[str], str]) -> list[Diagnostic]:
        """Findings with the project's levels, without those it ignores."""
        if not (self.ignore or self.levels or self.per_file_ignores):
            return list(found)
        out = []
        for item in found:
            level = self.level(item.code, item.name)
            if level == OFF or matches(self.ignore, item.code, item.name, category(item.code)):
                continue
            if any(
                _glob(item.span.file.name, self.folder, glob)
                and matches(codes, item.code, item.name, category(item.code))
                for glob, codes in self.per_file_ignores
            ):
                continue
            out.append(item if level is None else replace(item, severity=LEVELS[level]))
        return out


def matches(words: Iterable[str], code: str, name: str, category: str) -> bool:
    """A word is the code or its beginning, the name or the category."""
    return any(w in (name, category) or (w.isupper() and code.startswith(w)) or w == code for w in words)


def _glob(path: str, folder: str, glob: str) -> bool:
    """A pattern against a path below the folder of the settings; `**/` also stands for nothing."""
    try:
        shown = Path(path).resolve().relative_to(Path(folder or ".").resolve())
    except ValueError:
        return False
    text = shown.as_posix()
    whole = glob.rstrip("/")
    return fnmatchcase(text, whole) or fnmatchcase(text, whole.replace("**/", "")) or fnmatchcase(text, f"{whole}/*")


# --- files ------------------------------------------------------------------------------------------------------------


def read_settings(path: Path, sink: Sink, known: frozenset[str]) -> Settings:
    """The settings of a file; what is wrong with it is reported, with its line.

    `known`: what `select` and its kin may name.
    """
    import tomllib

    data = path.read_bytes()
    file = SourceFile(str(path), data.decode("utf-8", "replace"))
    try:
        table: Any = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        sink.report("CFG002", f"not TOML: {error}", _error_place(file, str(error)))
        return Settings()
    prefix = ["tool", "apimpy"] if path.name == "pyproject.toml" else []
    reader = _Reader(file, sink, known)
    for key in prefix:
        table = table.get(key, {})
    for key in table if isinstance(table, dict) else ():
        if key != "lint":
            reader.unknown([*prefix], key, ("lint",))
    return reader.settings([*prefix, "lint"], table.get("lint", {}), str(path.parent))


class _Reader(Record):
    """Reads a table key by key."""

    file: SourceFile
    sink: Sink
    known: frozenset[str]
    values: dict[str, Any] = field(default_factory=dict)

    def settings(self, path: list[str], table: Any, folder: str) -> Settings:
        if not isinstance(table, dict):
            self.sink.report("CFG005", f"'{path[-1]}' is a table", _place(self.file, path[:-1], path[-1]))
            return Settings()
        for key, value in table.items():
            read = _KEYS.get(key)
            if read is None:
                self.unknown(path, key, _KEYS)
            else:
                read(self, path, key, value)
        return Settings(folder, **self.values)

    def unknown(self, path: list[str], key: str, keys: Iterable[str]) -> None:
        from apimpy.spell import nearest

        near = nearest(key, tuple(keys))
        help_ = f"did you mean '{near}'?" if near else f"keys: {', '.join(keys)}"
        self.sink.report("CFG004", f"there is no setting '{key}'", _place(self.file, path, key), help=help_)

    def wrong(self, path: list[str], key: str, what: str) -> None:
        self.sink.report("CFG005", f"'{key}' is {what}", _place(self.file, path, key))

    def keep(self, key: str, value: Any) -> None:
        self.values[key.replace("-", "_")] = value

    def words(self, path: list[str], key: str, value: Any) -> tuple[str, ...] | None:
        """A list of codes, names or categories."""
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.wrong(path, key, "a list of codes, names or categories")
            return None
        for word in value:
            self.check_word(path, key, word)
        return tuple(value)

    def check_word(self, path: list[str], key: str, word: str) -> None:
        if word in self.known or (word.isupper() and any(k.startswith(word) for k in self.known)):
            return
        if word.startswith("CS") and word[2:].isdigit():
            return
        from apimpy.spell import nearest

        near = nearest(word, self.known)
        help_ = f"did you mean '{near}'?" if near else "codes and names are listed in docs/rules"
        self.sink.report("CFG007", f"there is no rule '{word}'", _place(self.file, path, key), help=help_)

    # one function for every kind of value

    def codes(self, path: list[str], key: str, value: Any) -> None:
        found = self.words(path, key, value)
        if found is not None:
            self.keep(key, found)

    def texts(self, path: list[str], key: str, value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.wrong(path, key, "a list of patterns")
        else:
            self.keep(key, tuple(value))

    def text(self, path: list[str], key: str, value: Any) -> None:
        if not isinstance(value, str):
            self.wrong(path, key, "a text")
        else:
            self.keep(key, value)

    def one_of(self, path: list[str], key: str, value: Any) -> None:
        allowed = GATEWAYS if key == "gateway" else tuple(LEVELS)
        if value not in allowed:
            message = f"'{key}' is one of {', '.join(allowed)}"
            self.sink.report("CFG007", message, _place(self.file, path, key))
        else:
            self.keep(key, value)

    def level_table(self, path: list[str], key: str, value: Any) -> None:
        if not isinstance(value, dict):
            self.wrong(path, key, "a table: code = level")
            return
        inside = [*path, key]
        for word, level in value.items():
            self.check_word(inside, word, word)
            if level not in (*LEVELS, OFF):
                message = f"the level of {word} is one of {', '.join((*LEVELS, OFF))}"
                self.sink.report("CFG007", message, _place(self.file, inside, word))
        self.keep(key, tuple((w, v) for w, v in value.items() if v in (*LEVELS, OFF)))

    def file_table(self, path: list[str], key: str, value: Any) -> None:
        if not isinstance(value, dict):
            self.wrong(path, key, "a table: pattern = list")
            return
        inside = [*path, key]
        read = [(glob, self.words(inside, glob, codes)) for glob, codes in value.items()]
        self.keep(key, tuple((glob, codes) for glob, codes in read if codes is not None))


_KEYS: dict[str, Callable[[_Reader, list[str], str, Any], None]] = {
    "select": _Reader.codes,
    "ignore": _Reader.codes,
    "levels": _Reader.level_table,
    "per-file-ignores": _Reader.file_table,
    "gateway": _Reader.one_of,
    "fail-level": _Reader.one_of,
    "exclude": _Reader.texts,
    "baseline": _Reader.text,
}


def known_words(rules: Iterable[tuple[str, str, str]]) -> frozenset[str]:
    """What may be named: codes, names and categories of rules (given), and the codes of the other stages."""
    return frozenset(w for row in rules for w in row) | frozenset(w for c in CODES.values() for w in (c.code, c.name))


def _place(file: SourceFile, path: list[str], key: str) -> Span:
    """Where a key of a table stands.  TOML's reader tells no positions: the text is searched line by line."""
    wanted, at, table, found = ".".join(path), 0, "", None
    for line in file.text.splitlines(keepends=True):
        text = line.strip()
        if text.startswith("["):
            table = text.strip("[]").replace('"', "").replace("'", "").replace(" ", "")
            if table in (f"{wanted}.{key}", wanted) and (found is None or table != wanted):
                start = at + line.index("[") + 1
                found = file.span(start, start + len(table))
            if table == f"{wanted}.{key}":
                return file.span(at + line.index("["), at + len(line.rstrip()))
        elif table == wanted or wanted.startswith(f"{table}."):
            left = text.partition("=")[0].strip()
            if left.strip("\"'") == key or left.rpartition(".")[2].strip("\"'") == key:
                start = at + line.index(left)
                return file.span(start, start + len(left))
        at += len(line)
    return found or file.span(0)


def _error_place(file: SourceFile, message: str) -> Span:
    """`… (at line 3, column 7)` as a place."""
    import re

    m = re.search(r"at line (\d+), column (\d+)", message)
    if m is None:
        return file.span(len(file.text))
    start = 0
    for _ in range(int(m[1]) - 1):
        start = file.text.find("\n", start) + 1
    return file.span(min(start + int(m[2]) - 1, len(file.text)))
