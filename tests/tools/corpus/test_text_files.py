"""Folders of texts: what is read, under which name, what is rejected and what stops the build."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from litelong import UsageError
from tools.corpus import Corpus, Document, Reject

Opener = Callable[..., Corpus]


def documents(corpus: Corpus) -> dict[str, Document]:
    return {item.doc_id: item for item in corpus.read() if isinstance(item, Document)}


def rejects(corpus: Corpus) -> list[Reject]:
    return [item for item in corpus.read() if isinstance(item, Reject)]


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_a_folder_is_read_in_order_of_relative_paths(data: Path, opened: Opener) -> None:
    names = ["a-b/x.txt", "a/z.md", "a.txt", "b.HTM", "a/b/c.txt"]
    write(data, {name: name.encode() for name in names})
    assert list(documents(opened("."))) == sorted(names)


def test_hidden_files_and_folders_are_left_out(data: Path, opened: Opener) -> None:
    write(data, {"a.txt": b"a", ".b.txt": b"b", ".git/c.txt": b"c"})
    assert list(documents(opened("."))) == ["a.txt"]
    assert list(documents(opened("*"))) == ["a.txt"]


def test_text_is_kept_exactly_but_for_a_byte_order_mark(data: Path, opened: Opener) -> None:
    write(data, {"a.txt": b"\xef\xbb\xbf one\r\ntwo \r three\t\n\n", "b.md": "# Überschrift\n".encode()})
    found = documents(opened("."))
    assert found["a.txt"].text == " one\r\ntwo \r three\t\n\n"
    assert found["b.md"].text == "# Überschrift\n"
    assert found["b.md"].title == "Überschrift"


def test_compressed_texts_are_documents_too(data: Path, opened: Opener) -> None:
    write(data, {"a.txt.gz": gzip.compress(b"one"), "b.html.zst": zstandard.compress(b"<title>T</title><p>two")})
    corpus = opened(".")
    found = documents(corpus)
    assert (found["a.txt.gz"].text, found["b.html.zst"].text, found["b.html.zst"].title) == ("one", "two", "T")
    assert list(corpus.sources[0].fetch([0, 1])) == ["one", "two"]


def test_names_are_relative_to_the_folder_given(data: Path, opened: Opener) -> None:
    write(data, {"in/deep/a.txt": b"a"})
    assert list(documents(opened("in"))) == ["deep/a.txt"]
    assert list(documents(opened("in/deep/a.txt"))) == ["a.txt"]
    assert list(documents(opened("in/**/*.txt"))) == ["deep/a.txt"]
    assert list(documents(opened("in/**"))) == ["deep/a.txt"]
    assert list(documents(opened("**"))) == ["in/deep/a.txt"]
    assert list(documents(opened(str(data / "in")))) == ["deep/a.txt"]


def test_a_file_that_looks_like_a_glob_is_the_file(data: Path, opened: Opener) -> None:
    write(data, {"a[1].txt": b"one", "a1.txt": b"other"})
    assert [document.text for document in documents(opened("a[1].txt")).values()] == ["one"]


def test_a_name_that_is_not_utf8_is_shown_with_its_bytes(data: Path, opened: Opener) -> None:
    (data / "caf\udce9.txt").write_bytes(b"text")
    assert list(documents(opened("."))) == ["caf\\xe9.txt"]
    assert opened(".").fingerprint()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "empty text"),
        ("a.txt", b" \n\t ", "empty text"),
        ("a.txt", b"\xef\xbb\xbf", "empty text"),
        ("a.html", b"<script>x()</script>", "empty text"),
        ("a.txt", "caf\xe9".encode("latin-1"), "invalid UTF-8 at byte 3"),
        ("a.txt", b"lone \xed\xa0\x80", "invalid UTF-8 at byte 5"),
        ("a.rst", b"text", "unsupported suffix .rst"),
        ("a.rst.gz", gzip.compress(b"text", mtime=0), "unsupported suffix .rst.gz"),
        ("README", b"text", "no suffix"),
    ],
)
def test_what_is_no_text_is_a_reject(data: Path, opened: Opener, name: str, content: bytes, reason: str) -> None:
    write(data, {f"in/{name}": content, "in/z.txt": b"good"})
    assert rejects(opened("in")) == [Reject(f"in/{name}", 0, reason)]


@pytest.mark.parametrize("name", ["a.txt", "a.bin", "a.jsonl", "a.html.gz", "a.tar.gz"])
def test_a_binary_file_stops_the_build_or_is_rejected(data: Path, opened: Opener, name: str) -> None:
    content = b"GIF\0\1\2"
    write(data, {f"in/{name}": gzip.compress(content) if name.endswith("gz") else content, "in/z.txt": b"good"})
    line = f"in/{name}: binary file among the texts: remove it, or set corpus.binary_files: reject"
    with pytest.raises(UsageError, match=f"^{line}$"):
        list(opened("in").read())
    assert rejects(opened("in", binary_files="reject")) == [Reject(f"in/{name}", 0, "binary file")]


def test_a_nul_beyond_the_first_8_kib_is_text(data: Path, opened: Opener) -> None:
    write(data, {"a.txt": b"x" * 8192 + b"\0"})
    assert len(documents(opened("."))["a.txt"].text) == 8193


HTML = b"""<!doctype html><html><head><title> Sea &amp; sky </title><style>p{}</style></head><body>
<nav>Home | About</nav><h1>The   sea</h1><p>Salt &lt;and&gt; <b>deep</b>,
blue&nbsp;water.<br>Next line<script>evil()</script></p><table><tr><td>a</td><td>1</td></tr></table>
<pre>def f():
    return 1

x</pre><ul><li>one<li>two</ul></body></html>"""


def test_html_is_cleaned_to_the_text_that_people_see(data: Path, opened: Opener) -> None:
    write(data, {"a.html": HTML})
    page = documents(opened("."))["a.html"]
    assert page.title == "Sea & sky"
    assert page.text.split("\n") == [
        *("The sea", "Salt <and> deep, blue\xa0water.", "Next line", "a\t1"),
        *("def f():", "    return 1", "", "x", "one", "two"),
    ]


def test_html_nested_deeper_than_python_recurses(data: Path, opened: Opener) -> None:
    write(data, {"a.html": b"<div>" * 5000 + b"deep"})
    assert documents(opened("."))["a.html"].text == "deep"


def test_paths_that_lead_nowhere(data: Path, opened: Opener) -> None:
    write(data, {"only/a.rst": b"text"})
    with pytest.raises(UsageError, match=r"corpus\.path: 'nowhere' is not there .*: correct the path"):
        opened("nowhere")
    with pytest.raises(UsageError, match=r"corpus\.path: nothing matches '\*\.txt' .*: correct the pattern"):
        opened("*.txt")
    for paths in (["only"], ["only/a.rst"], []):
        with pytest.raises(UsageError, match=r"corpus\.path: no readable file in .*: readable are \.txt, \.md"):
            opened(*paths)
    with pytest.raises(UsageError, match=r"corpus\.binary_files: unknown value 'skip': it is error or reject"):
        opened("only", binary_files="skip")


def test_links_that_lead_nowhere_or_in_a_circle(data: Path, opened: Opener) -> None:
    write(data, {"in/a.txt": b"a", "on/a.txt": b"a"})
    (data / "in/broken.txt").symlink_to(data / "gone")
    (data / "on/again").symlink_to(data / "on")
    for entry in ("in", "in/*"):
        with pytest.raises(
            UsageError, match=r"broken\.txt: neither a file nor a folder \(a broken link\?\): remove it"
        ):
            opened(entry)
    with pytest.raises(UsageError, match="again: a link that leads back to a folder above it: remove the link"):
        opened("on")


def test_the_fingerprint_follows_files_and_columns(data: Path, opened: Opener) -> None:
    write(data, {"in/a.txt": b"a", "in/b.jsonl": b'{"text": "b", "x": "y"}\n'})
    first = opened("in").fingerprint()
    assert opened("in").fingerprint() == first
    assert opened("in", text_field="x").fingerprint() != first
    (data / "in/a.txt").write_bytes(b"aa")
    second = opened("in").fingerprint()
    assert second != first
    (data / "in/c.txt").write_bytes(b"c")
    assert opened("in").fingerprint() not in (first, second)
    assert opened("in").size_bytes == len(b"aa") + len(b"c") + (data / "in/b.jsonl").stat().st_size
