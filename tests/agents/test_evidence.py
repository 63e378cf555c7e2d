"""Evidence: figures from a real index, and the order in which proposals take their documents."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.evidence import Standing, gather_evidence, new_tokens, ranked
from agents.library import Library
from agents.messages import Brief, Evidence, Proposal
from tools.search import Hit
from tools.search.topic_search import Found

BRIEF = Brief("SCIENCE / Marine Biology", "Marine Biology", 6, (), 1)
TARGET = 100


def found(documents: Mapping[str, int]) -> Found:
    """Documents with their tokens, best first."""
    hits = tuple(Hit(doc_id, rank, 1 / rank) for rank, doc_id in enumerate(documents, 1))
    return Found(hits, tuple(documents.values()))


def proposal(title: str, by: str = "proposer-1", number: int = 1) -> Proposal:
    return Proposal(f"{by}.1.{number}", by, 1, title, f"about {title}")


def standing(made: Proposal, documents: Mapping[str, int], on_category: float = 0.5) -> Standing:
    """A proposal all of whose documents speak of it."""
    here = found(documents)
    return Standing(
        proposal=made,
        found=here,
        on_category=on_category,
        coverage=1.0,
        supported=here.total_tokens,
    )


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    titles = draw(st.lists(st.sampled_from(["Kelp", "kelp", "Reefs", "Tides"]), max_size=7))
    sizes = {f"d{n}": size for n, size in enumerate(draw(st.lists(st.integers(1, 90), min_size=12, max_size=12)))}
    rows = st.lists(st.sampled_from(sorted(sizes)), unique=True, max_size=12)
    return [
        standing(
            proposal(title, f"proposer-{number % 2}", number),
            {doc_id: sizes[doc_id] for doc_id in draw(rows)},
            draw(st.sampled_from([0.0, 0.25, 1.0])),
        )
        for number, title in enumerate(titles)
    ]


def test_the_strongest_takes_its_documents_first_and_only_up_to_the_target() -> None:
    strong = standing(proposal("Strong", number=1), {"a": 60, "b": 60, "c": 60}, on_category=0.9)
    weak = standing(proposal("Weak", number=2), {"a": 60, "b": 60, "c": 60}, on_category=0.1)
    left = new_tokens([weak, strong], TARGET)
    assert left == {strong.proposal.proposal_id: 120, weak.proposal.proposal_id: 60}


def test_one_without_documents_has_nothing_left_and_takes_nothing() -> None:
    empty, other = standing(proposal("Empty", number=1), {}, 1.0), standing(proposal("Other", number=2), {"a": 5})
    assert new_tokens([empty, other], TARGET) == {empty.proposal.proposal_id: 0, other.proposal.proposal_id: 5}


def test_strength_grows_with_the_category_and_with_the_target_filled_but_not_beyond() -> None:
    def strength(documents: Mapping[str, int], on_category: float) -> tuple[float, int]:
        return standing(proposal("x"), documents, on_category).strength(TARGET)

    assert strength({"a": 100}, 0.9) > strength({"a": 100}, 0.5)
    assert strength({"a": 100}, 0.5) > strength({"a": 50}, 0.5)
    assert strength({"a": 100}, 0.5)[0] == strength({"a": 500}, 0.5)[0]
    assert strength({"a": 50, "b": 50}, 0.5) > strength({"a": 100}, 0.5), "of equals, the one with more documents"


@settings(deadline=None)
@given(given_=standings(), data=st.data())
def test_neither_rank_nor_what_is_left_depends_on_who_spoke_first(given_: list[Standing], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(given_))
    assert ranked(given_, TARGET) == ranked(shuffled, TARGET)
    assert new_tokens(given_, TARGET) == new_tokens(shuffled, TARGET)
    strengths = [one.strength(TARGET) for one in ranked(given_, TARGET)]
    assert strengths == sorted(strengths, reverse=True)


@settings(deadline=None)
@given(given_=standings())
def test_no_document_is_left_for_two(given_: list[Standing]) -> None:
    left = new_tokens(given_, TARGET)
    assert set(left) == {one.proposal.proposal_id for one in given_}
    tokens = {hit.doc_id: size for one in given_ for hit, size in zip(one.found.hits, one.found.tokens, strict=True)}
    assert sum(left.values()) <= sum(tokens.values())
    for one in given_:
        mine = left[one.proposal.proposal_id]
        assert 0 <= mine <= one.found.total_tokens
        assert mine < TARGET + max(one.found.tokens, default=0), "nobody takes a document after the target is reached"
    if given_:
        first = ranked(given_, TARGET)[0]
        assert left[first.proposal.proposal_id] >= min(TARGET, first.found.total_tokens)


def by_title(library: Library, titles: Sequence[str]) -> dict[str, Evidence]:
    proposals = [proposal(title, number=number) for number, title in enumerate(titles)]
    figures = gather_evidence(library, BRIEF, proposals)
    assert [one.proposal_id for one in figures] == [p.proposal_id for p in proposals], "in the order given"
    return dict(zip(titles, figures, strict=True))


def test_a_topic_of_the_category_is_told_from_one_of_another(library: Library) -> None:
    figures = by_title(library, ["Coral Reef", "Whale Migration", "Dairy Cow"])
    for title in ("Coral Reef", "Whale Migration"):
        assert figures[title].on_category == 1.0
        assert figures[title].lift == 2.0, "twenty of the forty documents are the category's"
    assert figures["Dairy Cow"].on_category == figures["Dairy Cow"].lift == 0.0


def test_figures_are_those_of_the_search(library: Library) -> None:
    (evidence,) = by_title(library, ["Coral Reef"]).values()
    here = library.topic("Coral Reef", BRIEF.category)
    assert evidence.documents == len(here.hits) == 10
    assert evidence.tokens == here.total_tokens == sum(here.tokens)
    assert evidence.share_of_corpus == 0.25
    assert library.target_tokens <= evidence.new_tokens <= evidence.tokens
    assert [len(library.texts([doc_id])[0]) // 4 for doc_id in here.doc_ids] == [
        pytest.approx(tokens, abs=1) for tokens in here.tokens
    ]


def test_two_proposals_that_say_the_same_are_alike_and_share_what_is_there(library: Library) -> None:
    figures = by_title(library, ["Coral Reef", "Reefs of Coral", "Tractor Engine"])
    one, other, third = figures.values()
    assert one.alike == ((other.proposal_id, 1.0),)
    assert other.alike == ((one.proposal_id, 1.0),)
    assert third.alike == ()
    assert one.new_tokens + other.new_tokens <= one.tokens


def test_the_order_of_proposals_changes_no_figure(library: Library) -> None:
    titles = ["Coral Reef", "Dairy Cow", "Whale Migration", "Coral Bleaching"]
    proposals = [proposal(title, number=number) for number, title in enumerate(titles)]
    forth = {one.proposal_id: one for one in gather_evidence(library, BRIEF, proposals)}
    back = {one.proposal_id: one for one in gather_evidence(library, BRIEF, proposals[::-1])}
    assert forth == back


def test_a_title_that_the_corpus_does_not_know_leaves_the_category_alone(library: Library) -> None:
    (evidence,) = by_title(library, ["Zymurgy"]).values()
    assert evidence.on_category == evidence.lift == 0.0
    assert by_title(library, ["!!!"])["!!!"].on_category == 0.0
    assert gather_evidence(library, BRIEF, []) == []


def test_a_category_without_a_document_gives_no_lift(library: Library) -> None:
    nowhere = Brief("QUANTUM / Zymurgy", "Zymurgy", 6, (), 1)
    (evidence,) = gather_evidence(library, nowhere, [proposal("Coral Reef")])
    assert (evidence.on_category, evidence.lift) == (0.0, 0.0)
    assert evidence.documents == 10
