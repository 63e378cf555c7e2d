"""Topics: what a debate accepts for a category, and who proposed it, when and why it was kept."""

from dataclasses import dataclass
from hashlib import blake2b

from taxonomy.names import normalised


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a topic comes from: the agents that proposed it, the debate's round (from 1), and the reason it was kept."""

    proposed_by: tuple[str, ...]
    round: int
    reason: str


@dataclass(frozen=True, slots=True)
class Topic:
    """An accepted topic. `category` is the exact path of its category."""

    topic_id: str
    title: str
    explanation: str
    category: str
    provenance: Provenance


def topic_id(category_path: str, title: str) -> str:
    """ "t-" and 16 hex digits of BLAKE2b over the category's path and the normalised title.

    The same in every run, whoever proposed the topic and however its title is spaced or capitalised. A title may be
    anything a model wrote, so it never becomes an id itself.
    """
    text = f"{category_path}\0{normalised(title)}"  # no name of a category holds a NUL, so no two pairs share a text
    return "t-" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
