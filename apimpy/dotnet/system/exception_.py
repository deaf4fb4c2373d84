"""The exceptions of `apimpy.dotnet.exceptions` as C# types, and a few more that policies name in `catch`.

Only System.Exception may be used by expressions (created, read); the others may be named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apimpy.dotnet import exceptions as ex
from apimpy.dotnet.decl import TypeDecl, clr_type
from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.system.object_ import wrap32

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["exception"]


class TimeoutException(ClrError):
    """System.TimeoutException"""

    full_name = "System.TimeoutException"
    default = "The operation has timed out."


class OperationCanceledException(ClrError):
    """System.OperationCanceledException"""

    full_name = "System.OperationCanceledException"
    default = "The operation was canceled."


class UnauthorizedAccessException(ClrError):
    """System.UnauthorizedAccessException"""

    full_name = "System.UnauthorizedAccessException"
    default = "Attempted to perform an unauthorized operation."


class RankException(ClrError):
    """System.RankException"""

    full_name = "System.RankException"
    default = "Attempted to operate on an array with the incorrect number of dimensions."


class AggregateException(ClrError):
    """System.AggregateException"""

    full_name = "System.AggregateException"
    default = "One or more errors occurred."


class DecoderFallbackException(ex.ArgumentException):
    """System.Text.DecoderFallbackException"""

    full_name = "System.Text.DecoderFallbackException"


class EncoderFallbackException(ex.ArgumentException):
    """System.Text.EncoderFallbackException"""

    full_name = "System.Text.EncoderFallbackException"


# --- members of every exception --------------------------------------------------------------------------------------

_HRESULTS = {
    "System.Exception": 0x80131500,
    "System.SystemException": 0x80131501,
    "System.ArgumentException": 0x80070057,
    "System.ArgumentNullException": 0x80004003,
    "System.ArgumentOutOfRangeException": 0x80131502,
    "System.ApplicationException": 0x80131600,
    "System.ArithmeticException": 0x80070216,
    "System.DivideByZeroException": 0x80020012,
    "System.OverflowException": 0x80131516,
    "System.FormatException": 0x80131537,
    "System.UriFormatException": 0x80131537,
    "System.IndexOutOfRangeException": 0x80131508,
    "System.InvalidCastException": 0x80004002,
    "System.InvalidOperationException": 0x80131509,
    "System.ObjectDisposedException": 0x80131622,
    "System.Collections.Generic.KeyNotFoundException": 0x80131577,
    "System.NotImplementedException": 0x80004001,
    "System.NotSupportedException": 0x80131515,
    "System.NullReferenceException": 0x80004003,
    "System.TimeoutException": 0x80131505,
    "System.Xml.XmlException": 0x80131940,
}


def _hresult(self: ClrError) -> int:
    return wrap32(_HRESULTS.get(self.full_name, 0x80131500))


def _text(self: ClrError) -> str:
    """`ToString()`; there is no stack trace to append."""
    text = f"{self.full_name}: {self.text}"
    if self.inner is not None:
        text += f"\n ---> {_text(self.inner)}\n   --- End of inner exception stack trace ---"
    return text


def _base(self: ClrError) -> ClrError:
    while self.inner is not None:
        self = self.inner
    return self


def _null(self: ClrError) -> None:
    return None


def _ignore(self: ClrError, value: Any) -> None:
    """HelpLink and Source may be set; nothing reads them."""


def _data(self: ClrError) -> Any:
    return self.data


exception = clr_type("System.Exception", python=ClrError)
exception.prop("string Message", attr="text")
exception.prop("Exception? InnerException", attr="inner")
exception.prop("int HResult", _hresult)
exception.prop("string? StackTrace", _null)
exception.prop("string? HelpLink", _null, _ignore)
exception.prop("string? Source", _null, _ignore)
exception.prop("System.Collections.IDictionary Data", _data)
exception.method("Exception GetBaseException()", _base)
exception.method("string ToString()", _text)


# --- constructors ----------------------------------------------------------------------------------------------------


def _message(kind: type[ClrError], message: str | None) -> str:
    return f"Exception of type '{kind.full_name}' was thrown." if message is None else message


def _plain(kind: type[ClrError], default: str | None = None) -> Callable[[], ClrError]:
    return lambda: kind(message=default)


def _with_message(kind: type[ClrError]) -> Callable[[str | None], ClrError]:
    return lambda message: kind(message=_message(kind, message))


def _with_inner(kind: type[ClrError]) -> Callable[[str | None, ClrError | None], ClrError]:
    return lambda message, inner: kind(message=_message(kind, message), inner=inner)


def _named(kind: type[ClrError]) -> Callable[[str | None], ClrError]:
    return lambda param: kind(param=param)


def _message_and_name(kind: type[ClrError]) -> Callable[[str | None, str | None], ClrError]:
    return lambda message, param: kind(message=_message(kind, message), param=param)


def _name_and_message(kind: type[ClrError]) -> Callable[[str | None, str | None], ClrError]:
    return lambda param, message: kind(message=_message(kind, message), param=param)


def _standard(t: TypeDecl, kind: type[ClrError], default: str | None = None) -> None:
    """The three constructors nearly every exception has."""
    name = t.name
    t.ctor(f"{name}()", _plain(kind, default))
    t.ctor(f"{name}(string? message)", _with_message(kind))
    t.ctor(f"{name}(string? message, Exception? innerException)", _with_inner(kind))


def _declare(kind: type[ClrError], *, standard: bool = True, default: str | None = None) -> TypeDecl:
    base: type[ClrError] = kind.__mro__[1]
    t = clr_type(kind.full_name, bases=base.full_name, python=kind, allowed="")
    if standard:
        _standard(t, kind, default)
    return t


_standard(exception, ClrError)

argument = _declare(ex.ArgumentException)
argument.prop("string? ParamName", attr="param")
argument.prop("string Message", attr="text")  # an override: on the list only the exception class itself stands
argument.ctor("ArgumentException(string? message, string? paramName)", _message_and_name(ex.ArgumentException))


@argument.ctor("ArgumentException(string? message, string? paramName, Exception? innerException)")
def _argument(message: str | None, param: str | None, inner: ClrError | None) -> ClrError:
    return ex.ArgumentException(_message(ex.ArgumentException, message), param, inner)


argument_null = _declare(ex.ArgumentNullException, standard=False)
argument_null.ctor("ArgumentNullException()", _plain(ex.ArgumentNullException))
argument_null.ctor("ArgumentNullException(string? paramName)", _named(ex.ArgumentNullException))
argument_null.ctor(
    "ArgumentNullException(string? paramName, string? message)", _name_and_message(ex.ArgumentNullException)
)
argument_null.ctor(
    "ArgumentNullException(string? message, Exception? innerException)", _with_inner(ex.ArgumentNullException)
)

out_of_range = _declare(ex.ArgumentOutOfRangeException, standard=False)
out_of_range.ctor("ArgumentOutOfRangeException()", _plain(ex.ArgumentOutOfRangeException))
out_of_range.ctor("ArgumentOutOfRangeException(string? paramName)", _named(ex.ArgumentOutOfRangeException))
out_of_range.ctor(
    "ArgumentOutOfRangeException(string? paramName, string? message)",
    _name_and_message(ex.ArgumentOutOfRangeException),
)
out_of_range.ctor(
    "ArgumentOutOfRangeException(string? message, Exception? innerException)",
    _with_inner(ex.ArgumentOutOfRangeException),
)


class _OutOfRangeWithValue(ex.ArgumentOutOfRangeException):
    """With the value that was wrong."""

    def __init__(self, param: str | None, value: Any, message: str) -> None:
        super().__init__(param, message)
        self.value = value

    @property
    def text(self) -> str:
        from apimpy.dotnet.values import to_string

        shown = super().text
        return shown if self.value is None else f"{shown}\nActual value was {to_string(self.value)}."


@out_of_range.ctor("ArgumentOutOfRangeException(string? paramName, object? actualValue, string? message)")
def _out_of_range(param: str | None, value: Any, message: str | None) -> ClrError:
    return _OutOfRangeWithValue(param, value, _message(ex.ArgumentOutOfRangeException, message))


out_of_range.prop("object? ActualValue", lambda self: getattr(self, "value", None))

disposed = _declare(ex.ObjectDisposedException, standard=False)
_DISPOSED = "Cannot access a disposed object."


def _disposed(name: str | None, message: str | None = _DISPOSED) -> ClrError:
    text = _message(ex.ObjectDisposedException, message)
    return ex.ObjectDisposedException(f"{text}\nObject name: '{name}'." if name else text)


disposed.ctor("ObjectDisposedException(string? objectName)", _disposed)
disposed.ctor("ObjectDisposedException(string? objectName, string? message)", _disposed)
disposed.ctor(
    "ObjectDisposedException(string? message, Exception? innerException)", _with_inner(ex.ObjectDisposedException)
)

aggregate = _declare(AggregateException, standard=False)


def _aggregate(message: str | None, inner: ClrError | None) -> ClrError:
    if inner is None:
        raise ex.ArgumentNullException("innerException")
    return AggregateException(f"{_message(AggregateException, message)} ({inner.text})", inner)


aggregate.ctor("AggregateException()", _plain(AggregateException))
aggregate.ctor("AggregateException(string? message)", _with_message(AggregateException))
aggregate.ctor("AggregateException(string? message, Exception innerException)", _aggregate)

system = _declare(ex.SystemException)
application = _declare(ex.ApplicationException)
arithmetic = _declare(ex.ArithmeticException)
divide_by_zero = _declare(ex.DivideByZeroException)
overflow = _declare(ex.OverflowException)
format_ = _declare(ex.FormatException, default="One of the identified items was in an invalid format.")
uri_format = _declare(ex.UriFormatException)
index_out_of_range = _declare(ex.IndexOutOfRangeException)
invalid_cast = _declare(ex.InvalidCastException)
invalid_operation = _declare(ex.InvalidOperationException)
key_not_found = _declare(ex.KeyNotFoundException)
not_implemented = _declare(ex.NotImplementedException)
not_supported = _declare(ex.NotSupportedException)
null_reference = _declare(ex.NullReferenceException)
time_zone_not_found = _declare(ex.TimeZoneNotFoundException)
regex_timeout = _declare(ex.RegexMatchTimeoutException)
regex_parse = _declare(ex.RegexParseException, standard=False)
cryptographic = _declare(ex.CryptographicException)
xml = _declare(ex.XmlException)
xml.prop("int LineNumber", lambda self: getattr(self, "line", 0))
xml.prop("int LinePosition", lambda self: getattr(self, "position", 0))
json = _declare(ex.JsonException)
json_reader = _declare(ex.JsonReaderException)
json_writer = _declare(ex.JsonWriterException)
json_serialization = _declare(ex.JsonSerializationException)
for _type in (json_reader, json_serialization):
    _type.prop("string? Path", lambda self: getattr(self, "path", None))
    _type.prop("int LineNumber", lambda self: getattr(self, "line", 0))
    _type.prop("int LinePosition", lambda self: getattr(self, "position", 0))
timeout = _declare(TimeoutException)
canceled = _declare(OperationCanceledException)
unauthorized = _declare(UnauthorizedAccessException)
rank = _declare(RankException)
decoder_fallback = _declare(DecoderFallbackException)
encoder_fallback = _declare(EncoderFallbackException)
