"""Results of expressions as values of attributes."""

from types import SimpleNamespace

import pytest

from apimpy.dotnet.exceptions import BudgetExceeded, NullReferenceException
from apimpy.dotnet.values import Int64
from apimpy.policy.fields import FieldSpec
from apimpy.policy.value import Computed, parse_literal
from apimpy.runtime.faults import PolicyFault


def computed(result, kind, **rules):
    def call(ex, rt):
        if isinstance(result, BaseException):
            raise result
        return result

    compiled = SimpleNamespace(call=call, reads_request_body=True, reads_response_body=False, notes=())
    return Computed(compiled, kind, "some-policy", "field", FieldSpec("attr", **rules))


EX = SimpleNamespace(rt=None)


@pytest.mark.step("common 2")
@pytest.mark.parametrize(
    ("result", "kind", "value"),
    [
        ("a", str, "a"),
        (None, str, ""),
        (True, str, "True"),
        (Int64(5), str, "5"),
        ("\ud83d\ude00", str, "\U0001f600"),
        ("\ud83d", str, "\ufffd"),
        (True, bool, True),
        (" False ", bool, False),
        (7, int, 7),
        (Int64(7), int, 7),
        (" 12 ", int, 12),
        (2.0, float, 2),
        ("1.5", float, 1.5),
        ("é", bytes, b"\xc3\xa9"),
        (None, bytes, b""),
        (bytearray(b"x"), bytes, b"x"),
        (None, object, None),
        ([1], object, [1]),
    ],
)
def test_conversions(result, kind, value):
    found = computed(result, kind).get(EX)
    assert found == value
    assert type(found) is type(value) or kind is float


@pytest.mark.step("common 2", "predefined-error 7")
@pytest.mark.parametrize(
    ("result", "kind", "rules", "reason", "text"),
    [
        (NullReferenceException(), str, {}, "Evaluation", "Object reference not set to an instance of an object."),
        (BudgetExceeded("too many steps"), str, {}, "Evaluation", "too many steps"),
        (None, bool, {}, "Evaluation", "must be true or false, not null"),
        ("yes", bool, {}, "Evaluation", "must be true or false"),
        ("x", int, {}, "Evaluation", "must be a number"),
        (None, int, {}, "Evaluation", "must be a number"),
        ("1.5", int, {}, "Evaluation", "whole number"),
        ("nan", float, {}, "Evaluation", "must be a number"),
        (True, int, {}, "Evaluation", "must be a number"),
        ("", str, {"non_empty": True}, "Validation", "The field field is required."),
        (0, int, {"minimum": 1}, "Validation", "at least 1"),
        (51, int, {"maximum": 50}, "Validation", "at most 50"),
        ("z", str, {"allowed": ("a", "b")}, "Validation", "one of a, b"),
    ],
)
def test_faults(result, kind, rules, reason, text):
    with pytest.raises(PolicyFault) as caught:
        computed(result, kind, **rules).get(EX)
    fault = caught.value
    assert (fault.source, fault.reason, fault.status) == ("some-policy", f"ExpressionValue{reason}Failure", 500)
    start = "Expression evaluation failed. " if reason == "Evaluation" else "Expression value is invalid. "
    assert fault.message.startswith(start)
    assert text in fault.message


def test_enumerations_keep_the_declared_spelling():
    assert computed("OVERRIDE", str, allowed=("override",)).get(EX) == "override"
    assert parse_literal("weekly", str, FieldSpec("attr", allowed=("Weekly",)), "x") == "Weekly"


def test_literals_for_any_are_csharp_strings():
    assert parse_literal("\U0001f600", object, FieldSpec("attr"), "x") == "\ud83d\ude00"
