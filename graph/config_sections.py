"""The sections of the configuration, but for `debate`: their keys, defaults and bounds."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from graph.section import Name, Paths, Section, Share, TokenId, listed
from tools.search.interface import SearchSettings
from tools.search.topic_query import QueryName
from tools.search.topic_search import Quota, TopicRules


class RunSection(Section):
    """Where the run goes. `workers` are threads; they never change the result.

    `tokens` is a folder for encoded documents that runs share (none: the run's own). `encoder` is who may encode them; `plain`:
    the tokenizer's own package alone.
    """

    name: str = Field("run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    out: Name | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=256)] = 2
    tokens: Name | None = None
    encoder: Literal["auto", "plain"] = "auto"


class CorpusSection(Section):
    """What to read. `text_field` and `id_field` are found when not named."""

    path: Annotated[Paths, Field(min_length=1)]
    text_field: Name | None = None
    id_field: Name | None = None
    source: str = "corpus"
    source_field: Name | None = None
    binary_files: Literal["error", "reject"] = "error"


class TaxonomySection(Section):
    """Which categories are debated. An empty `select` takes all that are by default.

    `expansion_factor` says for paths, codes or globs how many topics to aim at; the last one that fits counts.
    """

    source: str = "compact"
    select: Paths = ()
    exclude: Paths = ()
    preset: Literal["general-adult"] | None = None
    kind: Literal["auto", "leaves", "inner", "all"] = "auto"
    depth: Annotated[int, Field(ge=0)] | None = None
    sample: Annotated[int, Field(ge=1)] | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    expansion_factor: dict[Name, Annotated[int, Field(ge=1, le=1000)]] = Field(default_factory=dict)


class SearchSection(Section):
    """BM25. `index` is a folder that `litelong index` has built (none: the run builds its own)."""

    backend: str = "auto"
    k1: Annotated[float, Field(ge=0.0, le=1e6)] = 1.2
    b: Share = 0.75
    analysis: Literal["english", "none"] = "english"
    index: str | None = None

    @property
    def settings(self) -> SearchSettings:
        """What an index is built with. Raises `UsageError` when the backend cannot have these."""
        return SearchSettings(self.backend, self.k1, self.b, self.analysis)


class RetrieveSection(Section):
    """`hits` a topic: as many as its samples need, or a number. See `tools.search.topic_search.TopicRules` for the others."""

    hits: Literal["auto"] | Annotated[int, Field(ge=1, le=1_000_000)] = "auto"
    floor: Share = 0.4
    query: QueryName = "context"
    fallback: Annotated[tuple[QueryName, ...], BeforeValidator(listed)] = ()
    expand: Literal["none", "explanation"] = "none"
    expand_weight: Annotated[float, Field(gt=0.0, le=100.0)] = 0.25
    min_tokens: Annotated[int, Field(ge=0)] = 0
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    quotas: dict[Name, Share] = Field(default_factory=dict)

    def rules(self) -> TopicRules:
        """How debates and the retrieve stage ask for topics."""
        return TopicRules(
            query=self.query,
            fallback=self.fallback,
            explanation_weight=self.expand_weight if self.expand == "explanation" else 0.0,
            floor=self.floor,
            min_tokens=self.min_tokens,
            max_tokens=self.max_tokens,
            # The order that they are written in says nothing: a mapping has none, and the run's fingerprint sorts it.
            quotas=tuple(Quota(p, self.quotas[p]) for p in sorted(self.quotas, key=lambda p: (-len(p), p))),
        )

    @model_validator(mode="after")
    def _some_length(self) -> Self:
        if self.max_tokens is not None and self.max_tokens < self.min_tokens:
            raise ValueError(f"min_tokens ({self.min_tokens}) is above max_tokens ({self.max_tokens}); swap them")
        return self


class PackingSection(Section):
    """How samples are filled. Lengths in tokens. `separator` (or an id) stands after each document that ends in the sample."""

    recipe: str = "litelong"
    context_length: Annotated[int, Field(ge=16, le=1 << 24)] = 131_072
    samples_per_topic: Annotated[int, Field(ge=1)] = 1
    max_uses_per_document: Annotated[int, Field(ge=1)] = 1
    order: Literal["rank", "reverse", "shuffle"] = "rank"
    boundaries: Literal["sample", "document"] = "sample"
    target_tokens: Annotated[int, Field(ge=1)] | None = None
    separator: Literal["eos", "bos", "none"] | TokenId = "eos"
    bos: Literal["auto", "none"] = "auto"
    near_duplicates: Annotated[float, Field(ge=0.5, le=1.0)] | None = 0.8
    back_trace: bool = False
    tails: Literal["carry", "cut"] = "carry"
    remainder: Literal["unused", "pool"] = "unused"
    padding: bool = False
    pad_id: Literal["auto"] | TokenId = "auto"
    compression: Literal["zstd", "none"] = "zstd"


class NegativesSection(Section):
    """Hard negatives of the recipes that interleave them (`nextlong`, `litelong+nextlong`)."""

    source: Literal["bm25", "dense"] = "bm25"
    granularity: Annotated[int, Field(ge=1, le=1 << 20)] = 2048
    unit: Literal["characters", "tokens"] = "characters"
    position: Literal["head", "tail", "random"] = "head"
    truncate: Literal["even", "tail"] = "even"
    pool: Literal["auto", "retrieved", "corpus", "topic"] = "auto"
    expansion: Annotated[float, Field(ge=1.0, le=100.0)] = 1.5
    words: Annotated[int, Field(ge=1)] | None = 32
    near_copies: Annotated[float, Field(ge=0.5, le=1.0)] | None = 0.8
    embeddings: Name = "wordllama"
