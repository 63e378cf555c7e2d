"""What a debate is told of its category: how many topics, and whose they must not be."""

from typing import Any

import pytest

from agents.messages import Brief
from graph import load_config
from graph.briefs import brief_of
from taxonomy import Category, Taxonomy

TREE = Taxonomy(
    "t", [Category.of(path.split("/")) for path in ("ZOO/Bears/Polar", "ZOO/Bears/Brown", "ZOO/Cats", "PARK")]
)


def brief(name: str, **sections: Any) -> Brief:
    return brief_of(load_config({"corpus": {"path": "demo"}, **sections}), TREE, name)


def test_a_leaf_avoids_its_siblings_and_an_inner_category_its_children() -> None:
    assert brief("zoo/bears/polar").avoid == ("Brown",)
    assert brief("zoo/cats").avoid == ("Bears",)
    assert brief("zoo/bears").avoid == ("Polar", "Brown")
    assert brief("PARK").avoid == ("ZOO",)


@pytest.mark.parametrize(
    ("sections", "wanted"),
    [
        ({}, (16, 12)),
        ({"debate": {"expansion_factor": 5}}, (10, 10)),
        ({"taxonomy": {"expansion_factor": {"ZOO/**": 3}}}, (16, 6)),
        ({"taxonomy": {"expansion_factor": {"ZOO": 9}}, "debate": {"expansion_factor": 5}}, (18, 10)),
    ],
)
def test_twice_the_factor_is_asked_for(sections: dict[str, Any], wanted: tuple[int, int]) -> None:
    assert (brief("ZOO", **sections).wanted, brief("ZOO / Cats", **sections).wanted) == wanted
