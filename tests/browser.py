"""A real browser, the machine's own Chromium: what a page does and how it looks is asked of one.

Without it the tests that want one are skipped, and pytest says so and why (`-rs`). Playwright speaks with it, which brings
no browser along; while it does, an event loop runs in this thread, so a module that uses it leaves runs to processes.
"""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(
            f"no Chromium ({', '.join(NAMES)} in PATH): pages are not looked at (Debian: apt-get install chromium)"
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found)
        yield chromium
        chromium.close()
