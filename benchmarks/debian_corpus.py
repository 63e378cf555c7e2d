"""Real text for benchmarks, of another kind than the demo corpus: dictionaries and manuals from Debian's packages.

Anyone with apt can fetch them, they are free, and they are the opposite of an almanac: short entries of one word each,
and long sections of a manual. The text is never committed: `python -m benchmarks.debian_corpus OUT` downloads the
packages and writes one JSONL file (id, text) for each into OUT, which `corpus.path` can then name. The same version of a
package gives the same bytes; the version and the SHA-256 of every file are printed.

Provenance marks that stand on a line of their own (`[1913 Webster]`, 200,000 of them) are taken out: they are in nearly
every entry of gcide, say nothing of its subject, and are a tenth of its characters.
"""

import argparse
import gzip
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import orjson
from selectolax.lexbor import LexborHTMLParser, LexborNode

from litelong import UsageError
from tools.files import write_atomic

DEFAULT = ("dict-foldoc", "dict-gcide", "debian-handbook")
LEAST_WORDS, MOST_WORDS = 200, 1500
"""Sections of a manual are joined up to the first and cut above the second."""

_DIGITS = {
    digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_DATABASE = re.compile(r"00-?database|00-gcide|00-web1913", re.IGNORECASE)
_MARK = re.compile(r"^\s*\[(?:1913 Webster|Webster 1913 Suppl\.|WordNet 1\.5|PJC|AS|\s*\+\s*)+\]\s*$")
_AROUND = "head, script, style, #banner, p#title, ul.docnav, div.toc, a.indexterm"
_BLOCKS = {"p", "div", "li", "ul", "ol", "dl", "dt", "dd", "table", "tr", "blockquote", "section", "pre", "br", "hr"}
_CUTS = {"h1", "h2", "h3"}
_NUMBER = re.compile(r"^(?:Chapter \d+\.|Appendix [A-Z]\.|\d+(?:\.\d+)*\.|[A-Z]\.(?:\d+\.?)*)\s+")


class Entry(NamedTuple):
    """One document: an id that is unique within its package, and its text."""

    doc_id: str
    text: str


@dataclass(slots=True)
class Section:
    """What stands between two headings of a page: the heading, and the paragraphs in order (no empty ones)."""

    title: str
    level: int
    lines: list[str] = field(default_factory=list)

    @property
    def words(self) -> int:
        return sum(len(line.split()) for line in self.lines)


def dictionary(root: Path) -> Iterator[Entry]:
    """The entries of every dictd dictionary under `root`, in the order of its text, headword first."""
    for index in sorted(root.glob("usr/share/dictd/*.index")):
        packed = index.with_suffix(".dict.dz")
        data = gzip.decompress(packed.read_bytes())
        for start, length, keys in _spans(index):
            text = data[start : start + length].decode("utf-8", "replace")
            body = textwrap.dedent(_tidy(text))
            if body:
                yield Entry(f"{index.stem}/{start}", _with_headword(body, keys))


def _spans(index: Path) -> list[tuple[int, int, list[str]]]:
    """(start, length, headwords) in bytes of the text; several headwords may share an entry."""
    spans: dict[tuple[int, int], list[str]] = {}
    for line in index.read_text("utf-8", "replace").splitlines():
        key, start, length = line.split("\t")[:3]
        spans.setdefault((_number(start), _number(length)), []).append(key)
    return [
        (start, length, keys)
        for (start, length), keys in sorted(spans.items())
        if not any(_DATABASE.match(key) for key in keys)
    ]


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 64 + _DIGITS[digit]
    return value


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n") if not _MARK.match(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _with_headword(body: str, keys: Sequence[str]) -> str:
    """`body` with the longest headword that begins it on a line of its own, as the entry itself spells it."""
    first = body.partition("\n")[0]
    begins = [key for key in keys if first.casefold().startswith(key.casefold())]
    if not begins:
        return f"{min(keys)}\n{body}"
    end = max(map(len, begins))
    rest = body[end:].lstrip(" ")
    return f"{body[:end]}\n{rest}" if rest and not rest.startswith("\n") else body


def manual(root: Path, pages: str) -> Iterator[Entry]:
    """The sections of every HTML page that matches `pages`, of about 200 to 1,500 words each."""
    for path in sorted(root.glob(pages)):
        title, sections = _sections(path)
        for number, section in enumerate(_cut(_joined(sections))):
            heading = title if section.title in ("", title) else f"{title}: {section.title}"
            yield Entry(f"{path.stem}/{number}", "\n\n".join([heading, *section.lines]))


def _sections(path: Path) -> tuple[str, list[Section]]:
    page = LexborHTMLParser(path.read_text("utf-8", "replace"))
    head = page.css_first("title")
    title = _plain(head.text() if head else path.stem).partition(" | ")[0]
    for node in page.css(_AROUND):
        node.decompose()
    sections = [Section(title, 0)]
    if page.body is not None:
        line = _walk(page.body, sections, "")
        _add(sections, line)
    return title, [section for section in sections if section.lines]


def _walk(node: LexborNode, sections: list[Section], line: str) -> str:
    """Append the paragraphs below `node`; returns the line that is still open."""
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            line += child.text() or ""
        elif tag in _CUTS:
            _add(sections, line)
            sections.append(Section(_plain(child.text()), int(tag[1])))
            line = ""
        elif tag == "pre":
            _add(sections, line)
            sections[-1].lines.extend([child.text().strip("\n")] if child.text().strip() else [])
            line = ""
        elif tag in _BLOCKS or re.fullmatch(r"h[4-6]", tag):
            _add(sections, line)
            inner = _walk(child, sections, "")
            _add(sections, inner if tag[0] != "h" else _plain(inner))
            line = ""
        elif not tag.startswith(("-", "_")):
            line = _walk(child, sections, line)
    return line


def _add(sections: list[Section], line: str) -> None:
    if text := " ".join(line.split()):
        sections[-1].lines.append(text)


def _plain(text: str) -> str:
    return _NUMBER.sub("", " ".join(text.split()))


def _joined(sections: list[Section]) -> Iterator[Section]:
    """Sections under 200 words grow by what follows them, the last by being put to the one before, up to 1,500 words."""
    whole: list[Section] = []
    for section in sections:
        last = whole[-1] if whole else None
        short = last is not None and min(last.words, section.words) < LEAST_WORDS
        if last is not None and short and last.words + section.words <= MOST_WORDS:
            last.lines.extend([line for line in (section.title, *section.lines) if line])
        else:
            whole.append(Section(section.title, section.level, list(section.lines)))
    yield from whole


def _cut(sections: Iterator[Section]) -> Iterator[Section]:
    """Sections over 1,500 words cut between paragraphs into parts of about one length."""
    for section in sections:
        parts = -(-section.words // MOST_WORDS)
        size, part = section.words / max(parts, 1), Section(section.title, section.level)
        for line in section.lines:
            if part.lines and part.words + len(line.split()) / 2 > size:
                yield part
                part = Section(section.title, section.level)
            part.lines.append(line)
        yield part


READERS: dict[str, Callable[[Path], Iterator[Entry]]] = {
    "dict-foldoc": dictionary,
    "dict-gcide": dictionary,
    "dict-wn": dictionary,
    "debian-handbook": lambda root: manual(root, "usr/share/doc/debian-handbook/html/en-US/*.html"),
    "anarchism": lambda root: manual(root, "usr/share/doc/anarchism/html/*.html"),
}


def fetch(package: str, cache: Path) -> Path:
    """The package's file in `cache`, downloaded unless one is there. Raises `UsageError`."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise UsageError(
                f"no {tool} on this machine: these texts come from Debian packages, run it on Debian or Ubuntu"
            )
    cache.mkdir(parents=True, exist_ok=True)
    if not (found := sorted(cache.glob(f"{package}_*.deb"))):
        answer = subprocess.run(
            ["apt-get", "download", package], cwd=cache, capture_output=True, text=True, check=False
        )
        found = sorted(cache.glob(f"{package}_*.deb"))
        if answer.returncode or not found:
            why = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UsageError(
                f"apt-get download {package} failed ({why}): run 'apt-get update' first, or check the network"
            )
    if len(found) > 1:
        raise UsageError(f"{cache} holds {len(found)} versions of {package}: keep one")
    return found[0]


def entries(package: str, deb: Path) -> list[Entry]:
    """Every document of `deb`, in the order of its files. Raises `UsageError` for a package that cannot be unpacked."""
    with TemporaryDirectory() as folder:
        answer = subprocess.run(
            ["dpkg-deb", "-x", str(deb.resolve()), folder], capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise UsageError(f"dpkg-deb cannot unpack {deb.name}: delete it and run again")
        found = list(READERS[package](Path(folder)))
    if not found:
        raise UsageError(f"{deb.name} holds no text where it is looked for: its layout changed, see READERS")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; exit status 2 with one line for what the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.debian_corpus", description="Fetch benchmark texts.")
    parser.add_argument("out", type=Path, help="folder for the JSONL files; corpus.path can name it")
    parser.add_argument("--packages", nargs="+", choices=sorted(READERS), default=list(DEFAULT), metavar="NAME")
    parser.add_argument("--cache", type=Path, help="folder for the packages (default: OUT with .cache added)")
    options = parser.parse_args(arguments)
    cache = options.cache or options.out.with_name(f"{options.out.resolve().name}.cache")
    try:
        for package in dict.fromkeys(options.packages):
            deb = fetch(package, cache)
            found = entries(package, deb)
            data = b"".join(orjson.dumps({"id": item.doc_id, "text": item.text}) + b"\n" for item in found)
            write_atomic(options.out / f"{package}.jsonl", data)
            characters = sum(len(item.text) for item in found)
            digest = sha256(data).hexdigest()[:16]
            print(f"{deb.stem}: {len(found):,} documents, {characters:,} characters, sha256 {digest}")
    except UsageError as error:
        print(f"debian_corpus: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
