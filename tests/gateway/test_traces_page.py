"""The page of traces, in a real browser in front of a real gateway."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest
from browser import page
from processes import running

expect = pytest.importorskip("playwright.async_api").expect

POLICY = """<policies>
  <inbound>
    <base />
    <set-variable name="who" value="@(context.Request.Headers.GetValueOrDefault("X-Who","nobody"))" />
    <choose>
      <when condition="@((string)context.Variables["who"] == "ann")">
        <set-header name="X-Known" exists-action="override"><value>yes</value></set-header>
      </when>
    </choose>
    <return-response><set-status code="200" reason="OK" /></return-response>
  </inbound>
</policies>"""
HOSTILE = "<img src=x onerror=document.title='owned'>"


async def test_the_timeline_beside_the_policy(tmp_path: Path) -> None:
    policy = tmp_path / "policy.xml"
    policy.write_text(POLICY)
    flags = ["--mock", "--port", "0", "--admin-port", "0", "--access-log", "off", "--trace"]
    async with running("serve", str(policy), *flags) as gateway, page() as tab:
        url, admin = gateway.urls
        problems: list[str] = []
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        await tab.goto(f"{admin}/traces")
        await expect(tab.locator("#summary")).to_contain_text("No request")
        async with aiohttp.ClientSession() as session:
            for who in (HOSTILE, "ann"):
                async with session.get(f"{url}/hello", headers={"X-Who": who}) as answer:
                    assert answer.status == 200
            while len(await (await session.get(f"{admin}/_trace")).json()) < 2:
                await asyncio.sleep(0.02)
        await tab.click("#refresh")
        await tab.wait_for_selector("#timeline .entry")

        assert "GET" in await tab.inner_text("#summary")
        names = await tab.locator("#timeline .entry:not(.moment) .name").all_inner_texts()
        assert names == ["set-variable", "choose", "set-header", "return-response"]
        bars = await tab.locator("#timeline .track span").evaluate_all("bars => bars.map(b => b.offsetWidth)")
        assert len(bars) == 4
        assert min(bars) >= 2
        ran = await tab.locator("#policy li.ran").all_inner_texts()
        assert [re.match(r"\s*<([\w-]+)", line)[1] for line in ran] == names
        assert len(await tab.locator("#policy li").all()) == len(POLICY.splitlines())

        await tab.locator("#timeline .entry:not(.moment) button", has_text="set-header").click()
        assert "X-Known" in await tab.inner_text(".detail")
        assert "set-header" in await tab.inner_text("#policy li.chosen")
        await tab.locator("#policy li.ran", has_text="set-variable").click()
        assert "set-variable" in await tab.inner_text(".entry.chosen")

        older = await tab.locator("#requests option").nth(1).get_attribute("value")
        await tab.select_option("#requests", older)
        await expect(tab.locator("#timeline")).not_to_contain_text("X-Known")
        assert HOSTILE in await tab.inner_text("#timeline")
        assert await tab.title() == "Traces · apimpy"
        assert (await tab.evaluate("location.hash")) == f"#{older}"
        assert problems == []
