"""Synthesised coughs of two kinds, `dry` and `wet`: a task with labels for detectors where no recordings are at hand.

Three phases as in J. Korpas, J. Sadlonova and M. Vrabec, "Analysis of the cough sound: an overview", Pulmonary
Pharmacology 9(5-6), 1996: a burst, steady noise, and sometimes a voiced sound. Wet coughs have a longer second phase
(A. Murata et al., "Discrimination of productive and non-productive cough by sound analysis", Internal Medicine 37(9),
1998), which crackles. Nobody's health is in them: they are made so that the two kinds overlap and no single feature
tells them apart.

A recording is of one person, whose throat shapes all its coughs, with a faint background. Persons are of one split.
"""

from collections.abc import Iterator

import numpy as np

from cocktail import tables
from cocktail.corpora.noises import coloured, decay, pink
from cocktail.levels import levelled, power
from cocktail.rng import rng

DESCRIPTION = "dry and wet coughs, synthesised on the spot, with labels for detectors"
KINDS = ("noise",)
SYNTHESIS = "this program"

KIND = "cough"
LABELS = ("wet", "dry")
RECORDINGS = {"train": 300, "valid": 100, "test": 240}
"""Of each label."""
LEVEL_DB, PEAK = -26.0, 0.9
BURST_S = (0.02, 0.05)
SECOND_S = {"dry": (0.05, 0.18), "wet": (0.08, 0.28)}
"""Time constant of the second phase."""
CRACKLES = {"dry": (0, 8), "wet": (0, 30)}
"""A second."""
VOICED = {"dry": 0.4, "wet": 0.6}
"""Share of the coughs that end in a voiced sound."""
COUGHS = (1, 4)
PAUSE_S = (0.3, 0.9)
SNR_DB = (10.0, 30.0)

OPTIONS = {
    "type": "object",
    "properties": {
        "adapter": {"const": "synthetic-coughs"},
        "recordings": {
            "description": f"Recordings of each label in each split; default {RECORDINGS}.",
            "type": "object",
            "properties": {split: {"type": "integer", "minimum": 0} for split in RECORDINGS},
            "additionalProperties": False,
        },
    },
    "required": ["adapter"],
    "additionalProperties": False,
}


def rows(options: dict, *, kind: str, seed: int, fs: int, speech=None) -> Iterator[dict]:
    """Rows of the NOISE table (cocktail.tables) with labels, audio included."""
    for split, count in (RECORDINGS | options.get("recordings", {})).items():
        for label in LABELS:
            for number in range(count):
                name = f"cough-{label}-{split}-{number:04d}"
                made = recording(rng(seed, "synthetic", name, role="cough"), label, fs)
                yield {
                    "recording": name,
                    "split": split,
                    "kind": KIND,
                    "label": label,
                    "fs": fs,
                    "n_samples": len(made),
                    "audio": tables.pack(made, fs, name, "PCM_16"),
                }


def recording(draw: np.random.Generator, label: str, fs: int) -> np.ndarray:
    """(N,): one to four coughs of one person, with pauses, in a faint background."""
    throat = _Throat(draw, label)
    parts = [np.zeros(round(draw.uniform(0.1, 0.4) * fs))]
    for _ in range(draw.integers(*COUGHS, endpoint=True)):
        parts += [cough(draw, throat, fs), np.zeros(round(draw.uniform(*PAUSE_S) * fs))]
    x = np.concatenate(parts)
    background = pink(draw, len(x), fs)
    gain = np.sqrt(power(x) / power(background)) * 10 ** (-draw.uniform(*SNR_DB) / 20)
    return levelled(x + gain * background, LEVEL_DB, PEAK)


class _Throat:
    """What all coughs of a person have in common."""

    def __init__(self, draw, label):
        self.resonances = np.sort(draw.uniform([350, 900, 1900], [700, 1700, 3200]))
        self.second_s = draw.uniform(*SECOND_S[label])
        self.crackles = draw.uniform(*CRACKLES[label])
        self.voiced = VOICED[label]
        self.f0_hz = draw.uniform(140, 380)
        self.tilt = draw.uniform(0.5, 1.5)

    def gain(self, hz):
        """Amplitude at frequencies: three resonances, over a slope."""
        peaks = sum(1 / (1 + ((hz - f) / (80 + 0.1 * f)) ** 2) for f in self.resonances)
        return (0.05 + peaks) / np.maximum(hz / 500, 0.2) ** self.tilt


def cough(draw: np.random.Generator, throat: _Throat, fs: int) -> np.ndarray:
    """(N,) at any level: burst, second phase with its crackles, voiced sound."""
    second_s = throat.second_s * draw.uniform(0.8, 1.2)
    n_samples = round((4 * second_s + 0.1) * fs)
    noise = coloured(draw, n_samples, fs, throat.gain)
    noise /= np.sqrt(power(noise))
    time = np.arange(n_samples) / fs
    burst = coloured(draw, n_samples, fs, lambda hz: throat.gain(hz) ** 0.3)
    burst = 1.5 * decay(burst / np.sqrt(power(burst)), fs, draw.uniform(*BURST_S))
    crackle = 1 + _crackles(draw, throat, n_samples, fs)
    x = burst + decay(noise * crackle, fs, second_s)
    if draw.random() < throat.voiced:
        x += draw.uniform(0.3, 1.0) * _voice(draw, throat, time, second_s)
    return draw.uniform(0.5, 1.0) * x * np.minimum(1, time / 0.004)


def _crackles(draw, throat, n_samples, fs):
    """(N,): short swellings, at random times."""
    x = np.zeros(n_samples)
    x[draw.integers(0, n_samples, draw.poisson(throat.crackles * n_samples / fs))] = draw.uniform(1, 3)
    return np.convolve(x, np.exp(-np.arange(round(0.02 * fs)) / (0.005 * fs)))[:n_samples]


def _voice(draw, throat, time, second_s):
    """(N,): harmonics of a falling pitch through the throat, in the last part of the cough."""
    pitch = throat.f0_hz * (1 - 0.3 * time / time[-1])
    phase = 2 * np.pi * np.cumsum(pitch) * (time[1] - time[0])
    harmonics = [k for k in range(1, 12) if k * throat.f0_hz < 0.45 / (time[1] - time[0])]
    x = sum(throat.gain(k * throat.f0_hz) * np.sin(k * phase + draw.uniform(0, 2 * np.pi)) for k in harmonics)
    x /= np.sqrt(power(x))
    return x * np.exp(-(((time - 2 * second_s) / (0.7 * second_s)) ** 2))
