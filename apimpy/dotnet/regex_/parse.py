"""Parses .NET regular expressions, with .NET's messages for malformed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.dotnet.regex_ import nodes as n
from apimpy.dotnet.regex_.classes import known_property
from apimpy.dotnet.regex_.groups import (
    ECMA,
    EXPLICIT,
    EXTENDED,
    IGNORE_CASE,
    MULTILINE,
    SINGLELINE,
    Options,
    escaped_char,
    failure,
    is_word,
    scan_groups,
    scan_options,
)

if TYPE_CHECKING:
    from apimpy.dotnet.exceptions import ArgumentException

__all__ = ["parse"]

_MAX = 2**31 - 1
_DEPTH = 100
_SPACE = " \t\n\r\f\v"


def parse(text: str, options: Options) -> n.Pattern:
    return _Parser(text, options).pattern()


class _Parser:
    def __init__(self, text: str, options: Options) -> None:
        self.text, self.options, self.i = text, options, 0
        self.by_name, self.names, self.numbers = scan_groups(text, options)
        self.unnamed = 0
        self.depth = 0
        self.balancing = False
        self.open: list[int | None] = []

    # --- basics ---

    def fail(self, text: str, offset: int | None = None) -> ArgumentException:
        return failure(self.text, self.i if offset is None else offset, text)

    def peek(self) -> str:
        return self.text[self.i : self.i + 1]

    def at(self, text: str) -> bool:
        return self.text.startswith(text, self.i)

    @property
    def ascii(self) -> bool:
        return bool(self.options & ECMA)

    @property
    def folds(self) -> bool:
        return bool(self.options & IGNORE_CASE)

    def pattern(self) -> n.Pattern:
        root = self.alternation()
        if self.i < len(self.text):
            raise self.fail("Too many )'s.", self.i + 1)
        return n.Pattern(root, self.numbers, self.names, self.balancing)

    def alternation(self) -> n.Node:
        """Up to the closing parenthesis or the end; inline options end with it."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise self.fail("The pattern nests too deeply.")
        saved = self.options
        options = [self.sequence()]
        while self.peek() == "|":
            self.i += 1
            options.append(self.sequence())
        self.options = saved
        self.depth -= 1
        return options[0] if len(options) == 1 else n.Alternation(tuple(options))

    def sequence(self) -> n.Node:
        items: list[n.Node] = []
        while True:
            self.blanks()
            c = self.peek()
            if c in ("", "|", ")"):
                return items[0] if len(items) == 1 else n.Sequence(tuple(items))
            atom = self.atom()
            if atom is not None:
                items.append(self.quantified(atom))

    def blanks(self) -> None:
        """Comments, and white space under the option `x`."""
        while self.i < len(self.text):
            if self.at("(?#"):
                end = self.text.find(")", self.i)
                if end < 0:
                    raise self.fail("Unterminated (?#...) comment.", len(self.text))
                self.i = end + 1
            elif self.options & EXTENDED and self.peek() in _SPACE:
                self.i += 1
            elif self.options & EXTENDED and self.peek() == "#":
                end = self.text.find("\n", self.i)
                self.i = len(self.text) if end < 0 else end
            else:
                return

    def atom(self) -> n.Node | None:
        """One element; None for inline options, which match nothing."""
        c = self.peek()
        self.i += 1
        if c == "(":
            return self.group()
        if c == "[":
            return self.char_set()
        if c == "\\":
            return self.escape()
        if c == ".":
            return n.Any(bool(self.options & SINGLELINE))
        if c == "^":
            return n.Anchor("^" if self.options & MULTILINE else "A")
        if c == "$":
            return n.Anchor("$" if self.options & MULTILINE else "Z")
        if c in "*+?" or (c == "{" and self.braces(self.i - 1) is not None):
            raise self.fail("Quantifier {x,y} following nothing.")
        return n.Literal(c, self.folds)

    # --- quantifiers ---

    def braces(self, i: int) -> tuple[int, int | None, int] | None:
        """`{2}`, `{2,}` or `{2,3}` at `i`: the bounds and the index after it; None if it is plain text."""
        end = self.text.find("}", i)
        least, comma, most = self.text[i + 1 : max(end, i + 1)].partition(",")
        if end < 0 or not _digits(least) or (most and not _digits(most)):
            return None
        self.bounded(least, i + 1)
        self.bounded(most, i + 2 + len(least))
        return int(least), (int(most) if most else None) if comma else int(least), end + 1

    def bounded(self, digits: str, at: int) -> None:
        for k in range(10, len(digits) + 1):
            if int(digits[:k]) > _MAX:
                raise self.fail("Capture group numbers must be less than or equal to Int32.MaxValue.", at + k)

    def quantified(self, atom: n.Node) -> n.Node:
        self.blanks()
        c = self.peek()
        if c == "*":
            least, most = 0, None
            self.i += 1
        elif c == "+":
            least, most = 1, None
            self.i += 1
        elif c == "?":
            least, most = 0, 1
            self.i += 1
        elif c == "{" and (found := self.braces(self.i)) is not None:
            least, most, self.i = found
            if most is not None and least > most:
                raise self.fail("Illegal {x,y} with x > y.")
        else:
            return atom
        self.blanks()
        lazy = self.peek() == "?"
        if lazy:
            self.i += 1
        self.blanks()
        c = self.peek()
        if c and (c in "*+?" or (c == "{" and self.braces(self.i) is not None)):
            raise self.fail(f"Nested quantifier '{c}'.", self.i + 1)
        return n.Repeat(atom, least, most, lazy)

    # --- groups ---

    def close(self) -> None:
        if self.peek() != ")":
            raise self.fail("Not enough )'s.")
        self.i += 1

    def closed(self) -> n.Node:
        body = self.alternation()
        self.close()
        return body

    def group(self) -> n.Node | None:
        if not self.at("?"):
            if self.options & EXPLICIT:
                return self.closed()
            self.unnamed += 1
            return self.captured(self.unnamed)
        self.i += 1
        for prefix, behind, negated in (
            ("=", False, False),
            ("!", False, True),
            ("<=", True, False),
            ("<!", True, True),
        ):
            if self.at(prefix):
                self.i += len(prefix)
                return n.Look(self.closed(), behind, negated)
        c = self.peek()
        self.i += 1
        if c == ":":
            return self.closed()
        if c == ">":
            return n.Atomic(self.closed())
        if c in ("<", "'"):
            return self.named("'" if c == "'" else ">")
        if c == "(":
            return self.conditional()
        self.i -= 1
        saved = self.options
        self.options, self.i, scoped = scan_options(self.text, self.i, self.options)
        if scoped:
            self.i += 1
            body = self.closed()
            self.options = saved
            return body
        if self.peek() != ")":
            raise self.fail("Unrecognized grouping construct.", min(self.i + 1, len(self.text)))
        self.i += 1
        return None

    def word(self) -> str:
        start = self.i
        while self.i < len(self.text) and is_word(self.text[self.i]):
            self.i += 1
        return self.text[start : self.i]

    def group_number(self, name: str) -> int:
        """The number of an existing group given by name or number."""
        if name.isdigit():
            if int(name) not in self.numbers:
                raise self.fail(f"Reference to undefined group number {name}.")
            return int(name)
        if name not in self.by_name:
            raise self.fail(f"Reference to undefined group name '{name}'.")
        return self.by_name[name]

    def named(self, end: str) -> n.Node:
        bad = "Invalid group name: Group names must begin with a word character."
        start = self.i
        name = self.word()
        if not name and not self.at("-"):
            if not self.peek():
                raise self.fail("Unrecognized grouping construct.")
            raise self.fail(bad)
        if name and name[0].isdigit() and not name.isdigit():
            raise self.fail(bad, start + 1)
        if name == "0":
            raise self.fail("Capture number cannot be zero.")
        pops = None
        if self.at("-"):
            self.i += 1
            if not self.peek():
                raise self.fail("Unrecognized grouping construct.")
            pops = self.group_number(self.word())
            self.balancing = True
        if not self.at(end):
            if not self.peek():
                raise self.fail("Unrecognized grouping construct.")
            raise self.fail(bad)
        self.i += 1
        number = None if not name else int(name) if name.isdigit() else self.by_name[name]
        return self.captured(number, pops)

    def captured(self, number: int | None, pops: int | None = None) -> n.Node:
        """The rest of a capturing group."""
        self.open.append(number)
        body = self.closed()
        self.open.pop()
        return n.Group(number, body, pops)

    def reference(self, number: int) -> n.Node:
        """A backreference; one to a group that is still open sees the capture of the round before."""
        self.balancing = self.balancing or number in self.open
        return n.Backreference(number, self.folds, self.ascii)

    def conditional(self) -> n.Node:
        start = self.i
        name = self.word()
        test: int | n.Node
        if name and self.at(")"):
            if name.isdigit() and int(name) not in self.numbers:
                raise self.fail(f"(?({name}) ) reference to undefined group.", self.i + 1)
            self.i += 1
            number = int(name) if name.isdigit() else self.by_name.get(name)
            test = number if number is not None else n.Look(self._literal(name), behind=False, negated=False)
        else:
            self.i = start
            if self.at("?<") and self.text[self.i + 2 : self.i + 3] not in ("=", "!"):
                raise self.fail("Alternation conditions do not capture and cannot be named.", start - 1)
            if self.at("?#"):
                raise self.fail("Alternation conditions cannot be comments.")
            if self.at("?"):
                node = self.group()
                test = node if isinstance(node, n.Look) else n.Look(node or n.Sequence(), behind=False, negated=False)
            else:
                test = n.Look(self.closed(), behind=False, negated=False)
        body = self.alternation()
        self.close()
        options = body.options if isinstance(body, n.Alternation) else (body,)
        if len(options) > 2:
            raise self.fail("Too many | in (?()|).")
        return n.Conditional(test, options[0], options[1] if len(options) == 2 else n.Sequence())

    def _literal(self, text: str) -> n.Node:
        return n.Sequence(tuple(n.Literal(c, self.folds) for c in text))

    # --- escapes ---

    def escape(self) -> n.Node:
        c = self.peek()
        if not c:
            raise self.fail("Illegal \\\\ at end of pattern.")
        if c in "AZzG":
            self.i += 1
            return n.Anchor(c)
        if c in "bB":
            self.i += 1
            return n.Anchor(c, self.ascii)
        if c in "dDwWsS":
            self.i += 1
            return n.CharSet((c,), negated=False, ignore_case=False, ascii=self.ascii)
        if c in "pP":
            return n.CharSet((self.property(),), negated=False, ignore_case=self.folds)
        if c == "k":
            return self.named_reference()
        if c in "<'" and (found := self.bracketed(self.i)) is not None:
            return self.reference(found)
        if c in "123456789" and (number := self.number_reference()) is not None:
            return self.reference(number)
        char, self.i = escaped_char(self.text, self.i, lambda i, text: self.fail(text, i))
        return n.Literal(char, self.folds)

    def bracketed(self, i: int) -> int | None:
        """The group of `<name>` or `'name'` at `i`, or None if there is no such thing."""
        end = self.text.find(">" if self.text[i] == "<" else "'", i + 1)
        name = self.text[i + 1 : end]
        if end < 0 or not name or not all(map(is_word, name)):
            return None
        self.i = end + 1
        return self.group_number(name)

    def named_reference(self) -> n.Node:
        self.i += 1
        if self.peek() not in ("<", "'") or self.i + 1 == len(self.text):
            at = self.i + 1 if self.peek() else self.i - 1
            raise self.fail("Malformed \\\\k<...> named back reference.", at)
        number = self.bracketed(self.i)
        if number is None:
            raise self.fail("Unrecognized escape sequence \\\\k.")
        return self.reference(number)

    def number_reference(self) -> int | None:
        """A back reference by number, or None if the digits are an octal code."""
        start = end = self.i
        while end < len(self.text) and self.text[end] in "0123456789":
            end += 1
        digits = self.text[start:end]
        if self.ascii:
            while len(digits) > 1 and int(digits) not in self.numbers:
                digits = digits[:-1]
            if int(digits) not in self.numbers and digits[0] not in "89":
                return None
        if int(digits) in self.numbers:
            self.i = start + len(digits)
            return int(digits)
        if len(digits) == 1 or digits[0] in "89":
            self.i = end
            raise self.fail(f"Reference to undefined group number {digits}.")
        return None

    def property(self) -> str:
        letter = self.peek()
        self.i += 1
        if len(self.text) - self.i < 3:
            raise self.fail("Incomplete \\\\p{X} character escape.")
        if not self.at("{"):
            raise self.fail("Malformed \\\\p{X} character escape.", self.i + 1)
        end = self.i + 1
        while end < len(self.text) and (is_word(self.text[end]) or self.text[end] == "-"):
            end += 1
        if self.text[end : end + 1] != "}":
            raise self.fail("Incomplete \\\\p{X} character escape.", min(end + 1, len(self.text)))
        name = self.text[self.i + 1 : end]
        self.i = end + 1
        if known_property(name) is None:
            raise self.fail(f"Unknown property '{name}'.")
        return f"{letter}{{{name}}}"

    # --- sets ---

    def char_set(self) -> n.CharSet:
        """After the opening bracket, up to and with the closing one."""
        negated = self.at("^")
        if negated:
            self.i += 1
        items: list[tuple[str, str] | str] = []
        subtract: n.CharSet | None = None
        first = True
        while True:
            c = self.peek()
            if not c:
                raise self.fail("Unterminated [] set.")
            if c == "]" and not first:
                self.i += 1
                return n.CharSet(tuple(items), negated, self.folds, self.ascii, subtract)
            if self.at("-[") and not first:
                self.i += 2
                subtract = self.char_set()
                if self.peek() and not self.at("]"):
                    raise self.fail("A subtraction must be the last element in a character class.")
                continue
            first = False
            low = self.set_item()
            if len(low) > 1:
                items.append(low)
                continue
            if self.at("-") and self.text[self.i + 1 : self.i + 2] not in ("]", "", "["):
                self.i += 1
                high = self.set_item()
                if len(high) > 1:
                    raise self.fail(f"Cannot include class \\\\{high[1]} in character range.")
                if low > high:
                    raise self.fail("[x-y] range in reverse order.")
                items.append((low, high))
            else:
                items.append((low, low))

    def set_item(self) -> str:
        """A single character; or the text of a class, marked by a leading backslash."""
        c = self.peek()
        if c == "[" and self.at("[:"):
            end = self.text.find(":]", self.i + 2)
            if end >= 0 and self.text[self.i + 2 : end].isalpha():
                self.i += 1
                return c
        self.i += 1
        if c != "\\":
            return c
        c = self.peek()
        if not c:
            raise self.fail("Illegal \\\\ at end of pattern.")
        if c in "dDwWsS":
            self.i += 1
            return "\\" + c
        if c in "pP":
            return "\\" + self.property()
        if c == "-":
            self.i += 1
            return c
        char, self.i = escaped_char(self.text, self.i, lambda i, text: self.fail(text, i))
        return char


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
