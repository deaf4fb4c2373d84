"""System.Environment and System.Version: known so that lint can name them; expressions may not use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apimpy.dotnet.decl import clr_type
from apimpy.dotnet.exceptions import (
    ArgumentException,
    ArgumentNullException,
    ArgumentOutOfRangeException,
    FormatException,
)

__all__ = ["Version", "environment", "version"]

environment = clr_type("System.Environment", kind="static", allowed="")
environment.const("string NewLine", "\n")
environment.prop("static string MachineName", lambda: "localhost", unsupported="the host is not visible to expressions")
environment.prop("static int TickCount", lambda rt: int(rt.clock.now() * 1000) & 0x7FFFFFFF, rt=True)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Parts that were not given are -1."""

    major: int
    minor: int
    build: int = -1
    revision: int = -1

    def clr_to_string(self) -> str:
        return ".".join(str(p) for p in (self.major, self.minor, self.build, self.revision) if p >= 0)


def parse_version(text: str | None) -> Version:
    if text is None:
        raise ArgumentNullException("version")
    parts = text.split(".")
    if not 2 <= len(parts) <= 4:
        raise ArgumentException("Version string portion was too short or too long.", "version")
    for part in parts:
        if not (part.strip().isascii() and part.strip().removeprefix("-").isdigit()):
            raise FormatException("Input string was not in a correct format.")
        if int(part) < 0:
            raise ArgumentOutOfRangeException("version", "Version's parameters must be greater than or equal to zero.")
    return Version(*map(int, parts))


def _try_parse(text: str | None) -> tuple[bool, Version | None]:
    try:
        return True, parse_version(text)
    except (ArgumentException, FormatException):
        return False, None


def _compare(self: Version, other: Any) -> int:
    return 1 if other is None else (self > other) - (self < other)


version = clr_type("System.Version", bases="object, IComparable, ICloneable", python=Version, allowed="")
version.ctor("Version(string version)", parse_version)
version.ctor("Version(int major, int minor)", Version)
version.ctor("Version(int major, int minor, int build)", Version)
version.ctor("Version(int major, int minor, int build, int revision)", Version)
version.method("static Version Parse(string input)", parse_version)
version.method("static bool TryParse(string? input, out Version? result)", _try_parse)
version.prop("int Major", attr="major")
version.prop("int Minor", attr="minor")
version.prop("int Build", attr="build")
version.prop("int Revision", attr="revision")
version.method("string ToString()", Version.clr_to_string)
version.method("int CompareTo(Version? value)", _compare)
version.method("int CompareTo(object? value)", _compare)
version.method("bool Equals(object? obj)", lambda self, other: self == other)
version.method("int GetHashCode()", lambda self: hash(self) & 0x7FFFFFFF)
version.method("static bool operator ==(Version? a, Version? b)", lambda a, b: a == b)
version.method("static bool operator !=(Version? a, Version? b)", lambda a, b: a != b)
version.method("static bool operator <(Version a, Version b)", lambda a, b: a < b)
version.method("static bool operator >(Version a, Version b)", lambda a, b: a > b)
version.method("static bool operator <=(Version a, Version b)", lambda a, b: a <= b)
version.method("static bool operator >=(Version a, Version b)", lambda a, b: a >= b)
