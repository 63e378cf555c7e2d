"""`litelong validate`: whatever is changed in a finished run is found, and said where and what it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph import Config, run

Litelong = Callable[..., Any]


def sample_file(path: Path) -> Path:
    return sorted((path / "samples").iterdir())[0]


def change_samples(path: Path, column: str, change: Callable[[list[Any]], None]) -> str:
    """Rewrite one column of the first sample file; gives the first sample's id."""
    table = pq.read_table(sample_file(path))
    values = table[column].to_pylist()
    change(values)
    place = table.schema.get_field_index(column)
    table = table.set_column(place, table.schema.field(column), pa.array(values, table.schema.field(column).type))
    pq.write_table(table, sample_file(path))
    return str(table["sample_id"][0].as_py())


def problems(litelong: Litelong, path: Path) -> list[str]:
    """What `litelong validate` prints, one problem a line; the exit status is 1."""
    answer = litelong("validate", path)
    assert answer.status == 1
    assert answer.err.startswith(f"litelong: {path}: ")
    return list(answer.out.splitlines())


@pytest.mark.parametrize("forged", [False, True], ids=["as it is", "digests forged"])
def test_one_flipped_id_is_named_by_sample_and_position(
    copied: Path, litelong: Litelong, forged: bool, accept_digests: Callable[[Path], None]
) -> None:
    def flip(samples: list[Any]) -> None:
        samples[0][500] ^= 1

    sample = change_samples(copied, "input_ids", flip)
    if forged:
        accept_digests(copied)
    found = problems(litelong, copied)
    assert len(found) == 1
    assert f"row 0 ({sample})" in found[0]
    assert "position 500 should be" in found[0]


def test_every_position_is_checked(copied: Path, litelong: Litelong) -> None:
    places = [0, 1, 100, 1022, 1023]
    original = sample_file(copied).read_bytes()
    for place in places:

        def flip(samples: list[Any], place: int = place) -> None:
            samples[0][place] ^= 1

        sample_file(copied).write_bytes(original)
        change_samples(copied, "input_ids", flip)
        (found,) = problems(litelong, copied)
        assert f"position {place} should" in found


def test_a_flipped_separator_is_found(copied: Path, litelong: Litelong) -> None:
    segments = pq.read_table(sample_file(copied))["segments"][0].as_py()
    place = segments[0]["start"] + segments[0]["length"]

    def flip(samples: list[Any]) -> None:
        samples[0][place] = 17

    change_samples(copied, "input_ids", flip)
    (found,) = problems(litelong, copied)
    assert f"id 17 at position {place} should be the special id" in found


def test_doc_lens_that_do_not_add_up_are_found(copied: Path, litelong: Litelong) -> None:
    change_samples(copied, "doc_lens", lambda samples: samples[0].append(1))
    (found,) = problems(litelong, copied)
    assert "doc_lens add up to 1025, not 1024" in found


def test_swapped_doc_lens_are_found(config: Callable[..., Config], two: dict[str, Any], litelong: Litelong) -> None:
    path = run(config(taxonomy=two, packing={"boundaries": "document"})).path
    assert litelong("validate", path).status == 0

    def swap(samples: list[Any]) -> None:
        lengths = samples[0]
        other = next(i for i, n in enumerate(lengths) if n != lengths[0])
        lengths[0], lengths[other] = lengths[other], lengths[0]

    change_samples(path, "doc_lens", swap)
    (found,) = problems(litelong, path)
    assert "doc_lens do not mark the attention spans" in found


def test_a_changed_label_is_found(copied: Path, litelong: Litelong, accept_digests: Callable[[Path], None]) -> None:
    def rename(samples: list[Any]) -> None:
        samples[0] = "Something Else"

    change_samples(copied, "topic", rename)
    accept_digests(copied)
    (found,) = problems(litelong, copied)
    assert "column topic is not the plan's" in found


def test_a_document_used_over_its_cap_is_named(
    copied: Path, litelong: Litelong, accept_digests: Callable[[Path], None]
) -> None:
    table = pq.read_table(sample_file(copied))
    document = table["segments"][0].as_py()[0]["doc_id"]

    def use_again(samples: list[Any]) -> None:
        samples[1][0]["doc_id"] = document

    change_samples(copied, "segments", use_again)
    accept_digests(copied)
    assert f"samples: document '{document}' is used 2 times, over its cap of 1" in problems(litelong, copied)


def test_a_hit_at_another_rank_or_score_is_named(copied: Path, litelong: Litelong) -> None:
    for number, (key, value) in enumerate({"rank": 77, "score": 0.5}.items()):
        change_samples(copied, "segments", lambda samples, n=number, k=key, v=value: samples[n][1].update({k: v}))  # type: ignore[misc]
    table = pq.read_table(sample_file(copied), columns=["segments"])
    named = [table["segments"][n].as_py()[1] for n in (0, 1)]
    found = problems(litelong, copied)
    for number, segment in enumerate(named):
        expected = f"segment 1: document '{segment['doc_id']}' is not a hit of the topic at rank {segment['rank']}"
        assert [line for line in found if f"row {number} (" in line and line.endswith(expected)]


@pytest.mark.parametrize("column", ["input_ids", "n_tokens", "doc_lens", "segments", "a segment", "a doc_id"])
def test_what_a_sample_lacks_is_a_problem_and_not_a_crash(column: str, copied: Path, litelong: Litelong) -> None:
    def lose(samples: list[Any]) -> None:
        if column == "a segment":
            samples[0][0] = None
        elif column == "a doc_id":
            samples[0][0]["doc_id"] = None
        else:
            samples[0] = None

    sample = change_samples(copied, "segments" if " " in column else column, lose)
    expected = "has 0 ids, not 1024" if column == "input_ids" else "n_tokens, doc_lens or segments hold a null"
    assert any(f"({sample}): {expected}" in line for line in problems(litelong, copied))


def test_a_changed_ledger_is_found(copied: Path, litelong: Litelong, accept_digests: Callable[[Path], None]) -> None:
    path = copied / "ledger.json"
    ledger = orjson.loads(path.read_bytes())
    packed = ledger["tokens"]["packed"]
    ledger["tokens"]["packed"] = packed + 1
    path.write_bytes(orjson.dumps(ledger))
    assert problems(litelong, copied) == ["ledger.json: is not what the run wrote (content hash differs)"]
    accept_digests(copied)
    assert f"ledger.json: tokens.packed is {packed + 1}, counted again {packed}" in problems(litelong, copied)


def test_every_figure_of_the_ledger_is_counted_again(
    copied: Path, litelong: Litelong, accept_digests: Callable[[Path], None]
) -> None:
    path = copied / "ledger.json"
    original = orjson.loads(path.read_bytes())
    for part in ("documents", "tokens"):
        for key in original[part]:
            changed = orjson.loads(path.read_bytes())
            changed[part] = {**original[part], key: original[part][key] + 1}
            path.write_bytes(orjson.dumps({**original, part: changed[part]}))
            accept_digests(copied)
            assert any(f"ledger.json: {part}.{key} is" in line for line in problems(litelong, copied))


@pytest.mark.parametrize(
    "name",
    [
        *("config.yaml", "ledger.json", "usage.json", "topics.jsonl", "rejected.jsonl", "checkpoints.sqlite"),
        *("hits/part-00000.parquet", "plan/part-00000.parquet", "samples/part-00000.parquet"),
        "debates/events-00000.jsonl",
    ],
)
def test_a_missing_file_is_named(name: str, copied: Path, litelong: Litelong) -> None:
    (copied / name).unlink()
    assert f"{name}: is missing" in problems(litelong, copied)


@pytest.mark.parametrize("name", ["topics.jsonl", "rejected.jsonl", "debates/events-00000.jsonl"])
def test_a_changed_record_is_named(name: str, copied: Path, litelong: Litelong) -> None:
    content = (copied / name).read_bytes()
    (copied / name).write_bytes(content.replace(b'"round":1', b'"round":2', 1) + b"\n")
    assert problems(litelong, copied) == [f"{name}: is not what the run wrote (content hash differs)"]


def test_a_topic_taken_out_of_the_bank_is_missed(
    copied: Path, litelong: Litelong, accept_digests: Callable[[Path], None]
) -> None:
    """Even when the digests are forged: the plan made again has no sample of it."""
    path = copied / "topics.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    accept_digests(copied)
    assert problems(litelong, copied)


def test_another_configuration_than_the_one_that_was_run_is_found(copied: Path, litelong: Litelong) -> None:
    path = copied / "config.yaml"
    path.write_text(path.read_text().replace("seed: 0", "seed: 1"))
    assert problems(litelong, copied) == ["config.yaml: is not the configuration that was run"]


def test_a_truncated_sample_file_is_a_problem_and_not_a_crash(copied: Path, litelong: Litelong) -> None:
    sample_file(copied).write_bytes(sample_file(copied).read_bytes()[:5000])
    assert any("cannot be read as Parquet" in line for line in problems(litelong, copied))


def test_a_sample_too_many_is_found(copied: Path, litelong: Litelong) -> None:
    (copied / "samples" / "part-00001.parquet").write_bytes(sample_file(copied).read_bytes())
    assert any("is not in the plan" in line for line in problems(litelong, copied))


def test_samples_in_another_order_are_found(copied: Path, litelong: Litelong) -> None:
    table = pq.read_table(sample_file(copied))
    pq.write_table(table.take(list(reversed(range(len(table))))), sample_file(copied))
    assert problems(litelong, copied)


def test_samples_left_out_are_found(copied: Path, litelong: Litelong, accept_digests: Callable[[Path], None]) -> None:
    pq.write_table(pq.read_table(sample_file(copied)).slice(0, 3), sample_file(copied))
    accept_digests(copied)
    assert any("planned samples are missing" in line for line in problems(litelong, copied))


def test_an_unfinished_run_is_not_valid(copied: Path, litelong: Litelong) -> None:
    manifest = orjson.loads((copied / "manifest.json").read_bytes())
    del manifest["stages"]["report"], manifest["stages"]["pack"]
    (copied / "manifest.json").write_bytes(orjson.dumps(manifest))
    (found,) = problems(litelong, copied)
    assert "the run is not finished (stages done: index, debate, curate, retrieve, encode)" in found


def test_a_changed_corpus_is_not_proved(litelong: Litelong, config: Callable[..., Config], tmp_path: Path) -> None:
    """The samples cannot be recomputed from a corpus that is another one now: the user is told, with exit status 2."""
    corpus = tmp_path / "rows.jsonl"
    rows = [{"text": f"A passage about bread number {n}. " * 20} for n in range(40)]
    corpus.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    path = run(config(corpus={"path": str(corpus)}, packing={"recipe": "standard"})).path
    corpus.write_bytes(corpus.read_bytes() + b'{"text": "one more"}\n')
    answer = litelong("validate", path)
    assert answer.status == 2
    assert "the corpus changed since it was indexed" in answer.err


def test_json_says_whether_it_is_valid(finished: Path, copied: Path, litelong: Litelong) -> None:
    good = orjson.loads(litelong("validate", finished, "--json").out)
    assert good["valid"] is True
    assert good["problems"] == []
    assert good["tokens"] == good["samples"] * 1024
    change_samples(copied, "n_tokens", lambda samples: samples.__setitem__(0, 7))
    answer = litelong("validate", copied, "--json")
    assert answer.status == 1
    assert orjson.loads(answer.out)["valid"] is False


@pytest.mark.parametrize(
    "packing",
    [
        {"recipe": "standard"},
        {"recipe": "standard", "separator": "none", "boundaries": "document"},
        {"boundaries": "document"},
        {"order": "reverse"},
        {"order": "shuffle"},
        {"separator": "none"},
        {"samples_per_topic": 2},
        {"max_uses_per_document": 2},
        {"target_tokens": 3000},
        {"context_length": 700, "bos": "none"},
        {"remainder": "pool"},
        {"remainder": "pool", "padding": True, "boundaries": "document"},
        {"padding": True, "samples_per_topic": 2, "pad_id": 5, "separator": 13},
        {"near_duplicates": None, "compression": "none"},
    ],
    ids=str,
)
def test_every_way_of_packing_is_valid(
    packing: dict[str, Any], config: Callable[..., Config], two: dict[str, Any], litelong: Litelong
) -> None:
    result = run(config(taxonomy=two, packing=packing))
    assert result.samples > 0
    assert litelong("validate", result.path).status == 0
    if "target_tokens" in packing:
        assert result.tokens == 3072
    if packing.get("recipe") == "standard":
        assert not (result.path / "topics.jsonl").exists()


def test_a_panel_of_several_agents_and_two_rounds_is_valid(
    config: Callable[..., Config], two: dict[str, Any], litelong: Litelong
) -> None:
    seats = {name: [{"role": name[:-1]}] * n for name, n in (("proposers", 2), ("critics", 3), ("judges", 2))}
    result = run(config(taxonomy=two, debate={"rounds": 2, "reviews": "all", **seats}))
    assert result.samples > 0
    assert litelong("validate", result.path).status == 0
    events = [orjson.loads(line) for line in (result.path / "debates" / "events-00000.jsonl").read_bytes().splitlines()]
    assert {event["agent"] for event in events} >= {f"critic-{n}" for n in (1, 2, 3)} | {"judge-1", "judge-2"}
    assert {event["round"] for event in events} == {1, 2}
    turns = [(event["category"], event["agent"], event["round"]) for event in events]
    assert len(turns) == len(set(turns)), "every agent has one turn a round"


def test_a_number_of_hits_and_a_floor_are_valid(
    config: Callable[..., Config], two: dict[str, Any], litelong: Litelong
) -> None:
    result = run(config(taxonomy=two, retrieve={"hits": 12, "floor": 0.1}))
    assert litelong("validate", result.path).status == 0


def test_a_tokenizer_with_a_bos_is_valid(
    config: Callable[..., Config], two: dict[str, Any], tokenizer_file: Path, litelong: Litelong
) -> None:
    result = run(config(taxonomy=two, tokenizer=str(tokenizer_file)))
    samples = pq.read_table(sample_file(result.path))["input_ids"].to_pylist()
    assert {sample[0] for sample in samples} == {0}, "every sample begins with <s>"
    assert litelong("validate", result.path).status == 0
