"""A real browser for tests of pages: the machine's own Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["page"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def page() -> AsyncIterator[Page]:
    """An empty page.  Without a browser the test is skipped; in CI it fails."""
    found = os.environ.get("APIMPY_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        message = "NO BROWSER: install Chromium (apt-get install chromium) or name one in APIMPY_BROWSER"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=_FLAGS)
        try:
            yield await browser.new_page()
        finally:
            await browser.close()
