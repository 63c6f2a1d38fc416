"""Phases for magnitudes that somebody estimated: signals whose STFT has nearly these magnitudes.

D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP 32(2), 1984, for
one signal; D. Gunawan and D. Sen, "Iterative phase estimation for the synthesis of separated sources from
single-channel mixtures", IEEE Signal Processing Letters 17(5), 2010, for sources that make up a mixture. Neither ever
raises the inconsistency, for the project's windows are a tight frame.

Shapes: F bins, T frames, N samples, K sources; NumPy arrays or torch tensors. `size` and `hop` are those of the STFT.
"""

from cocktail.stft import istft, stft


def griffin_lim(spectrum, n_samples: int, *, iterations: int, size: int, hop: int):
    """Spectrum (..., F, T), whose phases are the first guess, -> signal (..., n_samples)."""
    magnitude = abs(spectrum)
    x = istft(spectrum, n_samples, size, hop)
    for _ in range(iterations):
        x = istft(magnitude * _phase(stft(x, size, hop)), n_samples, size, hop)
    return x


def misi(spectra, mixture, *, iterations: int, size: int, hop: int):
    """Spectra (K, F, T) of all sources of a mixture (N,) -> signals (K, N), whose sum is the mixture.

    What they lack of it is shared out equally after each iteration.
    """
    magnitudes = abs(spectra)

    def signals(spectra):
        x = istft(spectra, len(mixture), size, hop)
        return x + (mixture - x.sum(0)) / len(x)

    x = signals(spectra)
    for _ in range(iterations):
        x = signals(magnitudes * _phase(stft(x, size, hop)))
    return x


def inconsistency(signals, magnitudes, *, size: int, hop: int) -> float:
    """How far STFTs of signals (..., N) are from magnitudes (..., F, T): the squared distance over all bins of the
    whole circle, relative to the magnitudes' power.
    """
    distance = (abs(stft(signals, size, hop)) - magnitudes) ** 2
    return float(_whole(distance) / _whole(magnitudes**2))


def _whole(power):
    """Sum of (..., F, T), bins that stand for a conjugate counted twice."""
    return 2 * power.sum() - power[..., 0, :].sum() - power[..., -1, :].sum()


def _phase(X):
    """X / |X|; 1 where X is 0."""
    X = X + (X == 0)
    return X / abs(X)
