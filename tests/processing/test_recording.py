import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail import audio
from cocktail.processing.recording import cuts, process_blocks, process_in_pieces, process_recording


def whole(x, process, **options):
    """All that comes of a signal (D, N) which is given at once."""
    return np.concatenate(list(process_in_pieces([x], process, **options)), axis=1)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 400), length=st.integers(8, 60), half=st.integers(1, 4), block=st.integers(1, 90))
def test_identity_survives_any_cut(n, length, half, block):
    x = np.random.default_rng(n).standard_normal((2, n))
    blocks = [x[:, i : i + block] for i in range(0, n, block)]
    y = process_in_pieces(blocks, lambda piece, number: piece, length=length, overlap=length * half // 8)
    np.testing.assert_allclose(np.concatenate(list(y), axis=1), x, atol=1e-12)


@pytest.mark.parametrize("n_talkers", [3, 10])
def test_talkers_keep_their_rows_when_a_piece_swaps_them(n_talkers):
    x = np.random.default_rng(0).standard_normal((n_talkers, 1000))

    def swap(piece, number):
        return piece[[(k + number) % n_talkers for k in range(n_talkers)]]

    np.testing.assert_allclose(whole(x, swap, length=200, overlap=50), x, atol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 10, 11, 14, 15, 100, 101])
def test_the_cuts_are_known_without_the_signal(n):
    seen = []
    whole(np.arange(n)[None], lambda piece, number: seen.append(piece[0]) or piece, length=10, overlap=4)
    assert [list(range(n)[part]) for part in cuts(n, length=10, overlap=4)] == [list(piece) for piece in seen]


def test_a_short_recording_is_one_piece():
    seen = []

    def note(piece, number):
        seen.append((piece.shape, number))
        return piece[:1]

    whole(np.zeros((2, 200)), note, length=200, overlap=50)
    assert seen == [((2, 200), 0)]


@pytest.mark.parametrize("n", [201, 350, 351, 1000])
def test_pieces_have_at_most_the_length_and_cover_everything(n):
    lengths = []

    def note(piece, number):
        lengths.append(piece.shape[1])
        return np.ones((1, piece.shape[1]))

    y = whole(np.zeros((1, n)), note, length=200, overlap=50)
    assert max(lengths) <= 200
    np.testing.assert_allclose(y, 1.0)


def test_a_recording_of_any_length_is_read_and_written_as_it_goes():
    """What is final comes before the recording has ended, and nothing is kept of it."""
    read = []

    def blocks():
        for number in range(50):
            read.append(number)
            yield np.full((1, 100), float(number))

    made = process_in_pieces(blocks(), lambda piece, number: piece, length=200, overlap=50)
    assert next(made).shape == (1, 150) and read == [0, 1, 2]


@pytest.mark.parametrize("fs_in", [8000, 22050, 44100])
def test_blocks_at_another_rate_equal_the_whole_at_once(fs_in):
    x = np.random.default_rng(0).standard_normal((2, 30 * fs_in + 17))
    options = {"fs": 16000, "piece_s": 10.0}

    def first(piece, number):
        return piece[:1]

    blocks = [x[:, i : i + 7777] for i in range(0, x.shape[-1], 7777)]
    made = np.concatenate(list(process_blocks(blocks, fs_in, first, **options)), axis=1)
    assert made.shape == (1, x.shape[-1])
    np.testing.assert_allclose(made, process_recording(x, fs_in, first, **options), atol=1e-9)
    there_and_back = audio.resample(audio.resample(x[:1], fs_in, 16000), 16000, fs_in)
    np.testing.assert_allclose(made[:, :-50], there_and_back[:, : x.shape[-1] - 50], atol=1e-9)
