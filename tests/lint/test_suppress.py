"""Comments that answer findings."""

from __future__ import annotations

import pytest
from linting import inbound, lint

from apimpy.lint.edits import apply
from apimpy.source import SourceFile

KEY = '<set-header name="api-key"><value>7f3c9a51d0e84b6f</value></set-header>'
OTHER = KEY.replace("api-key", "x-api-key")
WRONG = KEY.replace("><", ' x="1"><', 1)
WHY = "it is the sandbox's"


@pytest.mark.parametrize(
    ("policies", "codes"),
    [
        (KEY, ["SEC003"]),
        (f"<!-- apimpy: ignore SEC003 {WHY} -->\n{KEY}", []),
        (f"<!-- apimpy: ignore SEC003: {WHY} -->{KEY}", []),
        (f"<!-- apimpy: ignore literal-secret {WHY} -->\n{KEY}", []),
        (f"<!--apimpy:ignore SEC003 {WHY}-->\n{KEY}", []),
        (f"<!-- apimpy: ignore SEC003 {WHY} -->\n<!-- and so on -->\n\n{KEY}", []),
        (f"{KEY} <!-- apimpy: ignore SEC003 {WHY} -->", []),
        (f"{KEY} <!-- apimpy: ignore SEC003 {WHY} -->\n{OTHER}", ["SEC003"]),
        (f"<!-- apimpy: ignore SEC003 {WHY} -->\n{KEY}\n{OTHER}", ["SEC003"]),
        (f"<choose><!-- apimpy: ignore SEC003 {WHY} --><when condition='true'>{KEY}</when></choose>", []),
        (f"<choose> <!-- apimpy: ignore SEC003 {WHY} --><when condition='true'>\n{KEY}</when></choose>", []),
        (f"<choose><when condition='true'>{KEY}</when></choose> <!-- apimpy: ignore SEC003 {WHY} -->", []),
        (
            f"<choose><when condition='@(1 &gt; 2)'>{KEY} <!-- apimpy: ignore RUN001,SEC003 {WHY} --></when></choose>",
            [],
        ),
        # several
        (f"<!-- apimpy: ignore SEC003, POL003 {WHY} -->\n{WRONG}", []),
        (f"<!-- apimpy: ignore SEC003, POL003 {WHY} -->\n{KEY}", ["LNT002"]),
        # no reason, no effect
        (f"<!-- apimpy: ignore SEC003 -->\n{KEY}", ["LNT001", "SEC003"]),
        (f"<!-- apimpy: ignore SEC003: -->\n{KEY}", ["LNT001", "SEC003"]),
        (f"<!-- apimpy: ignore -->\n{KEY}", ["LNT003", "SEC003"]),
        (f"<!-- apimpy: ignore SEC999 {WHY} -->\n{KEY}", ["LNT003", "SEC003"]),
        # what does not occur
        (f"<!-- apimpy: ignore SEC001 {WHY} -->\n{KEY}", ["LNT002", "SEC003"]),
        (f"<!-- apimpy: ignore CS0103 {WHY} -->\n<set-method>@(foo)</set-method>", []),
        ("<!-- apimpy: is a tool --><set-method>GET</set-method>", []),
    ],
)
def test_comment(policies: str, codes: list[str]) -> None:
    """What is left of the findings, and what there is to say about the comments."""
    assert [d.code for d in lint(inbound(policies))] == codes


def test_before_the_root_it_counts_for_the_document() -> None:
    """One comment on top answers every finding of its kind."""
    text = inbound(KEY + "\n" + OTHER)
    assert [d.code for d in lint(text)] == ["SEC003"] * 2
    assert lint(f"<!-- apimpy: ignore SEC003 {WHY} -->\n{text}") == []


def test_an_unused_comment_is_removed_with_its_line() -> None:
    """The correction of LNT002 leaves nothing behind."""
    text = inbound("<!-- apimpy: ignore SEC003 old -->\n<set-method>GET</set-method>")
    fixed, count = apply(SourceFile("policy.xml", text), lint(text))
    assert (count, fixed) == (1, inbound("<set-method>GET</set-method>"))


def test_a_broken_document_is_not_changed() -> None:
    """Where the tree is a guess, nothing is corrected."""
    text = inbound("<!-- apimpy: ignore SEC003 old --><choose>")
    assert "LNT002" in {d.code for d in lint(text)}
    assert apply(SourceFile("policy.xml", text), lint(text), unsafe=True) == (text, 0)


def test_what_a_comment_may_ignore_is_suggested() -> None:
    """A misspelt name gets its neighbour as help."""
    (found,) = lint(inbound("<!-- apimpy: ignore literal-secrets it is one --><set-method>GET</set-method>"))
    assert (found.code, found.help) == ("LNT003", "did you mean literal-secret?")
