"""The exceptions C# code can throw and catch: a Python class each, declared to C# by `apimpy.dotnet.system.exception`.

Library functions raise these and nothing else for what a policy author did.  `message` is without the parameter
suffix; `.Message` as C# code reads it is `text` (modern .NET wording: `… (Parameter 'x')`).
"""

from __future__ import annotations

__all__ = [
    "ApplicationException",
    "ArgumentException",
    "ArgumentNullException",
    "ArgumentOutOfRangeException",
    "ArithmeticException",
    "ArrayTypeMismatchException",
    "BudgetExceeded",
    "ClrError",
    "CryptographicException",
    "DivideByZeroException",
    "FormatException",
    "IndexOutOfRangeException",
    "InvalidCastException",
    "InvalidOperationException",
    "JsonException",
    "JsonReaderException",
    "JsonSerializationException",
    "JsonWriterException",
    "KeyNotFoundException",
    "NotImplementedException",
    "NotSupportedException",
    "NullReferenceException",
    "ObjectDisposedException",
    "OverflowException",
    "RegexMatchTimeoutException",
    "RegexParseException",
    "SystemException",
    "TimeZoneNotFoundException",
    "UriFormatException",
    "XmlException",
]


class ClrError(Exception):
    """System.Exception, and the base of all others."""

    full_name = "System.Exception"
    default = "Exception of type 'System.Exception' was thrown."

    def __init__(self, message: str | None = None, inner: ClrError | None = None, param: str | None = None) -> None:
        self.message = self.default if message is None else message
        self.inner = inner
        self.param = param
        self.data: dict[object, object] = {}
        super().__init__(self.message)

    @property
    def text(self) -> str:
        """What C# code reads as `.Message`."""
        return f"{self.message} (Parameter '{self.param}')" if self.param else self.message


def _make(name: str, base: type[ClrError], default: str) -> type[ClrError]:
    short = name.rpartition(".")[2]
    return type(short, (base,), {"full_name": name, "default": default, "__doc__": name, "__module__": __name__})


class SystemException(ClrError):
    """System.SystemException: the base of what the class library itself throws."""

    full_name = "System.SystemException"
    default = "System error."


class ArgumentException(SystemException):
    """System.ArgumentException"""

    full_name = "System.ArgumentException"
    default = "Value does not fall within the expected range."

    def __init__(self, message: str | None = None, param: str | None = None, inner: ClrError | None = None) -> None:
        super().__init__(message, inner, param)


class ArgumentNullException(ArgumentException):
    """System.ArgumentNullException; the parameter's name comes first, as in .NET."""

    full_name = "System.ArgumentNullException"
    default = "Value cannot be null."

    def __init__(self, param: str | None = None, message: str | None = None, inner: ClrError | None = None) -> None:
        super().__init__(message, param, inner)


class ArgumentOutOfRangeException(ArgumentException):
    """System.ArgumentOutOfRangeException; the parameter's name comes first, as in .NET."""

    full_name = "System.ArgumentOutOfRangeException"
    default = "Specified argument was out of the range of valid values."

    def __init__(self, param: str | None = None, message: str | None = None, inner: ClrError | None = None) -> None:
        super().__init__(message, param, inner)


ApplicationException = _make("System.ApplicationException", ClrError, "Error in the application.")
ArithmeticException = _make(
    "System.ArithmeticException", SystemException, "Overflow or underflow in the arithmetic operation."
)
DivideByZeroException = _make("System.DivideByZeroException", ArithmeticException, "Attempted to divide by zero.")
OverflowException = _make(
    "System.OverflowException", ArithmeticException, "Arithmetic operation resulted in an overflow."
)
FormatException = _make("System.FormatException", SystemException, "Input string was not in a correct format.")
UriFormatException = _make("System.UriFormatException", FormatException, "Invalid URI.")
IndexOutOfRangeException = _make(
    "System.IndexOutOfRangeException", SystemException, "Index was outside the bounds of the array."
)
ArrayTypeMismatchException = _make(
    "System.ArrayTypeMismatchException",
    SystemException,
    "Attempted to access an element as a type incompatible with the array.",
)
InvalidCastException = _make("System.InvalidCastException", SystemException, "Specified cast is not valid.")
InvalidOperationException = _make(
    "System.InvalidOperationException",
    SystemException,
    "Operation is not valid due to the current state of the object.",
)
ObjectDisposedException = _make(
    "System.ObjectDisposedException", InvalidOperationException, "Cannot access a disposed object."
)
KeyNotFoundException = _make(
    "System.Collections.Generic.KeyNotFoundException",
    SystemException,
    "The given key was not present in the dictionary.",
)
NotImplementedException = _make(
    "System.NotImplementedException", SystemException, "The method or operation is not implemented."
)
NotSupportedException = _make("System.NotSupportedException", SystemException, "Specified method is not supported.")
NullReferenceException = _make(
    "System.NullReferenceException", SystemException, "Object reference not set to an instance of an object."
)
TimeZoneNotFoundException = _make(
    "System.TimeZoneNotFoundException", ClrError, "The time zone ID was not found on the local computer."
)
RegexMatchTimeoutException = _make(
    "System.Text.RegularExpressions.RegexMatchTimeoutException", SystemException, "The Regex engine has timed out."
)
RegexParseException = _make("System.Text.RegularExpressions.RegexParseException", ArgumentException, "")
CryptographicException = _make(
    "System.Security.Cryptography.CryptographicException",
    SystemException,
    "Error occurred during a cryptographic operation.",
)
XmlException = _make("System.Xml.XmlException", SystemException, "An XML error has occurred.")
JsonException = _make("Newtonsoft.Json.JsonException", ClrError, "")
JsonReaderException = _make("Newtonsoft.Json.JsonReaderException", JsonException, "")
JsonWriterException = _make("Newtonsoft.Json.JsonWriterException", JsonException, "")
JsonSerializationException = _make("Newtonsoft.Json.JsonSerializationException", JsonException, "")


class BudgetExceeded(Exception):
    """A step, time, recursion or size budget ran out.  Not a C# exception: no `catch` of a policy sees it."""
