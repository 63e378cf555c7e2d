"""A small real corpus: 180 short documents on 18 themes of 6 subjects, each subject a category of the compact taxonomy.

Every theme has words of its own, so BM25 tells them apart and the lexical panel finds 24 topics of 1,024 tokens and more.
"""

import random
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from graph import Config, load_config, run
from tools.files import file_digest

THEMES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "SCIENCE / Earth Sciences / Volcanoes and Earthquakes": (
        "volcanoes and earthquakes",
        {
            "lava flow": ("crater rim", "basalt crust", "molten rock", "eruption"),
            "seismic wave": ("fault line", "tremor", "epicentre", "aftershock"),
            "ash cloud": ("pumice", "ejected dust", "pilot warning", "stratosphere"),
        },
    ),
    "GAMES & ACTIVITIES / Chess and Checkers": (
        "chess and checkers",
        {
            "queen sacrifice": ("bishop pair", "mating net", "combination", "brilliant tempo"),
            "rook ending": ("passed pawn", "seventh rank", "king march", "opposition"),
            "opening gambit": ("centre pawn", "early castling", "theory book", "open file"),
        },
    ),
    "COOKING / Bread, Cakes and Pastry": (
        "bread, cakes and pastry",
        {
            "sourdough starter": ("rye flour", "wild yeast", "proving basket", "crumb"),
            "puff pastry": ("cold butter", "rolling pin", "golden layer", "baking tray"),
            "sponge cake": ("egg white", "cocoa icing", "cake tin", "sugar syrup"),
        },
    ),
    "TRANSPORTATION / Land / Railways and Track Gauges": (
        "railways and track gauges",
        {
            "steam locomotive": ("boiler pressure", "driving wheel", "fireman", "coal tender"),
            "narrow gauge": ("sharp curve", "mountain pass", "light rail", "quarry wagon"),
            "signal box": ("block section", "lever frame", "semaphore arm", "dispatcher"),
        },
    ),
    "GARDENING / Roses and Flowering Shrubs": (
        "roses and flowering shrubs",
        {
            "climbing rose": ("garden wall", "trellis", "June scent", "thorny shoot"),
            "winter pruning": ("sharp shears", "dead wood", "outward bud", "March frost"),
            "black spot": ("fungus spore", "wet leaf", "sulphur spray", "fallen foliage"),
        },
    ),
    "NATURE / Wildlife / Birds": (
        "birds and wildlife",
        {
            "arctic tern": ("sand eel", "shingle beach", "long migration", "polar summer"),
            "tawny owl": ("oak hollow", "field vole", "night call", "silent wing"),
            "fish eagle": ("river bank", "talon", "tall eyrie", "lake perch"),
        },
    ),
}
SENTENCES = (
    "The {theme} depends on the {a} and the {b}.",
    "In year {n} a {theme} was recorded beside the {a}.",
    "Each {a} tells something of the {theme}.",
    "No {b} lasts for {n} days without a {a}.",
    "Experts who study the {theme} compare every {a} with {n} others.",
    "A {theme} met the {b}, and {n} people saw it.",
)


class Text(NamedTuple):
    """A document to be: `name` is its file's relative path and its id elsewhere."""

    name: str
    text: str


def _texts(count: int = 180, seed: int = 1) -> Iterator[Text]:
    rng = random.Random(seed)
    themes = [(subject, theme, words) for subject, group in THEMES.values() for theme, words in group.items()]
    for number in range(count):
        subject, theme, words = themes[number % len(themes)]
        sentences = []
        for _ in range(rng.randint(6, 30)):
            a, b = rng.sample(words, 2)
            sentences.append(rng.choice(SENTENCES).format(theme=theme, a=a, b=b, n=rng.randint(2, 1999)))
        folder = subject.split()[0].strip(",")
        heading = f"{theme.capitalize()} {number} ({subject})"
        yield Text(f"{folder}/{theme.replace(' ', '-')}-{number:03d}.txt", f"{heading}\n\n{' '.join(sentences)}\n")


@pytest.fixture(scope="session")
def categories() -> tuple[str, ...]:
    """The categories that the corpus has something to say about."""
    return tuple(THEMES)


@pytest.fixture(scope="session")
def themes() -> tuple[tuple[str, str], ...]:
    """Each category with each of its themes."""
    return tuple((category, theme) for category, (_, group) in THEMES.items() for theme in group)


@pytest.fixture(scope="session")
def texts() -> tuple[Text, ...]:
    return tuple(_texts())


@pytest.fixture(scope="session")
def corpus(texts: Sequence[Text], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus as a folder of text files."""
    return _folder(texts, tmp_path_factory.mktemp("corpus") / "texts")


@pytest.fixture(scope="session")
def larger_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More documents on the same themes: enough for topics of 4,096 tokens."""
    return _folder(_texts(480), tmp_path_factory.mktemp("larger") / "texts")


def _folder(texts: Iterable[Text], folder: Path) -> Path:
    for name, text in texts:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def write_parquet() -> Callable[[Path, Sequence[Text]], None]:
    def write(path: Path, texts: Sequence[Text]) -> None:
        columns = {"id": [text.name for text in texts], "text": [text.text for text in texts]}
        pq.write_table(pa.table(columns), path, row_group_size=50)

    return write


@pytest.fixture(scope="session")
def tokenizer_file(texts: Sequence[Text], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level BPE with `<s>` and `</s>`, trained on the corpus, as a tokenizer.json."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    engine = Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    engine.train_from_iterator((text.text for text in texts), trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    engine.save(str(path))
    return path


@pytest.fixture(scope="session", autouse=True)
def _tagger_loaded() -> None:
    """TextBlob leaves the files of its lexicon open when it first tags; warnings are errors in tests, so it does so here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        from textblob.en import tag

        tag("It loads its lexicon.")


Configure = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def settings(corpus: Path) -> Configure:
    """A configuration over the small corpus as a mapping; keywords `packing={...}` add to a section."""

    def make(out: Path, **sections: Any) -> dict[str, Any]:
        made: dict[str, Any] = {
            "run": {"out": str(out)},
            "corpus": {"path": str(corpus)},
            "taxonomy": {"select": list(THEMES)},
            "packing": {"context_length": 1024},
        }
        for name, section in sections.items():
            made[name] = {**made.get(name, {}), **section} if isinstance(section, Mapping) else section
        return made

    return make


@pytest.fixture(scope="session")
def two(categories: Sequence[str]) -> dict[str, Any]:
    """A `taxonomy` section for runs that need not be about everything."""
    return {"select": list(categories[:2])}


@pytest.fixture(scope="session")
def finished(settings: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over the whole small corpus. Only to be read; copy it to change it."""
    out = tmp_path_factory.mktemp("finished") / "run"
    run(load_config(settings(out)))
    return out


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, to be damaged."""
    return Path(shutil.copytree(finished, tmp_path / "copied"))


@pytest.fixture(scope="session")
def accept_digests() -> Callable[[Path], None]:
    """Put the digests of a run's files as they are now into its manifest: what a careful forger would do."""

    def accept(path: Path) -> None:
        manifest = orjson.loads((path / "manifest.json").read_bytes())
        for stage in manifest["stages"].values():
            stage["files"] = {name: file_digest(path / name) for name in stage["files"] if (path / name).exists()}
        (path / "manifest.json").write_bytes(orjson.dumps(manifest))

    return accept


@pytest.fixture(scope="session")
def indexed(settings: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the small corpus, apart from any run."""
    from graph.indexing import index_corpus
    from graph.progress import Quiet

    out = tmp_path_factory.mktemp("indexed") / "index"
    index_corpus(load_config(settings(out)), out, Quiet())
    return out


@pytest.fixture
def config_file(settings: Configure, tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration over the small corpus to `tmp_path/config.yaml`; its run directory is `tmp_path/run`."""

    def write(out: Path | None = None, **sections: Any) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(settings(out or tmp_path / "run", **sections)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def config(settings: Configure, tmp_path: Path) -> Callable[..., Config]:
    """A loaded configuration over the small corpus; its run directory is `tmp_path/NAME`."""

    def make(name: str = "run", **sections: Any) -> Config:
        return load_config(settings(tmp_path / name, **sections))

    return make


@pytest.fixture(scope="session")
def refused() -> Callable[..., None]:
    """The answer is a refusal as it should be, and its one line has all of `words`."""

    def check(answer: Any, *words: str) -> None:
        assert answer.status == 2, answer
        assert answer.out == ""
        assert answer.err.startswith("litelong: ")
        assert answer.err.count("\n") == 1
        for word in words:
            assert word in answer.err

    return check


@pytest.fixture
def refuses(
    litelong: Callable[..., Any],
    config_file: Callable[..., Path],
    refused: Callable[..., None],
    tree: Callable[[Path], dict[str, bytes | None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """`litelong run` with overrides is refused with these words, and the folder is what it was before."""
    monkeypatch.chdir(tmp_path)

    def check(overrides: dict[str, object], *words: str, out: str = "new/deep/run") -> None:
        config = config_file()
        before = tree(tmp_path)
        settings = [f"--set={key}={_flow(value)}" for key, value in overrides.items()]
        refused(litelong("run", config, *settings, "--out", out), *words)
        assert tree(tmp_path) == before

    return check


def _flow(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n...\n").strip()
