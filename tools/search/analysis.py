"""From text to the words that are indexed and searched: lower case, no accents, no stopwords, stems.

One pure function serves documents and queries of every backend, so that neither can drift from the other, and a query is
never parsed: `AND`, `*` or a quote in it is text like any other. The stemmer is English Snowball rather than Porter's first
one, which gives "biology" and "biological" different stems. The words go to Whoosh as a list: its own analysis chain, with
an object for every word, takes 2.7 times as long.

`analysis: none` is for other languages: words in lower case, with their accents and vowel signs, none left out, none cut
to a stem.

Limits: stopwords and stems are English. Text without spaces between words (Chinese, Thai) is one word a run of letters.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from sys import maxunicode
from unicodedata import category, normalize

from tools.search.interface import AnyQuery, Query, QueryPart, Terms, WeightedWord

ANALYSIS_VERSION = 1
"""To be raised when `words` changes its answer: an older index would be searched for words that it does not hold."""

# A run of more than 64 letters (a key, a base64 blob) is cut into pieces rather than dropped; queries are cut alike.
_WORD = re.compile(r"[^\W_]{1,64}")
# The combining marks that NFKD takes off letters. Marks of other scripts are vowels, not accents.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")


@cache
def _english() -> tuple[frozenset[str], Callable[[str], str]]:
    from whoosh.lang.snowball.english import EnglishStemmer
    from whoosh.lang.stopwords import stoplists
    from whoosh.support.charset import accent_map

    stem = EnglishStemmer().stem
    # Letters that have no accent to take off.
    letters = {**accent_map, **{ord(a): b for a, b in {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}.items()}}

    @lru_cache(maxsize=1 << 17)
    def cached_stem(word: str) -> str:
        return str(stem(word if word.isascii() else word.translate(letters)))

    return frozenset(stoplists["en"]), cached_stem


@cache
def _marked_word() -> re.Pattern[str]:
    """A letter or digit and what follows it, combining marks included: in Hindi or Thai they are vowels of the word."""
    marks = "".join(chr(code) for code in range(0x300, maxunicode + 1) if category(chr(code))[0] == "M")
    return re.compile(rf"[^\W_](?:[^\W_]|[{marks}]){{0,63}}")


def words(text: str, analysis: str = "english") -> list[str]:
    """The stems of `text` in their order, repeated ones included; stopwords are left out. With `none`, its words."""
    if analysis == "none":
        if text.isascii():
            return _WORD.findall(text.lower())
        return _marked_word().findall(normalize("NFKC", normalize("NFKC", text).lower()))
    stopwords, stem = _english()
    if not text.isascii():
        text = _ACCENTS.sub("", normalize("NFKD", text))
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in stopwords]


def weighted_words(query: AnyQuery, analysis: str = "english") -> list[WeightedWord]:
    """The query's distinct words with their weights, in alphabetical order, so that scores add up in one order always."""
    weights: dict[str, float] = {}
    if isinstance(query, Terms):
        for word, weight in query.words:
            weights[word] = weights.get(word, 0.0) + weight
    else:
        for part in query.parts if isinstance(query, Query) else (QueryPart(query),):
            for word in words(part.text, analysis):
                weights[word] = weights.get(word, 0.0) + part.weight
    return list(map(WeightedWord._make, sorted(weights.items())))
