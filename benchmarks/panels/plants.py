"""Plants: topics written by people, each of a known kind, frozen by their digests before any panel is tuned on them.

A category's half is decided by a hash of its path, so nobody chooses what is held out, and the loader's complaints name
categories and places, never titles. `CORPUS-tuning.json` holds further categories to tune on, in neither of the halves that
are reported.
"""

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from litelong import UsageError
from taxonomy import topic_id

Kind = Literal["good", "off_category", "duplicate", "too_broad", "unfillable"]
Half = Literal["tune", "held-out", "further"]
"""The two halves of a corpus's categories; `further` ones, written later to tune on, are in neither."""
KINDS: tuple[Kind, ...] = get_args(Kind)
HALVES: tuple[Half, ...] = get_args(Half)
TUNING: tuple[Half, ...] = ("tune", "further")
"""What weights and thresholds may be chosen on."""
FOLDER = Path(__file__).parent.parent / "plants"


@dataclass(frozen=True, slots=True)
class Plant:
    """A topic of known kind. `of` is the good topic that a `duplicate` says in other words, otherwise empty."""

    kind: Kind
    title: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Bed:
    """The plants of one category, in the file's order; `further` when it is one of those written later to tune on."""

    category: str
    plants: tuple[Plant, ...]
    further: bool = False

    @property
    def half(self) -> Half:
        return "further" if self.further else half_of(self.category)


@dataclass(frozen=True, slots=True)
class Garden:
    """A plants file: the corpus that its topics are about, and the context length (tokens) that they must fill."""

    corpus: str
    context_length: int
    beds: tuple[Bed, ...]

    def part(self, halves: tuple[Half, ...]) -> "Garden":
        """The same with the categories of these halves only."""
        return Garden(self.corpus, self.context_length, tuple(bed for bed in self.beds if bed.half in halves))


def half_of(category: str) -> Half:
    """A category is held out when the SHA-256 of its path begins with a hex digit from 8 to f."""
    return "held-out" if sha256(category.encode()).hexdigest()[0] >= "8" else "tune"


def load_plants(corpus: str, folder: Path = FOLDER) -> Garden:
    """Read `CORPUS.json` of `folder`, and `CORPUS-tuning.json` where there is one; what a file calls its corpus is for people.

    Raises `UsageError` when one is not the file that `digests.json` was written for, or not well formed, or when a further
    category is held out or in both files.
    """
    path, more = folder / f"{corpus}.json", folder / f"{corpus}-tuning.json"
    if not path.is_file():
        stems = {p.stem for p in folder.glob("*.json")} - {"digests"}
        known = ", ".join(sorted(stem for stem in stems if not stem.endswith("-tuning"))) or "none"
        raise UsageError(f"{path}: no plants for corpus '{corpus}'; there are: {known}")
    garden = _read(path, further=False)
    if not more.is_file():
        return garden
    further = _read(more, further=True)
    known_ones = {bed.category for bed in garden.beds}
    for bed in further.beds:
        if half_of(bed.category) == "held-out" or bed.category in known_ones:
            raise UsageError(
                f"{more}: {bed.category}: is held out, or in {path.name}; further categories may be neither"
            )
    if further.context_length != garden.context_length:
        raise UsageError(f"{more}: context_length: is not that of {path.name}; a topic must fill the same in both")
    return Garden(garden.corpus, garden.context_length, (*garden.beds, *further.beds))


def _read(path: Path, *, further: bool) -> Garden:
    data = path.read_bytes()
    _check_digest(path, data)
    try:
        parsed = _File.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {where}: {first['msg']}; correct the file and its digest") from None
    beds = tuple(_bed(path, category, further) for category in parsed.categories)
    return Garden(path.stem, parsed.context_length, beds)


def _check_digest(path: Path, data: bytes) -> None:
    digests = path.with_name("digests.json")
    try:
        frozen = orjson.loads(digests.read_bytes())[path.name]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        raise UsageError(
            f"{digests}: holds no digest of {path.name}; plants are frozen before use: write its sha256"
        ) from None
    if sha256(data).hexdigest() != frozen:
        raise UsageError(
            f"{path}: is not the file that was frozen (its sha256 differs from digests.json); restore it, or freeze anew "
            "and measure every panel again"
        )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_min_length=1)


class _Duplicate(_Strict):
    of: str
    title: str


class _Category(_Strict):
    category: str
    good: tuple[str, ...] = ()
    off_category: tuple[str, ...] = ()
    duplicate: tuple[_Duplicate, ...] = ()
    too_broad: tuple[str, ...] = ()
    unfillable: tuple[str, ...] = ()


class _File(_Strict):
    corpus: str
    context_length: Annotated[int, Field(ge=16)]
    categories: Annotated[tuple[_Category, ...], Field(min_length=1)]


def _bed(path: Path, found: _Category, further: bool) -> Bed:
    plants = [
        *(Plant("good", title) for title in found.good),
        *(Plant("off_category", title) for title in found.off_category),
        *(Plant("duplicate", pair.title, pair.of) for pair in found.duplicate),
        *(Plant("too_broad", title) for title in found.too_broad),
        *(Plant("unfillable", title) for title in found.unfillable),
    ]
    counts = Counter(topic_id(found.category, plant.title) for plant in plants)
    if any(n > 1 for n in counts.values()):
        raise UsageError(f"{path}: {found.category}: two plants have one title; each stands for one topic, change one")
    if any(pair.of not in found.good for pair in found.duplicate):
        raise UsageError(f"{path}: {found.category}: a duplicate is `of` a title that is not among its good ones")
    return Bed(found.category, tuple(plants), further)
