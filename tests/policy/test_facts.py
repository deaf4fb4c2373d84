"""Rules about what goes together: which elements break them, and what is said."""

import pytest

from apimpy.diagnostics import Sink
from apimpy.document.reader import read
from apimpy.policy.facts import at_least_one, at_most_one, exactly_one, needs, together
from apimpy.source import SourceFile

EXACTLY, LEAST, MOST = exactly_one("a", "b", "c"), at_least_one("a", "b"), at_most_one("a", "b")
TOGETHER, NEEDS, CHILD = together("a", "b"), needs("a", "b"), exactly_one("<x>", "<y>")


@pytest.mark.parametrize(
    ("rule", "markup", "said"),
    [
        (EXACTLY, "<p />", "<p> takes exactly one of a, b and c"),
        (EXACTLY, "<p a='' />", None),
        (EXACTLY, "<p a='' c='' />", "<p> takes exactly one of a, b and c"),
        (LEAST, "<p c='' />", "<p> needs a or b"),
        (LEAST, "<p a='' b='' />", None),
        (MOST, "<p />", None),
        (MOST, "<p a='' b='' />", "<p> takes at most one of a and b"),
        (TOGETHER, "<p />", None),
        (TOGETHER, "<p a='' />", "a and b of <p> go together"),
        (TOGETHER, "<p a='' b='' />", None),
        (NEEDS, "<p a='' />", "a of <p> needs b"),
        (NEEDS, "<p a='' b='' />", None),
        (NEEDS, "<p />", None),
        (CHILD, "<p><x /></p>", None),
        (CHILD, "<p x=''><z /></p>", "<p> takes exactly one of <x> and <y>"),
    ],
)
def test_rules(rule, markup, said):
    document = read(SourceFile("p.xml", markup), Sink())
    assert document is not None
    assert rule.broken(document.root) == said
    assert rule.of_children is (rule is CHILD)
