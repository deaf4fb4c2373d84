"""Arrays, tuples, nullables, exceptions, types, hash codes and enums."""

from __future__ import annotations

import math
from decimal import Decimal
from random import Random as Host
from typing import Any

import pytest
from library import INDEX, call, data, ints, member, null, out_of_range, plain, strings, t

from apimpy.csharp.types import Type, array_of
from apimpy.dotnet.exceptions import ClrError
from apimpy.dotnet.values import Array, Int64, Runtime, single

A = "System.Array"
SHORT = "Destination array was not long enough. Check the destination index, length, and the array's lower bounds."
BOUNDS = ("System.IndexOutOfRangeException", "Index was outside the bounds of the array.")


@pytest.mark.parametrize(
    ("signature", "args", "result"),
    [
        ("static int IndexOf<T>(T[] array, T value)", (t("Int32"), ints(1, 2), 3), -1),
        ("static int IndexOf<T>(T[] array, T value)", (t("Double"), Array(t("Double"), [math.nan]), math.nan), 0),
        ("static int IndexOf<T>(T[] array, T value)", (t("Object"), Array(t("Object"), [True, 1]), 1), 1),
        (
            "static int IndexOf<T>(T[] array, T value, int startIndex)",
            (t("Int32"), ints(1, 2), 1, 5),
            out_of_range("startIndex", INDEX),
        ),
        ("static int LastIndexOf<T>(T[] array, T value)", (t("Int32"), ints(1, 2, 1), 1), 2),
        ("static int IndexOf(Array array, object? value)", (ints(1, 2), 2), 1),
        ("static int IndexOf(Array array, object? value)", (data(1, 2), 2), -1),
        ("static int BinarySearch<T>(T[] array, T value)", (t("Int32"), ints(1, 3, 5), 3), 1),
        ("static int BinarySearch<T>(T[] array, T value)", (t("Int32"), ints(1, 3, 5), 4), -3),
        ("static int FindIndex<T>(T[] array, Predicate<T> match)", (ints(1, 2), lambda x: x > 1), 1),
        (
            "static int FindIndex<T>(T[] array, int startIndex, Predicate<T> match)",
            (ints(1, 2), 5, lambda x: True),
            out_of_range("startIndex", INDEX),
        ),
        ("static int FindLastIndex<T>(T[] array, Predicate<T> match)", (ints(1, 2, 3), lambda x: x < 3), 1),
        ("static T? Find<T>(T[] array, Predicate<T> match)", (t("Int32"), ints(1), lambda x: x > 5), 0),
        ("static T? Find<T>(T[] array, Predicate<T> match)", (t("Int32"), None, lambda x: True), null("array")),
        ("static T? Find<T>(T[] array, Predicate<T> match)", (t("Int32"), ints(1), None), null("match")),
        ("static T? FindLast<T>(T[] array, Predicate<T> match)", (t("Int32"), ints(1, 2, 3), lambda x: x < 3), 2),
        ("static T[] FindAll<T>(T[] array, Predicate<T> match)", (t("Int32"), ints(1, 2, 3), lambda x: x > 1), [2, 3]),
        ("static bool Exists<T>(T[] array, Predicate<T> match)", (ints(1, 2), lambda x: x == 2), True),
        ("static bool TrueForAll<T>(T[] array, Predicate<T> match)", (ints(1, 2), lambda x: x == 2), False),
        (
            "static TOutput[] ConvertAll<TInput, TOutput>(TInput[] array, Converter<TInput, TOutput> converter)",
            (t("Int32"), t("String"), ints(1, 2), str),
            ["1", "2"],
        ),
        ("int GetLength(int dimension)", (ints(1, 2), 1), BOUNDS),
        ("object? GetValue(int index)", (ints(1, 2), 5), BOUNDS),
        ("object? GetValue(int index1, int index2)", (Array(t("Int32"), range(6), (2, 3)), 1, 2), 5),
        (
            "object? GetValue(int index)",
            (Array(t("Int32"), range(6), (2, 3)), 1),
            ("System.ArgumentException", "Array was not a one-dimensional array."),
        ),
        ("int Rank", (Array(t("Int32"), range(6), (2, 3)),), 2),
        (
            "void SetValue(object? value, int index)",
            (ints(1, 2), "x", 0),
            ("System.InvalidCastException", "Object cannot be stored in an array of this type."),
        ),
        ("static Array CreateInstance(Type elementType, int length)", (t("Int32"), 2), [0, 0]),
        ("static T[] Empty<T>()", (t("Int32"),), []),
    ],
)
def test_array(signature: str, args: tuple[Any, ...], result: Any) -> None:
    """Searching and reading."""
    assert plain(call(A, signature, *args)) == result


COPY = "static void Copy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)"


@pytest.mark.parametrize(
    ("signature", "array", "args", "result"),
    [
        ("static void Sort<T>(T[] array, int index, int length)", ints(3, 2, 1), (1, 2), [3, 1, 2]),
        ("static void Sort<T>(T[] array)", strings("b", None, "B", "a"), (), [None, "a", "b", "B"]),
        ("static void Sort<T>(T[] array)", Array(t("Double"), [1.0, math.inf, -1.0]), (), [-1.0, 1.0, math.inf]),
        (
            "static void Sort<T>(T[] array)",
            Array(t("Object"), [1, "a"]),
            (),
            ("System.InvalidOperationException", "Failed to compare two elements in the array."),
        ),
    ],
)
def test_sort(signature: str, array: Array, args: tuple[Any, ...], result: Any) -> None:
    """Sorting in place by the order of the element type."""
    found = call(A, signature, array.of, array, *args)
    assert (found if isinstance(found, tuple) else list(array)) == result


def test_array_changes() -> None:
    """Members that change an array in place."""
    array = ints(1, 2, 3)
    call(A, COPY, array, 0, array, 1, 2)
    assert list(array) == [1, 1, 2]
    call(A, "static void Reverse(Array array, int index, int length)", array, 0, 3)
    assert list(array) == [2, 1, 1]
    call(A, "static void Clear(Array array, int index, int length)", array, 0, 2)
    assert list(array) == [0, 0, 1]
    call(A, "static void Fill<T>(T[] array, T value)", array, 7)
    assert list(array) == [7, 7, 7]
    keys, items = strings("b", "a"), ints(1, 2)
    call(A, "static void Sort<TKey, TValue>(TKey[] keys, TValue[]? items)", keys.of, items.of, keys, items)
    assert (list(keys), list(items)) == (["a", "b"], [2, 1])
    _, longer = call(A, "static void Resize<T>(ref T[]? array, int newSize)", t("Int32"), ints(1, 2), 4)
    assert list(longer) == [1, 2, 0, 0]
    boxes = Array(t("Object"), [None])
    call(A, COPY, Array(t("Int64"), [5]), 0, boxes, 0, 1)
    assert type(boxes[0]) is Int64


@pytest.mark.parametrize(
    ("source", "target", "at", "length", "result"),
    [
        (ints(1, 2), ints(0, 0), 1, 2, ("System.ArgumentException", f"{SHORT} (Parameter 'destinationArray')")),
        (ints(1, 2), ints(0, 0), 0, -1, out_of_range("length", "Non-negative number required.")),
        (
            ints(1, 2),
            strings("", ""),
            0,
            2,
            ("System.ArrayTypeMismatchException", "Source array type cannot be assigned to destination array type."),
        ),
        (None, ints(0), 0, 1, null("sourceArray")),
    ],
)
def test_copy_fails(source: Any, target: Any, at: int, length: int, result: Any) -> None:
    """Copying checks types and bounds."""
    assert call(A, COPY, source, 0, target, at, length) == result


def test_tuples() -> None:
    """Tuple.Create knows its types, prints, compares and hashes."""
    create = "static Tuple<T1, T2> Create<T1, T2>(T1 item1, T2 item2)"
    pair = call("System.Tuple", create, t("Int32"), t("Single"), 1, single(0.1))
    assert pair.clr_type is t("Tuple", t("Int32"), t("Single"))
    assert call("System.Tuple", "string ToString()", pair, arity=2) == "(1, 0.1)"
    low, high = (call("System.Tuple", create, t("Int32"), t("Int32"), 1, n) for n in (2, 3))
    assert call("System.Tuple", "int CompareTo(object? obj)", low, high, arity=2) == -1
    assert call("System.Tuple", "int GetHashCode()", low, arity=2) == 35
    assert call("System.Tuple", "T2 Item2", high, arity=2) == 3


def test_nullable() -> None:
    """None is null; the default of T is known to the extension only."""
    assert call("System.Nullable", "bool HasValue", None, arity=1) is False
    assert call("System.Nullable", "T Value", 5, arity=1) == 5
    assert call("System.Nullable", "T Value", None, arity=1) == (
        "System.InvalidOperationException",
        "Nullable object must have a value.",
    )
    assert call("System.Nullable", "T GetValueOrDefault(T defaultValue)", None, 9, arity=1) == 9
    default = "static T GetValueOrDefault<T>(this Nullable<T> value)"
    assert call("System.Nullable", default, t("Decimal"), None) == Decimal(0)
    assert call("System.Nullable", "string ToString()", None, arity=1) == ""
    assert call("System.Nullable", "static int Compare<T>(Nullable<T> n1, Nullable<T> n2)", t("Int32"), 1, None) == 1


@pytest.mark.parametrize(
    ("owner", "signature", "args", "message"),
    [
        ("System.Exception", "Exception(string? message)", ("x",), "x"),
        ("System.Exception", "Exception(string? message)", (None,), "Exception of type 'System.Exception' was thrown."),
        (
            "System.FormatException",
            "FormatException(string? message)",
            (None,),
            "Exception of type 'System.FormatException' was thrown.",
        ),
        ("System.FormatException", "FormatException()", (), "One of the identified items was in an invalid format."),
        (
            "System.ArgumentException",
            "ArgumentException(string? message, string? paramName)",
            ("b", "p"),
            "b (Parameter 'p')",
        ),
        (
            "System.ArgumentNullException",
            "ArgumentNullException(string? paramName)",
            ("p",),
            "Value cannot be null. (Parameter 'p')",
        ),
        ("System.ArgumentNullException", "ArgumentNullException()", (), "Value cannot be null."),
        (
            "System.ArgumentOutOfRangeException",
            "ArgumentOutOfRangeException(string? paramName, string? message)",
            ("p", "msg"),
            "msg (Parameter 'p')",
        ),
        (
            "System.ArgumentOutOfRangeException",
            "ArgumentOutOfRangeException(string? paramName, object? actualValue, string? message)",
            ("p", 5, "msg"),
            "msg (Parameter 'p')\nActual value was 5.",
        ),
        (
            "System.ObjectDisposedException",
            "ObjectDisposedException(string? objectName)",
            ("x",),
            "Cannot access a disposed object.\nObject name: 'x'.",
        ),
        (
            "System.AggregateException",
            "AggregateException(string? message, Exception innerException)",
            ("a", ClrError("b")),
            "a (b)",
        ),
        ("System.TimeoutException", "TimeoutException()", (), "The operation has timed out."),
        ("System.SystemException", "SystemException()", (), "System error."),
    ],
)
def test_exception_messages(owner: str, signature: str, args: tuple[Any, ...], message: str) -> None:
    """What Message reads after construction."""
    assert call(owner, signature, *args).text == message


def test_exception_members() -> None:
    """Inner exceptions, texts and HRESULTs."""
    inner = call("System.ArgumentException", "ArgumentException(string? message, string? paramName)", "b", "p")
    outer = call("System.Exception", "Exception(string? message, Exception? innerException)", "a", inner)
    assert call("System.Exception", "Exception GetBaseException()", outer) is inner
    assert call("System.Exception", "string ToString()", outer) == (
        "System.Exception: a\n ---> System.ArgumentException: b (Parameter 'p')\n"
        "   --- End of inner exception stack trace ---"
    )
    assert call("System.Exception", "int HResult", outer) == -2146233088
    assert call("System.Exception", "int HResult", inner) == -2147024809


@pytest.mark.parametrize(
    ("kind", "name", "full_name"),
    [
        (t("Int32"), "Int32", "System.Int32"),
        (array_of(t("String")), "String[]", "System.String[]"),
        (t("Tuple", t("Int32"), t("String")), "Tuple`2", "System.Tuple`2[System.Int32,System.String]"),
    ],
)
def test_types(kind: Type, name: str, full_name: str) -> None:
    """Names of run-time types."""
    assert call("System.Reflection.MemberInfo", "string Name", kind) == name
    assert call("System.Type", "string FullName", kind) == full_name


@pytest.mark.parametrize(
    ("owner", "value", "result"),
    [
        ("System.Int32", 5, 5),
        ("System.Int64", -1, 0),
        ("System.Int64", 1 << 33, 2),
        ("System.Double", 1.5, 1073217536),
        ("System.Single", 1.5, 1069547520),
        ("System.Decimal", Decimal("1.50"), 65551),
        ("System.Boolean", True, 1),
        ("System.SByte", -2, -2),
    ],
)
def test_hash_codes(owner: str, value: Any, result: int) -> None:
    """Hash codes of numbers are .NET's."""
    assert call(owner, "int GetHashCode()", value) == result


@pytest.mark.parametrize(
    ("owner", "a", "b", "result"),
    [
        ("System.Int32", 5, None, 1),
        ("System.Int32", 5, "a", ("System.ArgumentException", "Object must be of type Int32.")),
        ("System.Int32", 5, Int64(5), ("System.ArgumentException", "Object must be of type Int32.")),
        ("System.Boolean", True, 5, ("System.ArgumentException", "Object must be of type Boolean.")),
        ("System.Double", math.nan, 1.0, -1),
        ("System.Double", 1.0, math.nan, 1),
    ],
)
def test_compare_to_object(owner: str, a: Any, b: Any, result: Any) -> None:
    """CompareTo(object) insists on the type."""
    signature = "int CompareTo(object? obj)" if owner == "System.Boolean" else "int CompareTo(object? value)"
    assert call(owner, signature, a, b) == result


def test_object() -> None:
    """Boxes are equal by value and type, and never the same object."""
    assert call("System.Object", "static bool Equals(object? objA, object? objB)", 1, 1) is True
    assert call("System.Object", "static bool Equals(object? objA, object? objB)", 1, Int64(1)) is False
    assert call("System.Object", "static bool ReferenceEquals(object? objA, object? objB)", 1, 1) is False
    text = "text"
    assert call("System.Object", "static bool ReferenceEquals(object? objA, object? objB)", text, text) is True


def test_enum() -> None:
    """Members every enum value has."""
    ordinal, even = member("System.StringComparison", "Ordinal"), member("System.MidpointRounding", "ToEven")
    assert call("System.Enum", "string ToString(string? format)", ordinal, "D") == "4"
    assert call("System.Enum", "string ToString(string? format)", ordinal, "Q") == (
        "System.FormatException",
        'Format string can be only "G", "g", "X", "x", "F", "f", "D" or "d".',
    )
    assert call("System.Enum", "int CompareTo(object? target)", ordinal, 1) == (
        "System.ArgumentException",
        (
            "Object must be the same type as the enum. The type passed in was 'System.Int32'; "
            "the enum type was 'System.StringComparison'."
        ),
    )
    assert call("System.Enum", "bool HasFlag(Enum flag)", ordinal, even) == (
        "System.ArgumentException",
        "The argument type, 'System.MidpointRounding', is not the same as the enum type 'System.StringComparison'.",
    )
    tried = call(
        "System.Enum", "static bool TryParse<TEnum>(string? value, out TEnum result)", t("StringComparison"), "x"
    )
    assert (tried[0], tried[1].value) == (False, 0)
    assert call("System.Enum", "static bool IsDefined(Type enumType, object value)", t("StringComparison"), "Ordinal")
    assert call("System.Enum", "static object Parse(Type enumType, string value)", t("Int32"), "1") == (
        "System.ArgumentException",
        "Type provided must be an Enum. (Parameter 'enumType')",
    )


def test_guid_parts() -> None:
    """Bytes are mixed-endian."""
    g = call("System.Guid", "static Guid Parse(string input)", "6F9619FF-8B86-D011-B42D-00C04FC964FF")
    assert bytes(call("System.Guid", "byte[] ToByteArray()", g)).hex() == "ff19966f868b11d0b42d00c04fc964ff"
    assert call("System.Guid", "string ToString(string? format)", g, "X") == (
        "{0x6f9619ff,0x8b86,0xd011,{0xb4,0x2d,0x00,0xc0,0x4f,0xc9,0x64,0xff}}"
    )
    assert call("System.Guid", "int GetHashCode()", g) == -2132576638
    made = call("System.Guid", "Guid(byte[] b)", data(*range(1, 17)))
    assert made.clr_to_string() == "04030201-0605-0807-090a-0b0c0d0e0f10"
    assert call("System.Guid", "Guid(byte[] b)", data(1)) == (
        "System.ArgumentException",
        "Byte array for GUID must be exactly 16 bytes long. (Parameter 'b')",
    )
    new = call("System.Guid", "static Guid NewGuid()", Runtime(clock=None, random=Host(1))).clr_to_string()
    assert (new[14], new[19] in "89ab") == ("4", True)


def test_convertible() -> None:
    """IConvertible goes by the run-time type."""
    rt = Runtime(clock=None, random=None)
    assert call("System.IConvertible", "int ToInt32(IFormatProvider? provider)", rt, "5", None) == 5
    assert call("System.IConvertible", "TypeCode GetTypeCode()", Int64(1)).clr_to_string() == "Int64"
