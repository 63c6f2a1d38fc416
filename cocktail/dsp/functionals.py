"""A sound of any length as one vector: statistics over time of its mel-frequency and Teager energy cepstra.

Teager energy: P. Maragos, J. F. Kaiser and T. F. Quatieri, "Energy separation in signal modulations with application to
speech analysis", IEEE Transactions on Signal Processing 41(10), 1993: psi(x)[n] = x[n]^2 - x[n-1] x[n+1]. Its cepstra
(TECC) for coughs: M. R. Kamble et al., "PANACEA cough sound-based diagnosis of COVID-19 for the DiCOVA 2021
Challenge", Interspeech 2021.

Deviations: 20 coefficients of 24 gammatone bands, and of 40 mel bands, with their differences; mean, standard
deviation, tenth and ninetieth percentile of each over frames of 20 ms every 10 ms.
"""

import functools

import numpy as np

from cocktail.dsp import cepstra, mel
from cocktail.dsp.auditory import gammatone

MELS, BANDS, COEFFICIENTS = 40, 24, 20
LOW_HZ = 60.0
FLOOR = 1e-5
"""Of a band's energy, re the mean of all bands and frames."""
SILENCE = 1e-30


def log_mel(x: np.ndarray, fs: int, bands: int = MELS) -> np.ndarray:
    """(N,) -> (bands, T): logarithm of the power in mel bands; the level is left out."""
    spectrum = cepstra.spectrum(x, fs)
    return floored(_mels(bands, fs, 2 * (len(spectrum) - 1)) @ spectrum)


def log_teager(x: np.ndarray, fs: int, bands: int = BANDS) -> np.ndarray:
    """(N,) -> (bands, T): logarithm of the Teager energy in gammatone bands; the level is left out."""
    size = round(cepstra.WINDOW_S * fs)
    padded = np.pad(x, (0, max(size - len(x), 0)))
    energies = np.stack([np.abs(teager(band)) for band in gammatone.filtered(padded, _gammatones(bands, fs))])
    hops = np.add.reduceat(energies, np.arange(0, energies.shape[1], size // 2), axis=1)
    hops = hops[:, : energies.shape[1] // (size // 2)]  # whole ones
    return floored((hops[:, 1:] + hops[:, :-1]) / size)


def teager(x: np.ndarray) -> np.ndarray:
    """(N,) -> (N,): x[n]^2 - x[n-1] x[n+1]; the ends have their neighbours' energy."""
    inner = x[1:-1] ** 2 - x[:-2] * x[2:]
    return np.pad(inner, 1, mode="edge")


def floored(energies: np.ndarray) -> np.ndarray:
    """(F, T) re their mean -> their logarithm, with a floor. Silence is all floor."""
    return np.log(energies / max(energies.mean(), SILENCE) + FLOOR)


def functionals(x: np.ndarray, fs: int) -> np.ndarray:
    """(N,) -> (320,) float32."""
    statistics = []
    for logarithms in (log_mel(x, fs), log_teager(x, fs)):
        static = _dct(len(logarithms)) @ logarithms
        features = np.concatenate([static, cepstra.difference(static)])
        quantiles = np.quantile(features, [0.1, 0.9], axis=1)
        statistics += [features.mean(axis=1), features.std(axis=1), *quantiles]
    return np.concatenate(statistics).astype(np.float32)


@functools.cache
def _mels(bands, fs, size):
    return mel.filterbank(bands, fs, size)


@functools.cache
def _gammatones(bands, fs):
    return gammatone.impulse_responses(gammatone.centres(bands, LOW_HZ, 0.45 * fs), fs)


@functools.cache
def _dct(n):
    from scipy.fft import dct

    return dct(np.eye(n), axis=0, norm="ortho")[:COEFFICIENTS]
