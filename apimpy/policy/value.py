"""Values of policies: a literal, or an expression evaluated each time the policy runs.

`Value[int]` in a declaration says that an attribute may be either and is an integer in the end.  Results of
expressions are converted as the gateway does it: text is invariant `ToString()`, null is empty text, a condition must
be a boolean.  What cannot be converted, or breaks a rule of the attribute, is a `PolicyFault` of the policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from apimpy.dotnet.exceptions import BudgetExceeded, ClrError
from apimpy.dotnet.values import Array, from_text, to_string, well_formed
from apimpy.pattern import pattern
from apimpy.runtime.faults import PolicyFault
from apimpy.runtime.flow import BODY_REQUEST, BODY_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from apimpy.runtime.exchange import Exchange

__all__ = [
    "EXPECTED",
    "Compiled",
    "Computed",
    "Constant",
    "Open",
    "Rules",
    "Value",
    "is_open",
    "parse_literal",
    "value_fault",
]

T = TypeVar("T")


class Compiled(Protocol):
    """What policies need of a compiled expression."""

    @property
    def call(self) -> Callable[[Any, Any], Any]: ...
    @property
    def reads_request_body(self) -> bool: ...
    @property
    def reads_response_body(self) -> bool: ...
    @property
    def notes(self) -> Sequence[Any]:
        """Advice (`csharp.bind.advice.Note`), where it was asked for."""


class Rules(Protocol):
    """The restrictions of a field (`FieldSpec` has them)."""

    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...
    @property
    def allowed(self) -> tuple[str, ...]: ...
    @property
    def non_empty(self) -> bool: ...


class Value(Generic[T]):
    """A value of type T, known now or computed for each request."""

    __slots__ = ()
    is_literal: bool
    needs: int
    """Which bodies evaluating it reads (`runtime.flow.BODY_*`)."""

    def get(self, ex: Exchange) -> T:
        """The value for this request."""
        raise AssertionError("a value is a Constant or a Computed")


class Constant(Value[T]):
    """A literal, converted at load time."""

    __slots__ = ("value",)
    is_literal = True
    needs = 0

    def __init__(self, value: T) -> None:
        self.value = value

    def get(self, ex: Exchange) -> T:
        return self.value

    def __repr__(self) -> str:
        return f"Constant({self.value!r})"


class Open(Value[Any]):
    """A literal that waits for a named value nobody gave: for those who look at a document without running it."""

    __slots__ = ()
    is_literal = False
    needs = 0


class Computed(Value[T]):
    """An expression."""

    __slots__ = ("_call", "_convert", "_rules", "element", "name", "needs")
    is_literal = False

    def __init__(self, compiled: Compiled, kind: type, element: str, name: str, rules: Rules) -> None:
        self._call = compiled.call
        self._convert = _CONVERT[kind]
        self.element, self.name = element, name
        self._rules = rules if _restricts(rules) else None
        self.needs = (BODY_REQUEST if compiled.reads_request_body else 0) | (
            BODY_RESPONSE if compiled.reads_response_body else 0
        )

    def get(self, ex: Exchange) -> T:
        try:
            boxed = self._call(ex, ex.rt)
        except ClrError as error:
            raise _failed(self.element, error.text) from error
        except BudgetExceeded as error:
            raise _failed(self.element, str(error)) from error
        value = self._convert(boxed, self)
        if self._rules is not None:
            value = self._checked(value, self._rules)
        return value  # type: ignore[no-any-return]  # the table of converters is keyed by T

    def _checked(self, value: Any, rules: Rules) -> Any:
        try:
            return _obey(value, rules, self.name)
        except ValueError as error:
            raise value_fault(self.element, str(error)) from error


def value_fault(element: str, why: str) -> PolicyFault:
    """A produced value that the policy cannot accept."""
    return PolicyFault(element, "ExpressionValueValidationFailure", f"Expression value is invalid. {why}")


def _failed(element: str, why: str) -> PolicyFault:
    return PolicyFault(element, "ExpressionValueEvaluationFailure", f"Expression evaluation failed. {why}")


# --- results of expressions -------------------------------------------------------------------------------------------


def _text(value: Any, owner: Computed[Any]) -> str:
    return well_formed(to_string(value))


def _bool(value: Any, owner: Computed[Any]) -> bool:
    if value is True or value is False:
        return bool(value)
    text = to_string(value).strip().lower()
    if text in ("true", "false"):
        return text == "true"
    found = "null" if value is None else repr(to_string(value)[:40])
    raise _failed(owner.element, f"The {owner.name} must be true or false, not {found}.")


def _int(value: Any, owner: Computed[Any]) -> int:
    number = _number(value, owner)
    if number != int(number):
        raise _failed(owner.element, f"The {owner.name} must be a whole number.")
    return int(number)


def _number(value: Any, owner: Computed[Any]) -> float:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    text = to_string(value).strip()
    try:
        return int(text) if text.lstrip("+-").isdigit() and text.isascii() else _finite(text)
    except (ValueError, OverflowError):
        raise _failed(owner.element, f"The {owner.name} must be a number, not {text[:40]!r}.") from None


def _finite(text: str) -> float:
    number = float(text)
    if number != number or number in (float("inf"), float("-inf")) or "_" in text:
        raise ValueError(text)
    return number


def _bytes(value: Any, owner: Computed[Any]) -> bytes:
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, Array) and value.of.full_name == "System.Byte":
        return bytes(value)
    return well_formed(to_string(value)).encode()


def _any(value: Any, owner: Computed[Any]) -> Any:
    return value


_CONVERT: dict[type, Callable[[Any, Computed[Any]], Any]] = {
    str: _text,
    bool: _bool,
    int: _int,
    float: _number,
    bytes: _bytes,
    object: _any,
}
EXPECTED: dict[type, str] = {
    str: "text",
    bool: "bool",
    int: "int",
    float: "number",
    bytes: "bytes-or-text",
    object: "any",
}
"""What the compiler is told to expect for `Value[T]`."""


# --- literals ---------------------------------------------------------------------------------------------------------

_NAMED_VALUE = pattern(r"\{\{\s*[A-Za-z0-9_.\-]+\s*\}\}")


def is_open(text: str) -> bool:
    """A named value in it is not known: linting a document on its own says nothing about such a literal."""
    return "{{" in text and _NAMED_VALUE.search(text) is not None


def parse_literal(text: str, kind: type, rules: Rules, name: str) -> Any:
    """A literal of a field.  ValueError with a sentence when it is none."""
    value: Any
    if kind is bool:
        low = text.strip().lower()
        if low not in ("true", "false"):
            raise ValueError(f"The value {text!r} must be true or false.")
        value = low == "true"
    elif kind is int:
        value = _digits(text)
    elif kind is float:
        try:
            value = _finite(text.strip())
        except ValueError:
            raise ValueError(f"The value {text!r} is not a number.") from None
    elif kind is bytes:
        value = text.encode("utf-8", "replace")
    elif kind is object:
        value = from_text(text)
    else:
        value = text
    return _obey(value, rules, name)


def _digits(text: str) -> int:
    digits = text.strip()
    if not digits.lstrip("+-").isdigit() or not digits.isascii() or len(digits) > 19:
        raise ValueError(f"The value {text!r} is not a whole number.")
    try:
        return int(digits)
    except ValueError:
        raise ValueError(f"The value {text!r} is not a whole number.") from None


def _restricts(rules: Rules) -> bool:
    return rules.minimum is not None or rules.maximum is not None or bool(rules.allowed) or rules.non_empty


def _obey(value: Any, rules: Rules, name: str) -> Any:
    """The value in its canonical form; ValueError with a sentence when it breaks a rule."""
    if isinstance(value, str):
        if rules.allowed:
            for allowed in rules.allowed:
                if value.strip().lower() == allowed.lower():
                    return allowed
            raise ValueError(f"The {name} field must be one of {', '.join(rules.allowed)}, not {value[:40]!r}.")
        if rules.non_empty and not value:
            raise ValueError(f"The {name} field is required.")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if rules.minimum is not None and value < rules.minimum:
            raise ValueError(f"The {name} field must be at least {rules.minimum:g}, not {value}.")
        if rules.maximum is not None and value > rules.maximum:
            raise ValueError(f"The {name} field must be at most {rules.maximum:g}, not {value}.")
    return value
