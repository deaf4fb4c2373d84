"""YAML and JSON to nodes: values, places, and what is wrong with a text."""

from __future__ import annotations

from typing import Any

import pytest

from apimpy.configuration.yaml_source import parse, plain
from apimpy.diagnostics import Sink
from apimpy.source import SourceFile


def read(text: str, name: str) -> tuple[Any, list[str]]:
    sink = Sink()
    node = parse(SourceFile(name, text), sink)
    return None if node is None else plain(node), [f"{d.code} {d.span}".replace(f"{name}:", "") for d in sink]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, 2.5, true, null, ~, '']", {"a": 1, "b": ["x", 2.5, True, None, None, ""]}),
        (
            "a: yes\nb: on\nc: 2024-01-02\nd: 1:30\ne: '1'\nf: 0x10",
            dict(zip("abcdef", ["yes", "on", "2024-01-02", "1:30", "1", "0x10"], strict=True)),
        ),
        ("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}", {"a": {"k": 1}, "b": {"k": 1}, "c": {"l": 2, "k": 1}}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("", None),
    ],
)
def test_yaml_values(text: str, value: Any) -> None:
    assert read(text, "f.yaml") == (value, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, -2.5e1, true, null, "x\\u00e9"], "b": {}}', {"a": [1, -25.0, True, None, "xé"], "b": {}}),
        ("\t[\t]\r\n", []),
        ('"x"', "x"),
    ],
)
def test_json_values(text: str, value: Any) -> None:
    assert read(text, "f.json") == (value, [])


@pytest.mark.parametrize(
    ("name", "text", "problems"),
    [
        ("f.yaml", "a: 1\nb: [1\nc: 2", ["CFG002 3:2"]),
        ("f.yaml", "a: b: c", ["CFG002 1:5"]),
        ("f.yaml", "a: 1\r\né: 1\r\na: 2", ["CFG003 3:1"]),
        ("f.yaml", "a: *nope", ["CFG002 1:4"]),
        ("f.yaml", "a: &x [*x]", ["CFG002 1:4"]),
        ("f.yaml", "a: 1\n---\nb: 2", ["CFG002 2:1"]),
        ("f.yaml", "? [a]\n: 1", ["CFG005 1:3"]),
        ("f.yaml", "[" * 102 + "]" * 102, ["CFG002 1:102"]),
        ("f.json", '{"a": 1,}', ["CFG002 1:9"]),
        ("f.json", '{"a": 1\n "b": 2}', ["CFG002 2:2"]),
        ("f.json", '{"a" 1}', ["CFG002 1:6"]),
        ("f.json", '{"a": 1, "a": 2}', ["CFG003 1:10"]),
        ("f.json", '{"a": nope}', ["CFG002 1:7"]),
        ("f.json", '{"a": "x', ["CFG002 1:7"]),
        ("f.json", "[1] 2", ["CFG002 1:5"]),
        ("f.json", "", ["CFG002 1:1"]),
        ("f.json", "[" * 200, ["CFG002 1:102"]),
    ],
)
def test_problems(name: str, text: str, problems: list[str]) -> None:
    assert read(text, name)[1] == problems


def test_places_are_code_points() -> None:
    sink = Sink()
    node = parse(SourceFile("f.yaml", "é: 'a😀'\nb: {c: d}\n"), sink)
    assert node is not None
    entry = node.value["b"].node.value["c"]
    assert (entry.key_span.line_col, entry.node.span.line_col, entry.node.span.text) == ((2, 5), (2, 8), "d")
    assert node.value["é"].node.span.text == "'a😀'"
