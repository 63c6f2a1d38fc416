"""What blind separation by pyroomacoustics needs around it: a private seed, regular input, sources at microphone 1."""

import contextlib

import numpy as np

DITHER_DB = -60.0
"""White noise added to the input of an algorithm, relative to its power, so that no covariance is singular (silent or
equal channels, a constant)."""


@contextlib.contextmanager
def numpy_seed(rng: np.random.Generator):
    """Seed NumPy's global generator, which pyroomacoustics draws from, and give its state back afterwards."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(rng.integers(2**32))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def regular(X: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """X (D, F, T) with dither, scaled to unit mean power, and the scale that was taken out (0 for silence)."""
    scale = float(np.sqrt(np.mean(np.abs(X) ** 2)))
    noise = rng.standard_normal((2, *X.shape)) * np.sqrt(0.5) * 10 ** (DITHER_DB / 20)
    return X / (scale or 1.0) + noise[0] + 1j * noise[1], scale


def whiten(X: np.ndarray, n_components: int) -> np.ndarray:
    """The strongest principal components of each bin, uncorrelated and of unit power: (D, F, T) -> (K, F, T)."""
    x = X.swapaxes(0, 1)
    values, vectors = np.linalg.eigh(x @ x.conj().swapaxes(-1, -2) / x.shape[-1])
    values, vectors = values[:, ::-1][:, :n_components], vectors[..., ::-1][..., :n_components]
    return ((vectors / np.sqrt(values)[:, None]).conj().swapaxes(-1, -2) @ x).swapaxes(0, 1)


def project_back(Y: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Scale sources (K, F, T) per bin to their least-squares share of microphone 1, X (F, T)."""
    power = np.maximum(np.sum(np.abs(Y) ** 2, axis=-1), np.finfo(float).tiny)
    return Y * (np.sum(X * Y.conj(), axis=-1) / power)[..., None]
