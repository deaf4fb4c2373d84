"""URL templates: precedence, parameters, queries.  Mistakes in them are in test_read."""

from __future__ import annotations

import itertools

import pytest

from apimpy.configuration.templates import parse_template

IN_ORDER = [
    ["/a/b", "/a/{x}", "/a/*", "/*"],
    ["/a/b/c", "/a/{x}/c", "/a/{x}/{y}", "/{x}/{y}/{z}", "/{*rest}"],
    ["/{x}/b/c", "/a/{y}/{z}"],  # more literal segments, wherever they stand
    ["/f/{n}.json", "/f/{n}"],
    ["/a", "/a/*"],
    ["/", "/*"],
    ["/a?x={x}&y={y}", "/a?x={x}", "/a"],
    ["/{x}?q=1", "/{x}", "/*"],
]


@pytest.mark.parametrize("templates", IN_ORDER)
def test_precedence(templates: list[str]) -> None:
    """Whatever order they are defined in."""
    for order in itertools.permutations(templates):
        assert sorted(order, key=lambda t: parse_template(t).rank) == templates


@pytest.mark.parametrize(
    ("template", "parameters", "literal"),
    [
        ("/", (), ""),
        ("", (), ""),
        ("a/B/", (), "/a/b"),
        ("/{a}/{b-c}", ("a", "b-c"), None),
        ("/*", ("*",), None),
        ("/a/{*rest}", ("rest",), None),
        ("/a/{x}.{y}?q={z}&r=1", ("x", "y", "z"), None),
        ("/a?q={z}", ("z",), "/a"),
        ("/.well-known/x", (), "/.well-known/x"),
    ],
)
def test_parts(template: str, parameters: tuple[str, ...], literal: str | None) -> None:
    found = parse_template(template)
    assert (found.parameters, found.literal) == (parameters, literal)
