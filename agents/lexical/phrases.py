"""Noun phrases of English text, with TextBlob's bundled tagger (its lexicon is in the package: nothing is downloaded).

Measured on the demo corpus: about 0.3 M words a CPU-second.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from math import log
from threading import Lock
from typing import NamedTuple, cast

MAX_WORDS = 3
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]+$")
# "0.5% of the area" and "note" are nouns to a tagger and never a subject to a person.
_EMPTY = frozenset(
    """
    note notes data number numbers total percent percentage part parts area areas type types list value values
    year years date dates example examples way ways thing things lot kind kinds case cases item items figure
    figures term terms amount amounts group groups information name names use uses est km sq mi m cm mm kg na
    none other others majority map maps basis ton tons dollars meters metres kilometers barrels gallons
    hectares feet miles overview form lives may
    """.split()  # noqa: SIM905 - a list literal would take forty lines
)
# "annual rate", "primary responsibility": a subject only with a noun that says of what ("birth rate").
_GENERAL = frozenset(
    """
    rate rates ratio change changes level levels share side sides half piece pieces article articles sense senses manner
    quality order degree responsibility responsibilities address description meaning principle principles feature
    features section sections member members display family families genus species
    """.split()  # noqa: SIM905 - likewise
)
# "several species", "small shark": what a writer says of a thing, and no part of a subject's name.
_VAGUE = frozenset(
    """
    several various many numerous few other another such certain different same similar particular special general common
    usual ordinary main chief principal major minor important significant significant overall total entire whole full own
    small large great little big long short high low new old young good bad best better fine rich poor thick thin broad
    narrow heavy light strong weak available possible likely able unable inadequate insufficient adequate sufficient
    limited additional further extra early late recent current former first second third next last final single double
    much more most less least only mere proper actual real true false strange slight considerable remarkable
    annual primary equal pleasant upper lower left right
    """.split()  # noqa: SIM905 - likewise
)
_PLURAL = frozenset({"NNS", "NNPS"})
MIN_LETTERS = 5
_PROPER = frozenset({"NNP", "NNPS"})


class Phrase(NamedTuple):
    """A noun phrase: `key` in lower case with its last word in the singular (counts together what is said alike)."""

    key: str
    surface: str
    proper: bool

    @property
    def plural(self) -> bool:
        """Whether the surface is not the key's singular."""
        return self.surface.lower() != self.key


class Mined(NamedTuple):
    """A phrase with its support: documents that have it among those found, its share there and in the corpus sample."""

    phrase: Phrase
    support: int
    share: float
    background: float
    score: float


def noun_phrases(text: str) -> Iterator[Phrase]:
    """Every noun phrase of 1 to 3 words: adjectives and nouns that end in a noun and not before "of", within one line."""
    tag = _tagger()
    for line in text.splitlines():
        run: list[tuple[str, str]] = []
        for word, part in [*tag(line), ("", "")]:
            if (part.startswith("NN") or part == "JJ") and _WORD.match(word):
                run.append((word, part))
                continue
            # What comes before "of" is half a name ("coat of arms") or says how much of it ("half of the flag").
            if word.lower() != "of":
                yield from _endings(run)
            run = []


_loading = Lock()


def _tagger() -> Callable[[str], list[tuple[str, str]]]:
    # The lexicon is read when it is first used, and a second thread would tag with the half that is there by then.
    with _loading:
        return _loaded_tagger()


@cache
def _loaded_tagger() -> Callable[[str], list[tuple[str, str]]]:
    from textblob.en import tag

    # The tagger leaves closing its files to the garbage collector.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        tag("Tides rise.")
    return cast("Callable[[str], list[tuple[str, str]]]", tag)


def _endings(run: list[tuple[str, str]]) -> Iterator[Phrase]:
    while run and not run[-1][1].startswith("NN"):
        run = run[:-1]
    for size in range(1, min(len(run), MAX_WORDS) + 1):
        words = run[-size:]
        if not _may_begin(words[0][0]) or words[-1][0].lower() in _EMPTY:
            continue
        proper = all(part in _PROPER for _, part in words)
        # Of lone words names ("Robert"), acronyms and adjectives in disguise ("National") are no subjects.
        if size == 1 and (len(words[0][0]) < MIN_LETTERS or (proper and words[0][1] not in _PLURAL)):
            continue
        if words[-1][0].lower() in _GENERAL and not any(part.startswith("NN") for _, part in words[:-1]):
            continue
        if _names_a_person([word for word, _ in words]):
            continue
        surface = " ".join(word for word, _ in words)
        key = " ".join([*(word.lower() for word, _ in words[:-1]), singular(words[-1][0].lower())])
        yield Phrase(key, surface, proper)


def _may_begin(word: str) -> bool:
    return word.lower() not in _EMPTY and word.lower() not in _VAGUE


def _names_a_person(words: list[str]) -> bool:
    """Capitals after a word that merely begins with one are how almanacs write surnames ("Captain James COOK")."""
    return words[0].istitle() and any(word.isupper() and len(word) > 2 for word in words[1:])


def singular(noun: str) -> str:
    """The noun without a regular plural ending; irregular ones stay as they are."""
    if len(noun) > 4 and noun.endswith("ies"):
        return noun[:-3] + "y"
    if len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-2] if noun.endswith(("sses", "xes", "ches", "shes")) else noun[:-1]
    return noun


def distinct(texts: Iterable[str]) -> tuple[Phrase, ...]:
    """The noun phrases of a document's texts, one form of each key, in the order they first stand there."""
    seen: dict[str, Phrase] = {}
    for text in texts:
        for phrase in noun_phrases(text):
            seen.setdefault(phrase.key, phrase)
    return tuple(seen.values())


def document_counts(documents: Iterable[Sequence[Phrase]]) -> tuple[Counter[str], dict[str, Phrase]]:
    """How many documents (each given by its distinct phrases) hold each key, and the key's most common form."""
    forms: dict[str, Counter[Phrase]] = {}
    for phrases in documents:
        for phrase in phrases:
            forms.setdefault(phrase.key, Counter())[phrase] += 1
    counts = Counter({key: form.total() for key, form in forms.items()})
    return counts, {key: _usual(form) for key, form in forms.items()}


def _usual(form: Counter[Phrase]) -> Phrase:
    """The most common form; of a lone word a plural that is not rare: people call a subject "Vowels", not "Vowel"."""

    def rank(entry: tuple[Phrase, int]) -> tuple[bool, int, str]:
        phrase, count = entry
        preferred = " " not in phrase.key and phrase.plural and not phrase.proper and 5 * count >= form.total()
        return preferred, count, phrase.surface

    return max(form.items(), key=rank)[0]


def contrast(support: int, size: int, background: int, background_size: int) -> float:
    """Dunning's log-likelihood ratio (1993) of a phrase's documents against the sample's; 0 when not more common."""
    if support * background_size <= background * size:
        return 0.0
    shared = (support + background) / (size + background_size)
    return 2.0 * (
        _log_likelihood(support, size, support / size)
        + _log_likelihood(background, background_size, background / background_size)
        - _log_likelihood(support, size, shared)
        - _log_likelihood(background, background_size, shared)
    )


def _log_likelihood(successes: int, trials: int, p: float) -> float:
    likelihood = 0.0
    if successes:
        likelihood += successes * log(p)
    if trials > successes:
        likelihood += (trials - successes) * log(1.0 - p)
    return likelihood


def mine(
    documents: Sequence[Sequence[Phrase]], background: Counter[str], background_size: int, min_support: int
) -> list[Mined]:
    """Phrases of `documents` that stand out against the background counts, strongest first; ties by key.

    A phrase inside a longer one that has nearly its support (80 %) is left to the longer one.
    """
    counts, forms = document_counts(documents)
    size = len(documents)
    kept = [key for key, n in counts.items() if n >= min_support]
    mined = []
    for key in kept:
        score = contrast(counts[key], size, background[key], background_size)
        if score > 0.0:
            share = background[key] / background_size
            # People name subjects with two or three words; a lone word is mostly too broad, a name is one thing only.
            weight = (0.4 if " " not in key else 1.0) * (0.5 if forms[key].proper else 1.0)
            mined.append(Mined(forms[key], counts[key], counts[key] / size, share, weight * score))
    mined.sort(key=lambda m: (-m.score, m.phrase.key))
    return [m for m in mined if not _inside_longer(m, mined)]


def _inside_longer(one: Mined, mined: list[Mined]) -> bool:
    needle = f" {one.phrase.key} "
    return any(
        len(other.phrase.key) > len(one.phrase.key)
        and needle in f" {other.phrase.key} "
        and other.support >= 0.8 * one.support
        for other in mined
    )
