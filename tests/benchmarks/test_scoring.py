"""The rules of counting, on debates whose end is made by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.messages import Accepted, Critique, Evidence, Outcome, Proposal, Rejection
from benchmarks.panels.fates import Fate, Rival, Word, fates_of, head_of
from benchmarks.panels.plants import Bed, Garden, Plant
from benchmarks.panels.scoring import Share, chance, ends_of, share, wilson
from graph.debate import DebateState
from taxonomy import Provenance, Topic, topic_id

CATEGORY = "NATURE / Wildlife / Birds"
BED = Bed(
    CATEGORY,
    (
        Plant("good", "Eagles"),
        Plant("good", "Owls"),
        Plant("off_category", "Railways"),
        Plant("duplicate", "Great Eagles", of="Eagles"),
        Plant("too_broad", "Life"),
        Plant("unfillable", "The Dodo"),
    ),
)
SEAT = "proposer-2"


def debated(rejected: dict[str, str], own: dict[str, str | None] | None = None) -> DebateState:
    """A finished debate: plants are accepted but for `rejected` (title to reason); `own` topics likewise (None: accepted)."""
    reasons = {(SEAT, title): reason for title, reason in rejected.items()}
    reasons |= {("proposer-1", title): reason for title, reason in (own or {}).items() if reason}
    spoken = [("proposer-1", title) for title in own or {}] + [(SEAT, plant.title) for plant in BED.plants]
    proposals = [Proposal(f"{by}.1.{n}", by, 1, title, "") for n, (by, title) in enumerate(spoken, 1)]
    evidence = {p.proposal_id: Evidence(p.proposal_id, 9, 900, 0.8, 4.0, 0.1, 900) for p in proposals}
    outcome = Outcome(
        CATEGORY,
        tuple(
            Accepted(topic(p.title, p.by), evidence[p.proposal_id]) for p in proposals if (p.by, p.title) not in reasons
        ),
        tuple(
            Rejection(p.title, "", CATEGORY, p.by, "judge-1", reasons[p.by, p.title])
            for p in proposals
            if (p.by, p.title) in reasons
        ),
    )
    return DebateState(category=CATEGORY, proposals=proposals, evidence=evidence, outcome=outcome)


def topic(title: str, by: str) -> Topic:
    return Topic(topic_id(CATEGORY, title), title, "", CATEGORY, Provenance((by,), 1, "kept: it is good"))


def ends(rejected: dict[str, str], own: dict[str, str | None] | None = None) -> dict[str, tuple[bool, str]]:
    """Title to (removed, how)."""
    fates = fates_of(BED, debated(rejected, own), {SEAT})
    return {end.fate.title: (end.removed, end.how) for end in ends_of(fates)}


def test_a_plant_that_is_accepted_stands() -> None:
    assert ends({}) == {
        "Eagles": (False, "stands"),
        "Owls": (False, "stands"),
        "Railways": (False, "stands"),
        "Great Eagles": (False, "both stand"),
        "Life": (False, "stands"),
        "The Dodo": (False, "stands"),
    }


@pytest.mark.parametrize("title", ["Railways", "Life", "The Dodo", "Owls"])
def test_a_rejected_plant_is_removed(title: str) -> None:
    assert ends({title: "off category: 2 %"})[title] == (True, "removed")


def test_a_pair_is_removed_when_not_both_stand_and_its_good_one_is_kept_while_either_does() -> None:
    alike = "the weaker of two alike: 90% of its best documents are those of 'Great Eagles'"
    only_good = ends({"Great Eagles": "alike: those of 'Eagles'"})
    assert (only_good["Eagles"], only_good["Great Eagles"]) == ((False, "stands"), (True, "the good one stands"))
    only_other = ends({"Eagles": alike})
    assert only_other["Eagles"] == (False, "its paraphrase stands")
    assert only_other["Great Eagles"] == (True, "the paraphrase stands")
    neither = ends({"Eagles": "off category: 2 %", "Great Eagles": "off category: 3 %"})
    assert (neither["Eagles"], neither["Great Eagles"]) == ((True, "removed"), (True, "neither stands"))


def test_a_pair_is_charged_to_whoever_removed_the_one_that_fell() -> None:
    fates = fates_of(BED, debated({"Eagles": "alike: those of 'Great Eagles'"}), {SEAT})
    pair = next(end for end in ends_of(fates) if end.kind == "duplicate")
    assert (pair.by, head_of(pair.reason)) == ("judge-1", "alike")


def test_the_panels_own_topic_of_the_same_title_keeps_the_plant() -> None:
    own: dict[str, str | None] = {"owls": None, "Railways": None}
    found = ends({"Owls": "the same title as proposer-1.1.1", "Railways": "off category: 2 %"}, own)
    assert found["Owls"] == (False, "stands")
    assert found["Railways"] == (False, "stands")


def test_the_panels_own_topic_of_the_same_title_does_not_bring_a_removed_plant_back_when_it_is_removed_too() -> None:
    assert ends({"Railways": "off category: 2 %"}, {"Railways": "off category: 2 %"})["Railways"] == (True, "removed")


@pytest.mark.parametrize(
    "reason", ["alike: 70% of its best documents are those of 'Night Birds'", "the weaker of two alike: 'Night Birds'"]
)
def test_a_good_one_that_falls_to_an_alike_topic_of_the_panel_counts_apart_as_kept(reason: str) -> None:
    assert ends({"Owls": reason}, {"Night Birds": None})["Owls"] == (False, "lost to an alike topic of the panel")


def test_a_good_one_that_falls_to_an_alike_topic_which_falls_itself_is_removed() -> None:
    found = ends({"Owls": "alike: those of 'Night Birds'"}, {"Night Birds": "off category: 2 %"})
    assert found["Owls"] == (True, "removed")


def test_a_good_one_that_falls_to_another_plant_is_removed_even_when_the_panel_says_that_one_too() -> None:
    reason = "the weaker of two alike: 80% of its best documents are those of 'Eagles'"
    assert ends({"Owls": reason})["Owls"] == (True, "removed")
    other = ends({"Owls": reason, "Eagles": "the same title as proposer-1.1.1"}, {"Eagles": None})
    assert other["Owls"] == (True, "removed")


def test_a_good_one_that_falls_for_another_reason_is_removed_though_the_reason_names_a_topic() -> None:
    found = ends({"Owls": "adds no coverage: 'Night Birds' has it all"}, {"Night Birds": None})
    assert found["Owls"] == (True, "removed")


def test_a_fate_tells_who_why_and_what_the_critics_said_last() -> None:
    state = debated({"Owls": "alike: those of 'Night Birds'"}, {"Night Birds": None})
    key = next(p.proposal_id for p in state["proposals"] if p.title == "Owls")
    state["critiques"] = [
        Critique(key, "critic-1", 1, accept=True, reason="fine"),
        Critique(key, "critic-1", 2, accept=False, reason="alike: no longer"),
    ]
    fate = fates_of(BED, state, {SEAT})[1]
    assert (fate.title, fate.proposal_id, fate.stands, fate.by) == ("Owls", key, False, "judge-1")
    assert fate.rival == Rival("Night Birds", "own")
    assert fate.critics == (Word("critic-1", False, "alike: no longer"),)


def test_a_plant_that_was_never_proposed_is_no_measurement() -> None:
    state = debated({})
    state["proposals"] = [p for p in state["proposals"] if p.title != "Life"]
    with pytest.raises(RuntimeError, match="a plant was not proposed"):
        fates_of(BED, state, {SEAT})


@pytest.mark.parametrize(
    ("reason", "head"),
    [
        ("off category: 2% of its documents", "off category"),
        ("the same title as proposer-1.1.3", "the same title as another"),
        ("withdrawn: alike: 70% of it", "alike"),
        ("the coin fell so", "the coin fell so"),
    ],
)
def test_reasons_count_together_up_to_the_colon(reason: str, head: str) -> None:
    assert head_of(reason) == head


def test_shares_count_what_is_removed_and_for_good_ones_what_is_kept_by_half() -> None:
    here = fates_of(BED, debated({"Owls": "off category: 2 %", "Life": "too broad: 80 %"}), {SEAT})
    there: list[Fate] = [replace(fate, category="X", half="tune") for fate in here]
    found = ends_of([*here, *there])
    assert (share(found, "good").count, share(found, "good").of) == (2, 4)
    assert (share(found, "too_broad").count, share(found, "too_broad").of) == (2, 2)
    assert (share(found, "too_broad", "tune").count, share(found, "too_broad", "tune").of) == (1, 1)
    assert share(found, "unfillable").value == 0.0
    assert share([], "good") == Share(0, 0, 0.0, 1.0)


def test_wilson_gives_the_published_intervals() -> None:
    """Values of Newcombe (1998), table I, method 3."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_mirrors(counts: tuple[int, int]) -> None:
    count, of = counts
    low, high = wilson(count, of)
    assert 0.0 <= low <= count / of + 1e-12
    assert count / of - 1e-12 <= high <= 1.0
    assert wilson(of - count, of) == pytest.approx((1 - high, 1 - low))


def test_chance_is_that_of_a_coin_for_every_topic() -> None:
    garden = Garden("small", 512, (BED,))
    assert [chance(garden, kind) for kind in ("off_category", "too_broad", "unfillable")] == [0.5, 0.5, 0.5]
    assert chance(garden, "duplicate") == 0.75
    assert chance(garden, "good") == pytest.approx((0.75 + 0.5) / 2)
