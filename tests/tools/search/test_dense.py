"""Dense search: the closest chunks of other documents, by wordllama or by a real HTTP endpoint, the same ones every time."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from litelong import UsageError
from tools.search.chunks import ChunkText, document_of
from tools.search.dense import DenseIndex, Embed, load_embed

THEMES = ["whale krill ocean", "lava crater volcano", "rye sourdough loaf", "rook pawn chess", "steam locomotive rail"]


def chunks(count: int) -> list[ChunkText]:
    """Chunks on five themes, four to a document."""
    return [
        ChunkText.of(f"d{n // 4}", n % 4, f"The {THEMES[n % 5]} of number {n} and the {THEMES[n % 5]}.")
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def wordllama() -> Embed:
    return load_embed("wordllama")


def nothing(*_: object) -> bool:
    return False


def test_loading_the_embeddings_leaves_what_other_packages_log_alone() -> None:
    script = "import logging; from tools.search.dense import load_embed; load_embed('wordllama'); logging.info('x'); import faiss"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_closest_of_other_documents_by_cosine(wordllama: Embed, tmp_path: Path) -> None:
    pool = chunks(60)
    index = DenseIndex.build(iter(pool), tmp_path / "index", wordllama)
    found = index.negatives_many(pool[:7], 5, excluded=nothing)
    for asked, hits in zip(pool, found, strict=False):
        assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
        assert all(document_of(hit.doc_id) != asked.doc_id for hit in hits)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        about = THEMES[int(asked.text.split("number ")[1].split()[0]) % 5]
        by_id = {chunk.chunk_id: chunk.text for chunk in pool}
        assert all(about in by_id[hit.doc_id] for hit in hits)
    reopened = DenseIndex.open(tmp_path / "index", wordllama)
    assert reopened.negatives_many(pool[:7], 5, excluded=nothing) == found
    assert len(reopened) == 60


def test_excluded_chunks_are_passed_and_the_search_goes_deeper_for_others(wordllama: Embed, tmp_path: Path) -> None:
    pool = chunks(200)
    index = DenseIndex.build(iter(pool), tmp_path / "index", wordllama)
    allowed = {"d48", "d49"}
    hits = index.negatives_many([pool[0]], 8, excluded=lambda _, found: document_of(found) not in allowed)[0]
    assert len(hits) == 8
    assert {document_of(hit.doc_id) for hit in hits} == allowed
    every = index.negatives_many([pool[0]], 1000, excluded=nothing)[0]
    assert len(every) == 196, "all of other documents, when so many are asked for"


def test_where_the_cells_looked_into_hold_too_few_all_are_looked_into(wordllama: Embed, tmp_path: Path) -> None:
    pool = chunks(2_000)
    index = DenseIndex.build(iter(pool), tmp_path / "index", wordllama, exact=0)
    allowed = {f"d{n}" for n in range(400, 404)}
    hits = index.negatives_many(pool[:5], 16, excluded=lambda _, found: document_of(found) not in allowed)
    assert [len(own) for own in hits] == [16] * 5, "chunks of all themes, wherever they lie"


def test_an_inverted_file_finds_nearly_what_exact_search_finds(wordllama: Embed, tmp_path: Path) -> None:
    pool = [*chunks(3_000), ChunkText.of("empty", 0, "")]
    exact = DenseIndex.build(iter(pool), tmp_path / "exact", wordllama)
    inverted = [DenseIndex.build(iter(pool), tmp_path / name, wordllama, exact=0) for name in ("one", "other")]
    found = [index.negatives_many(pool[:50], 10, excluded=nothing) for index in (exact, *inverted)]
    assert found[1] == found[2], "training and search are seeded"
    best = [{h.score for h in hits} for hits in found[0]]
    shares = [sum(h.score >= min(own) for h in hits) / 10 for hits, own in zip(found[1], best, strict=True)]
    assert np.mean(shares) > 0.9


@pytest.mark.parametrize("exact", [1 << 20, 0], ids=["exact", "inverted"])
def test_what_is_found_is_a_matter_of_the_texts_and_not_of_their_names_or_order(
    wordllama: Embed, exact: int, tmp_path: Path
) -> None:
    """Many chunks say the same but for a number, so that many scores are equal to 4 decimals."""
    pool = [
        ChunkText.of(f"d{n}", 0, f"The {THEMES[n % 5]} and the {THEMES[n % 3]} of pier {n // 9}.") for n in range(2_000)
    ]
    renamed = [ChunkText.of(f"d{7 * n % 2_000}", 0, chunk.text) for n, chunk in enumerate(pool)]
    texts = []
    for number, some in enumerate((pool, renamed[::-1])):
        index = DenseIndex.build(iter(some), tmp_path / str(number), wordllama, exact=exact)
        by_id = {chunk.chunk_id: chunk.text for chunk in some}
        asked = [ChunkText.of("asked", n, chunk.text) for n, chunk in enumerate(pool[:20])]
        found = index.negatives_many(asked, 40, excluded=nothing)
        texts.append([[(by_id[hit.doc_id], hit.rank, hit.score) for hit in hits] for hits in found])
    assert texts[0] == texts[1]


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[dict[str, Any]], Callable[[Any], None]]]:
    """An OpenAI-compatible server: its address, the requests it got, and what to answer in place of embeddings."""
    asked: list[dict[str, Any]] = []
    instead: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**body, "path": self.path, "key": self.headers["Authorization"]})
            texts = body["input"]
            rows = [{"object": "embedding", "index": n, "embedding": [len(t), 1.0, 2.0]} for n, t in enumerate(texts)]
            answer = instead[0] if instead else {"object": "list", "model": body["model"], "data": rows}
            data = json.dumps(answer).encode()
            self.send_response(200 if not instead else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1", asked, instead.append
        server.shutdown()
        thread.join()


def test_any_compatible_endpoint_gives_embeddings(
    endpoint: tuple[str, list[dict[str, Any]], Callable[[Any], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked, _ = endpoint
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    vectors = load_embed(f"openai:tiny@{address}")(["whale", "a reef", "  "])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 3)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert asked[0]["model"] == "tiny"
    assert asked[0]["path"] == "/v1/embeddings"
    assert asked[0]["key"] == "Bearer sk-test"
    assert asked[0]["input"][:2] == ["whale", "a reef"], "texts go as texts"


def test_an_endpoint_that_fails_is_one_line_without_the_key(
    endpoint: tuple[str, list[dict[str, Any]], Callable[[Any], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _, answer_with = endpoint
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    answer_with({"error": {"message": "no such model for sk-secret"}})
    with pytest.raises(UsageError, match=r"negatives\.embeddings: 'openai:tiny@http.*gave no embeddings") as refused:
        load_embed(f"openai:tiny@{address}")(["whale"])
    assert "sk-secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_endpoint_that_changes_its_model_is_one_line(tmp_path: Path) -> None:
    widths = iter([64, 64, 32, 32])

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), next(widths)), 0.1, np.float32)

    index = DenseIndex.build(iter(chunks(1_030)), tmp_path / "index", embed)
    with pytest.raises(UsageError, match=r"vectors of 64 numbers, and now of 32[^\n]*serve the same model\?$"):
        index.negatives_many(chunks(1), 3, excluded=nothing)
    widths = iter([64, 32])
    with pytest.raises(UsageError, match="vectors of 64 numbers, and now of 32"):
        DenseIndex.build(iter(chunks(1_030)), tmp_path / "other", embed)


@pytest.mark.parametrize("name", ["", "wordlama", "openai:", "openai:m@localhost:80", "nowhere:model"])
def test_unknown_embeddings_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"^negatives\.embeddings: [^\n]+$"):
        load_embed(name)


def test_an_empty_pool_and_a_damaged_index_are_refused(wordllama: Embed, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no chunk to draw negatives from"):
        DenseIndex.build(iter(()), tmp_path / "empty", wordllama)
    DenseIndex.build(iter(chunks(8)), tmp_path / "index", wordllama)
    (tmp_path / "index" / "ids.json").write_text("[]")
    with pytest.raises(UsageError, match="damaged"):
        DenseIndex.open(tmp_path / "index", wordllama)
