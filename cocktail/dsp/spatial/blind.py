"""What separation by pyroomacoustics needs around it: a private seed, regular input, a start that knows the talkers'
directions, sources at microphone 1."""

import contextlib

import numpy as np

from cocktail.dsp.spatial import directions

DIFFUSE = 0.6
"""Share of the diffuse field in the covariances that a start is drawn from."""

WHITE = 1e-2
"""Share of spatially white noise there: a diffuse field alone is singular at low frequencies."""

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


def whitening(X: np.ndarray, n_components: int) -> np.ndarray:
    """Filters to the strongest principal components of each bin, of unit power: X (D, F, T) -> (F, n_components, D)."""
    x = X.swapaxes(0, 1)
    values, vectors = np.linalg.eigh(x @ x.conj().swapaxes(-1, -2) / x.shape[-1])
    values, vectors = values[:, ::-1][:, :n_components], vectors[..., ::-1][..., :n_components]
    return (vectors / np.sqrt(values)[:, None]).conj().swapaxes(-1, -2)


def talker_covariances(X: np.ndarray, array: np.ndarray, f_hz: np.ndarray, n_sources: int) -> np.ndarray:
    """Covariances (K, F, D, D) that a room would give talkers in the directions that SRP-PHAT finds in X (D, F, T)."""
    towards = directions.directions_of_arrival(X, array, f_hz, n_sources)
    return directions.room_covariance(array, towards, f_hz, DIFFUSE) + WHITE * np.eye(len(array))


def separating_rows(R: np.ndarray) -> np.ndarray:
    """Rows of a start for a separation matrix: covariances (K, F, D, D) -> (F, D, D).

    Row m is the filter that passes talker m mod K best against all of them, among those whose outputs would be
    uncorrelated with the rows above, so that the matrix is regular.
    """
    whiten = np.linalg.inv(np.linalg.cholesky(R.sum(0)))  # L^-1
    R = whiten @ R @ whiten.conj().swapaxes(-1, -2)
    left = np.broadcast_to(np.eye(R.shape[-1]), R.shape[1:])  # projector on what no row has taken yet
    rows = []
    for m in range(R.shape[-1]):
        u = np.linalg.eigh(left @ R[m % len(R)] @ left)[1][..., -1]
        left = left - u[..., :, None] * u[..., None, :].conj()
        rows.append((u[:, None].conj() @ whiten)[:, 0])
    return np.stack(rows, axis=1)


def project_back(Y: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Scale sources (K, F, T) per bin to their least-squares share of microphone 1, X (F, T)."""
    power = np.maximum(np.sum(np.abs(Y) ** 2, axis=-1), np.finfo(float).tiny)
    return Y * (np.sum(X * Y.conj(), axis=-1) / power)[..., None]
