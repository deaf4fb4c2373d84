"""Rows of one call: columns, sequence numbers, bounds, and that nothing secret survives a cut."""

import pytest

from apimpy.observe.llm_record import PIECE, Bounds, LlmRecord, rows
from apimpy.observe.redaction import Redaction

COLUMNS = {
    "TimeGenerated": "2024-01-31T12:00:00.000Z",
    "CorrelationId": "c1",
    "OperationName": "chat",
    "Region": "local",
    "DeploymentName": "gpt-4o",
    "TotalTokens": 7,
}
SAME = {name: COLUMNS[name] for name in ("TimeGenerated", "CorrelationId", "OperationName", "Region")}


def said(*texts, role="user"):
    return [{"role": role, "content": text} for text in texts]


def made(requests=None, responses=None, *, bounds=None, redaction=None, **more):
    record = LlmRecord(
        COLUMNS,
        None if requests is None else lambda: requests,
        None if responses is None else lambda: responses,
        more.pop("hide", lambda text: text),
        **more,
    )
    return rows(record, redaction or Redaction(), bounds or Bounds(1 << 20, 1 << 20))


def joined(found, name):
    return "".join(m["content"] for row in found for m in row.get(name, ()))


def test_without_messages_there_is_one_row():
    assert made() == [{**COLUMNS, "SequenceNumber": 0}]


def test_small_messages_are_in_the_first_row():
    assert made(said("hi", "there"), said("hello", role="assistant")) == [
        {
            **COLUMNS,
            "SequenceNumber": 0,
            "RequestMessages": said("hi", "there"),
            "ResponseMessages": said("hello", role="assistant"),
        }
    ]


@pytest.mark.parametrize("unit", ["x", "é", "…", "😀"])
def test_long_texts_go_on_in_further_rows(unit):
    text, answer = unit * 50_000, unit * 10_000
    found = made(said("be terse", text), said(answer, role="assistant"))
    assert [row["SequenceNumber"] for row in found] == list(range(len(found)))
    assert len(found) > 1
    assert joined(found, "RequestMessages") == "be terse" + text
    assert joined(found, "ResponseMessages") == answer
    for row in found:
        for name in ("RequestMessages", "ResponseMessages"):
            assert sum(len(m["content"].encode()) for m in row.get(name, ())) <= PIECE
    for row in found[1:]:
        assert {k: v for k, v in row.items() if not k.endswith("Messages") and k != "SequenceNumber"} == SAME
    assert "RequestTruncated" not in found[0]


@pytest.mark.parametrize(
    ("texts", "most", "kept", "cut"),
    [
        (("abc",), 3, "abc", False),
        (("abc",), 2, "ab", True),
        (("é" * 4,), 5, "éé", True),
        (("a", "b", "c"), 2, "ab", True),
        (("a", "b"), 2, "ab", False),
        (("x" * 100_000,), 1000, "x" * 1000, True),
        (("x" * 600, "y" * 100_000), 1000, "x" * 600 + "y" * 400, True),
    ],
)
def test_the_bound(texts, most, kept, cut):
    found = made(said(*texts), bounds=Bounds(most, 10))
    assert joined(found, "RequestMessages") == kept
    assert found[0].get("RequestTruncated", False) is cut
    assert "ResponseTruncated" not in found[0]


@pytest.mark.parametrize("at", range(900, 10_500, 37))
def test_half_a_secret_is_not_left_over(at):
    """Wherever a secret lies: before, on or behind the place where the text is cut."""
    secret = "SECRET" * 8
    found = made(said("." * at + secret + "." * 20_000), bounds=Bounds(1000, 0), redaction=Redaction(["(?:SECRET){8}"]))
    assert "S" not in joined(found, "RequestMessages")


def test_everything_is_masked_before_it_is_written():
    found = made(
        said("my key is k-123 and I am Ann"),
        hide=lambda text: text.replace("k-123", "****"),
        hidden=("Ann",),
        redaction=Redaction([], ["$.TotalTokens"]),
    )
    assert joined(found, "RequestMessages") == "my key is **** and I am ****"
    assert found[0]["TotalTokens"] == "****"


def test_hidden_messages_leave_a_mark():
    found = made(said("a", "b"), redaction=Redaction([], ["$.RequestMessages[0]"]))
    assert found[0]["RequestMessages"] == ["****", {"role": "user", "content": "b"}]
    found = made(said("a"), redaction=Redaction([], ["$.RequestMessages"]))
    assert found == [{**COLUMNS, "SequenceNumber": 0, "RequestMessages": "****"}]


def test_text_that_is_no_unicode_is_written():
    assert joined(made(said("a\ud800")), "RequestMessages") == "a\\ud800"


def test_without_room_the_messages_go():
    record = LlmRecord(COLUMNS, lambda: said("x"), lambda: said("y"), str, (), 9).without_messages()
    assert (record.size, record.columns["RequestTruncated"]) == (0, True)
    assert rows(record, Redaction(), Bounds()) == [{**record.columns, "SequenceNumber": 0}]


def test_patterns_leave_what_joins_the_rows():
    [row] = made(redaction=Redaction(["."]))
    assert {name: row[name] for name in ("TimeGenerated", "CorrelationId", "Region")} == {
        "TimeGenerated": COLUMNS["TimeGenerated"],
        "CorrelationId": "c1",
        "Region": "****" * 5,
    }
    assert made(redaction=Redaction([], ["$.CorrelationId"]))[0]["CorrelationId"] == "****"
