"""What a configuration names, checked and opened before a run directory is made: tokenizer, taxonomy, roles, recipe, corpus."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agents.autogen import load_team
from agents.messages import Seat
from agents.prompts import given_parts
from agents.roles import find_role
from graph.briefs import choice_of
from graph.chats import check_models
from graph.config import Config
from graph.negatives import check_interleaving, pool_of
from graph.specials import specials_of
from graph.taxonomies import log_stand_in
from litelong import UsageError
from taxonomy import Category, Taxonomy, load_taxonomy
from taxonomy.selection import check_expansion
from tools.corpus.packaged import is_packaged
from tools.indexed import CorpusSpec
from tools.packing.recipe import Recipe, get_recipe
from tools.search.backends import check_backend

if TYPE_CHECKING:
    from tools.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class Parts:
    """What a configuration names, checked and opened; nothing is written."""

    tokenizer: "Tokenizer"
    taxonomy: Taxonomy
    categories: tuple[Category, ...]
    recipe: Recipe
    draws_from_corpus: bool
    seats: tuple[Seat, ...]
    corpus: CorpusSpec


def prepare(config: Config, *, debates: bool = True) -> Parts:
    """Check everything a configuration names. Raises `UsageError`, and writes nothing.

    Where nothing `debates` any more, nobody is seated: whoever looks into a run or packs it anew needs no key of its models, nor
    the packages and prompts of its roles.
    """
    from tools.tokens import load_tokenizer

    recipe = get_recipe(config.packing.recipe)
    check_interleaving(config, recipe)
    taxonomy = load_taxonomy(config.taxonomy.source)
    log_stand_in(taxonomy)
    categories = taxonomy.select(choice_of(config.taxonomy, config.run.seed))
    check_expansion(taxonomy, config.taxonomy.expansion_factor)
    seats = config.debate.seats()
    if debates:
        _check_seats(config, seats)
    check_backend(config.search.settings.backend)
    corpus = spec_of(config)
    corpus.open(None)
    check_apart(config.out, config.corpus.path)
    if config.run.tokens:
        check_apart(Path(config.run.tokens), config.corpus.path)
    tokenizer = load_tokenizer(config.tokenizer, Path.cwd())
    specials_of(config, tokenizer, interleaved=recipe.interleaved)
    from_corpus = recipe.unit == "corpus" or (recipe.mines and pool_of(config, recipe) == "corpus")
    return Parts(tokenizer, taxonomy, tuple(categories), recipe, from_corpus, seats, corpus)


def _check_seats(config: Config, seats: Sequence[Seat]) -> None:
    for seat in seats:
        number = int(seat.name.rsplit("-", 1)[1]) - 1
        where = f"debate.{seat.kind}s.{number}"
        find_role(seat.role, seat.kind, seat.model, where)
        if seat.prompt is not None:
            given_parts(seat.prompt, f"{where}.prompt")
    if config.debate.engine == "autogen":
        load_team()
    check_models(config, seats)


def spec_of(config: Config) -> CorpusSpec:
    """How the configuration's corpus is read."""
    c = config.corpus
    return CorpusSpec(c.path, c.text_field, c.id_field, c.source, c.binary_files, c.source_field)


def check_apart(out: Path, corpus: Sequence[str]) -> None:
    """Raise `UsageError` when `out` would lie where the corpus is read: what is written there would be read as texts."""
    place = out.absolute().resolve()
    for folder in (Path(path).resolve() for path in corpus if not is_packaged(path)):
        if not folder.is_dir() or not place.is_relative_to(folder):
            continue
        # Readers leave out hidden files and folders.
        if not any(part.startswith(".") for part in place.relative_to(folder).parts):
            raise UsageError(
                f"{out}: lies inside the corpus {folder}, which would then hold what is written there; choose a folder outside "
                "it with --out"
            )
