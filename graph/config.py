"""The configuration: one model validates YAML, `--set` and Python alike, and says what is wrong in one line.

Every key has a default but `corpus.path`. An unknown key names the nearest known one.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from graph.debate_section import BudgetSection, DebateSection, SeatSection
from graph.presets import with_preset
from graph.reading import kind, override, read_yaml
from graph.section import Name, Paths, Section, Share, TokenId, listed
from litelong import UsageError
from taxonomy.sources import as_file
from tools.files import content_hash
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


def _named(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


class Config(Section):
    """The whole configuration (DESIGN section 7)."""

    preset: Literal["litelong-paper"] | None = None
    run: RunSection = RunSection()
    corpus: CorpusSection
    taxonomy: Annotated[TaxonomySection, BeforeValidator(_named)] = TaxonomySection()
    tokenizer: str = "cl100k_base"
    search: SearchSection = SearchSection()
    debate: DebateSection = DebateSection()
    retrieve: RetrieveSection = RetrieveSection()
    packing: PackingSection = PackingSection()
    negatives: NegativesSection = NegativesSection()

    @model_validator(mode="before")
    @classmethod
    def _out_by_name(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the user wrote
        """`run.out` is `runs/NAME` unless it is given."""
        if isinstance(data, dict) and isinstance(data.get("run", {}), dict):
            run = dict(data.get("run") or {})
            if run.get("out") is None:
                run["out"] = f"runs/{run.get('name', 'run')}"
            data = {**data, "run": run}
        return data

    @property
    def out(self) -> Path:
        """The run directory."""
        return Path(self.run.out or f"runs/{self.run.name}").expanduser()

    def fingerprint(self) -> str:
        """Hex digest of all that decides a run's result: not where it and its tokens are written, nor by how many."""
        deciding = self.model_dump(mode="json")
        for key in ("out", "workers", "tokens", "encoder"):
            del deciding["run"][key]
        debate = deciding["debate"]
        del debate["concurrency"], debate["budget"], debate["replies"]
        # Prices, limits and where a key stands decide nothing.
        debate["models"] = {
            model: {"structured": keys["structured"], "max_tokens": keys["max_tokens"]}
            for model, keys in debate["models"].items()
            if keys["structured"] != "auto" or keys["max_tokens"] is not None
        }
        return content_hash(yaml.safe_dump(deciding, sort_keys=True)).hex()

    def to_yaml(self) -> str:
        """The configuration as resolved, for `config.yaml`: `run.out` is absolute there, so it can be run from anywhere."""
        values = self.model_dump(mode="json")
        values["run"]["out"] = str(self.out.absolute())
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def load_config(
    source: str | Path | Mapping[str, Any], overrides: Sequence[str] = (), out: str | None = None
) -> Config:
    """Read a configuration from a YAML file or a mapping, apply `a.b=c` overrides, validate.

    Relative paths in it are relative to the current folder and become absolute. Raises `UsageError`.
    """
    if isinstance(source, Mapping):
        data, name = dict(source), "config"
    else:
        data, name = read_yaml(Path(source)), str(source)
    for text in overrides:
        override(data, text)
    if out is not None and isinstance(data.get("run") or {}, dict):
        data["run"] = {**(data.get("run") or {}), "out": out}
    try:
        config = Config.model_validate(with_preset(data))
    except ValidationError as error:
        raise UsageError(f"{name}: {_explain(error)}") from None
    return _resolved(config)


def changed(one: Config, other: Config) -> list[str]:
    """Keys (`packing.recipe`) in which two configurations differ."""
    a, b = one.model_dump(mode="json"), other.model_dump(mode="json")
    found = []
    for section, value in a.items():
        if isinstance(value, dict):
            found += [f"{section}.{key}" for key in value if value[key] != b[section][key]]
        elif value != b[section]:
            found.append(section)
    return found


_EXPECTED = {
    "model_type": "a section with keys is expected",
    "tuple_type": "a list is expected",
    "too_short": "must not be empty",
}
"""What to say where pydantic's own words name Python classes."""


def _explain(error: ValidationError) -> str:
    faults = error.errors()
    first = min(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    parts = _place(first["loc"])
    # One place with several faults is a choice (`auto` or a number), and all of it is said.
    here = [fault for fault in faults if _place(fault["loc"]) == parts]
    if first["type"] == "extra_forbidden":  # the key is the user's own, and may be called like a validator
        parts = [*_place(first["loc"][:-1]), str(first["loc"][-1])]
    where = ".".join(parts)
    more = f" (and {len(faults) - len(here)} more)" if len(faults) > len(here) else ""
    if first["type"] == "extra_forbidden":
        known = sorted(_keys_at(first["loc"]))
        near = get_close_matches(parts[-1], known, n=1, cutoff=0.4)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(known)}"
        return f"{where}: unknown key; {hint}{more}"
    if first["type"] == "missing":
        return f"{where}: is missing and has no default{'; e.g. corpus: {path: docs/}' if parts[0] == 'corpus' else ''}{more}"
    if first["type"] == "value_error":  # one of our own validators, which says all of it
        return f"{where}: {first['ctx']['error']}{more}"
    messages = (_EXPECTED.get(fault["type"], fault["msg"][:1].lower() + fault["msg"][1:]) for fault in here)
    return f"{where}: {', or '.join(messages)}, got {kind(first['input'])}{more}"


def _place(location: tuple[int | str, ...]) -> list[str]:
    """The keys of an error location, without pydantic's names for validators and members of a union."""
    return [
        str(part)
        for part in location
        if not str(part).startswith(("function-", "constrained", "literal[")) and part not in {"int", "str"}
    ]


def _keys_at(location: tuple[int | str, ...]) -> set[str]:
    """The keys of the section that an error location points into."""
    model: Any = Config
    for part in location[:-1]:
        if not isinstance(part, str) or part not in model.model_fields:
            continue
        annotation = model.model_fields[part].annotation
        candidates = [annotation, *get_args(annotation)]
        sections = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if sections:
            model = sections[0]
    return set(model.model_fields)


def _resolved(config: Config) -> Config:
    """Relative paths made absolute, so that the run can be checked and resumed from any folder."""
    paths = tuple(p if p == "demo" or p.startswith("hf:") else _absolute(p) for p in config.corpus.path)
    tokenizer = _absolute(config.tokenizer) if _is_path(config.tokenizer) else config.tokenizer
    source = config.taxonomy.source
    taxonomy = config.taxonomy.model_copy(update={"source": _absolute(source) if as_file(source) else source})
    index = _absolute(config.search.index) if config.search.index else None
    tokens = _absolute(config.run.tokens) if config.run.tokens else None
    replies = _absolute(config.debate.replies) if config.debate.replies else None
    return config.model_copy(
        update={
            "run": config.run.model_copy(update={"tokens": tokens}),
            "corpus": config.corpus.model_copy(update={"path": paths}),
            "taxonomy": taxonomy,
            "tokenizer": tokenizer,
            "search": config.search.model_copy(update={"index": index}),
            "debate": config.debate.model_copy(update={"replies": replies}).with_prompts_read(),
        }
    )


def _is_path(tokenizer: str) -> bool:
    """Whether it names a file or folder. An encoding's name stays one, even where a folder is called like it."""
    if "/" in tokenizer or tokenizer.endswith(".json"):
        return True
    if not Path(tokenizer).exists():
        return False
    from tools.tokens.tiktoken_encoding import encoding_names

    return tokenizer.removesuffix("_offline") not in encoding_names()


def _absolute(path: str) -> str:
    return str(Path.cwd() / Path(path).expanduser())


__all__ = ["BudgetSection", "Config", "DebateSection", "Name", "SeatSection", "changed", "load_config"]
