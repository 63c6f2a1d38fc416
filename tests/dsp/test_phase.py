"""Griffin-Lim and MISI: the inconsistency never rises, consistent magnitudes are kept, sums stay the mixture."""

import numpy as np
import pytest
import torch

from cocktail.dsp.phase import griffin_lim, inconsistency, misi
from cocktail.stft import istft, n_frames, stft

N = 3001
FRAMES = [(512, 128), (512, 256)]


def _noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def _masked(size, hop, K=1):
    """Magnitudes that no signal has: a mixture's, under K masks that sum to one."""
    mixture = _noise(N)
    X = stft(mixture, size, hop)
    masks = np.random.default_rng(1).dirichlet(np.ones(max(K, 2)), X.shape)[..., :K]
    return mixture, np.moveaxis(masks, -1, 0) * X


@pytest.mark.parametrize(("size", "hop"), FRAMES)
def test_griffin_lim_never_raises_the_inconsistency(size, hop):
    _, spectra = _masked(size, hop)
    how = {"size": size, "hop": hop}
    path = [inconsistency(griffin_lim(spectra, N, iterations=i, **how), abs(spectra), **how) for i in range(12)]
    assert path == sorted(path, reverse=True)
    assert path[-1] < 0.95 * path[0]


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize(("size", "hop"), FRAMES)
def test_misi_never_raises_the_inconsistency_and_its_signals_sum_to_the_mixture(size, hop, K):
    mixture, spectra = _masked(size, hop, K)
    how = {"size": size, "hop": hop}
    path = []
    for iterations in range(12):
        signals = misi(spectra, mixture, iterations=iterations, **how)
        np.testing.assert_allclose(signals.sum(0), mixture, atol=1e-10)
        path.append(inconsistency(signals, abs(spectra), **how))
    assert path == sorted(path, reverse=True)
    assert path[-1] < 0.95 * path[0]


def test_what_a_signal_has_is_kept():
    x = _noise(2, N)
    X = stft(x)
    assert inconsistency(x, abs(X), size=512, hop=128) == pytest.approx(0, abs=1e-20)
    np.testing.assert_allclose(griffin_lim(X, N, iterations=3, size=512, hop=128), x, atol=1e-10)
    np.testing.assert_allclose(misi(X, x.sum(0), iterations=3, size=512, hop=128), x, atol=1e-10)


def test_inconsistency_is_the_distance_over_the_whole_circle():
    x, magnitudes = _noise(N), np.abs(_noise(257, n_frames(N)))
    framed = np.pad(x, 1024)
    whole = [np.fft.fft(framed[1024 - 384 + 128 * t :][:512] * np.sin(np.pi * np.arange(512) / 512))
             for t in range(magnitudes.shape[1])]  # fmt: skip
    mirrored = np.concatenate([magnitudes, magnitudes[-2:0:-1]])
    expected = ((np.abs(np.transpose(whole)) - mirrored) ** 2).sum() / (mirrored**2).sum()
    assert inconsistency(x, magnitudes, size=512, hop=128) == pytest.approx(expected)


def test_tensors_are_as_arrays_and_silence_stays_silent():
    mixture, spectra = _masked(512, 128, 2)
    expected = misi(spectra, mixture, iterations=2, size=512, hop=128)
    found = misi(torch.tensor(spectra), torch.tensor(mixture), iterations=2, size=512, hop=128)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-10)
    silence = np.zeros((2, *spectra.shape[1:]), complex)
    assert not griffin_lim(silence, N, iterations=2, size=512, hop=128).any()
    assert np.isfinite(misi(silence, np.zeros(N), iterations=2, size=512, hop=128)).all()


def test_phases_of_a_partial_are_found():
    """A sine whose phase is lost is made anew: Griffin-Lim from wrong phases comes near to its magnitudes."""
    magnitude = abs(stft(np.sin(2 * np.pi * 0.06 * np.arange(N))))
    wrong = magnitude * np.exp(2j * np.pi * np.random.default_rng(2).random(magnitude.shape))
    how = {"size": 512, "hop": 128}
    before = inconsistency(istft(wrong, N), magnitude, **how)
    assert inconsistency(griffin_lim(wrong, N, iterations=60, **how), magnitude, **how) < 0.2 * before
