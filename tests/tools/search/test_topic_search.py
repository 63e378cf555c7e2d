"""From a topic to its documents: asked again when too little is found, and only what fits and is mixed enough is kept."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.corpus.document import Document
from tools.search import Hit, Query, QueryPart, SearchIndex, SearchSettings, build_index
from tools.search.topic_query import QUERY_NAMES, QueryName, topic_queries, topic_query
from tools.search.topic_search import Catalogued, Found, Quota, TopicRules, find_topic

Ask = Callable[..., Found]


def texts() -> dict[str, str]:
    """Marine biology is spoken of nearly everywhere; of reefs in ten documents, and in one of them of both."""
    made = {f"reef{n}": f"coral reef {'marine biology' if n == 0 else ''} {'tide ' * n}" for n in range(10)}
    made |= {f"biology{n}": f"marine biology marine biology {'salt ' * n}" for n in range(30)}
    return made | {f"polyp{n}": f"polyps build {'lime ' * n}" for n in range(5)}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    documents = [Document(doc_id, doc_id, text, 0, n) for n, (doc_id, text) in enumerate(texts().items())]
    index = build_index(documents, tmp_path_factory.mktemp("index") / "index", SearchSettings())
    yield index
    index.close()


@pytest.fixture
def ask(index: SearchIndex) -> Ask:
    """Ask the index about reefs: every document has 10 tokens and is from the source its name begins with."""

    def call(rules: TopicRules, depth: int = 100, target_tokens: int = 100, explanation: str = "") -> Found:
        catalogued = Catalogued(
            lambda ids: [10] * len(ids), lambda ids: [doc_id.rstrip("0123456789") for doc_id in ids]
        )
        return find_topic(
            index.search, catalogued, rules,
            title="Coral Reef", category="SCIENCE / Marine Biology", explanation=explanation, depth=depth,
            target_tokens=target_tokens,
        )  # fmt: skip

    return call


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("context", (QueryPart("Tides", 2.0), QueryPart("Oceans", 1.0), QueryPart("SCIENCE", 0.25))),
        ("name", (QueryPart("Tides", 2.0), QueryPart("Oceans", 1.0))),
        ("bare", (QueryPart("Tides", 2.0),)),
    ],
)
def test_the_ways_to_ask(name: QueryName, parts: tuple[QueryPart, ...]) -> None:
    assert topic_query("Tides", "SCIENCE / Oceans", name) == Query(parts)
    explained = topic_query("Tides", "SCIENCE / Oceans", name, "water moves", 0.5)
    assert explained == Query((*parts, QueryPart("water moves", 0.5)))
    assert topic_query("Tides", "SCIENCE / Oceans", name, "water moves", 0.0) == Query(parts)


def test_without_a_title_the_category_is_asked_for() -> None:
    whole = topic_query("", "SCIENCE / Oceans")
    assert [topic_query("", "SCIENCE / Oceans", name) for name in QUERY_NAMES] == [whole] * 3


def test_the_same_query_is_not_asked_twice() -> None:
    assert [q.name for q in topic_queries("Tides", "", ("context", "bare", "name"))] == ["context"]
    assert [q.name for q in topic_queries("Tides", "A", ("context", "bare", "name"))] == ["context", "bare"]


def test_a_topic_that_finds_enough_is_asked_once(ask: Ask) -> None:
    found = ask(TopicRules(fallback=("bare", "name"), floor=0.0))
    assert (found.asked.query, found.asked.tried, found.asked.hits) == ("context", 1, 40)


def test_when_too_little_is_found_the_fallbacks_are_asked_in_their_order(ask: Ask) -> None:
    rules = TopicRules(query="name", fallback=("bare", "context"), floor=0.75)
    narrow = ask(TopicRules(query="name", floor=0.75))
    bare = ask(TopicRules(query="bare", floor=0.75))
    assert len(narrow.hits) < len(bare.hits), "the category's words spread the scores"
    found = ask(rules, target_tokens=bare.total_tokens)
    assert (found.hits, found.asked.query, found.asked.tried) == (bare.hits, "bare", 2)
    # None finds enough: the one that found most, and it says that all were asked.
    found = ask(rules, target_tokens=1_000)
    assert (found.hits, found.asked.query, found.asked.tried) == (bare.hits, "bare", 3)


def test_the_explanation_is_asked_for_where_it_has_a_weight(ask: Ask) -> None:
    with_it = ask(TopicRules(explanation_weight=0.5, floor=0.0), explanation="polyps build them")
    without = ask(TopicRules(floor=0.0), explanation="polyps build them")
    assert {hit.doc_id for hit in with_it.hits} - {hit.doc_id for hit in without.hits} == {
        f"polyp{n}" for n in range(5)
    }


def test_a_source_gives_no_more_than_its_quota(ask: Ask) -> None:
    found = ask(TopicRules(floor=0.0, quotas=(Quota("reef*", 0.3), Quota("bio*", 1.0), Quota("*", 0.0))))
    assert [hit.doc_id for hit in found.hits if hit.doc_id.startswith("reef")] == ["reef0", "reef1", "reef2"]
    assert found.asked.over_quota == 7
    assert [hit.rank for hit in found.hits] == [1, 2, 3, *range(11, 41)], "ranks are the search's"


def test_the_search_looks_deeper_when_hits_are_left_out(ask: Ask) -> None:
    none_of_reefs = TopicRules(floor=0.0, quotas=(Quota("reef*", 0.0),))
    assert [hit.rank for hit in ask(none_of_reefs, depth=5).hits] == [11, 12, 13, 14, 15]


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=40),
    sources=st.lists(st.sampled_from("abc"), min_size=40, max_size=40),
    share=st.floats(0.05, 1.0),
    least=st.integers(0, 30),
    most=st.integers(30, 60),
    depth=st.integers(1, 20),
    target=st.integers(20, 500),
)
def test_every_beginning_of_the_hits_keeps_lengths_and_quotas(
    lengths: list[int], sources: list[str], share: float, least: int, most: int, depth: int, target: int
) -> None:
    def search(_: Query, k: int) -> list[Hit]:
        return [Hit(str(n), n + 1, 1.0) for n in range(min(k, len(lengths)))]

    def tokens(doc_ids: Sequence[str]) -> list[int]:
        return [lengths[int(doc_id)] for doc_id in doc_ids]

    rules = TopicRules(min_tokens=least, max_tokens=most, quotas=(Quota("[ab]", share),))
    catalogued = Catalogued(tokens, lambda ids: [sources[int(doc_id)] for doc_id in ids])
    found = find_topic(search, catalogued, rules, title="x", category="", depth=depth, target_tokens=target)
    assert len(found.hits) <= depth
    taken = dict.fromkeys("abc", 0)
    for count, (hit, length) in enumerate(zip(found.hits, found.tokens, strict=True), 1):
        assert least <= length == lengths[int(hit.doc_id)] <= most
        taken[sources[int(hit.doc_id)]] += length
        assert max(taken["a"], taken["b"]) <= share * max(target, sum(found.tokens[:count]))
    asked = found.asked
    assert asked.hits - asked.below_floor - asked.wrong_length - asked.over_quota >= len(found.hits)
