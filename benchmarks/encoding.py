"""Encoding: MB of UTF-8 a CPU-second of each engine, in one run, and whether every document has the same ids by all of them.

Engines take turns; each turn loads the engine anew, so that no cache of words is warm from the turn before. One thread. Two
tokenizers: those asked for, and a byte-level BPE trained on the texts and loaded from its `tokenizer.json`.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Protocol

import numpy as np
import orjson

from benchmarks.machine import machine
from benchmarks.markdown import table
from litelong import UsageError
from tools.tokens import Encoded, Tokenizer, load_tokenizer
from tools.tokens.engines import engines_for
from tools.tokens.fast import choose

BATCH = 4_000
TRAINED_ON = 4_000_000
VOCABULARY = 16_000
SAMPLE = 200


class Encoder(Protocol):
    """What encodes a batch of texts on one thread."""

    def __call__(self, texts: list[str]) -> Encoded: ...


def encoding(folder: Path, names: Sequence[str], rounds: int) -> str:
    """The measurement as Markdown. `folder` holds JSONL files with `text`. Raises `UsageError`."""
    texts = list(_texts(folder))
    if not texts:
        raise UsageError(f"{folder}: no *.jsonl with texts; `python -m benchmarks.debian_corpus FOLDER` makes them")
    size = sum(len(text.encode()) for text in texts) / 1e6
    head = (
        f"{len(texts):,} documents, {size:.1f} MB, of {folder.name}/*.jsonl. Median of {rounds} turns, one thread. `litelong` "
        f"is what a run encodes with: the engine that proved itself, with its checks. Machine: {machine()}."
    )
    tables = [_measured(load_tokenizer(name, Path.cwd()), texts, size, rounds) for name in names]
    with tempfile.TemporaryDirectory(prefix="litelong-encoding-") as place:
        tables.append(_measured(_trained(texts, Path(place)), texts, size, rounds))
    return "\n\n".join([head, *tables])


def _texts(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as lines:
            for line in lines:
                yield orjson.loads(line)["text"]


def _measured(tokenizer: Tokenizer, texts: Sequence[str], size: float, rounds: int) -> str:
    loaders: dict[str, Callable[[], Encoder]] = {tokenizer.engine: lambda: tokenizer.encode_batch}
    for name, load in engines_for(tokenizer):
        loaders[name] = lambda load=load: load().encode  # type: ignore[misc]
    proof = process_time()
    chosen = choose(tokenizer, texts[:: max(1, len(texts) // SAMPLE)][:SAMPLE])
    proof = process_time() - proof
    loaders["litelong"] = lambda: choose(tokenizer, texts[:1]).tokenizer.encode_batch
    speeds: dict[str, list[float]] = {name: [] for name in loaders}
    alike: dict[str, str] = {}
    expected: list[np.ndarray[tuple[int], np.dtype[np.uint32]]] = []
    for turn in range(rounds):
        for name, load_one in loaders.items():
            try:
                encode = load_one()
            except Exception as error:
                alike[name] = f"cannot load: {' '.join(str(error).split())[:60]}"
                continue
            spent, found = _timed(encode, texts)
            speeds[name].append(size / spent)
            if not turn:
                expected = expected or found
                same = sum(np.array_equal(a, b) for a, b in zip(expected, found, strict=True))
                alike[name] = f"{same:,} of {len(texts):,}"
    own = median(speeds[tokenizer.engine])
    rows = [
        (name, f"{median(s):.1f}" if s else "-", f"{median(s) / own:.1f}" if s else "-", alike[name])
        for name, s in speeds.items()
    ]
    took = f"`litelong` took {chosen.tokenizer.engine} (proof: {proof:.1f} s of CPU)"
    name = tokenizer.name.removesuffix("/tokenizer.json").rpartition("/")[2]
    title = f"{name}, {tokenizer.vocab_size:,} ids; {took}"
    return f"{title}:\n\n" + table(
        ["engine", "MB a CPU-second", "times the first", "documents with its ids"], rows, right=3
    )


def _timed(encode: Encoder, texts: Sequence[str]) -> tuple[float, list["np.ndarray[tuple[int], np.dtype[np.uint32]]"]]:
    """CPU seconds to encode all texts, and each one's ids."""
    spent, found = 0.0, []
    for begin in range(0, len(texts), BATCH):
        batch = list(texts[begin : begin + BATCH])
        began = process_time()
        encoded = encode(batch)
        spent += process_time() - began
        found += np.split(encoded.ids, encoded.offsets[1:-1])
    return spent, found


def _trained(texts: Sequence[str], folder: Path) -> Tokenizer:
    """A byte-level BPE with GPT-2's pattern, from the first characters of the texts."""
    from tokenizers import Tokenizer as Engine
    from tokenizers import models, pre_tokenizers, trainers

    engine = Engine(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    taken, size = [], 0
    for text in texts:
        taken.append(text)
        size += len(text)
        if size > TRAINED_ON:
            break
    engine.train_from_iterator(taken, trainer)
    own = folder / "trained on these texts"
    own.mkdir()
    engine.save(str(own / "tokenizer.json"))
    return load_tokenizer(str(own / "tokenizer.json"), folder)
