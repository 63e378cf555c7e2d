"""A real browser, the machine's own Chromium: what a page does and how it looks is asked of one.

Without it the tests that want one fail and say how to go on: a skip would look like a pass. Playwright speaks with it, which
brings no browser along; while it does, an event loop runs in this thread, so a module that uses it leaves runs to processes.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    if os.environ.get("LITELONG_NO_BROWSER"):
        pytest.skip("LITELONG_NO_BROWSER is set: how pages look in a browser is not tested")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        how = "install it (Debian: apt-get install chromium), or say LITELONG_NO_BROWSER=1 to leave them out"
        pytest.fail(f"the tests of pages in a browser need Chromium ({', '.join(NAMES)} in PATH); {how}", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found)
        yield chromium
        chromium.close()
