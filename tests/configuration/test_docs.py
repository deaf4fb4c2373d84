"""docs/gateway.md: its example loads, and it names every key and every code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apimpy.configuration import apiops, backends, observing, read
from apimpy.configuration.assemble import check
from apimpy.configuration.read import read_gateway_file
from apimpy.diagnostics import CODES, Sink

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "gateway.md").read_text(encoding="utf-8")
NAMES = {"OPENAI_KEY": "a", "RED_1": "b", "RED_2": "c", "MI_TOKEN": "d"}


def test_the_example_loads(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (tmp_path / "gateway.yaml").write_text(found[1])
    (tmp_path / "orders.yaml").write_text("openapi: 3.0.0\npaths: {}\n")
    (tmp_path / "policies").mkdir()
    for name in re.findall(r"policies/(\w+)\.xml", found[1]):
        root = "fragment" if name == "auth" else "policies"
        (tmp_path / "policies" / f"{name}.xml").write_text(f"<{root} />")
    sink = Sink()
    model = read_gateway_file(tmp_path / "gateway.yaml", sink, environ=NAMES)
    assert model is not None
    check(model, sink)
    assert [str(d) for d in sink] == []


@pytest.mark.parametrize("module", [read, backends, observing])
def test_every_key_is_named(module: object) -> None:
    """Keys are the first arguments of a section's readers."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    keys = re.findall(
        r"\.(?:text|optional|flag|number|section|entries|items|texts|node|required)\(\s*\"(\w+)\"", text
    ) + re.findall(r"_(?:ref|refs|named|duration)\(\w+, \"(\w+)\"\)", text)
    inside_pasted = {"scheme", "parameter", "validateCertificateChain", "validateCertificateName", "tripDuration"}
    inside_pasted |= {"acceptRetryAfter", "failureCondition", "count", "percentage", "statusCodeRanges", "min", "max"}
    inside_pasted |= {"errorReasons", "interval", "rules"}
    missing = {key for key in keys if not re.search(rf"\b{key}\b", PAGE)} - inside_pasted
    assert len(keys) > 10
    assert missing == set()


def test_every_code_is_named() -> None:
    codes = {code for code in CODES if code.startswith("CFG")} - {"CFG001"}
    assert codes == set(re.findall(r"`(CFG\d{3})` \|", PAGE))


def test_collections_are_named() -> None:
    for name in ("apis", "backends", "groups", "products", "subscriptions"):
        assert name in apiops._COLLECTIONS
        assert f"`{name}`" in PAGE
