"""Draw what samples are made of: `python docs/picture.py RUN [RUN ...] --out docs/samples.png` (extra `notebooks`).

A row is a sample, as long as its context; a block is a segment. Blocks of `litelong` alternate by document; in an
interleaved sample anchors are dark and their hard negatives light.
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pyarrow.parquet as pq

mpl.use("Agg")
import matplotlib.pyplot as plt

ROWS = 3
DOCUMENTS = ("#3b6fb6", "#9dbbe3")
ROLES = {"anchor": "#b5402d", "negative": "#f3c9bd"}


def main() -> None:
    """Read the first samples of each run and draw them one under the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    given = parser.parse_args()
    samples = [row for run in given.runs for row in first_samples(run)]
    figure, axes = plt.subplots(figsize=(11, 0.42 * len(samples) + 1.0), layout="constrained")
    for place, row in enumerate(samples):
        draw(axes, place, row)
    labels = [f"{row['topic']}\n{row['recipe']}, {len(row['segments'])} segments" for row in samples]
    axes.set_yticks(range(len(samples)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(0, max(segment["start"] + segment["length"] for row in samples for segment in row["segments"]))
    axes.xaxis.set_major_formatter(lambda tokens, _: f"{tokens:,.0f}")
    axes.set_xlabel("token of the sample")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    patches = [
        plt.Rectangle((0, 0), 1, 1, color=color)
        for color in (DOCUMENTS[0], DOCUMENTS[1], ROLES["anchor"], ROLES["negative"])
    ]
    names = ["a document", "the next one", "anchor: a chunk of the root", "its hard negatives"]
    figure.legend(patches, names, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
    figure.savefig(given.out, dpi=110)


def first_samples(run: Path) -> list[dict[str, Any]]:
    """The first rows of a run's samples, without their ids."""
    columns = ["sample_id", "recipe", "topic", "segments"]
    tables = (pq.read_table(part, columns=columns) for part in sorted((run / "samples").glob("part-*.parquet")))
    rows: list[dict[str, Any]] = next(tables).slice(0, ROWS).to_pylist()
    return rows


def draw(axes: Any, place: int, row: dict[str, Any]) -> None:  # noqa: ANN401 - matplotlib has no types
    """One sample as a bar of its segments."""
    for number, segment in enumerate(row["segments"]):
        color = ROLES.get(segment["role"], DOCUMENTS[number % 2])
        axes.barh(
            place, segment["length"], left=segment["start"], height=0.66, color=color, edgecolor="white", linewidth=0.3
        )


if __name__ == "__main__":
    main()
