"""Physics that scenes and methods share: the speed of sound, and how alike a diffuse field is at two points."""

import numpy as np

SOUND_SPEED = 343.0
"""Metres per second, as in pyroomacoustics."""


def diffuse_coherence(microphones: np.ndarray, f_hz: np.ndarray) -> np.ndarray:
    """(F, D, D): sin(kd) / (kd) of a spherically isotropic field, at `f_hz` (F,), for (D, 3) metres."""
    distance = np.linalg.norm(microphones[:, None] - microphones[None], axis=-1)
    return np.sinc(2 * np.asarray(f_hz)[:, None, None] * distance / SOUND_SPEED)
