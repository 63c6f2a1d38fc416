import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.processing.recording import process_in_pieces


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 400), length=st.integers(8, 60), half=st.integers(1, 4))
def test_identity_survives_any_cut(n, length, half):
    x = np.random.default_rng(n).standard_normal((2, n))
    y = process_in_pieces(x, lambda piece, number: piece, length=length, overlap=length * half // 8)
    np.testing.assert_allclose(y, x, atol=1e-12)


@pytest.mark.parametrize("n_talkers", [3, 10])
def test_talkers_keep_their_rows_when_a_piece_swaps_them(n_talkers):
    x = np.random.default_rng(0).standard_normal((n_talkers, 1000))

    def swap(piece, number):
        return piece[[(k + number) % n_talkers for k in range(n_talkers)]]

    np.testing.assert_allclose(process_in_pieces(x, swap, length=200, overlap=50), x, atol=1e-12)


def test_a_short_recording_is_one_piece():
    seen = []

    def note(piece, number):
        seen.append((piece.shape, number))
        return piece[:1]

    process_in_pieces(np.zeros((2, 200)), note, length=200, overlap=50)
    assert seen == [((2, 200), 0)]


@pytest.mark.parametrize("n", [201, 350, 351, 1000])
def test_pieces_have_at_most_the_length_and_cover_everything(n):
    lengths = []

    def note(piece, number):
        lengths.append(piece.shape[1])
        return np.ones((1, piece.shape[1]))

    y = process_in_pieces(np.zeros((1, n)), note, length=200, overlap=50)
    assert max(lengths) <= 200
    np.testing.assert_allclose(y, 1.0)
