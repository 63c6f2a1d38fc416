"""Forced alignment: when the words and sounds of a known text were said.

The best path of CTC through the posteriors: A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, "Connectionist
temporal classification: labelling unsegmented sequence data with recurrent neural networks", ICML 2006, section 4.1,
with the maximum in place of the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cocktail.errors import CocktailError

BLANK = 0
"""Index of CTC's blank among the symbols."""


@dataclass(frozen=True)
class Segment:
    """A word, phone or character, and when it was said, in seconds from the first sample."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Alignment:
    """When a text was said."""

    words: tuple[Segment, ...]
    units: tuple[Segment, ...]
    """What the words are made of, as the recogniser tells it apart: phones or characters."""


def best_path(log_posteriors: np.ndarray, symbols: np.ndarray) -> np.ndarray:
    """(T, S) log posteriors and the (L,) symbols of a text -> (T,): which of the L each frame says, -1 for a blank.

    The most probable of all paths that say this text: a symbol lasts one frame or more, blanks may stand anywhere, and
    one must stand between two symbols that are alike. Raises CocktailError where the text does not fit into T frames.
    """
    n_frames, n_symbols = len(log_posteriors), len(symbols)
    needed = n_symbols + int(np.sum(symbols[1:] == symbols[:-1]))
    if n_symbols == 0 or n_frames < needed:
        raise CocktailError(f"a text of {n_symbols} symbols takes {max(needed, 1)} frames or more, not {n_frames}")
    states = np.full(2 * n_symbols + 1, BLANK)  # blank, symbol, blank, symbol, ..., blank
    states[1::2] = symbols
    skips = np.zeros(len(states), bool)  # whether a state may follow the one before the last: a blank is left out
    skips[3::2] = symbols[1:] != symbols[:-1]
    emitted = log_posteriors[:, states]  # (T, states)
    score = np.full(len(states), -np.inf)
    score[:2] = emitted[0, :2]
    steps = np.zeros((n_frames, len(states)), int)  # states that a path advanced by to reach this one
    for t in range(1, n_frames):
        one, two = np.full((2, len(states)), -np.inf)
        one[1:], two[2:] = score[:-1], score[:-2]
        before = np.stack([score, one, np.where(skips, two, -np.inf)])
        steps[t] = np.argmax(before, axis=0)
        score = np.max(before, axis=0) + emitted[t]
    path = np.empty(n_frames, int)
    path[-1] = len(states) - 2 + int(score[-1] > score[-2])
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = path[t] - steps[t, path[t]]
    return np.where(path % 2 == 1, path // 2, -1)


def spans(path: np.ndarray) -> np.ndarray:
    """(T,) of `best_path` -> (L, 2): first frame of each symbol, and the frame after its last."""
    frames = (np.flatnonzero(path == symbol) for symbol in range(path.max() + 1))
    return np.array([(where[0], where[-1] + 1) for where in frames])


def of_characters(characters: Sequence[Segment]) -> Alignment:
    """The alignment of a text whose words all end with a space: a word lasts from its first character to its last."""
    words, word = [], []
    for segment in characters:
        if segment.label != " ":
            word.append(segment)
        else:
            words.append(Segment("".join(x.label for x in word), word[0].start_s, word[-1].end_s))
            word = []
    return Alignment(tuple(words), tuple(characters))
