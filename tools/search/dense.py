"""Dense search for hard negatives: chunks by the closeness of their embeddings, in a FAISS index (extra `dense`).

Up to `EXACT` chunks are searched exactly, which costs less than embedding the question; more go into an inverted file of
about 4 sqrt(n) cells, of which one in `ONE_IN` is looked into (recall 0.93: docs/measurements.md). FAISS runs on one
thread, because more of them would add up floating-point numbers in another order.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from math import sqrt
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from litelong import UsageError
from tools.columns import Hashes
from tools.files import content_hash, ignore, replacing, write_atomic
from tools.search.chunks import ChunkText, document_of
from tools.search.interface import Hit
from tools.search.static_embeddings import load_wordllama

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""n texts -> unit vectors, float32 [n, d]."""
EXACT = 250_000
ONE_IN = 7
_BATCH = 1024
_BEYOND = 32
_SEED = 1
_LEAST = 64


def load_embed(name: str) -> Embed:
    """The embeddings called `name`: `wordllama` (offline), `openai:MODEL@BASE_URL` (any compatible endpoint) or `provider:model`.

    The key comes from OPENAI_API_KEY (or the provider's variable). Raises `UsageError` when there are none of that name.
    """
    if name == "wordllama":
        return _wordllama()
    where = f"negatives.embeddings: {name[:80]!r}"
    provider, _, rest = name.partition(":")
    model, _, base = rest.partition("@")
    if not (provider and model) or (base and not base.startswith(("http://", "https://"))):
        raise UsageError(f"{where}: give wordllama, openai:MODEL@BASE_URL, or provider:model")
    try:
        if provider == "openai":
            from langchain_openai import OpenAIEmbeddings

            # Local servers take no key but the client wants one; they know texts, not OpenAI's token ids.
            options: dict[str, Any] = {"base_url": base or None, "api_key": os.environ.get("OPENAI_API_KEY", "none")}
            client: Any = OpenAIEmbeddings(model=model, check_embedding_ctx_length=False, **options)
        else:
            from langchain.embeddings import init_embeddings

            client = init_embeddings(name)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{where}: cannot be loaded ({' '.join(str(error).split())[:200]})") from None
    return lambda texts: _unit(_asked(client, list(texts), where), len(texts), where)


def _asked(client: Any, texts: list[str], where: str) -> list[list[float]]:  # noqa: ANN401 - LangChain's Embeddings
    try:
        # An endpoint refuses an empty input; a blank one is about nothing as well.
        vectors: list[list[float]] = client.embed_documents([text if text.strip() else " . " for text in texts])
    except Exception as error:  # each provider has errors of its own
        raise UsageError(f"{where}: the endpoint gave no embeddings ({type(error).__name__}); is it there?") from None
    return vectors


def _unit(vectors: Sequence[Sequence[float]], count: int, where: str) -> NDArray[np.float32]:
    found = np.asarray(vectors, np.float32)
    if found.ndim != 2 or len(found) != count or not np.isfinite(found).all():
        raise UsageError(f"{where}: {count} vectors of numbers were expected, got an array of shape {found.shape}")
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)


def _as_wide(vectors: NDArray[np.float32], width: int | None) -> NDArray[np.float32]:
    if width not in (None, vectors.shape[1]):
        raise UsageError(
            f"negatives.embeddings: gave vectors of {width} numbers, and now of {vectors.shape[1]}; does the endpoint still "
            "serve the same model?"
        )
    return vectors


def _wordllama() -> Embed:
    model = load_wordllama("negatives.source: dense needs the extra: pip install 'litelong[dense]'")
    # Of an empty text it makes no vector but "not a number".
    return lambda texts: np.asarray(model.embed([text or " " for text in texts], norm=True), np.float32)


class DenseIndex:
    """Meta-chunks by their embeddings; asked like `ChunkIndex`, and as there equal scores are ordered by content hash."""

    def __init__(self, index: Any, ids: list[str], hashes: Hashes, embed: Embed) -> None:  # noqa: ANN401 - faiss is untyped
        self._index, self._ids, self._hashes, self._embed = index, ids, hashes, embed

    @classmethod
    def build(
        cls,
        chunks: Iterable[ChunkText],
        path: Path,
        embed: Embed,
        tick: Callable[[int], None] = ignore,
        exact: int = EXACT,
    ) -> Self:
        """Embed and index `chunks` into the folder `path`; `tick` gets the number just embedded. `exact`: see `EXACT`."""
        faiss = _faiss()
        ids, digests = [], []
        vectors: list[NDArray[np.float32]] = []
        rest = iter(chunks)
        while batch := list(islice(rest, _BATCH)):
            vectors.append(_as_wide(embed([chunk.text for chunk in batch]), vectors[0].shape[1] if vectors else None))
            ids += [chunk.chunk_id for chunk in batch]
            digests.append(Hashes(content_hash(chunk.text) for chunk in batch).array)
            tick(len(batch))
        if not ids:
            raise UsageError(f"{path}: there is no chunk to draw negatives from")
        # One array: FAISS trains on all of it. 1 KiB a chunk for 256 dimensions.
        stacked = np.concatenate(vectors)
        del vectors
        hashes = Hashes(np.concatenate(digests))
        index = _trained(faiss, stacked, hashes, exact)
        index.add(stacked)
        write_atomic(path / "ids.json", orjson.dumps(ids))
        with replacing(path / "hashes.npy") as temporary, temporary.open("wb") as stream:
            np.save(stream, hashes.array)
        with replacing(path / "vectors.faiss") as temporary:
            faiss.write_index(index, str(temporary))
        return cls(index, ids, hashes, embed)

    @classmethod
    def open(cls, path: Path, embed: Embed) -> Self:
        """Open what `build` made. Raises `UsageError` when it is missing or damaged."""
        faiss = _faiss()
        try:
            ids = orjson.loads((path / "ids.json").read_bytes())
            hashes = Hashes(np.load(path / "hashes.npy"))
            index = faiss.read_index(str(path / "vectors.faiss"))
            if not index.ntotal == len(ids) == len(hashes):
                raise ValueError("its files do not fit each other")
        except (OSError, ValueError, RuntimeError) as error:
            raise UsageError(f"dense index {path}: damaged ({error!s:.100}); delete the folder") from None
        return cls(index, ids, hashes, embed)

    def look_into(self, cells: int) -> None:
        """Search so many cells of an inverted file: more find more, and take longer."""
        self._index.nprobe = cells

    def __len__(self) -> int:
        """The number of chunks."""
        return len(self._ids)

    def close(self) -> None:
        """Nothing is open; for callers that close any index."""

    def negatives_many(
        self, chunks: Sequence[ChunkText], k: int, *, excluded: Callable[[ChunkText, str], bool]
    ) -> list[list[Hit]]:
        """For each chunk the `k` closest of other documents that are not `excluded`; scores are cosines to 4 decimals."""
        found: list[list[Hit]] = [[] for _ in chunks]
        if not chunks:
            return found
        vectors = _as_wide(self._embed([chunk.text for chunk in chunks]), self._index.d)
        exhausted = self._search(found, chunks, vectors, range(len(chunks)), k, excluded)
        if exhausted:
            self._search(
                found, chunks, vectors, exhausted, k, excluded, params=_faiss().SearchParametersIVF(nprobe=1 << 30)
            )
        return found

    def _search(
        self,
        found: list[list[Hit]],
        chunks: Sequence[ChunkText],
        vectors: NDArray[np.float32],
        asked: Sequence[int],
        k: int,
        excluded: Callable[[ChunkText, str], bool],
        params: Any = None,  # noqa: ANN401 - faiss is untyped
    ) -> list[int]:
        """Put into `found` what there is for the chunks `asked`; gives those for which the cells looked into held too few."""
        exhausted = []
        depth = min(k + _BEYOND, len(self))
        while asked:
            scores, places = self._index.search(vectors[asked], depth, params=params)
            short = []
            for row, place in enumerate(asked):
                found[place] = self._left(chunks[place], scores[row], places[row], k, excluded)
                # The last may be one of many equal ones, of which the engine gave the first that it was given.
                whole = len(found[place]) == k and found[place][-1].score > _rounded(scores[row][-1])
                if places[row][-1] < 0 and len(found[place]) < k and params is None:
                    exhausted.append(place)
                elif not whole and depth < len(self) and places[row][-1] >= 0:
                    short.append(place)
            asked, depth = short, min(2 * depth, len(self))
        return exhausted

    def _left(
        self,
        chunk: ChunkText,
        scores: NDArray[np.float32],
        places: NDArray[np.int64],
        k: int,
        excluded: Callable[[ChunkText, str], bool],
    ) -> list[Hit]:
        hits = sorted(
            (-_rounded(score), self._hashes[place], self._ids[place])
            for score, place in zip(scores.tolist(), places.tolist(), strict=True)
            if place >= 0 and document_of(self._ids[place]) != chunk.doc_id
        )
        others = (hit for hit in hits if not excluded(chunk, hit[2]))
        return [Hit(chunk_id, rank, -score) for rank, (score, _, chunk_id) in enumerate(islice(others, k), 1)]


def _rounded(score: float) -> float:
    """A float32: embeddings of one text may differ behind that with the texts beside it."""
    return float(np.float32(round(float(score), 4)))


def _faiss() -> Any:  # noqa: ANN401 - faiss is untyped
    try:
        import faiss
    except ImportError:
        raise UsageError("negatives.source: dense needs the extra: pip install 'litelong[dense]'") from None
    faiss.omp_set_num_threads(1)
    return faiss


def _trained(faiss: Any, vectors: NDArray[np.float32], hashes: Hashes, exact: int) -> Any:  # noqa: ANN401 - faiss is untyped
    count, width = vectors.shape
    flat = faiss.IndexFlatIP(width)
    if count <= exact:
        return flat
    cells = max(1, min(int(4 * sqrt(count)), count // _LEAST))  # fewer vectors a cell train it badly
    index = faiss.IndexIVFFlat(flat, width, cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = _SEED
    index.nprobe = max(1, cells // ONE_IN)
    sample = np.random.default_rng(_SEED).permutation(count)[: _LEAST * cells]
    # By content hash, so that cells are a matter of the texts and not of the order in which they came.
    index.train(vectors[np.lexsort(hashes.halves()[::-1])[np.sort(sample)]])
    return index
