import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.stft import istft, n_frames, stft


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 5000), hop=st.sampled_from([64, 128, 256]), seed=st.integers(0, 9))
def test_perfect_reconstruction_at_any_length(n, hop, seed):
    x = np.random.default_rng(seed).standard_normal((2, n))
    X = stft(x, 512, hop)
    assert X.shape == (2, 257, n_frames(n, 512, hop))
    np.testing.assert_allclose(istft(X, n, 512, hop), x, atol=1e-10)


@pytest.mark.parametrize("shape", [(1000,), (3, 1000), (2, 3, 1000)])
def test_torch_equals_numpy(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    X = stft(x)
    np.testing.assert_allclose(stft(torch.tensor(x)).numpy(), X, atol=1e-10)
    np.testing.assert_allclose(istft(torch.tensor(X), 1000).numpy(), x, atol=1e-10)


def test_single_precision_stays_single():
    X = stft(np.ones(1000, np.float32))
    assert X.dtype == np.complex64
    assert istft(X, 1000).dtype == np.float32


def test_a_frame_sees_nothing_after_its_end():
    x = np.random.default_rng(0).standard_normal(2000)
    later = x.copy()
    later[1280:] = 0  # frame 9 ends at sample 10 * 128 - 1
    np.testing.assert_array_equal(stft(x)[:, :10], stft(later)[:, :10])
    assert not np.allclose(stft(x)[:, 10], stft(later)[:, 10])


def test_inverse_is_the_least_squares_one():
    """Griffin and Lim: no signal's STFT is nearer to a given array than the inverse's."""
    random = np.random.default_rng(0)
    X = random.standard_normal((33, 20)) + 1j * random.standard_normal((33, 20))
    X[[0, -1]] = X[[0, -1]].real
    n = 20 * 16 - 48

    def distance(y):
        error = np.abs(stft(y, 64, 16) - X) ** 2
        return error[1:-1].sum() * 2 + error[[0, -1]].sum()

    best = istft(X, n, 64, 16)
    assert all(distance(best) < distance(best + 1e-3 * random.standard_normal(n)) for _ in range(20))


def test_frames_of_many_lengths_are_those_of_each():
    lengths = np.array([1, 127, 128, 129, 5000])
    assert n_frames(lengths).tolist() == [stft(np.zeros(n)).shape[-1] for n in lengths]
    assert n_frames(lengths, 300, 100).tolist() == [np.ceil((n + 200) / 100) for n in lengths]
