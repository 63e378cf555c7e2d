"""Plants files: frozen by digest, split in halves by a hash, and refused with a word on what is wrong."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.panels.plants import HALVES, KINDS, Bed, Garden, Plant, half_of, load_plants
from litelong import UsageError
from taxonomy import load_taxonomy

PLANTS: dict[str, Any] = {
    "corpus": "small",
    "context_length": 512,
    "categories": [
        {
            "category": "NATURE / Wildlife / Birds",
            "good": ["Bald Eagles"],
            "off_category": ["Railways"],
            "duplicate": [{"of": "Bald Eagles", "title": "Eagles with White Heads"}],
            "too_broad": ["Life"],
            "unfillable": ["The Dodo at Court"],
        }
    ],
}


def write(folder: Path, plants: dict[str, Any]) -> Path:
    body = orjson.dumps(plants)
    (folder / "small.json").write_bytes(body)
    (folder / "digests.json").write_bytes(orjson.dumps({"small.json": sha256(body).hexdigest()}))
    return folder


def with_category(**changes: object) -> dict[str, Any]:
    return {**PLANTS, "categories": [{**PLANTS["categories"][0], **changes}]}


def test_a_frozen_file_is_read_plant_by_plant(tmp_path: Path) -> None:
    garden = load_plants("small", write(tmp_path, PLANTS))
    assert (garden.corpus, garden.context_length) == ("small", 512)
    assert garden.beds == (
        Bed(
            "NATURE / Wildlife / Birds",
            (
                Plant("good", "Bald Eagles"),
                Plant("off_category", "Railways"),
                Plant("duplicate", "Eagles with White Heads", of="Bald Eagles"),
                Plant("too_broad", "Life"),
                Plant("unfillable", "The Dodo at Court"),
            ),
        ),
    )
    assert {plant.kind for plant in garden.beds[0].plants} == set(KINDS)


def test_one_changed_byte_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, PLANTS) / "small.json"
    path.write_bytes(path.read_bytes().replace(b"Railways", b"railways"))
    with pytest.raises(UsageError, match="not the file that was frozen"):
        load_plants("small", tmp_path)


def test_a_file_without_a_digest_is_refused(tmp_path: Path) -> None:
    write(tmp_path, PLANTS)
    (tmp_path / "digests.json").write_bytes(b"{}")
    with pytest.raises(UsageError, match=r"holds no digest of small\.json"):
        load_plants("small", tmp_path)
    (tmp_path / "digests.json").unlink()
    with pytest.raises(UsageError, match=r"holds no digest of small\.json"):
        load_plants("small", tmp_path)


def test_an_unknown_corpus_names_those_with_plants(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are: small"):
        load_plants("large", write(tmp_path, PLANTS))


@pytest.mark.parametrize(
    ("plants", "says"),
    [
        (with_category(good=["Bald Eagles", "bald  eagles"]), "two plants have one title"),
        (with_category(too_broad=["Railways"]), "two plants have one title"),
        (with_category(duplicate=[{"of": "Railways", "title": "Trains"}]), "not among its good ones"),
        (with_category(goood=["Owls"]), "categories.0.goood"),
        ({**PLANTS, "context_length": 0}, "context_length"),
        ({**PLANTS, "categories": []}, "categories"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_never_a_title(
    tmp_path: Path, plants: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        load_plants("small", write(tmp_path, plants))
    assert "Railways" not in str(refused.value)
    assert "Eagles" not in str(refused.value)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_the_first_hex_digit_of_the_path_decides_the_half(category: str) -> None:
    held_out = int(sha256(category.encode()).hexdigest()[0], 16) >= 8
    assert half_of(category) == ("held-out" if held_out else "tune")


def further(folder: Path, category: str, context_length: int = 512) -> Path:
    """`PLANTS` with a file of further categories beside it."""
    write(folder, PLANTS)
    plants = {
        **PLANTS,
        "context_length": context_length,
        "categories": [{**PLANTS["categories"][0], "category": category}],
    }
    body, digests = orjson.dumps(plants), folder / "digests.json"
    (folder / "small-tuning.json").write_bytes(body)
    digests.write_bytes(
        orjson.dumps({**orjson.loads(digests.read_bytes()), "small-tuning.json": sha256(body).hexdigest()})
    )
    return folder


TUNE, HELD_OUT = (
    next(c.path for c in load_taxonomy("compact").debated() if half_of(c.path) == half) for half in ("tune", "held-out")
)


def test_further_categories_are_in_neither_half(tmp_path: Path) -> None:
    garden = load_plants("small", further(tmp_path, TUNE))
    assert [bed.category for bed in garden.part(("further",)).beds] == [TUNE]
    assert [bed.category for bed in garden.part(("tune", "held-out")).beds] == ["NATURE / Wildlife / Birds"]


@pytest.mark.parametrize(
    ("category", "context_length", "says"),
    [
        (HELD_OUT, 512, "is held out"),
        ("NATURE / Wildlife / Birds", 512, "is held out, or in small.json"),
        (TUNE, 1_024, "context_length"),
    ],
)
def test_further_categories_are_for_tuning_and_new(
    tmp_path: Path, category: str, context_length: int, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        load_plants("small", further(tmp_path, category, context_length))


def test_the_halves_are_disjoint_complete_and_about_equal_on_the_taxonomy() -> None:
    beds = tuple(Bed(category.path, ()) for category in load_taxonomy("compact").debated())
    garden = Garden("small", 512, beds)
    tune, held_out = (set(garden.part((half,)).beds) for half in ("tune", "held-out"))
    assert not tune & held_out
    assert tune | held_out == set(beds)
    assert 0.45 < len(tune) / len(beds) < 0.55
    assert garden.part(HALVES) == garden
