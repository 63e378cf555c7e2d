"""What the configuration asks of the recipes that interleave: checked before a run begins, and resolved."""

from typing import Literal

from graph.config import Config
from litelong import UsageError
from tools.packing.recipe import Interleave, Recipe
from tools.packing.utk import Knotted

Pool = Literal["corpus", "retrieved", "topic"]


def check_interleaving(config: Config, recipe: Recipe) -> None:
    """Raise `UsageError` for settings that the recipe cannot have."""
    packing, negatives = config.packing, config.negatives
    if recipe.interleaved and packing.boundaries == "document":
        raise UsageError(
            f"packing.boundaries: 'document' would keep a document's parts from seeing each other, which recipe "
            f"'{recipe.name}' sets apart for just that; use boundaries: sample"
        )
    if recipe.interleaved and packing.separator not in ("eos", "none"):
        raise UsageError(
            f"packing.separator: recipe '{recipe.name}' sets the parts of documents apart, and no separator stands between them; "
            "use none"
        )
    if recipe.interleaved and packing.order != "rank":
        raise UsageError(
            f"packing.order: recipe '{recipe.name}' has an order of its own, which '{packing.order}' cannot change; leave it out"
        )
    if packing.back_trace and not isinstance(recipe, Knotted):
        raise UsageError(
            f"packing.back_trace: recipe '{recipe.name}' cuts no documents in pieces that could be traced back; use utk or "
            "litelong+utk, or leave it out"
        )
    if not recipe.mines:
        return
    if packing.padding and packing.remainder == "unused":
        raise UsageError(
            f"packing.padding: recipe '{recipe.name}' fills a sample with negatives or makes none, so there is none to pad; use "
            "remainder: pool, whose last sample is padded, or leave it out"
        )
    if recipe.unit == "corpus" and negatives.pool in ("topic", "retrieved"):
        raise UsageError(
            f"negatives.pool: '{negatives.pool}' needs topics, and recipe '{recipe.name}' has none; use pool: corpus or the "
            "recipe litelong+nextlong"
        )
    if negatives.truncate == "tail" and negatives.position != "head":
        raise UsageError(
            f"negatives.truncate: 'tail' cuts the sample's end, and with position: {negatives.position} the chunk that its "
            "negatives belong to; use truncate: even"
        )
    if negatives.source == "dense":
        from tools.search.dense import load_embed

        load_embed(negatives.embeddings)


def pool_of(config: Config, recipe: Recipe) -> Pool:
    """Where negatives come from: `auto` is the corpus for `nextlong`, and for `litelong+nextlong` all that topics found."""
    if config.negatives.pool != "auto":
        return config.negatives.pool
    return "corpus" if recipe.unit == "corpus" else "retrieved"


def interleave_of(config: Config, characters_per_token: float) -> Interleave:
    """How chunks and their negatives are arranged."""
    negatives = config.negatives
    return Interleave(
        negatives.position,
        negatives.truncate,
        negatives.granularity * (characters_per_token if negatives.unit == "tokens" else 1),
        characters_per_token,
        negatives.expansion,
    )
