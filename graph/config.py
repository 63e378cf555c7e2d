"""The configuration: one model validates YAML, `--set` and Python alike, and says what is wrong in one line.

Every key has a default but `corpus.path`. An unknown key names the nearest known one.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from litelong import UsageError
from tools.files import content_hash


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Paths = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class RunSection(_Section):
    """Where the run goes. `workers` are threads; they never change the result."""

    name: str = Field("run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    out: str | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=256)] = 2


class CorpusSection(_Section):
    """What to read. `text_field` and `id_field` are found when not named."""

    path: Annotated[Paths, Field(min_length=1)]
    text_field: str | None = None
    id_field: str | None = None
    source: str = "corpus"
    binary_files: Literal["error", "reject"] = "error"


class TaxonomySection(_Section):
    """Which categories are debated. An empty `select` takes all that are by default."""

    source: str = "compact"
    select: Paths = ()
    exclude: Paths = ()
    limit: Annotated[int, Field(ge=1)] | None = None


class SearchSection(_Section):
    """BM25. `index` is a folder that `litelong index` has built (none: the run builds its own)."""

    backend: str = "auto"
    k1: Annotated[float, Field(ge=0.0)] = 1.2
    b: Share = 0.75
    index: str | None = None


class SeatSection(_Section):
    """An agent: a role with a model."""

    role: str
    model: str = "lexical"


class BudgetSection(_Section):
    """What the debates may spend. The lexical panel spends nothing."""

    tokens: Annotated[int, Field(ge=0)] | None = None
    cost: Annotated[float, Field(ge=0.0)] | None = None


def _seats(role: str) -> Any:  # noqa: ANN401 - pydantic's Field is typed so
    return Field(default=(SeatSection(role=role),), min_length=1)


class DebateSection(_Section):
    """Who debates, and how. `expansion_factor: auto` asks by the size of the category's subtree."""

    engine: Literal["langgraph"] = "langgraph"
    protocol: Literal["litelong"] = "litelong"
    retention: Literal["filter_reject"] = "filter_reject"
    expansion_factor: Literal["auto"] | Annotated[int, Field(ge=1, le=1000)] = "auto"
    reviews: Literal["others", "all"] = "others"
    rounds: Annotated[int, Field(ge=1, le=20)] = 1
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = 16
    proposers: tuple[SeatSection, ...] = _seats("proposer")
    critics: tuple[SeatSection, ...] = _seats("critic")
    judges: tuple[SeatSection, ...] = _seats("judge")
    budget: BudgetSection = BudgetSection()


class RetrieveSection(_Section):
    """`hits` a topic: as many as its samples need, or a number. `floor`: share of the best score a hit must reach."""

    hits: Literal["auto"] | Annotated[int, Field(ge=1, le=1_000_000)] = "auto"
    floor: Share = 0.4


class PackingSection(_Section):
    """How samples are filled. Lengths in tokens. `separator: eos` stands after each document that ends in the sample."""

    recipe: str = "litelong"
    context_length: Annotated[int, Field(ge=16, le=1 << 24)] = 131_072
    samples_per_topic: Annotated[int, Field(ge=1)] = 1
    max_uses_per_document: Annotated[int, Field(ge=1)] = 1
    order: Literal["rank", "reverse", "shuffle"] = "rank"
    boundaries: Literal["sample", "document"] = "sample"
    target_tokens: Annotated[int, Field(ge=1)] | None = None
    separator: Literal["eos", "none"] = "eos"
    bos: Literal["auto", "none"] = "auto"


def _named(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


class Config(_Section):
    """The whole configuration (DESIGN section 7)."""

    run: RunSection = RunSection()
    corpus: CorpusSection
    taxonomy: Annotated[TaxonomySection, BeforeValidator(_named)] = TaxonomySection()
    tokenizer: str = "cl100k_base"
    search: SearchSection = SearchSection()
    debate: DebateSection = DebateSection()
    retrieve: RetrieveSection = RetrieveSection()
    packing: PackingSection = PackingSection()

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
        return Path(self.run.out or f"runs/{self.run.name}")

    def fingerprint(self) -> str:
        """Hex digest of all that decides a run's result: not where it is written, nor how many workers write it."""
        deciding = self.model_dump(mode="json")
        del deciding["run"]["out"], deciding["run"]["workers"]
        del deciding["debate"]["concurrency"], deciding["debate"]["budget"]
        return content_hash(yaml.safe_dump(deciding, sort_keys=True)).hex()

    def to_yaml(self) -> str:
        """The configuration as resolved, for `config.yaml`."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def load_config(
    source: str | Path | Mapping[str, Any], overrides: Sequence[str] = (), out: str | None = None
) -> Config:
    """Read a configuration from a YAML file or a mapping, apply `a.b=c` overrides, validate.

    Relative paths in it are relative to the current folder and become absolute. Raises `UsageError`.
    """
    if isinstance(source, Mapping):
        data, name = dict(source), "config"
    else:
        data, name = _read_yaml(Path(source)), str(source)
    for override in overrides:
        _override(data, override)
    if out is not None:
        data["run"] = {**(data.get("run") or {}), "out": out}
    try:
        config = Config.model_validate(data)
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


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such config file; `litelong init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a config file: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise UsageError(f"{path}: not valid YAML{where}: {problem}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path}: a config is a mapping of sections (run, corpus, ...), this is {_kind(data)}")
    return data


def _override(data: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    if not sign or not key:
        raise UsageError(f"--set {override}: write it as section.key=value, e.g. --set packing.context_length=4096")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(f"--set {override}: the value is not valid YAML") from None
    *sections, last = key.split(".")
    target = data
    for section in sections:
        inner = target.get(section)
        if isinstance(inner, str) and section == "taxonomy":
            inner = {"source": inner}
        target[section] = dict(inner) if isinstance(inner, dict) else {}
        target = target[section]
    target[last] = value


def _explain(error: ValidationError) -> str:
    faults = error.errors()
    first = min(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    parts = [str(part) for part in first["loc"] if not str(part).startswith(("function-", "constrained", "literal["))]
    where = ".".join(parts)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    if first["type"] == "extra_forbidden":
        known = sorted(_keys_at(first["loc"]))
        near = get_close_matches(parts[-1], known, n=1, cutoff=0.4)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(known)}"
        return f"{where}: unknown key; {hint}{more}"
    if first["type"] == "missing":
        return f"{where}: is missing and has no default{'; e.g. corpus: {path: docs/}' if parts[0] == 'corpus' else ''}{more}"
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"{where}: {message}, got {_kind(first['input'])}{more}"


def _keys_at(location: tuple[int | str, ...]) -> set[str]:
    """The keys of the section that an error location points into."""
    model: Any = Config
    for part in location[:-1]:
        if not isinstance(part, str) or part not in model.model_fields:
            continue
        annotation = model.model_fields[part].annotation
        candidates = [annotation, *get_args(annotation)]
        sections = [c for c in candidates if isinstance(c, type) and issubclass(c, _Section)]
        if sections:
            model = sections[0]
    return set(model.model_fields)


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _resolved(config: Config) -> Config:
    """Relative paths made absolute, so that the run can be checked and resumed from any folder."""
    paths = tuple(p if p == "demo" or p.startswith("hf:") else str(Path.cwd() / p) for p in config.corpus.path)
    tokenizer = config.tokenizer
    if "/" in tokenizer or tokenizer.endswith(".json"):
        tokenizer = str(Path.cwd() / tokenizer)
    index = str(Path.cwd() / config.search.index) if config.search.index else None
    return config.model_copy(
        update={
            "corpus": config.corpus.model_copy(update={"path": paths}),
            "tokenizer": tokenizer,
            "search": config.search.model_copy(update={"index": index}),
        }
    )
