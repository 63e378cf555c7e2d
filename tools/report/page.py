"""The report drawn as one HTML file: no script, no link, nothing fetched, and a policy that forbids the browser all of it.

Every string goes through the template's escaping and through `safe`, so that a title of the corpus or a reply of a model stays
text: it is no markup, no template, no address, and does not turn the words around it.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from tools.report.contents import Bin, Report
from tools.report.text import JOINERS, KEPT, duration, safe

_HERE = Path(__file__).parent
_SHADES = 6
_POLICY = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


class Box(NamedTuple):
    """A rectangle of a chart, in thousandths of its width (and height, from the top)."""

    kind: str
    x: float
    width: float
    y: float = 0.0
    height: float = 1000.0


def page(report: Report) -> bytes:
    """The page in UTF-8; the same report gives the same bytes."""
    style = (_HERE / "page.css").read_text("utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    text = _template().render(
        r=report,
        style=Markup(style),  # noqa: S704 - our own file
        policy=_POLICY.format(digest),
        filled=report.placed / report.ids if report.ids else 0.0,
    )
    return text.encode("utf-8", "replace")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"stack": stack, "columns": columns, "shades": _SHADES}
    environment.filters |= {"duration": duration}
    return environment.get_template("page.html.j2")


def _harmless(value: object) -> object:
    """What an expression of the template comes to; markup is the template's own."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return safe(value, KEPT | JOINERS)


def stack(parts: Iterable[tuple[str, int]], total: int) -> list[Box]:
    """Parts (kind, count) side by side, in shares of `total`; empty ones are left out."""
    boxes: list[Box] = []
    before = 0
    for kind, count in parts:
        if count > 0 and total > 0:
            boxes.append(Box(kind, round(1000 * before / total, 2), round(1000 * count / total, 2)))
        before += count
    return boxes


def columns(bins: Sequence[Bin]) -> list[Box]:
    """A histogram's bars, the highest of full height; the smallest that is not empty can still be seen."""
    highest = max((one.count for one in bins), default=0)
    width = 1000 / max(1, len(bins))
    boxes: list[Box] = []
    for number, one in enumerate(bins):
        if one.count:
            height = max(12.0, round(1000 * one.count / highest, 2))
            boxes.append(
                Box("packed", round(number * width + width * 0.06, 2), round(width * 0.88, 2), 1000 - height, height)
            )
    return boxes
