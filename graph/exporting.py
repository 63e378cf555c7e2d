"""`litelong export`: a finished run's samples in a format that trainers load, with a dataset card."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson

from graph.config import Config
from graph.inspecting import finished
from graph.parts import check_apart
from graph.progress import Progress, Quiet
from graph.rundir import RunDir
from graph.specials import specials_of
from litelong import UsageError
from tools.corpus import Catalog
from tools.export import CardFacts, Exported, ExportOptions
from tools.export.formats import Setting
from tools.export.samples import NextId, count_samples
from tools.export.write import export
from tools.files import content_hash
from tools.indexed import CATALOG, read_record
from tools.packing.gather import Specials
from tools.packing.recipe import get_recipe
from tools.tokens import Tokenizer, TokenStore, load_tokenizer

SHARD_SIZE = "256MB"
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}


def export_run(
    path: Path,
    format_name: str,
    out: Path | None = None,
    *,
    shard_size: str = SHARD_SIZE,
    extra_token: bool = False,
    licence: str | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Export the run in `path` to `out` (`RUN/export/FORMAT`), or go on with that. Raises `UsageError`."""
    run_dir, config = finished(path)
    options = ExportOptions(format_name, parse_size(shard_size), extra_token)
    if extra_token and format_name == "jsonl":
        raise UsageError("--extra-token: the format jsonl is text, which has no ids; leave it out")
    tokenizer = load_tokenizer(config.tokenizer, Path.cwd())
    if tokenizer.fingerprint != run_dir.manifest["tokenizer"]["fingerprint"]:
        raise UsageError(f"tokenizer {tokenizer.name}: is not the one of {path} (it changed on disk); put it back")
    specials = specials_of(config, tokenizer, interleaved=get_recipe(config.packing.recipe).interleaved)
    length = config.packing.context_length + extra_token
    samples, target = path / "samples", out or path / "export" / format_name
    check_apart(target, config.corpus.path)
    with ExitStack() as stack:
        tick = stack.enter_context((progress or Quiet()).stage("export", _count(run_dir, samples)))
        next_id = stack.enter_context(_next_ids(run_dir, config, tokenizer, specials)) if extra_token else None
        return export(
            samples,
            target,
            options,
            Setting(
                length, tokenizer, specials.separator, None if specials.marks is None else int(specials.bos is not None)
            ),
            source=_source(run_dir),
            card=_card(run_dir, config, tokenizer, specials, length, licence),
            next_id=next_id,
            tick=tick,
        )


def parse_size(text: str) -> int:
    """Bytes from `256MB`, `1GiB` or a plain number. Raises `UsageError`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) *([A-Za-z]*)", text.strip())
    unit = _UNITS.get(match[2].upper()) if match else None
    size = int(float(match[1]) * unit) if match and unit else 0
    if size < 1:
        raise UsageError(f"--shard-size {text[:40]}: write it as 256MB, 1GiB or a number of bytes")
    return size


def _count(run_dir: RunDir, samples: Path) -> int:
    """How many samples there are. Raises `UsageError` when they are not as many as the run wrote."""
    pack, found = run_dir.stage("pack"), count_samples(samples)
    assert pack is not None
    if found != pack.counts["samples"]:
        raise UsageError(
            f"{samples}: holds {found:,} samples, and the run wrote {pack.counts['samples']:,}; put back what is missing, or "
            "make the run again"
        )
    return found


def _source(run_dir: RunDir) -> dict[str, Any]:
    """What tells one run's samples from another's: the digests that the run itself recorded."""
    pack = run_dir.stage("pack")
    assert pack is not None
    files = {name: digest for name, digest in pack.files.items() if name.startswith("samples/")}
    return {"samples": content_hash(orjson.dumps(files, option=orjson.OPT_SORT_KEYS).decode()).hex()}


@contextmanager
def _next_ids(run_dir: RunDir, config: Config, tokenizer: Tokenizer, specials: Specials) -> Iterator[NextId]:
    """The id after a sample: its last document's own next token; after a whole document its separator; after padding padding."""
    tokens = Path(config.run.tokens) if config.run.tokens else run_dir.path / "tokens"
    if not tokens.is_dir():
        raise UsageError(f"--extra-token: {tokens} is missing, where the id after a sample is read; put it back")
    index = Path(config.search.index) if config.search.index else run_dir.path / "index"
    ending = specials.separator if specials.separator is not None else tokenizer.eos_id
    store = TokenStore(tokens, tokenizer)

    def next_id(segment: dict[str, Any], padding: int) -> int:
        if padding:
            assert specials.pad is not None
            return specials.pad
        ids = store.ids(catalog.entry(segment["doc_id"]).content_hash)
        end = segment["doc_start"] + segment["length"]
        # Behind marks no text goes on.
        if end < len(ids) and segment["start"] + segment["length"] == config.packing.context_length:
            return int(ids[end])
        if ending is None:
            raise UsageError(
                "--extra-token: a sample ends with its document, and the tokenizer has no id for what comes then; "
                "set packing.separator to an id"
            )
        return ending

    with Catalog.open(index / read_record(index).data / CATALOG) as catalog:
        yield next_id


def _card(
    run_dir: RunDir, config: Config, tokenizer: Tokenizer, specials: Specials, length: int, licence: str | None
) -> CardFacts:
    ledger = orjson.loads((run_dir.path / "ledger.json").read_bytes())
    tokens, documents = ledger["tokens"], ledger["documents"]
    figures = {
        "samples": tokens["samples"],
        "ids": tokens["samples"] * length,
        "tokens_of_documents": tokens["placed"],
        "special_ids": tokens["special"],
        "padding": tokens["padding"],
        "topics": sum(1 for topic in ledger["topics"] if topic["topic_id"] and topic["samples"]),
        "documents_of_the_corpus": documents["indexed"],
        "exact_duplicates_dropped": documents["duplicates"],
        "near_duplicates_kept_apart": documents["near_duplicates"],
    }
    sections = [(row["section"], row["samples"], row["placed"]) for row in ledger["sections"] if row["samples"]]
    return CardFacts(
        name=config.run.name,
        recipe=config.packing.recipe + (", traced back" if specials.marks else ""),
        context_length=config.packing.context_length,
        ids_each=length,
        boundaries=config.packing.boundaries,
        tokenizer=tokenizer.name if "/" not in tokenizer.name else Path(tokenizer.name).name,
        tokenizer_fingerprint=tokenizer.fingerprint,
        special_ids={"BOS": specials.bos, "separator": specials.separator, "padding": specials.pad},
        corpus=config.corpus.source,
        corpus_fingerprint=run_dir.manifest["corpus_fingerprint"],
        seed=config.run.seed,
        licence=licence,
        figures=figures,
        sections=sections,
    )
