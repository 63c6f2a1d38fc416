"""Where the array, the talkers and a point noise are in a room: drawn until everything fits."""

import numpy as np

from cocktail.errors import CocktailError

_FROM_WALL_M = 0.3
_ARRAY_FROM_WALL_M = 0.8
_ARRAY_HEIGHT_M = (1.0, 1.6)
_ELEVATION_DEG = (-10.0, 20.0)
_NOISE_FROM_ARRAY_M = 1.0
_TRIES = 10_000


def place_talkers(
    generator: np.random.Generator,
    size: np.ndarray,
    distances: np.ndarray,
    azimuth_deg: tuple[float, float] = (-180.0, 180.0),
    separation_deg: float = 0.0,
) -> tuple[np.ndarray, float, np.ndarray]:
    """Array centre (3,), its yaw in degrees and talkers (K, 3), in metres, in a room of `size` (3,).

    Talkers are at the given distances (K,) from the centre, at an azimuth within `azimuth_deg` of the array's front (y,
    turned by the yaw) and at least `separation_deg` of azimuth apart. Raises CocktailError where no place is found.
    """
    inset = np.array([_ARRAY_FROM_WALL_M, _ARRAY_FROM_WALL_M])
    for _ in range(_TRIES):
        centre = np.append(generator.uniform(inset, size[:2] - inset), generator.uniform(*_ARRAY_HEIGHT_M))
        yaw = generator.uniform(-180, 180)
        azimuth = generator.uniform(*azimuth_deg, size=len(distances))
        elevation = np.radians(generator.uniform(*_ELEVATION_DEG, size=len(distances)))
        bearing = np.radians(yaw + azimuth + 90)
        direction = [np.cos(elevation) * np.cos(bearing), np.cos(elevation) * np.sin(bearing), np.sin(elevation)]
        talkers = centre + distances[:, None] * np.stack(direction, axis=1)
        if _inside(talkers, size) and _apart(azimuth, separation_deg):
            return centre, yaw, talkers
    sides = " x ".join(f"{side:.1f}" for side in size)
    away = ", ".join(f"{distance:.1f}" for distance in distances)
    raise CocktailError(
        f"no place in a room of {sides} m for talkers {away} m from the array: lower distance_m or enlarge the room"
    )


def place_noise(generator: np.random.Generator, size: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """(3,): a place anywhere in the room, at least a metre from the array's centre where the room allows it."""
    candidates = generator.uniform(_FROM_WALL_M, size - _FROM_WALL_M, size=(64, 3))
    distance = np.linalg.norm(candidates - centre, axis=1)
    return candidates[np.argmax(distance >= min(_NOISE_FROM_ARRAY_M, distance.max()))]


def _inside(points, size):
    return bool(np.all((points > _FROM_WALL_M) & (points < size - _FROM_WALL_M)))


def _apart(azimuth, separation_deg):
    between = np.abs((azimuth[:, None] - azimuth[None] + 180) % 360 - 180)
    return bool(np.all(between[np.triu_indices(len(azimuth), 1)] >= separation_deg))
