"""From posteriors of characters to words: prefix beam search among the words of a corpus, with a bigram.

A. Y. Hannun, A. L. Maas, D. Jurafsky and A. Y. Ng, "First-pass large vocabulary continuous speech recognition using
bi-directional recurrent DNNs", 2014 (arXiv 1408.2873): prefixes are spelt along the vocabulary, and every finished word
is weighted by the language model. The bigram is smoothed after I. H. Witten and T. C. Bell, "The zero-frequency
problem", IEEE Trans. Inf. Theory 37(4), 1991.

Deviations: no reward per word. Every word, also the last one, ends with a space, which is a symbol like the others.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cocktail.errors import CocktailError
from cocktail.recognition.alignment import BLANK
from cocktail.recognition.recogniser import normalise

EDGE = ""
"""What stands before the first word and after the last one."""

LETTERS = {"abcdefghijklmnopqrstuvwxyz": {EDGE: 1}}
"""Bigrams of no language, with the letters of English, for the size of a network that has learnt none."""

_NEVER = -math.inf


@dataclass
class _Node:
    """Beginning of a word: the symbols that may follow, and where they lead; a space leads back to the root."""

    following: dict[int, "_Node"] = field(default_factory=dict)


@dataclass(frozen=True)
class Language:
    """Vocabulary and bigram of some texts."""

    bigrams: dict[str, dict[str, int]]
    """Word -> how often each word follows it; EDGE begins and ends every text."""

    @classmethod
    def learn(cls, texts: Iterable[str]) -> "Language":
        """From transcripts, which are normalised first. Raises CocktailError where they hold no word."""
        bigrams: dict[str, dict[str, int]] = {}
        for text in texts:
            words = [EDGE, *normalise(text).split(), EDGE]
            for first, second in itertools.pairwise(words):
                following = bigrams.setdefault(first, {})
                following[second] = following.get(second, 0) + 1
        if not set(bigrams) - {EDGE}:
            raise CocktailError("a recogniser is trained on transcripts; the train split has none")
        return cls(bigrams)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The vocabulary, sorted."""
        return tuple(sorted(set(self.bigrams) - {EDGE}))

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """What the network tells apart: the blank, the space, and the characters of the words."""
        return ("", " ", *sorted({character for word in self.words for character in word}))

    def spell(self, text: str) -> np.ndarray | None:
        """Indices of the symbols of a text after `normalise`, (S,); None where it has another character, or no word."""
        spelt = [self._index.get(character) for word in normalise(text).split() for character in f"{word} "]
        return np.array(spelt) if spelt and None not in spelt else None

    def log_probability(self, word: str, before: str) -> float:
        """ln P(word | before), Witten-Bell: what follows `before`, then what follows anything. EDGE is a word here."""
        following = self.bigrams.get(before, {})
        total, kinds = sum(following.values()), len(following)
        anywhere = self._unigrams[word] / self._total
        return math.log((following.get(word, 0) + kinds * anywhere) / (total + kinds))

    @cached_property
    def root(self) -> _Node:
        """The tree of the vocabulary's spellings."""
        root = _Node()
        for word in self.words:
            node = root
            for character in word:
                node = node.following.setdefault(self._index[character], _Node())
            node.following[self._index[" "]] = root
        return root

    @cached_property
    def _index(self):
        return {symbol: i for i, symbol in enumerate(self.symbols)}

    @cached_property
    def _unigrams(self):
        return sum((Counter(following) for following in self.bigrams.values()), Counter())

    @cached_property
    def _total(self):
        return sum(self._unigrams.values())


@dataclass
class _Prefix:
    """A hypothesis: its last symbol, its place in the tree of words, and its scores."""

    last: int
    node: _Node
    language: float
    """Weighted log probability of its finished words."""
    blank: float = _NEVER
    """Log probability of all paths that end in a blank; `symbol`: of those that end in its last symbol."""
    symbol: float = _NEVER

    @property
    def acoustic(self) -> float:
        """Log probability of all its paths."""
        return _add(self.blank, self.symbol)


def decode(
    log_posteriors: np.ndarray, language: Language, *, weight: float, beam: int = 16, floor: float = 12.0
) -> str:
    """(T, symbols) -> the most likely words of the vocabulary, `weight` being that of the bigram.

    `beam` prefixes are kept; symbols less likely than e^-`floor` are not looked at.
    """
    space, root = language._index[" "], language.root
    prefixes = {"": _Prefix(BLANK, root, 0.0, blank=0.0)}
    for frame in log_posteriors.tolist():
        grown: dict[str, _Prefix] = {}
        for text, old in prefixes.items():
            total = old.acoustic
            same = grown.setdefault(text, _Prefix(old.last, old.node, old.language))
            same.blank = _add(same.blank, total + frame[BLANK])
            same.symbol = _add(same.symbol, old.symbol + frame[old.last])
            for symbol, node in old.node.following.items():
                if frame[symbol] < -floor:
                    continue
                longer = text + language.symbols[symbol]
                new = grown.get(longer)
                if new is None:
                    gain = weight * _last_bigram(language, longer) if symbol == space else 0.0
                    new = grown[longer] = _Prefix(symbol, node, old.language + gain)
                # A symbol is heard twice only with a blank in between.
                new.symbol = _add(new.symbol, frame[symbol] + (old.blank if symbol == old.last else total))
        ranked = sorted(grown.items(), key=lambda item: (-item[1].acoustic - item[1].language, item[0]))
        prefixes = dict(ranked[:beam])

    def final(item):
        text, prefix = item
        return prefix.acoustic + prefix.language + weight * language.log_probability(EDGE, _last_word(text))

    finished = [item for item in prefixes.items() if item[1].node is root]
    if finished:
        return max(finished, key=final)[0].strip()
    return next(iter(prefixes)).rpartition(" ")[0]  # no hypothesis ends with a word: the best one without its last


def _last_bigram(language, text):
    before, _, word = text[:-1].rpartition(" ")
    return language.log_probability(word, _last_word(before + " "))


def _last_word(text):
    """Of a text whose words all end with a space."""
    return text.rstrip(" ").rpartition(" ")[2]


def _add(a, b):
    """ln(e^a + e^b)."""
    if a < b:
        a, b = b, a
    return a if b == _NEVER else a + math.log1p(math.exp(b - a))
