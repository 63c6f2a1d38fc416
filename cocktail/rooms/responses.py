"""Room impulse responses: exact image sources first, a diffuse tail after.

The images that arrive within 50 ms after the direct sound come from pyroomacoustics, at the places, amplitudes and
fractional delays that its full simulation would give them. Later ones are so dense that only their statistics are
heard: a Gaussian noise takes their place, with the energy that the image-source method is expected to have at each
instant (see cocktail.rooms.shoebox) and the coherence of a diffuse field between the microphones. E. A. Lehmann and A.
M. Johansson, "Diffuse reverberation model for efficient image-source simulation of room impulse responses", IEEE TASLP
18(6), 2010.

Deviations: the tail begins at a fixed time rather than where the decay has reached a level; the coherence between
microphones is imposed, where the paper has one microphone. The air absorbs nothing. As in pyroomacoustics, a high-pass
filter at 10 Hz takes away the offset that image sources add up to, all being positive (the tail is given the same
offset before, so that the filter meets no step).
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.rooms.fields import diffuse
from cocktail.rooms.shoebox import Shoebox

EARLY_S = 0.050
"""Reflections up to here after the direct sound belong to the early part."""

LATENCY = 40
"""Samples by which every response is late: half of the fractional delay filter."""

_RINGING_S = 0.1
"""Room for the high-pass filter to fade after an early part."""

ROUNDING_S = 1e-6
"""So much after the direct sound is still the direct sound."""
_FILTER = 81
_GRANULARITY = 20


@dataclass(frozen=True)
class Responses:
    """Impulse responses of S sources, amplitude 1 / distance, late by LATENCY samples."""

    full: np.ndarray
    """(S, D, L)."""
    early: np.ndarray
    """(S, M), microphone 1: direct sound and the reflections of the next 50 ms."""
    direct: np.ndarray
    """(S, M), microphone 1: direct sound alone."""


def responses(
    room: Shoebox, sources: np.ndarray, microphones: np.ndarray, fs: int, generators: list[np.random.Generator]
) -> Responses:
    """Impulse responses from `sources` (S, 3) to `microphones` (D, 3), metres, within the room.

    `generators`: one per source, for the tail.
    """
    sources, microphones = np.atleast_2d(sources), np.atleast_2d(microphones)
    direct_s = np.linalg.norm(sources[:, None] - microphones[None], axis=-1) / SOUND_SPEED
    mixing_s = direct_s.max(axis=1) + EARLY_S
    lengths = np.ceil((mixing_s + _RINGING_S) * fs).astype(int) + LATENCY
    n_full = max(lengths.max(), int(np.ceil(room.duration() * fs)) + LATENCY)
    full = np.zeros((len(sources), len(microphones), n_full))
    early, direct = np.zeros((2, len(sources), lengths.max()))
    images = image_sources(room, sources, microphones, mixing_s.max(), fs)
    for s, ((place, amplitude), generator) in enumerate(zip(images, generators, strict=True)):
        distance = np.linalg.norm(place[:, None] - microphones[None], axis=-1)
        time, gain, n = distance / SOUND_SPEED, amplitude[:, None] / distance, lengths[s]
        for d in range(len(microphones)):
            full[s, d, :n] = build(time[:, d], gain[:, d], mixing_s[s], n, fs)
        early[s, :n] = _high_passed(build(time[:, 0], gain[:, 0], direct_s[s, 0] + EARLY_S, n, fs), fs)
        direct[s, :n] = build(time[:, 0], gain[:, 0], direct_s[s, 0] + ROUNDING_S, n, fs)
        full[s, :, LATENCY:] += _tail(room, microphones, mixing_s[s], n_full - LATENCY, fs, generator)
    return Responses(_high_passed(full, fs), early, direct)


def image_order(room: Shoebox, time_s: float) -> int:
    """Reflections within which every image that arrives before `time_s` is found."""
    return int(np.ceil(SOUND_SPEED * time_s * np.linalg.norm(1 / np.array(room.size)))) + 3


def image_sources(
    room: Shoebox, sources: np.ndarray, microphones: np.ndarray, until_s: float, fs: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(images (I, 3), amplitudes without the distance (I,)) of each source, from pyroomacoustics' engine.

    They include all that arrive before `until_s`, in the same order for every source.
    """
    import pyroomacoustics as pra

    engine = pra.ShoeBox(
        room.size, fs=fs, materials=pra.Material(room.absorption), max_order=image_order(room, until_s)
    )
    engine.add_microphone_array(microphones.T)
    for position in sources:
        engine.add_source(position)
    engine.image_source_model()
    return [(source.images.T.astype(float), source.damping[0].astype(float)) for source in engine.sources]


def build(time: np.ndarray, gain: np.ndarray, until_s: float, n_samples: int, fs: int) -> np.ndarray:
    """(n_samples,): images that arrive until then, as windowed sinc pulses. One thread: the sum has one order."""
    from pyroomacoustics import libroom

    chosen = time <= until_s
    response = np.zeros(n_samples, np.float32)
    delayed = (time[chosen] + LATENCY / fs).astype(np.float32)
    libroom.rir_builder(response, delayed, gain[chosen].astype(np.float32), fs, _FILTER, _GRANULARITY, 1)
    return response


def _tail(room, microphones, mixing_s, n_samples, fs, generator):
    """(D, n_samples): noise with the room's energy decay, silent before `mixing_s`."""
    start = int(np.ceil(mixing_s * fs))
    tail = np.zeros((len(microphones), n_samples))
    if start < n_samples:
        white = diffuse(generator.standard_normal((len(microphones), n_samples - start)), microphones, fs)
        time, coarse = np.arange(start, n_samples) / fs, np.linspace(start, n_samples, 64) / fs
        energy = np.exp(np.interp(time, coarse, np.log(room.energy(coarse))))
        offset = np.interp(time, coarse, room.offset(coarse))
        tail[:, start:] = white * np.sqrt(energy / fs) + offset / fs
    return tail


def _high_passed(response, fs):
    """The filter that pyroomacoustics applies by default, forwards and backwards."""
    from pyroomacoustics.utilities import design_highpass_filter_sos
    from scipy.signal import sosfiltfilt

    return sosfiltfilt(design_highpass_filter_sos(fs, 10.0, n=2, rp=5.0, rs=60.0, type="butter"), response)
