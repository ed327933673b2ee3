"""A furnished server and Chromium, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from ..e2e.conftest import CHROMIUM, OPTIONS
from .library import Library, furnished


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests are skipped, and say so."""
    here = Path(__file__).parent
    for item in items if not CHROMIUM else []:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="chromium is not installed: .ci/run does"))


@pytest.fixture(scope="package")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A server after some weeks of use."""
    with furnished(tmp_path_factory.mktemp("library")) as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield found
        found.close()
