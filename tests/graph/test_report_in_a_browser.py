"""The demo's report in a real browser: it asks for nothing, shows the ledger's figures, and can be read on screens and paper."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, Page

from graph.demo import DEMO

SCREENS = {
    "desk": {"viewport": {"width": 1280, "height": 900}},
    "telephone": {"viewport": {"width": 400, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "telephone, dark": {"viewport": {"width": 400, "height": 800}, "color_scheme": "dark"},
}
PAPER = {"viewport": {"width": 718, "height": 1000}}
"""A4 within its margins, at 96 dots an inch."""

FIGURES = """() => [...document.querySelectorAll('data[data-figure]')].map(d => [d.dataset.figure, d.innerText])"""
OPEN = """() => document.querySelectorAll('details').forEach(d => d.open = true)"""
PROTRUDING = """() => [...document.querySelectorAll('body *')].filter(e =>
    e.checkVisibility() && !e.matches('.skip') && !(e.closest('.wide') && !e.matches('.wide'))
    && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)
).map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 60))"""
CUT = """() => [...document.querySelectorAll('body *')].filter(e =>
    e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible'
    && (getComputedStyle(e).overflowX !== 'auto' || e.tabIndex !== 0)
).map(e => e.tagName + ' ' + e.className)"""
ON_PAPER = """() => [...document.querySelectorAll('table')].filter(e =>
    e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent.slice(0, 60))"""
TEXTS = """() => {
    const seen = new Map()
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number)
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const e = node.parentElement
        if (!node.data.trim() || !e.checkVisibility() || e.closest('.skip')) continue
        let back = e
        while (back && (parts(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement
        const style = getComputedStyle(e)
        const one = { ink: parts(style.color).slice(0, 3), size: parseFloat(style.fontSize),
            paper: back ? parts(getComputedStyle(back).backgroundColor).slice(0, 3) : [255, 255, 255] }
        seen.set(JSON.stringify(one), { ...one, text: node.data.trim().slice(0, 40) })
    }
    return [...seen.values()]
}"""


@pytest.fixture(scope="module")
def demo(command_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with one of its sections and a quarter of its context, which takes a quarter of the time."""
    folder = tmp_path_factory.mktemp("demo")
    settings = {**DEMO, "taxonomy": {"source": "compact", "select": ["SOCIAL SCIENCE/**"]}}
    (folder / "demo.yaml").write_bytes(orjson.dumps(settings))
    command = [str(command_path), "run", "demo.yaml", "--out", "run", "--set", "packing.context_length=32768"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "run"


@pytest.fixture
def opened(demo: Path, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the page on a screen; in the end it must have said nothing on the console and asked for nothing but itself."""
    contexts, said, asked = [], [], []
    address = (demo / "report" / "index.html").resolve().as_uri()

    def open_page(screen: dict[str, Any]) -> Page:
        context = browser.new_context(**screen)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.evaluate(OPEN)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert set(asked) == {address}


def number_at(ledger: Any, name: str) -> int:
    for key in name.split("."):
        ledger = ledger[key]
    return int(ledger)


def test_what_a_reader_sees_is_what_the_ledger_says(demo: Path, opened: Callable[..., Page]) -> None:
    ledger = orjson.loads((demo / "ledger.json").read_bytes())
    page = opened(SCREENS["desk"])
    shown = page.evaluate(FIGURES)
    of_the_ledger = [(name, text) for name, text in shown if name.split(".")[0] in ("tokens", "documents")]
    assert len({name for name, _ in of_the_ledger}) >= 15
    for name, text in of_the_ledger:
        assert text == f"{number_at(ledger, name):,}", name
    samples, length = ledger["tokens"]["samples"], ledger["tokens"]["context_length"]
    assert page.title() == f"demo: {samples:,} samples of {length:,} ids"
    assert page.locator(".lead").inner_text().startswith(f"{samples:,} samples of exactly {length:,} ids")
    assert page.locator("tr.row").count() == samples
    assert page.get_by_text("adds up exactly").count() == 6


@pytest.mark.parametrize("screen", SCREENS)
def test_it_can_be_read_on_any_screen(screen: str, opened: Callable[..., Page]) -> None:
    """With every part unfolded: nothing beside the screen but wide tables, which scroll (by key, too); no faint or tiny text."""
    page = opened(SCREENS[screen])
    assert page.evaluate(PROTRUDING) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CUT) == []
    check_texts(page, 11.5)


def test_it_can_be_printed(opened: Callable[..., Page]) -> None:
    page = opened({**PAPER, "color_scheme": "dark"})
    page.emulate_media(media="print")
    assert page.evaluate(PROTRUDING) == []
    assert page.evaluate(ON_PAPER) == []
    assert not page.locator("nav").is_visible()
    check_texts(page, 10)
    assert page.pdf(format="A4").startswith(b"%PDF-")


def check_texts(page: Page, smallest: float) -> None:
    """Every text has 4.5 times the contrast of none (WCAG 2.2, 1.4.3), and letters of at least so many pixels."""
    texts = page.evaluate(TEXTS)
    assert len(texts) > 5
    faint = [text for text in texts if contrast(text["ink"], text["paper"]) < 4.5]
    assert faint == []
    assert [text for text in texts if text["size"] < smallest] == []


def contrast(one: list[float], other: list[float]) -> float:
    """WCAG's ratio of the luminances of two sRGB colours."""

    def luminance(colour: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
