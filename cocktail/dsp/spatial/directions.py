"""Where sounds come from: steering vectors and directions of arrival by SRP-PHAT.

J. H. DiBiase, H. F. Silverman and M. S. Brandstein, "Robust localization in reverberant rooms", in Microphone Arrays,
Springer 2001 (SRP-PHAT); C. Knapp and G. Carter, "The generalized correlation method for estimation of time delay",
IEEE Trans. ASSP 24(4), 1976 (PHAT weighting).

Deviations: the far field is assumed (a direction, not a position). Each time-frequency bin is whitened by itself and
then weighted by the square root of its frame's power, so that pauses count little and loud frames do not rule alone.
"""

import numpy as np

from cocktail.dsp.acoustics import SOUND_SPEED, diffuse_coherence
from cocktail.dsp.spatial import beamformers

BAND_HZ = (200.0, 6000.0)
"""Below, a small array sees no phase; above, speech has little power."""


def frequencies(size: int, fs: float) -> np.ndarray:
    """(F,) centre frequencies in Hz of the bins of an STFT of `size` samples."""
    return np.arange(size // 2 + 1) * fs / size


def sphere(n: int) -> np.ndarray:
    """(n, 3) unit vectors spread evenly over the sphere (Fibonacci lattice)."""
    i = np.arange(n) + 0.5
    z = 1 - 2 * i / n
    azimuth = np.pi * (1 + 5**0.5) * i
    radius = np.sqrt(1 - z**2)
    return np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), z], axis=-1)


def steering(array: np.ndarray, direction: np.ndarray, f_hz: np.ndarray) -> np.ndarray:
    """Far-field transfer functions relative to microphone 1.

    array (D, 3) in metres, direction (..., 3) unit vectors towards the source, f_hz (F,) -> (..., F, D) complex.
    """
    ahead_s = direction @ (array - array[0]).T / SOUND_SPEED  # (..., D): how much earlier than at microphone 1
    return np.exp(2j * np.pi * f_hz[:, None] * ahead_s[..., None, :])


def steering_to(array: np.ndarray, position: np.ndarray, f_hz: np.ndarray) -> np.ndarray:
    """Transfer functions of a point source without a room, relative to microphone 1: level and delay by distance.

    array (D, 3) and position (..., 3) in metres, f_hz (F,) -> (..., F, D) complex.
    """
    distance = np.linalg.norm(position[..., None, :] - array, axis=-1)  # (..., D)
    near = np.maximum(distance, 1e-3)
    later_s = (distance - distance[..., :1]) / SOUND_SPEED
    return (near[..., :1] / near)[..., None, :] * np.exp(-2j * np.pi * f_hz[:, None] * later_s[..., None, :])


def srp(whitened: np.ndarray, steered: np.ndarray) -> np.ndarray:
    """Steered response power: phase covariances (F, D, D) and steering vectors (Q, F, D) -> (Q,)."""
    p, q = np.triu_indices(steered.shape[-1], 1)
    pairs = steered[..., p].conj() * steered[..., q]  # (Q, F, pairs)
    return np.real(np.einsum("qfp,fp->q", pairs, whitened[:, p, q], optimize=True))


def directions_of_arrival(X: np.ndarray, array: np.ndarray, f_hz: np.ndarray, n_sources: int) -> np.ndarray:
    """Directions of the `n_sources` strongest talkers by SRP-PHAT: X (D, F, T) -> (n_sources, 3) unit vectors.

    One after the other, each refined on a finer grid. Bins that a direction explains then lose their vote for the next
    by the share that it explains, |a^H x|^2 / (|a|^2 |x|^2): its sidelobes and mirror images fall with it.
    """
    band = (f_hz >= BAND_HZ[0]) & (f_hz <= BAND_HZ[1])
    X, f_hz = X[:, band], f_hz[band]
    phase = X / np.maximum(np.abs(X), np.finfo(float).tiny)
    votes = np.broadcast_to(np.sqrt(np.mean(np.abs(X) ** 2, axis=(0, 1))), X.shape[1:])
    grid = sphere(1000)
    steered = steering(array, grid, f_hz)
    towards = []
    for _ in range(n_sources):
        whitened = (phase * votes).swapaxes(0, 1) @ phase.conj().transpose(1, 2, 0)  # (F, D, D)
        direction = _refine(whitened, array, grid[np.argmax(srp(whitened, steered))], f_hz)
        beam = np.einsum("fd,dft->ft", steering(array, direction, f_hz).conj(), phase) / len(array)
        votes = votes * (1 - np.minimum(np.abs(beam) ** 2, 1))
        towards.append(direction)
    return np.stack(towards)


def delay_and_sum(X: np.ndarray, array: np.ndarray, f_hz: np.ndarray, n_sources: int = 1) -> np.ndarray:
    """Beams towards the strongest directions, aligned to microphone 1: X (D, F, T) -> (n_sources, F, T)."""
    towards = directions_of_arrival(X, array, f_hz, n_sources)
    return beamformers.apply(steering(array, towards, f_hz) / len(X), X)


def _refine(whitened, array, direction, f_hz, radius=0.12):
    """The best direction within about `radius` rad, two steps of the grid, as far as the array can tell."""
    near = direction + radius * np.cbrt((np.arange(200)[::-1] + 0.5) / 200)[:, None] * sphere(200)
    near = np.concatenate([direction[None], near / np.linalg.norm(near, axis=-1, keepdims=True)])
    return near[np.argmax(srp(whitened, steering(array, near, f_hz)))]


def room_covariance(array: np.ndarray, direction: np.ndarray, f_hz: np.ndarray, diffuse: float) -> np.ndarray:
    """Spatial covariance of a talker in a room: direct path plus a diffuse share of its power.

    direction (..., 3) -> (..., F, D, D) of trace D. After Duong, Vincent and Gribonval 2010.
    """
    a = steering(array, direction, f_hz)
    direct = a[..., :, None] * a[..., None, :].conj()
    return (1 - diffuse) * direct + diffuse * diffuse_coherence(array, f_hz)
