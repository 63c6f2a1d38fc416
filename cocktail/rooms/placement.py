"""Where the array, the talkers and a point noise are in a room: drawn until everything fits."""

import numpy as np

from cocktail.errors import CocktailError
from cocktail.rooms.arrays import turned

_FROM_WALL_M = 0.3
_MICROPHONE_FROM_WALL_M = 0.05
_ARRAY_FROM_WALL_M = 0.8
_ARRAY_HEIGHT_M = (1.0, 1.6)
_ELEVATION_DEG = (-10.0, 20.0)
_NOISE_FROM_ARRAY_M = 1.0
_SOURCE_FROM_MICROPHONE_M = 0.1
"""Nearer, a mouth or a loudspeaker is no point any more."""
_SOURCES_APART_M = 0.2
"""Heads and loudspeakers take room."""
_TRIES = 10_000
_TURNS = 16
"""Azimuths at which talkers that are turned around must fit into the room."""


def place_talkers(
    generator: np.random.Generator,
    size: np.ndarray,
    array: np.ndarray,
    distances: np.ndarray,
    azimuth_deg: tuple[float, float] = (-180.0, 180.0),
    separation_deg: float = 0.0,
    turning: bool = False,
) -> tuple[np.ndarray, float, np.ndarray]:
    """Array centre (3,), its yaw in degrees and talkers (K, 3), in metres, in a room of `size` (3,).

    `array` (D, 3): microphones about their centre. Talkers are at the given distances (K,) from the centre, at an
    azimuth within `azimuth_deg` of the array's front (y, turned by the yaw) and at least `separation_deg` of azimuth
    apart. With `turning`, they have room at every azimuth within `azimuth_deg`. Raises CocktailError where no place is
    found.
    """
    inset = np.array([_ARRAY_FROM_WALL_M, _ARRAY_FROM_WALL_M])
    for _ in range(_TRIES if np.all(size[:2] >= 2 * inset) else 0):
        centre = np.append(generator.uniform(inset, size[:2] - inset), generator.uniform(*_ARRAY_HEIGHT_M))
        yaw = generator.uniform(-180, 180)
        azimuth = generator.uniform(*azimuth_deg, size=len(distances))
        elevation = np.radians(generator.uniform(*_ELEVATION_DEG, size=len(distances)))
        talkers = centre + distances[:, None] * _direction(yaw + azimuth, elevation)
        microphones = centre + turned(array, yaw)
        turns = yaw + np.linspace(*azimuth_deg, _TURNS)[:, None]
        anywhere = centre + distances[:, None] * _direction(turns, elevation) if turning else talkers
        if (
            _inside(anywhere, size, _FROM_WALL_M)
            and _inside(microphones, size, _MICROPHONE_FROM_WALL_M)
            and _separated(azimuth, separation_deg)
            and _nearest(anywhere.reshape(-1, 3), microphones).min() >= _SOURCE_FROM_MICROPHONE_M
            and all(_nearest(talkers[k + 1 :], talker[None]).min(initial=np.inf) >= _SOURCES_APART_M
                    for k, talker in enumerate(talkers))
        ):  # fmt: skip
            return centre, yaw, talkers
    away = ", ".join(f"{distance:.1f}" for distance in distances)
    raise CocktailError(
        f"no place in a room of {' x '.join(f'{side:.1f}' for side in size)} m for talkers {away} m from the array: "
        f"lower distance_m or enlarge the room; the centre of the array is {_ARRAY_FROM_WALL_M:g} m from walls and "
        f"{_ARRAY_HEIGHT_M[0]:g} to {_ARRAY_HEIGHT_M[1]:g} m high, its microphones {np.ptp(array, axis=0).max():.2g} m "
        f"wide, talkers {_FROM_WALL_M:g} m from walls and {_SOURCES_APART_M:g} m apart"
    )


def place_noise(
    generator: np.random.Generator,
    size: np.ndarray,
    centre: np.ndarray,
    *,
    microphones: np.ndarray,
    talkers: np.ndarray,
) -> np.ndarray:
    """(3,): a place anywhere in the room, at least a metre from the array's centre where the room allows it.

    It is off the `microphones` (D, 3) and the `talkers` (K, 3). Raises CocktailError where there is no such place.
    """
    candidates = generator.uniform(_FROM_WALL_M, size - _FROM_WALL_M, size=(64, 3))
    free = _nearest(candidates, microphones) >= _SOURCE_FROM_MICROPHONE_M
    free &= _nearest(candidates, talkers) >= _SOURCES_APART_M
    if not free.any():
        raise CocktailError(
            f"no place in a room of {' x '.join(f'{side:.1f}' for side in size)} m for a noise beside the talkers and "
            "the array: enlarge the room"
        )
    distance = np.where(free, np.linalg.norm(candidates - centre, axis=1), 0)
    return candidates[np.argmax(distance >= min(_NOISE_FROM_ARRAY_M, distance.max()))]


def _direction(bearing_deg, elevation):
    """(..., 3): unit vectors; a bearing of 0 is along y, elevations are radians."""
    bearing, elevation = np.broadcast_arrays(np.radians(bearing_deg + 90), elevation)
    across = np.cos(elevation)
    return np.stack([across * np.cos(bearing), across * np.sin(bearing), np.sin(elevation)], axis=-1)


def _inside(points, size, margin):
    return bool(np.all((points > margin) & (points < size - margin)))


def _nearest(points, others):
    """(P,) distances of (P, 3) to the nearest of (Q, 3)."""
    return np.linalg.norm(points[:, None] - others[None], axis=-1).min(axis=1, initial=np.inf)


def _separated(azimuth, separation_deg):
    between = np.abs((azimuth[:, None] - azimuth[None] + 180) % 360 - 180)
    return bool(np.all(between[np.triu_indices(len(azimuth), 1)] >= separation_deg))
