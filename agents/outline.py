"""A yardstick of subjects: the compact tree, whatever taxonomy a run debates.

How far a title belongs to a category, and how broad it is, are told by comparison: with subjects of every field, and with
the names of whole fields. A run's own taxonomy may have three categories, and would compare with nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log1p

from taxonomy import load_taxonomy
from taxonomy.names import SEPARATOR
from tools.search import words

_SMALL = frozenset(["of", "and", "the", "in", "for", "on", "to", "a", "an", "by", "with", "from", "at", "as", "or"])
_PARTS = re.compile(r" & |, ")


@dataclass(frozen=True, slots=True)
class Outline:
    """`subjects` are paths of categories without children, `fields` the names of all others and the parts of those names.

    `named` counts the categories that a stem stands in the name of; `of_fields` are the stems of the fields' names.
    """

    subjects: tuple[str, ...]
    fields: tuple[str, ...]
    named: Mapping[str, int]
    of_fields: frozenset[str]


@cache
def outline() -> Outline:
    """The compact tree's outline, made once."""
    taxonomy = load_taxonomy("compact")
    names = [heading(category.name) for category in taxonomy if not taxonomy.is_leaf(category)]
    parts = [part for name in names for part in _PARTS.split(name)]
    named = Counter(stem for category in taxonomy for stem in set(words(category.name)))
    return Outline(
        subjects=tuple(category.path for category in taxonomy if taxonomy.is_leaf(category)),
        fields=tuple(dict.fromkeys([*names, *parts])),
        named=named,
        of_fields=frozenset(stem for name in names for stem in words(name)),
    )


def heading(name: str) -> str:
    """A name in capitals (`LANGUAGE ARTS`) as a title has it (`Language Arts`); others as they are."""
    return name.title() if name.isupper() else name


def spoken(title: str) -> str:
    """A title with every word capitalised ("Geographic Coordinates") as in a sentence ("Geographic coordinates").

    Embeddings tell case apart, and would take the two for different topics. Acronyms stay.
    """
    words_ = title.split()
    if not all(word[:1].isupper() or word.lower() in _SMALL for word in words_):
        return title
    return " ".join(word if word.isupper() or not n else word.lower() for n, word in enumerate(words_))


def plain(path: str) -> str:
    """A category's path as text: `science, life sciences, marine biology`."""
    return path.replace(SEPARATOR, ", ").lower()


def generality(title: str) -> dict[str, float]:
    """How general a title's words are, without embeddings.

    `of_fields`: the share of its stems that name whole fields; `named`: how many categories a stem names, as a mean of
    log(1 + count); `words`: how many stems there are.
    """
    known, stems = outline(), words(title)
    if not stems:
        return {"of_fields": 0.0, "named": 0.0, "words": 0.0}
    return {
        "of_fields": sum(stem in known.of_fields for stem in stems) / len(stems),
        "named": sum(log1p(known.named.get(stem, 0)) for stem in stems) / len(stems),
        "words": float(len(stems)),
    }
