"""Where references lead, in a small made-up list."""

import pytest

from taxonomy.names import path_key
from taxonomy.references import References

PATHS = [
    "BODY, MIND & SOUL", "BODY, MIND & SOUL / Witches", "FAITH", "FAITH / Wicca", "FAITH / Youth / Family", "FAITH / Family",
    "POETRY", "TALES", "TALES / Poetry", "TALES / Verse", "TALES / Animals", "TALES / Animals / Bears", "TALES / Cats or Dogs",
    "TALES / Past / Rome", "TALES / Past / Egypt",
]  # fmt: skip
LIST = References(
    {**{path_key(p): p for p in PATHS}, path_key("FAITH / Paganism"): "FAITH / Wicca"},
    [p for p in PATHS if " / " not in p],
)


@pytest.mark.parametrize(
    ("text", "source", "targets"),
    [
        ("FAITH / Wicca", "TALES / Verse", ["FAITH / Wicca"]),
        ("faith/wicca", "TALES / Verse", ["FAITH / Wicca"]),
        ("BODY, MIND & SOUL / Witches", "FAITH / Wicca", ["BODY, MIND & SOUL / Witches"]),
        ("Poetry", "TALES / Verse", ["TALES / Poetry"]),
        ("POETRY", "TALES / Verse", ["POETRY"]),
        ("Poetry", "FAITH / Wicca", ["POETRY"]),
        ("Poetry", "TALES / Poetry", ["POETRY"]),
        ("Egypt", "TALES / Past / Rome", ["TALES / Past / Egypt"]),
        ("Family", "FAITH / Youth / Family", ["FAITH / Family"]),
        ("Animals / General", "TALES / Verse", ["TALES / Animals"]),
        ("Cats or Dogs", "TALES / Verse", ["TALES / Cats or Dogs"]),
        ("Poetry or Animals", "TALES / Verse", ["TALES / Poetry", "TALES / Animals"]),
        (
            "Poetry, Cats or Dogs, and Animals",
            "TALES / Verse",
            ["TALES / Poetry", "TALES / Cats or Dogs", "TALES / Animals"],
        ),
        ("BODY, MIND & SOUL / Witches, FAITH / Wicca", "TALES", ["BODY, MIND & SOUL / Witches", "FAITH / Wicca"]),
        ("FAITH / Wicca; POETRY", "TALES", ["FAITH / Wicca", "POETRY"]),
        ("FAITH / Paganism", "TALES", ["FAITH / Wicca"]),
    ],
)
def test_a_reference_leads_to_the_categories_it_names(text: str, source: str, targets: list[str]) -> None:
    found, lost = LIST.resolve(text, source.split(" / "))
    assert ([path for path, _ in found], lost) == (targets, [])


def test_headings_under_counts_for_all_that_follow() -> None:
    assert LIST.resolve("headings under Animals or Past", ["TALES", "Verse"]) == ([("TALES / Animals", True)], ["Past"])


@pytest.mark.parametrize(
    ("text", "targets", "lost"),
    [
        ("Unicorns", [], ["Unicorns"]),
        ("Poetry or Unicorns", ["TALES / Poetry"], ["Unicorns"]),
        ("Unicorns, Dragons, and Elves", [], ["Unicorns, Dragons, and Elves"]),
        ("Verse", [], ["Verse"]),
        ("", [], [""]),
    ],
)
def test_what_leads_nowhere_is_named(text: str, targets: list[str], lost: list[str]) -> None:
    found, left = LIST.resolve(text, ["TALES", "Verse"])
    assert ([path for path, _ in found], left) == (targets, lost)


def test_a_hostile_cell_does_not_take_long() -> None:
    found, lost = LIST.resolve(", ".join(["Poetry"] * 100), ["TALES", "Verse"])
    assert [path for path, _ in found] == ["TALES / Poetry"]
    assert len(lost) == 1
