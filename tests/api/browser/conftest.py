"""What the tests of the page share: Chromium, and the page opened in it (open_page.py)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Tests are imported one by one (importlib mode), so their folder is not on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

from open_page import OpenPage, start_chromium


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A browser with a profile of its own."""
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def open_page(chromium: object) -> Iterator[Callable[[str], OpenPage]]:
    """Opens the page of a service; at the end nothing may have gone wrong unseen."""
    pages: list[OpenPage] = []

    def open_at(url: str, language: str = "en-US") -> OpenPage:
        pages.append(OpenPage(chromium, url, language))
        return pages[-1]

    yield open_at
    for page in pages:
        page.close()
    for page in pages:
        assert page.faults() == []


@pytest.fixture
def page(open_page: Callable[[str], OpenPage], server: str) -> OpenPage:
    """The page of the tiny model's service, in English."""
    return open_page(server)
