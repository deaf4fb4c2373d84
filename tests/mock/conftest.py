"""The mock behind a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mocks import mock_server

from apimpy.tokens.counter import TiktokenCounter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mocks import Mock


@pytest.fixture(scope="session")
def counter() -> TiktokenCounter:
    return TiktokenCounter()


@pytest.fixture
async def mock(counter: TiktokenCounter) -> AsyncIterator[Mock]:
    async with mock_server(counter) as started:
        yield started


@pytest.fixture
def url(mock: Mock) -> str:
    return mock.url
