"""A talker that moves: the path of its mouth, and how its room responses change on the way.

A hand turns the phone: seen from there the mouth goes around it on an arc, at the same distance and height, and turns
back where it reaches the end of the azimuths it may have. Responses are computed at points of the path, and the signal
is convolved with each in turn, as in D. Diaz-Guerra, A. Miguel and J. R. Beltran, "gpuRIR: a Python library for room
impulse response simulation with GPU acceleration", Multimed. Tools Appl. 80, 2021, but with cross-fades in between
(cocktail.rooms.convolution.convolve_along). There is no Doppler shift.

Deviations: the phone stays where it is, and the noise with it; the mouth moves. Late reverberation, from 50 ms after
the direct sound on, is that of the start all along: only its statistics are heard, and these stay the same. The
change is not high-pass filtered as the responses of the start are, at 10 Hz, where there is no speech.
"""

import numpy as np

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.rooms.arrays import turned
from cocktail.rooms.convolution import points
from cocktail.rooms.responses import EARLY_S, LATENCY, ROUNDING_S, Responses, build, image_sources
from cocktail.rooms.shoebox import Shoebox

RATE = 10
"""Points of a path in a second. At 60 degrees a second, neighbours differ by a third of a sample at 16 kHz in the delay
between the microphones of a phone."""

_STEP_M = 0.1


def hop(fs: int) -> int:
    """Samples between two points of a path."""
    return fs // RATE


def arc(
    start: np.ndarray, centre: np.ndarray, azimuth_deg: float, turn_deg_s: float, limits: tuple[float, float], fs: int,
    n_samples: int,
) -> np.ndarray:  # fmt: skip
    """(P, 3): the path from `start` (3,), at `azimuth_deg`, around `centre` (3,), a point every `hop(fs)` samples.

    It goes at `turn_deg_s`, counter-clockwise where positive, and stays within the azimuths `limits`.
    """
    seconds = np.arange(points(n_samples, hop(fs))) * hop(fs) / fs
    low, high = limits
    turn = np.mod(azimuth_deg + turn_deg_s * seconds - low, 2 * (high - low))
    reached = low + np.minimum(turn, 2 * (high - low) - turn)
    return centre + np.concatenate([turned((start - centre)[None], degrees) for degrees in reached - azimuth_deg])


def changes(room: Shoebox, path: np.ndarray, microphones: np.ndarray, fs: int) -> Responses:
    """How the responses from `path` (P, 3) to `microphones` (D, 3) differ from those of its first point.

    A row for each point, in place of the sources: full (P, D, M), early (P, M), direct (P, M).
    """
    until_s = np.linalg.norm(path[0] - microphones, axis=-1).max() / SOUND_SPEED + EARLY_S
    reach = np.linalg.norm(path - path[0], axis=1).max() + np.ptp(microphones, axis=0).max()
    probes, nearer_s = np.stack([path[0], path[0] + _STEP_M]), until_s + reach / SOUND_SPEED
    # An image goes with its source along each axis, or against it: two places of the source tell which.
    (places, amplitude), (others, _) = image_sources(room, probes, microphones, nearer_s, fs)
    near = np.linalg.norm(places - microphones[0], axis=1) < SOUND_SPEED * nearer_s
    places, amplitude, sign = places[near], amplitude[near], np.round((others - places)[near] / _STEP_M)
    images = places + sign * (path - path[0])[:, None]
    distance = np.linalg.norm(images[:, None] - microphones[:, None], axis=-1)  # (P, D, I)
    time, gain = distance / SOUND_SPEED, amplitude / distance
    first = time[:, 0].min(axis=-1)
    n_taps = int(np.ceil(until_s * fs)) + 2 * LATENCY + 2
    full = np.zeros((len(path), len(microphones), n_taps))
    early, direct = np.zeros((2, len(path), n_taps))
    for p in range(len(path)):
        for d in range(len(microphones)):
            full[p, d] = build(time[p, d], gain[p, d], until_s, n_taps, fs)
        early[p] = build(time[p, 0], gain[p, 0], min(first[p] + EARLY_S, until_s), n_taps, fs)
        direct[p] = build(time[p, 0], gain[p, 0], first[p] + ROUNDING_S, n_taps, fs)
    return Responses(full - full[:1], early - early[:1], direct - direct[:1])
