"""Forced alignment against a search through every path, and on posteriors that were built."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.errors import CocktailError
from cocktail.recognition.alignment import Alignment, Segment, best_path, of_characters, spans


def log_posteriors(generator, n_frames, n_symbols):
    logits = 2 * generator.standard_normal((n_frames, n_symbols))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def exhaustive(posteriors, symbols):
    """The largest log probability among all paths that say `symbols`, or None."""
    n_frames, n_symbols = posteriors.shape
    totals = [
        sum(posteriors[t, s] for t, s in enumerate(path))
        for path in itertools.product(range(n_symbols), repeat=n_frames)
        if [s for s, _ in itertools.groupby(path) if s != 0] == list(symbols)
    ]
    return max(totals, default=None)


@given(st.integers(0, 10**6), st.integers(1, 6), st.lists(st.integers(1, 2), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_best_path_is_that_of_an_exhaustive_search(seed, n_frames, symbols):
    symbols = np.array(symbols)
    posteriors = log_posteriors(np.random.default_rng(seed), n_frames, 3)
    best = exhaustive(posteriors, symbols)
    if best is None:
        with pytest.raises(CocktailError, match="frames or more, not"):
            best_path(posteriors, symbols)
        return
    path = best_path(posteriors, symbols)
    said = np.where(path >= 0, symbols[path], 0)
    assert sum(posteriors[t, s] for t, s in enumerate(said)) == pytest.approx(best)
    assert [k for k, _ in itertools.groupby(path) if k >= 0] == list(range(len(symbols)))


def test_segments_of_posteriors_that_leave_no_doubt():
    symbols = np.array([2, 2, 1, 3])
    path = [0, 2, 2, 0, 2, 1, 1, 0, 0, 3]
    posteriors = np.log(np.full((len(path), 4), 1e-3))
    posteriors[np.arange(len(path)), path] = 0
    found = best_path(posteriors, symbols)
    assert found.tolist() == [-1, 0, 0, -1, 1, 2, 2, -1, -1, 3]
    assert spans(found).tolist() == [[1, 3], [4, 5], [5, 7], [9, 10]]


def test_words_last_from_their_first_symbol_to_their_last():
    letters = [Segment(x, t, t + 0.5) for t, x in enumerate("ab c ")]
    assert of_characters(letters) == Alignment((Segment("ab", 0, 1.5), Segment("c", 3, 3.5)), tuple(letters))


def test_a_text_that_does_not_fit_is_refused():
    with pytest.raises(CocktailError, match="a text of 2 symbols takes 3 frames or more, not 2"):
        best_path(np.zeros((2, 3)), np.array([1, 1]))
    with pytest.raises(CocktailError, match="a text of 0 symbols"):
        best_path(np.zeros((2, 3)), np.array([], int))
