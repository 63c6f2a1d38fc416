"""Sentences of one form as a Markov chain of phones' states, and the alignment of recordings with their transcripts.

Every word is a row of phones, every phone three states from left to right; silence is one state. Models for alignment
are trained on transcripts alone, from states of equal length, by Viterbi training: B.-H. Juang and L. R. Rabiner, "The
segmental K-means algorithm for estimating parameters of hidden Markov models", IEEE Trans. ASSP 38(9), 1990.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cocktail.dsp.statistical.hmm import Chain

PARTS = 3
"""States of a phone."""
SILENCE = 0
"""State before and after a sentence."""
VARIANCE_FLOOR = 0.01
"""Of all data in that dimension."""
ELSEWHERE = 1e-6
"""Weight of starts and ends in the midst of a sentence: recordings may be cut."""


@dataclass(frozen=True)
class Lexicon:
    """Words in states: silence, then PARTS of each phone."""

    words: dict[str, tuple[int, ...]]
    """Word -> its states."""
    n_states: int

    @classmethod
    def of(cls, pronunciations: dict[str, Sequence[str]]) -> "Lexicon":
        """Of word -> phones."""
        phones = sorted({phone for row in pronunciations.values() for phone in row})
        first = {phone: 1 + PARTS * i for i, phone in enumerate(phones)}
        words = {
            word: tuple(first[phone] + part for phone in row for part in range(PARTS))
            for word, row in pronunciations.items()
        }
        return cls(words, 1 + PARTS * len(phones))

    def states(self, text: str) -> np.ndarray:
        """States of a sentence between silences, in order."""
        return np.array([SILENCE, *(state for word in text.split() for state in self.words[word]), SILENCE])


@dataclass(frozen=True)
class Graph:
    """All sentences with one word of each slot."""

    state: np.ndarray
    """(V,): state of the lexicon."""
    word: np.ndarray
    """(V,): index of the word in `words`, -1 for silence."""
    words: tuple[str, ...]
    """Every word of every slot, slot by slot."""
    chain: Chain


def graph(slots: Sequence[Sequence[str]], lexicon: Lexicon, stay: np.ndarray) -> Graph:
    """Sentences of `slots`, words of a slot equally likely; `stay` (states,): probability to stay in a state."""
    state, word, firsts, lasts, words = [SILENCE], [-1], [], [], []
    for slot in slots:
        firsts.append([]), lasts.append([])
        for name in slot:
            firsts[-1].append(len(state))
            state += lexicon.words[name]
            word += [len(words)] * len(lexicon.words[name])
            words.append(name)
            lasts[-1].append(len(state) - 1)
    end = len(state)
    state.append(SILENCE), word.append(-1)
    n = len(state)
    A = np.zeros((n, n))
    A[np.arange(n), np.arange(n)] = stay[state]
    leave = 1 - stay[state]
    inside = np.arange(n - 1)[np.equal(word[:-1], word[1:])]
    A[inside, inside + 1] = leave[inside]
    for sources, targets in zip([[0], *lasts], [*firsts, [end]], strict=True):
        A[np.ix_(sources, targets)] = leave[sources][:, None] / len(targets)
    A[end, end] = 1.0
    initial, final = np.full(n, ELSEWHERE / n), np.full(n, ELSEWHERE)
    initial[[0, *firsts[0]]] += 1 / (1 + len(firsts[0]))
    final[[*lasts[-1], end]] = 1
    return Graph(np.array(state), np.array(word), tuple(words), Chain(initial / initial.sum(), A, final))


def align(
    features: Sequence[np.ndarray], states: Sequence[np.ndarray], n_states: int, iterations: int
) -> list[np.ndarray]:
    """The state (T,) of every frame: features (F, T) and the states in order (S,), T >= S, of each recording."""
    paths = [row[np.arange(x.shape[1]) * len(row) // x.shape[1]] for x, row in zip(features, states, strict=True)]
    X = np.concatenate(features, axis=1)
    floor = VARIANCE_FLOOR * X.var(1) + 1e-9
    for _ in range(iterations):
        path = np.concatenate(paths)
        count = np.maximum(np.bincount(path, minlength=n_states), 1)
        one_hot = np.zeros((n_states, len(path)), np.float32)
        one_hot[path, np.arange(len(path))] = 1
        means = one_hot @ X.T / count[:, None]
        variances = np.maximum(one_hot @ (X**2).T / count[:, None] - means**2, floor)
        constant = -0.5 * np.sum(np.log(variances) + means**2 / variances, axis=1)
        paths = []
        for x, row in zip(features, states, strict=True):
            m, v = means[row], variances[row]
            score = constant[row][:, None] + (m / v) @ x - 0.5 * (1 / v) @ x**2
            paths.append(row[left_to_right(score)])
    return paths


def left_to_right(score: np.ndarray) -> np.ndarray:
    """Best row (T,) that starts at the first, ends at the last, and rises by 0 or 1: score (S, T), T >= S."""
    n_states, n_frames = score.shape
    best = np.full(n_states, -np.inf)
    best[0] = score[0, 0]
    moved = np.zeros((n_frames, n_states), bool)
    for t in range(1, n_frames):
        before = np.concatenate([[-np.inf], best[:-1]])
        moved[t] = before > best
        best = np.maximum(before, best) + score[:, t]
    path = np.empty(n_frames, int)
    path[-1] = n_states - 1
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = path[t] - moved[t, path[t]]
    return path
