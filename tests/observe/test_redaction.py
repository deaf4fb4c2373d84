"""Redaction of rows: patterns, paths, and what cannot be one."""

import pytest

from apimpy.observe import redaction
from apimpy.observe.redaction import Redaction, RedactionError

ROW = {
    "RequestMessages": [
        {"role": "system", "content": "be terse"},
        {"role": "user", "content": "card 4111111111111111"},
    ],
    "PromptTokens": 7,
    "RequestHeaders": {"x-team": "red", "x-user": "ann"},
}


def same(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("$.PromptTokens", {"PromptTokens": "****"}),
        ("$['PromptTokens']", {"PromptTokens": "****"}),
        ("$.RequestMessages", {"RequestMessages": "****"}),
        ("$.RequestMessages[0]", {"RequestMessages": ["****", ROW["RequestMessages"][1]]}),
        (
            "$.RequestMessages[?(@.role=='system')].content",
            {"RequestMessages": [{"role": "system", "content": "****"}, ROW["RequestMessages"][1]]},
        ),
        (
            '$.RequestMessages[*]["role"]',
            {"RequestMessages": [{**message, "role": "****"} for message in ROW["RequestMessages"]]},
        ),
        ("$.RequestHeaders.*", {"RequestHeaders": {"x-team": "****", "x-user": "****"}}),
        ("$.RequestHeaders.x-user", {"RequestHeaders": {"x-team": "red", "x-user": "****"}}),
        ("$.RequestHeaders[0]", {}),
        ("$.RequestMessages[7].content", {}),
        ("$.nobody.has.this", {}),
        ("$.PromptTokens.x", {}),
    ],
)
def test_paths(path, changed):
    before = repr(ROW)
    assert Redaction(paths=[path]).applied(ROW, same) == {**ROW, **changed}
    assert repr(ROW) == before


@pytest.mark.parametrize(
    ("pattern", "text", "left"),
    [
        (r"\b\d{16}\b", "card 4111111111111111!", "card ****!"),
        (r"(?i)secret\w*", "Secret1 and secret2", "**** and ****"),
        ("x", "", ""),
    ],
)
def test_patterns(pattern, text, left):
    assert Redaction([pattern]).text(text) == left


def test_a_pattern_without_end_costs_the_text(monkeypatch):
    monkeypatch.setattr(redaction, "_PATIENCE", 0.01)
    assert Redaction(["(a|aa)+$"]).text("a" * 5000 + "b") == "****"


def test_what_is_known_to_be_secret_goes_first():
    assert Redaction(["b+"]).applied({"x": ["abc"]}, lambda t: t.replace("c", "bbb")) == {"x": ["a****"]}


@pytest.mark.parametrize("path", ["", "$", "x.y", "$.", "$.a b", "$..a", "$.a[", "$.a[-1]", "$.a[?(@.x>1)]"])
def test_what_is_no_path(path):
    with pytest.raises(RedactionError, match="is no path"):
        Redaction(paths=[path])


def test_what_is_no_pattern():
    with pytest.raises(RedactionError, match="no regular expression"):
        Redaction(["("])
