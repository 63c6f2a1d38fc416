"""Replay attacks: a talker recorded by the attacker, and played by a loudspeaker where the talker was.

X. Wang et al., "ASVspoof 2019: a large-scale public database of synthesized, converted and replayed speech", Computer
Speech & Language 64, 2020, physical access: an attack is the distance at which the attacker records, in the same room,
and the quality of the loudspeaker: its occupied bandwidth, the lower end of that, its ratio of linear to non-linear
power.

Deviations: at 16 kHz a device of high quality reaches nearly the Nyquist frequency, where the paper asks for 10 kHz.
The non-linearity is a memoryless soft clipping (tanh) rather than a measured Hammerstein model, and the device adds
noise. The paper's middle distance (0.5 to 1 m) is left out. In its rooms talkers and loudspeakers stand still; here a
talker may move while the attacker records, whose loudspeaker then goes the same way.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.errors import CocktailError

Range = tuple[float, float]

_FROM_WALL_M = 0.2
_TRIES = 256
_ORDER = 2


@dataclass(frozen=True)
class Device:
    """What loudspeakers of one quality are like. `drive_db`: peaks of the signal over the level where it saturates."""

    low_hz: Range
    high_hz: Range
    drive_db: Range
    noise_db: Range
    """Over the signal."""


HIGH = Device(low_hz=(100, 500), high_hz=(7000, 7800), drive_db=(-20, -12), noise_db=(-55, -45))
LOW = Device(low_hz=(600, 900), high_hz=(3800, 6000), drive_db=(-3, 9), noise_db=(-45, -35))
NEAR, FAR = (0.1, 0.5), (1.0, 1.5)

REPLAYS: dict[str, tuple[Range, Device | None]] = {
    "replay-near-perfect": (NEAR, None),
    "replay-far-perfect": (FAR, None),
    "replay-near-high": (NEAR, HIGH),
    "replay-far-high": (FAR, HIGH),
    "replay-near-low": (NEAR, LOW),
    "replay-far-low": (FAR, LOW),
}
"""Attack -> distance in metres at which the talker is recorded, and the loudspeaker; None is a perfect one."""


@dataclass(frozen=True)
class Replay:
    """One replay. `position`: the attacker's microphone, metres. The loudspeaker's values are None if it is perfect."""

    position: tuple[float, float, float]
    low_hz: float | None = None
    high_hz: float | None = None
    drive_db: float | None = None
    noise_db: float | None = None


def draw_replay(generator: np.random.Generator, attack: str, size, talker, path=()) -> Replay:
    """A replay of that name in a room of `size` (3,), of a talker at (3,); metres.

    `path` (P, 3): where a moving talker comes past, never nearer to the attacker's microphone than the attack's range.
    """
    (near, far), device = REPLAYS[attack]
    size, talker = np.array(size), np.array(talker)
    direction = generator.standard_normal((_TRIES, 3)) * (1, 1, 0.3)  # mostly at the height of the mouth
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    places = talker + generator.uniform(near, far) * direction
    inside = np.all((places > _FROM_WALL_M) & (places < size - _FROM_WALL_M), axis=1)
    for point in path[1:]:
        inside &= np.linalg.norm(places - point, axis=1) >= near
    if not inside.any():
        raise CocktailError(f"{attack}: the room has no place {near:g} to {far:g} m from the talker: enlarge it")
    place = tuple(float(x) for x in places[np.argmax(inside)])
    if device is None:
        return Replay(place)
    drawn = (
        float(generator.uniform(*span)) for span in (device.low_hz, device.high_hz, device.drive_db, device.noise_db)
    )
    return Replay(place, *drawn)


def play(recorded: np.ndarray, replay: Replay, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) what the loudspeaker makes of a recording (N,); its peak is 1 before it saturates."""
    x = recorded / np.abs(recorded).max()
    if replay.low_hz is None:
        return x
    from scipy.signal import butter, sosfilt

    gain = 10 ** (replay.drive_db / 20)
    x = np.tanh(gain * x) / gain
    band = (replay.low_hz, min(replay.high_hz, 0.49 * fs))
    x = sosfilt(butter(_ORDER, band, "bandpass", fs=fs, output="sos"), x)
    noise = generator.standard_normal(len(x)) * np.sqrt(np.mean(x**2)) * 10 ** (replay.noise_db / 20)
    return x + noise
