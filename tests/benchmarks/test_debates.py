"""Real debates over a small corpus: the controls score what they must, and plants cannot be told from other topics."""

import re
from math import sqrt
from pathlib import Path

import orjson
import pytest

from agents.messages import Brief, Candidate, Evidence, Proposal, Seat
from benchmarks.panels.command import Choice, command, fates_jsonl, run_all
from benchmarks.panels.debates import PanelRun
from benchmarks.panels.page import page
from benchmarks.panels.plants import KINDS, Kind
from benchmarks.panels.scoring import End, chance, ends_of, share
from benchmarks.panels.seats import PlantSeat, Scripted, register_random
from graph.running import blocking

DEFECTS: tuple[Kind, ...] = ("off_category", "too_broad", "unfillable")


@pytest.fixture(scope="session")
def runs(choice: Choice) -> dict[str, PanelRun]:
    """Every panel's run, by panel."""
    return {run.panel: run for run in run_all(choice)}


@pytest.fixture(scope="session")
def ends(runs: dict[str, PanelRun]) -> dict[str, list[End]]:
    """How every plant ended, by panel."""
    return {panel: ends_of(run.fates) for panel, run in runs.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_perfect_panel_scores_one(ends: dict[str, list[End]], kind: Kind) -> None:
    found = share(ends["perfect"], kind)
    assert found.of == 16
    assert found.value == 1.0


def test_the_perfect_panel_keeps_every_good_plant_itself(ends: dict[str, list[End]]) -> None:
    assert {end.how for end in ends["perfect"] if end.kind == "good"} == {"stands"}
    assert {end.how for end in ends["perfect"] if end.kind == "duplicate"} == {"the good one stands"}


def test_the_random_panel_scores_near_chance(runs: dict[str, PanelRun], ends: dict[str, list[End]]) -> None:
    """Within 3.3 standard deviations of the binomial: an honest coin leaves it once in a thousand times."""
    removed = sum(share(ends["random"], kind).count for kind in DEFECTS)
    assert abs(removed - 24) <= 3.3 * sqrt(48 / 4)
    for kind in ("good", "duplicate"):
        found, p = share(ends["random"], kind), chance(runs["random"].garden, kind)
        assert abs(found.count - p * found.of) <= 3.3 * sqrt(found.of * p * (1 - p))


@pytest.mark.parametrize("seed", range(5))
def test_the_coin_of_the_random_panel_is_fair_and_its_own_for_every_seat(seed: int) -> None:
    register_random(seed)
    seats = [Seat(f"judge-{n}", "judge", "random-judge", "lexical") for n in (1, 2)]
    kept = [_kept_of_a_thousand(seat) for seat in seats]
    for one in kept:
        assert abs(len(one) - 500) <= 3.3 * sqrt(1000 / 4)
    assert abs(len(kept[0] & kept[1]) - 250) <= 3.3 * sqrt(1000 * 3 / 16)
    assert _kept_of_a_thousand(seats[0]) == kept[0]


def _kept_of_a_thousand(seat: Seat) -> set[str]:
    from agents.roles import find_role

    agent = find_role(seat.role, "judge", seat.model, "test").factory(seat, None)  # type: ignore[arg-type]
    assert isinstance(agent, Scripted)
    brief = Brief("A / B", "B", 12, (), 1)
    candidates = [
        Candidate(Proposal(f"p.1.{n}", "p", 1, f"Title {n}", ""), Evidence(f"p.1.{n}", 0, 0, 0, 0, 0, 0))
        for n in range(1000)
    ]
    return {v.proposal_id for v in blocking(agent.judge(brief, candidates, [])) if v.keep}


def test_the_panels_own_topics_stay_in_the_debate(runs: dict[str, PanelRun]) -> None:
    for run in runs.values():
        assert run.own_proposed > 0
    assert runs["perfect"].own_accepted > runs["lexical"].own_accepted


def test_an_own_topic_of_a_plants_title_does_not_count_against_the_plant(ends: dict[str, list[End]]) -> None:
    """The lexical proposer finds `Grey Wolf` and its kind itself; then the judge can only keep one of the two."""
    twins = [end for end in ends["perfect"] if end.fate.reason.startswith("the same title as proposer-1.")]
    assert twins
    assert all(end.how == "stands" and not end.removed for end in twins)


def test_ids_and_explanations_do_not_give_plants_away(runs: dict[str, PanelRun]) -> None:
    for fate in runs["lexical"].fates:
        assert re.fullmatch(r"proposer-2\.1\.\d+", fate.proposal_id)
    seat = PlantSeat({"A / B": ["One", "Two", "Three"]}, 0)
    drafts = blocking(seat.propose(Brief("A / B", "B", 2, (), 1), []))
    assert [(d.title, d.explanation, d.figures) for d in drafts] == [("One", "", ()), ("Two", "", ())]
    rest = blocking(PlantSeat(seat.order, 1).propose(Brief("A / B", "B", 2, (), 1), []))
    assert [d.title for d in rest] == ["Three"]
    assert blocking(seat.propose(Brief("A / B", "B", 2, (), 2), [])) == []


def test_plants_of_a_kind_do_not_stand_together(runs: dict[str, PanelRun]) -> None:
    first = runs["lexical"].fates[:10]
    numbers = [int(fate.proposal_id.rsplit(".", 1)[1]) for fate in first]
    assert sorted(numbers) == list(range(1, 11))
    assert numbers != sorted(numbers)


def test_every_plant_comes_to_the_table_however_few_topics_a_panel_asks_for(choice: Choice, tmp_path: Path) -> None:
    panel = tmp_path / "panel.yaml"
    panel.write_text("debate: {expansion_factor: 1, rounds: 2}\npacking: {context_length: 64}\n")
    few = Choice(("debian",), (str(panel),), "tune", choice.data, choice.cache, choice.plants)
    (run,) = run_all(few)
    assert len(run.fates) == 40
    assert {fate.half for fate in run.fates} == {"tune"}
    assert {fate.proposal_id.partition(".")[0] for fate in run.fates} == {f"proposer-{n}" for n in range(2, 7)}
    assert run.sizes.target_tokens == 512


def test_the_same_seed_gives_the_same_fates(choice: Choice, runs: dict[str, PanelRun]) -> None:
    again = Choice(("debian",), ("lexical",), "both", choice.data, choice.cache, choice.plants)
    (run,) = run_all(again)
    assert run.fates == runs["lexical"].fates


def test_one_index_serves_every_panel(runs: dict[str, PanelRun], cache: Path) -> None:
    assert len(runs) == 3
    assert len([path for path in cache.iterdir() if not path.name.startswith(".")]) == 1


def test_fates_are_written_a_line_a_plant_with_what_tuning_needs(runs: dict[str, PanelRun]) -> None:
    rows = [orjson.loads(line) for line in fates_jsonl([runs["lexical"]]).splitlines()]
    assert len(rows) == 80
    assert {row["kind"] for row in rows} == set(KINDS)
    removed = next(row for row in rows if row["removed"] and row["kind"] == "off_category")
    assert removed["by"] == "judge-1"
    assert removed["reason"]
    assert removed["critics"][0]["by"] == "critic-1"
    assert removed["evidence"]["documents"] >= 0


def test_the_page_shows_both_halves_of_every_panel_and_how_to_make_it_again(
    runs: dict[str, PanelRun], choice: Choice
) -> None:
    every = Choice(("factbook", "debian"), choice.panels, "all", Path("texts"))
    text = page(list(runs.values()), command(every, Path("docs/panels.md")), 0)
    assert "python -m benchmarks panels --all --data FOLDER --out docs/panels.md\n" in text
    assert "| tune half" in text
    assert "| held-out half" in text
    assert "lexical |" in text
    assert "perfect |" in text
    assert "random |" in text
    assert str(choice.data) not in text
    assert "`lexical`: by whom and why" in text
    assert "`perfect`: by whom and why" not in text


def test_the_command_on_the_page_says_which_half_it_measured() -> None:
    half = Choice(("factbook", "debian"), ("lexical", "perfect", "random", "mine.yaml"), "tune", seed=3)
    expected = "python -m benchmarks panels --all --half tune --panel mine.yaml --seed 3 --out docs/panels.md"
    assert command(half, Path("docs/panels.md")) == expected
