"""Letters say of every pair of entries whether it is told apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.boards.letters import ALPHABET, groups, letters


def symmetric(n_entries, pairs):
    apart = np.zeros((n_entries, n_entries), bool)
    for i, j in pairs:
        apart[i, j] = apart[j, i] = True
    return apart


def shared(found):
    return np.array([[bool(set(a) & set(b)) for b in found] for a in found])


@given(st.integers(1, 14), st.floats(0, 1), st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_two_entries_share_a_letter_exactly_if_they_are_not_told_apart(n_entries, density, seed):
    generator = np.random.default_rng(seed)
    apart = np.triu(generator.random((n_entries, n_entries)) < density, 1)
    apart |= apart.T
    found = letters(apart, generator.permutation(n_entries))
    np.testing.assert_array_equal(shared(found), ~apart)
    members = groups(apart)
    for k in range(len(members)):
        rest = np.delete(members, k, axis=0).astype(int)
        assert not np.array_equal(rest.T @ rest > 0, ~apart), "a letter that could be left out"


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        ([(0, 2)], ["a", "ab", "b"]),
        ([(0, 1), (0, 2), (1, 2)], ["a", "b", "c"]),
        ([], ["a", "a", "a"]),
        ([(0, 2), (1, 2)], ["a", "a", "b"]),
        ([(0, 1), (0, 2)], ["a", "b", "b"]),
    ],
)
def test_letters_of_three_entries(apart, expected):
    """The first: the middle one is told apart from neither, although these differ."""
    assert letters(symmetric(3, apart), np.arange(3)) == expected


def test_the_best_entry_has_the_first_letter():
    assert letters(symmetric(3, [(0, 1), (0, 2)]), np.array([1, 2, 0])) == ["b", "a", "a"]


def test_entries_in_a_row_each_tied_with_neighbours():
    """Sixty of them, as on a long board: a letter for every two neighbours at most."""
    place = np.arange(60)
    found = letters(np.abs(place[:, None] - place) > 5, place)
    assert found[0] == "a"
    assert len({letter for text in found for letter in text}) == 55
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_more_groups_than_letters_are_none():
    assert letters(~np.eye(200, dtype=bool), np.arange(200)) == [""] * 200
