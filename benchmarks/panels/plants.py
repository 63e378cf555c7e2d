"""Plants: topics written by people, each of a known kind, frozen by their digests before any panel is tuned on them.

A category's half is decided by a hash of its path, so nobody chooses what is held out, and a file of the held-out half
is never needed: the loader leaves it out, and its complaints name categories and places, never titles.
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
Half = Literal["tune", "held-out"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HALVES: tuple[Half, ...] = get_args(Half)
FOLDER = Path(__file__).parent.parent / "plants"


@dataclass(frozen=True, slots=True)
class Plant:
    """A topic of known kind. `of` is the good topic that a `duplicate` says in other words, otherwise empty."""

    kind: Kind
    title: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Bed:
    """The plants of one category, in the file's order."""

    category: str
    plants: tuple[Plant, ...]

    @property
    def half(self) -> Half:
        return half_of(self.category)


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
    """Read `CORPUS.json` of `folder`; what the file itself calls its corpus is for people.

    Raises `UsageError` when it is not the file that `digests.json` was written for, or not well formed.
    """
    path = folder / f"{corpus}.json"
    try:
        data = path.read_bytes()
    except OSError:
        known = ", ".join(sorted(p.stem for p in folder.glob("*.json") if p.stem != "digests")) or "none"
        raise UsageError(f"{path}: no plants for corpus '{corpus}'; there are: {known}") from None
    _check_digest(path, data)
    try:
        parsed = _File.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {where}: {first['msg']}; correct the file and its digest") from None
    return Garden(corpus, parsed.context_length, tuple(_bed(path, category) for category in parsed.categories))


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


def _bed(path: Path, found: _Category) -> Bed:
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
    return Bed(found.category, tuple(plants))
