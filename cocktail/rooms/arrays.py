"""Microphone arrays: (D, 3) positions in metres about their centre; x to the right, y to the front, z up.

`tablet` is the array of CHiME-3 (J. Barker, R. Marxer, E. Vincent and S. Watanabe, "The third CHiME speech separation
and recognition challenge: dataset, task and baselines", ASRU 2015), as its baseline's localiser gives it: three
microphones 10 cm apart along the upper edge and three along the lower one, 19 cm below, the second set back by 2 cm.

Deviations: all microphones are omnidirectional and the tablet casts no shadow, so that the second one, which faces
backwards on the real device, differs by its place alone.
"""

import numpy as np

from cocktail.errors import CocktailError


def circular(n_microphones: int, radius: float) -> np.ndarray:
    """(n, 3): a horizontal circle of `radius` metres, the first microphone to the right."""
    angle = 2 * np.pi * np.arange(n_microphones) / n_microphones
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(n_microphones)], axis=1)


def linear(n_microphones: int, spacing: float) -> np.ndarray:
    """(n, 3): a line across, `spacing` metres between neighbours, the first microphone on the left."""
    x = spacing * (np.arange(n_microphones) - (n_microphones - 1) / 2)
    return np.stack([x, np.zeros(n_microphones), np.zeros(n_microphones)], axis=1)


_TABLET = [
    [-0.10, 0.00, 0.095],
    [0.00, -0.02, 0.095],
    [0.10, 0.00, 0.095],
    [-0.10, 0.00, -0.095],
    [0.00, 0.00, -0.095],
    [0.10, 0.00, -0.095],
]

ARRAYS: dict[str, np.ndarray] = {
    "single": np.zeros((1, 3)),
    "pair": linear(2, 0.17),
    "linear-4": linear(4, 0.05),
    "circular-4": circular(4, 0.05),
    "circular-6": circular(6, 0.0425),
    "tablet": np.array(_TABLET),
    "phone": np.array([[0.0, 0.07, 0.0], [0.0, -0.07, 0.0]]),
}
"""Arrays that a condition may name. `pair`: two microphones at the distance of a pair of ears. `circular-6`: the circle
of LibriCSS (Z. Chen et al., ICASSP 2020) without the microphone in its centre. `phone`: one in the bottom of a phone,
which is held towards the mouth, and one in its top, 14 cm away."""


def positions(array: str | list) -> np.ndarray:
    """(D, 3) positions about their centre, of an array by name or as a list of [x, y, z].

    Raises CocktailError where the name is unknown or the list has no such shape.
    """
    if isinstance(array, str):
        if array not in ARRAYS:
            raise CocktailError(f"no array {array!r}; there are {', '.join(ARRAYS)}")
        xyz = ARRAYS[array]
    else:
        xyz = np.asarray(array, dtype=float)
        if xyz.ndim != 2 or xyz.shape[1] != 3:
            raise CocktailError(f"an array is a list of [x, y, z] in metres, not of shape {xyz.shape}")
    return xyz - xyz.mean(axis=0)


LEAST_APART_M = 1e-3
"""Between two microphones."""


def require_apart(xyz: np.ndarray, what: str) -> None:
    """Raise CocktailError, beginning with `what`, where two of (D, 3) microphones are in one place."""
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1) + np.diag(np.full(len(xyz), np.inf))
    if distance.min() < LEAST_APART_M:
        first, second = sorted(np.unravel_index(np.argmin(distance), distance.shape))
        raise CocktailError(f"{what}: microphones {first + 1} and {second + 1} are in one place")


def turned(xyz: np.ndarray, yaw_deg: float) -> np.ndarray:
    """(D, 3) turned about the vertical, counter-clockwise seen from above."""
    c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    return xyz @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
