"""The configuration: one model validates YAML, `--set` and Python alike, and says what is wrong in one line.

Every key has a default but `corpus.path`. An unknown key names the nearest known one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, ValidationError, model_validator

from graph.config_faults import explain
from graph.config_sections import (
    CorpusSection,
    NegativesSection,
    PackingSection,
    RetrieveSection,
    RunSection,
    SearchSection,
    TaxonomySection,
)
from graph.debate_section import DebateSection
from graph.presets import with_preset
from graph.reading import override, read_yaml
from graph.section import Section
from litelong import UsageError
from taxonomy.sources import as_file
from tools.corpus.packaged import is_packaged
from tools.files import content_hash


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
        raise UsageError(f"{name}: {explain(error, Config)}") from None
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


def _resolved(config: Config) -> Config:
    """Relative paths made absolute, so that the run can be checked and resumed from any folder."""
    paths = tuple(p if is_packaged(p) else _absolute(p) for p in config.corpus.path)
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
