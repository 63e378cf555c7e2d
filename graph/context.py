"""What the nodes of a run share: its configuration, its directory, and the parts it works with, each opened once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING

from agents.lexical.embeddings import load_meaning
from agents.library import Library, Shelf
from agents.messages import Brief
from agents.panel import Panel, seat_panel
from agents.roles import LEXICAL
from agents.scoring import FAMILIES
from graph.briefs import brief_of
from graph.chats import open_chats
from graph.config import Config
from graph.documents import Documents, read_documents
from graph.negatives import interleave_of
from graph.parts import Parts
from graph.progress import Progress, Quiet, Tick
from graph.rundir import RunDir
from graph.specials import specials_of
from graph.usage import UsageFile
from litelong import UsageError
from tools.indexed import IndexedCorpus, open_indexed
from tools.once import once
from tools.packing.gather import Specials
from tools.packing.recipe import Settings
from tools.packing.write import Shape
from tools.search import SearchSettings

if TYPE_CHECKING:
    from agents.chat.chats import Chats
    from tools.tokens import TokenStore

SLACK = 3
"""Hits are looked for until they hold this many times what the topic's samples need: other topics use some of them."""
MAX_DEPTH = 5_000


class StoppedError(Exception):
    """Raised in a stage that works on a thread, at its next tick, when the run is stopped."""


class RunContext:
    """One run at work. Heavy parts are opened when a node first asks for them, and closed with the run."""

    def __init__(self, config: Config, parts: Parts, run: RunDir, progress: Progress | None = None) -> None:
        self.config = config
        self.parts = parts
        self.run = run
        self.progress = progress or Quiet()
        self.usage = UsageFile(run.path / "usage.json" if run.is_claimed else None, parts.seats, config.run.workers)
        self.allow_failed = False
        self._stopping = threading.Event()

    @property
    def path(self) -> Path:
        return self.run.path

    @property
    def index_path(self) -> Path:
        """The run's own index, or the one that the configuration names."""
        return Path(self.config.search.index) if self.config.search.index else self.path / "index"

    @property
    def search_settings(self) -> SearchSettings:
        return self.config.search.settings

    @once
    def indexed(self) -> IndexedCorpus:
        """The indexed corpus; raises `UsageError` when the corpus changed since it was indexed, or since the run began."""
        indexed = open_indexed(self.index_path)
        try:
            own = "begin a new run with --out" if self.config.search.index is None else ""
            indexed.check_unchanged(own)
            began_with = self.run.manifest.get("corpus_fingerprint")
            if began_with not in (None, indexed.fingerprint):
                raise UsageError(
                    f"{self.index_path}: was added to since {self.path} began; begin a new run with --out, which uses it as "
                    "it is now"
                )
        except BaseException:
            indexed.close()
            raise
        return indexed

    @once
    def documents(self) -> Documents:
        """Those that the plan may draw from, once hits are there."""
        return read_documents(self)

    @once
    def store(self) -> "TokenStore":
        from tools.tokens import TokenStore

        shared = self.config.run.tokens
        try:
            return TokenStore(Path(shared) if shared else self.path / "tokens", self.parts.tokenizer)
        except OSError as error:
            if not shared or error.errno == ENOSPC:
                raise
            raise UsageError(
                f"run.tokens {shared}: cannot be written ({error.strerror}); choose another folder"
            ) from None

    @once
    def library(self) -> Library:
        indexed = self.indexed
        # The embeddings are the library's, so all seats without a language model have those of the one that knows most.
        seated = {seat.model for seat in self.parts.seats}
        family = next((model for model in reversed(LEXICAL) if model in seated), LEXICAL[0])
        shelf = Shelf(indexed.characters, indexed.texts, indexed.titles, indexed.sample, indexed.origins)
        return Library(
            indexed.index,
            shelf,
            characters_per_token=self.characters_per_token,
            target_tokens=self.target_tokens,
            depth=self.depth,
            rules=self.config.retrieve.rules(),
            threads=self.config.run.workers,
            meaning=load_meaning(family),
            scores=FAMILIES[family],
            chats=self.chats.seated if self.chats else None,
        )

    @once
    def chats(self) -> "Chats | None":
        """The language models of the panel, with the run's recorded replies; None when no seat has one."""
        chats = open_chats(self.config, self.parts.seats, self.path)
        self.usage.chats = chats
        return chats

    @asynccontextmanager
    async def finishing_calls(self) -> AsyncIterator[None]:
        """When the block is stopped or fails: no further model call, and those in flight are waited for, because they are
        paid for. Each ends within its time-out.
        """
        try:
            yield
        except BaseException:
            if self.chats is not None:
                if self.chats.in_flight:
                    self.progress.say(
                        f"finishing {self.chats.in_flight} model calls in flight; Ctrl-C again stops at once"
                    )
                await self.chats.finish()
            raise

    @once
    def panel(self) -> Panel:
        return seat_panel(self.parts.seats, self.library, self.config.debate.shown_to_critics)

    @property
    def characters_per_token(self) -> float:
        """Measured on the corpus when it was indexed."""
        return float(self.run.manifest["characters_per_token"])

    @property
    def target_tokens(self) -> int:
        """Tokens that one topic must be able to fill."""
        return self.config.packing.context_length * self.config.packing.samples_per_topic

    @property
    def depth(self) -> int:
        """Hits a query looks at."""
        hits = self.config.retrieve.hits
        if hits != "auto":
            return hits
        counts = self.indexed.counts()
        mean_tokens = max(1.0, counts.characters / max(1, counts.documents) / self.characters_per_token)
        return int(min(counts.documents, MAX_DEPTH, max(100, SLACK * self.target_tokens / mean_tokens)))

    @once
    def specials(self) -> Specials:
        """Which special ids stand in samples, by the tokenizer's conventions and the configuration."""
        return specials_of(self.config, self.parts.tokenizer, interleaved=self.parts.recipe.interleaved)

    @property
    def shape(self) -> Shape:
        """How samples are written."""
        packing = self.config.packing
        return Shape(packing.context_length, packing.boundaries, packing.compression)

    @property
    def scratch(self) -> Path:
        """Where what was derived from the tokens is kept (near-duplicates)."""
        return self.path

    @property
    def recipe_settings(self) -> Settings:
        packing = self.config.packing
        return Settings(
            self.specials.layout(packing.context_length),
            packing.samples_per_topic,
            packing.order,
            packing.target_tokens,
            self.config.run.seed,
            interleave=interleave_of(self.config, self.characters_per_token),
            remainder=packing.remainder,
            padding=packing.padding,
            tails=packing.tails,
        )

    def brief(self, name: str) -> Brief:
        """What a debate about a category (path or code) is told. Raises `UsageError` for an unknown one."""
        return brief_of(self.config, self.parts.taxonomy, name)

    @contextmanager
    def stage(self, name: str, total: int | None, *, timed: bool = True) -> Iterator[Tick]:
        """Progress and timing of one stage. The tick raises `StoppedError` once the run is to stop.

        Not `timed` is the one that reads what was timed: its page would never say twice the same.
        """
        timing = self.usage.timing(name) if timed else nullcontext()
        with timing, self.progress.stage(name, total) as tick:

            def tick_or_stop(count: int) -> None:
                tick(count)
                if self._stopping.is_set():
                    raise StoppedError

            yield tick_or_stop

    async def off_loop(self, stage: Callable[["RunContext"], None]) -> None:
        """Run a stage, which reads, searches and encodes for minutes, on a thread, so that the loop hears signals.

        A thread cannot be cancelled: it is told to stop at its next tick, and waited for, so that nobody closes what it
        works with or gives the lock back under it.
        """
        work = asyncio.ensure_future(asyncio.to_thread(stage, self))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stopping.set()
            await asyncio.wait([work])
            work.exception()  # seen: it is StoppedError, or what stopped the stage just before
            raise

    def close(self) -> None:
        """Close what was opened; a second call finds nothing left to close."""
        for name in ("library", "indexed", "chats"):
            part = self.__dict__.pop(name, None)
            if part is not None:
                part.close()
