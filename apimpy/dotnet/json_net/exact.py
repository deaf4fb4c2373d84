"""Json.NET's reader, character by character: lenient where it is lenient, with its messages, paths and positions.

It accepts comments, single quotes, unquoted names, trailing commas, `undefined`, `NaN`, hexadecimal and octal numbers,
`new Date(…)`, integers of any size (up to 380 digits); it refuses more than 64 levels.
"""

from __future__ import annotations

from typing import Any

from apimpy.dotnet.exceptions import ClrError, JsonReaderException
from apimpy.dotnet.json_net.path_text import path_text
from apimpy.dotnet.json_net.scalars import BigInteger, date_of
from apimpy.dotnet.json_net.tree import LONG_MAX
from apimpy.dotnet.values import Int64
from apimpy.pattern import pattern

__all__ = ["Reader"]

# tokens, by their JsonToken names
NONE, START_OBJECT, START_ARRAY, START_CONSTRUCTOR = "None", "StartObject", "StartArray", "StartConstructor"
END_OBJECT, END_ARRAY, END_CONSTRUCTOR, NAME = "EndObject", "EndArray", "EndConstructor", "PropertyName"
CLOSES = {END_OBJECT: "Object", END_ARRAY: "Array", END_CONSTRUCTOR: "Constructor"}
_NUMBER_CHARS = frozenset("-+aAbBcCdDeEfFxX.0123456789")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_STOPS = {quote: pattern(rf"[{quote}\\\r\n]") for quote in "\"'"}
_MAX_DIGITS = 380
MAX_DEPTH = 64


class Reader:
    """JsonTextReader: `read()` moves to the next token; `current` and `value` describe it."""

    def __init__(self, text: str, max_depth: int | None = MAX_DEPTH, dates: bool = True) -> None:
        self.text = text
        self.end = len(text)
        self.pos = 0
        self.line = 1
        self.line_start = 0
        self.state = "Start"
        self.current = NONE
        self.value: Any = None
        self.container: list[Any] = [None, -1]  # type and name or index of the innermost container
        self.stack: list[list[Any]] = []
        self.max_depth = max_depth
        self.dates = dates

    # --- position and errors ---

    def peek(self, ahead: int = 0) -> str:
        at = self.pos + ahead
        return self.text[at] if at < self.end else "\0"

    @property
    def depth(self) -> int:
        if self.current in (START_OBJECT, START_ARRAY, START_CONSTRUCTOR) or self.container[0] is None:
            return len(self.stack)
        return len(self.stack) + 1

    @property
    def path(self) -> str:
        if self.container[0] is None:
            return ""
        inside = self.state not in ("ArrayStart", "ConstructorStart", "ObjectStart")
        return path_text([p[1] for p in self.stack] + ([self.container[1]] if inside else []))

    def error(self, message: str) -> ClrError:
        message = message.strip()
        if not message.endswith("."):
            message += "."
        return JsonReaderException(f"{message} {self.where()}")

    def where(self) -> str:
        """The end of every message: path and position."""
        column = self.pos - self.line_start
        line = 0 if self.state == "Start" and column == 0 and self.current != "Comment" else self.line
        return f"Path '{self.path}', line {line}, position {column}."

    def unexpected(self, c: str) -> ClrError:
        return self.error(f"Unexpected character encountered while parsing value: {c}.")

    # --- state ---

    def _push(self, kind: str) -> None:
        self._count()
        if self.container[0] is None:
            self.container = [kind, None if kind == "Object" else -1]
            return
        self.stack.append(self.container)
        self.container = [kind, None if kind == "Object" else -1]
        if self.max_depth is not None and len(self.stack) + 1 > self.max_depth:
            raise self.error(f"The reader's MaxDepth of {self.max_depth} has been exceeded.")

    def _count(self) -> None:
        if self.container[0] in ("Array", "Constructor"):
            self.container[1] += 1

    def _after(self) -> None:
        self.state = "PostValue" if self.container[0] is not None else "Finished"

    def _set(self, token: str, value: Any = None, *, counted: bool = False) -> bool:
        self.current, self.value = token, value
        if token in CLOSES:
            closed = self.container[0]
            self.container = self.stack.pop() if self.stack else [None, -1]
            if closed != CLOSES[token]:
                raise self.error(f"JsonToken {token} is not valid for closing JsonType {closed or 'None'}.")
            self._after()
        elif token == NAME:
            self.state = "Property"
            self.container[1] = value
        elif token in (START_OBJECT, START_ARRAY, START_CONSTRUCTOR):
            kind = token[5:]
            self.state = kind + "Start"
            self._push(kind)
        elif token not in (NONE, "Comment"):
            self._after()
            if not counted:
                self._count()
        return True

    # --- white space ---

    def _line_feed(self) -> None:
        self.pos += 1
        self.line += 1
        self.line_start = self.pos

    def _carriage_return(self) -> None:
        self.pos += 1
        # a line feed that ends the text counts as a line of its own, as in the original
        if self.peek() == "\n" and self.pos + 1 < self.end:
            self.pos += 1
        self.line += 1
        self.line_start = self.pos

    def _space(self, c: str) -> bool:
        """Step over one white-space character."""
        if c == "\n":
            self._line_feed()
        elif c == "\r":
            self._carriage_return()
        elif c == " " or c == "\t" or c == "\0" or is_space(c):
            self.pos += 1
        else:
            return False
        return True

    def _eat_white_space(self) -> None:
        while self.pos < self.end:
            c = self.text[self.pos]
            if c == "\n":
                self._line_feed()
            elif c == "\r":
                self._carriage_return()
            elif c == " " or is_space(c) or c == "\0":
                self.pos += 1
            else:
                return

    # --- tokens ---

    def read(self) -> bool:
        """Move to the next token; False at the end."""
        if self._read():
            return True
        self._set(NONE)
        return False

    def _read(self) -> bool:
        while True:
            state = self.state
            if state in ("Object", "ObjectStart"):
                return self._object()
            if state == "PostValue":
                if self._post_value():
                    return True
            elif state == "Finished":
                self._eat_white_space()
                if self.pos >= self.end:
                    return False
                if self.peek() == "/":
                    return self._comment()
                raise self.error(f"Additional text encountered after finished reading JSON content: {self.peek()}.")
            else:
                return self._value()

    def _post_value(self) -> bool:
        while self.pos < self.end:
            c = self.text[self.pos]
            if c in "}])":
                self.pos += 1
                return self._set({"}": END_OBJECT, "]": END_ARRAY, ")": END_CONSTRUCTOR}[c])
            if c == "/":
                return self._comment()
            if c == ",":
                self.pos += 1
                kind = self.container[0]
                self.state = kind if kind is not None else "Finished"
                return False
            if not self._space(c):
                raise self.error(f"After parsing a value an unexpected character was encountered: {c}.")
        self.state = "Finished"
        return False

    def _object(self) -> bool:
        while self.pos < self.end:
            c = self.text[self.pos]
            if c == "}":
                self._set(END_OBJECT)
                self.pos += 1
                return True
            if c == "/":
                return self._comment()
            if not self._space(c):
                return self._property()
        return False

    def _property(self) -> bool:
        c = self.peek()
        if c in "\"'":
            self.pos += 1
            name = self._string(c)
        elif c.isalnum() or c in "_$":
            name = self._unquoted()
        else:
            raise self.error(f"Invalid property identifier character: {c}.")
        self._eat_white_space()
        if self.peek() != ":":
            raise self.error(f"Invalid character after parsing property name. Expected ':' but got: {self.peek()}.")
        self.pos += 1
        return self._set(NAME, name)

    def _unquoted(self) -> str:
        start = self.pos
        while self.pos < self.end:
            c = self.text[self.pos]
            if c.isalnum() or c in "_$":
                self.pos += 1
            elif is_space(c) or c in ":\0":
                return self.text[start : self.pos]
            else:
                raise self.error(f"Invalid JavaScript property identifier character: {c}.")
        raise self.error("Unexpected end while parsing unquoted property name.")

    def _value(self) -> bool:
        while self.pos < self.end:
            c = self.text[self.pos]
            if c in "\"'":
                return self._string_value(c)
            if c == "{":
                self.pos += 1
                return self._set(START_OBJECT)
            if c == "[":
                self.pos += 1
                return self._set(START_ARRAY)
            if c == "]":
                self.pos += 1
                return self._set(END_ARRAY)
            if c == ")":
                self.pos += 1
                return self._set(END_CONSTRUCTOR)
            if c == ",":
                return self._set("Undefined")
            if c == "/":
                return self._comment()
            if c in "tfnuNI":
                return self._word(c)
            if c == "-" and self.peek(1) == "I":
                return self._literal("-Infinity", "Float", float("-inf"), "Error parsing -Infinity value.")
            if c in "-." or c.isnumeric():
                return self._number()
            if not self._space(c):
                raise self.unexpected(c)
        return False

    def _word(self, c: str) -> bool:
        if c == "t":
            return self._literal("true", "Boolean", True, "Error parsing boolean value.")
        if c == "f":
            return self._literal("false", "Boolean", False, "Error parsing boolean value.")
        if c == "u":
            return self._literal("undefined", "Undefined", None, "Error parsing undefined value.")
        if c == "N":
            return self._literal("NaN", "Float", float("nan"), "Error parsing NaN value.")
        if c == "I":
            return self._literal("Infinity", "Float", float("inf"), "Error parsing Infinity value.")
        if self.pos + 1 >= self.end:
            self.pos += 1
            raise self.error("Unexpected end when reading JSON.")
        following = self.peek(1)
        if following == "u":
            return self._literal("null", "Null", None, "Error parsing null value.")
        if following == "e":
            return self._constructor()
        raise self.unexpected(c)

    def _match(self, word: str) -> bool:
        """Match a word that a separator ends."""
        if self.pos + len(word) > self.end:
            self.pos = self.end
            raise self.error("Unexpected end when reading JSON.")
        for i, c in enumerate(word):
            if self.text[self.pos + i] != c:
                self.pos += i
                return False
        self.pos += len(word)
        return self.pos >= self.end or self._separator(self.text[self.pos])

    def _separator(self, c: str) -> bool:
        if c == "/":
            return self.pos + 1 < self.end and self.peek(1) in "*/"
        if c == ")":
            return self.state in ("Constructor", "ConstructorStart")
        return c in "}],\0" or is_space(c)

    def _literal(self, word: str, token: str, value: Any, failure: str) -> bool:
        if not self._match(word):
            raise self.error(failure)
        return self._set(token, value)

    def _constructor(self) -> bool:
        if not self._match("new"):
            raise self.error("Unexpected content while parsing JSON.")
        self._eat_white_space()
        start = self.pos
        while True:
            if self.pos >= self.end:
                raise self.error("Unexpected end while parsing constructor.")
            c = self.text[self.pos]
            if c.isalnum():
                self.pos += 1
                continue
            name = self.text[start : self.pos]
            if c != "(" and not self._space(c):
                raise self.error(f"Unexpected character while parsing constructor: {c}.")
            break
        self._eat_white_space()
        if self.peek() != "(":
            raise self.error(f"Unexpected character while parsing constructor: {self.peek()}.")
        self.pos += 1
        return self._set(START_CONSTRUCTOR, name)

    def _comment(self) -> bool:
        self.pos += 1
        if self.pos + 1 >= self.end:
            raise self.error("Unexpected end while parsing comment.")
        c = self.peek()
        if c not in "*/":
            raise self.error(f"Error parsing comment. Expected: *, got {c}.")
        self.pos += 1
        start = self.pos
        single = c == "/"
        while True:
            if self.pos >= self.end:
                if not single:
                    raise self.error("Unexpected end while parsing comment.")
                break
            c = self.text[self.pos]
            if single and c in "\r\n":
                break
            if c == "\r":
                self._carriage_return()
            elif c == "\n":
                self._line_feed()
            else:
                self.pos += 1
                if c == "*" and not single and self.peek() == "/":
                    self.pos += 1
                    return self._set("Comment", self.text[start : self.pos - 2])
        return self._set("Comment", self.text[start : self.pos])

    # --- strings and numbers ---

    def _string_value(self, quote: str) -> bool:
        self.pos += 1
        text = self._string(quote)
        self._after()
        self._count()
        if self.dates and text:
            date = date_of(text) if len(text) < 41 or text[0] == "/" else None
            if date is not None:
                return self._set("Date", date, counted=True)
        return self._set("String", text, counted=True)

    def _string(self, quote: str) -> str:
        """The string after its opening quote; moves behind the closing one."""
        text, start = self.text, self.pos
        out: list[str] = []
        at = start
        stop = _STOPS[quote].search
        while True:
            found = stop(text, at)
            at = self.end if found is None else found.start()
            if at >= self.end:
                self.pos = at
                raise self.error(f"Unterminated string. Expected delimiter: {quote}.")
            c = text[at]
            if c == quote:
                self.pos = at + 1
                if not out:
                    return text[start:at]
                out.append(text[start:at])
                return "".join(out)
            if c == "\\":
                out.append(text[start:at])
                self.pos = at + 1
                if self.pos >= self.end:
                    raise self.error(f"Unterminated string. Expected delimiter: {quote}.")
                out.append(self._escape())
                start = at = self.pos
            else:
                self.pos = at
                if c == "\r":
                    self._carriage_return()
                else:
                    self._line_feed()
                at = self.pos

    def _escape(self) -> str:
        c = self.text[self.pos]
        self.pos += 1
        plain = _ESCAPES.get(c)
        if plain is not None:
            return plain
        if c != "u":
            raise self.error(f"Bad JSON escape sequence: \\{c}.")
        unit = self._unicode()
        if "\udc00" <= unit <= "\udfff":
            return "\ufffd"
        out = ""
        while "\ud800" <= unit <= "\udbff":
            if not (self.pos + 2 < self.end and self.text.startswith("\\u", self.pos)):
                return out + "\ufffd"
            self.pos += 2
            following = self._unicode()
            out += unit if "\udc00" <= following <= "\udfff" else "\ufffd"
            unit = following
        return out + unit

    def _unicode(self) -> str:
        if self.pos + 4 >= self.end:
            raise self.error("Unexpected end while parsing Unicode escape sequence.")
        digits = self.text[self.pos : self.pos + 4]
        if any(d not in "0123456789abcdefABCDEF" for d in digits):
            raise self.error(f"Invalid Unicode escape sequence: \\u{digits}.")
        self.pos += 4
        return chr(int(digits, 16))

    def _number(self) -> bool:
        token, value = self.number_of(self.number_text())
        return self._set(token, value, counted=True)

    def number_text(self) -> str:
        """The characters of a number."""
        start = self.pos
        while self.pos < self.end:
            c = self.text[self.pos]
            if c in _NUMBER_CHARS:
                self.pos += 1
            elif is_space(c) or c in ",}])/\0":
                break
            else:
                raise self.error(f"Unexpected character encountered while parsing number: {c}.")
        self._after()
        self._count()
        return self.text[start : self.pos]

    def number_of(self, text: str) -> tuple[str, Any]:
        invalid = f"Input string '{text}' is not a valid number."
        if is_based(text):
            value = based(text)
            if value is None:
                raise self.error(invalid)
            return "Integer", Int64(value)
        digits = text[1:] if text[:1] == "-" else text
        if digits.isascii() and digits.isdigit():
            if len(text) > _MAX_DIGITS:
                raise self.error(f"JSON integer {text} is too large to parse.")
            number = int(text)
            return "Integer", Int64(number) if -LONG_MAX - 2 < number <= LONG_MAX else BigInteger(number)
        if not all(c in "+-.eE0123456789" for c in text):
            raise self.error(invalid)
        try:
            return "Float", float(text) or 0.0  # one zero, without a sign
        except ValueError:
            raise self.error(invalid) from None


def is_based(text: str) -> bool:
    """Whether a number is hexadecimal or octal."""
    return len(text) > 1 and text[0] == "0" and text[1] not in ".eE"


def based(text: str) -> int | None:
    """A hexadecimal or octal 64-bit number."""
    hexadecimal = text[:2] in ("0x", "0X")
    try:
        value = int(text, base=0) if hexadecimal else int(text, 8)
    except ValueError:
        return None
    if not text.isalnum() or value >= 1 << 64:
        return None
    return value - (1 << 64) if value > LONG_MAX else value


def is_space(c: str) -> bool:
    """`char.IsWhiteSpace`: Python counts four separators too many."""
    return c.isspace() and not "\x1c" <= c <= "\x1f"
