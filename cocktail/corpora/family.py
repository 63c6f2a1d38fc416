"""A family of noise: eight kinds, `(rng, n_samples, fs) -> (N,)`, whose parameters are drawn anew for every recording.

What is drawn: long-term spectra, modulation spectra, rates, shapes and decays of events, modes of resonance, pitch and
its course, how many sources there are. No two recordings of a kind sound alike, so that a model which learns from them
cannot know the noise that it meets later. None is one of those of cocktail.corpora.noises, which are made otherwise.

Sound textures are known by such statistics: J. H. McDermott and E. P. Simoncelli, "Sound texture perception via
statistics of the auditory periphery", Neuron 71(5), 2011. Ranges are this project's, and span what recordings of rain,
surf, machines, dishes, birds and crowds are like.
"""

from collections.abc import Callable

import numpy as np

from cocktail.dsp.shaping import coloured

STATIONARY = frozenset({"hiss", "motor"})
LOWEST_HZ = 60.0
FLOOR_DB = (-45.0, -15.0)
"""Level of the noise between events, dB re the level of these."""


def hiss(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Air, fans, steady water: Gaussian, of any smooth spectrum, its level constant to within a decibel."""
    return shaped(rng, n_samples, fs) * modulation(rng, n_samples, fs, depth_db=(0, 0.5), rate_hz=(0.2, 4))


def motor(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Machines that run: harmonics under a drawn spectrum, throbbing at a part of their rate, over noise of the air."""
    f0 = _log_uniform(rng, 25, 400)
    wander = smooth(rng, n_samples, fs, rng.uniform(0.1, 1.0))
    phase = 2 * np.pi * np.cumsum(f0 * (1 + rng.uniform(0.0, 0.01) * wander)) / fs
    ks = np.arange(1, min(int(0.45 * fs / f0), 60) + 1)
    levels_db = response(rng)(ks * f0) + rng.normal(0, 6, len(ks))
    tones = sum(
        10 ** (level / 20) * np.sin(k * phase + rng.uniform(0, 2 * np.pi))
        for k, level in zip(ks, levels_db, strict=True)
    )
    throb = 1 + rng.uniform(0, 0.6) * np.sin(phase / rng.integers(2, 9) + rng.uniform(0, 2 * np.pi))
    air = shaped(rng, n_samples, fs)
    return throb * (unit(tones) + 10 ** (rng.uniform(-18, 9) / 20) * air)


def gusts(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Wind, surf, traffic: noises of several spectra, each of which swells and falls for itself."""
    return sum(
        rng.uniform(0.3, 1.0)
        * shaped(rng, n_samples, fs)
        * modulation(rng, n_samples, fs, depth_db=(3, 9), rate_hz=(0.1, 8))
        for _ in range(rng.integers(1, 4))
    )


def grains(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Rain, fire, gravel, water: many short events, drops or crackles, of a drawn density, size and pitch."""
    rate, spread = _log_uniform(rng, 8, 1500), rng.uniform(0.2, 1.2)
    centre, width = _log_uniform(rng, 400, 5000), rng.uniform(0.2, 1.5)
    ringing, decay_s = rng.random() < 0.5, _log_uniform(rng, 0.0005, 0.02)
    swell = modulation(rng, n_samples, fs, depth_db=(0, 6), rate_hz=(0.2, 10))
    total, shapes = np.zeros(n_samples), 12
    for _ in range(shapes):
        f = np.clip(centre * 2 ** rng.normal(0, width), LOWEST_HZ, 0.45 * fs)
        t = np.arange(round(0.12 * fs)) / fs
        carrier = np.sin(2 * np.pi * f * t) if ringing else band_noise(rng, len(t), fs, f)
        total += filtered(
            _strikes(rng, n_samples, fs, rate / shapes, spread), carrier * np.exp(-t / (decay_s * rng.uniform(0.5, 2)))
        )
    return _over_floor(rng, swell * total, fs)


def knocks(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Dishes, tools, doors, steps: a few objects with modes of their own, struck at a drawn rate, evenly or not."""
    total = np.zeros(n_samples)
    for _ in range(rng.integers(1, 5)):
        n_modes, lowest = rng.integers(2, 14), _log_uniform(rng, 90, 2500)
        modes = np.minimum(lowest * 2 ** rng.uniform(0, 4, n_modes), 0.45 * fs)
        longest = _log_uniform(rng, 0.01, 0.5)
        t = np.arange(round(min(4 * longest, 1.0) * fs)) / fs
        decays = longest * (modes / modes.min()) ** -rng.uniform(0, 1)
        ring = rng.uniform(0.2, 1, n_modes) @ (np.exp(-t / decays[:, None]) * np.sin(2 * np.pi * modes[:, None] * t))
        click = rng.uniform(0, 3) * rng.standard_normal(len(t)) * np.exp(-t / _log_uniform(rng, 0.0005, 0.02))
        strikes = _strikes(rng, n_samples, fs, _log_uniform(rng, 0.4, 9), rng.uniform(0.1, 0.9), rng.uniform(0, 1))
        total += rng.uniform(0.3, 1.0) * unit(filtered(strikes, unit(ring + click)))
    return _over_floor(rng, total, fs)


def calls(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Birds, alarms, sirens, beeps, whistles, animals: tones that glide, alone or with harmonics, again and again."""
    total = np.zeros(n_samples)
    for _ in range(rng.integers(1, 5)):
        length = round(_log_uniform(rng, 0.03, 1.5) * fs)
        t, way = np.arange(length) / fs, np.linspace(-0.5, 0.5, length)
        glide = rng.normal(0, 0.4) * way + rng.normal(0, 0.8) * way**2
        vibrato = rng.uniform(0, 0.04) * np.sin(2 * np.pi * rng.uniform(3, 40) * t)
        f0, n_harmonics, fall = _log_uniform(rng, 150, 4000), rng.integers(1, 12), rng.uniform(0.3, 2.0)
        phase = 2 * np.pi * np.cumsum(f0 * 2 ** (glide + vibrato)) / fs
        top = f0 * 2 ** np.abs(glide + vibrato).max()
        call = sum(k**-fall * np.sin(k * phase) for k in range(1, n_harmonics + 1) if k == 1 or k * top < 0.45 * fs)
        rise = min(rng.uniform(0.003, 0.1) * fs, length / 2)
        shape = np.minimum(1, np.arange(length) / rise) * np.minimum(1, np.arange(length)[::-1] / rise)
        strikes = _strikes(rng, n_samples, fs, _log_uniform(rng, 0.3, 8), rng.uniform(0, 0.6), rng.uniform(0, 1))
        total += rng.uniform(0.3, 1.0) * unit(filtered(strikes, call * shape))
    return _over_floor(rng, total, fs)


def crowd(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """2 to 11 voices without words: pulses and breath through formants that change from syllable to syllable.

    The place that they are heard in has half of a drawn spectrum, in dB.
    """
    voices = sum(rng.uniform(0.3, 1.0) * unit(_voice(rng, n_samples, fs)) for _ in range(rng.integers(2, 12)))
    gain = 10 ** (response(rng)(np.fft.rfftfreq(n_samples, 1 / fs)) / 40)
    return np.fft.irfft(np.fft.rfft(voices) * gain, n_samples)


def layers(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Two or three of the other kinds at once."""
    others = [kind for name, kind in KINDS.items() if name != "layers"]
    chosen = rng.choice(len(others), rng.integers(2, 4), replace=False)
    return sum(10 ** (rng.uniform(-9, 0) / 20) * unit(others[i](rng, n_samples, fs)) for i in chosen)


KINDS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "hiss": hiss,
    "motor": motor,
    "gusts": gusts,
    "grains": grains,
    "knocks": knocks,
    "calls": calls,
    "crowd": crowd,
    "layers": layers,
}


def response(rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """A long-term spectrum: frequencies in Hz -> dB. A tilt, octave bands up and down, and up to three resonances."""
    tilt = rng.uniform(-9, 2)
    centres = LOWEST_HZ * 2.0 ** np.arange(8)
    bands = rng.normal(0, 4, len(centres))
    n = rng.integers(0, 4)
    peaks, widths, heights = _log_uniform(rng, 80, 6000, n), rng.uniform(0.1, 0.6, n), rng.uniform(3, 15, n)

    def decibels(f):
        octaves = np.log2(np.maximum(f, LOWEST_HZ) / 1000)
        smooth_bands = np.interp(octaves, np.log2(centres / 1000), bands)
        bumps = heights * np.exp(-0.5 * ((octaves[:, None] - np.log2(peaks / 1000)) / widths) ** 2)
        return tilt * octaves + smooth_bands + bumps.sum(1)

    return decibels


def shaped(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Gaussian noise of a drawn spectrum, of unit power."""
    decibels = response(rng)
    return unit(coloured(rng, n_samples, fs, lambda f: 10 ** (decibels(f) / 20)))


def modulation(rng: np.random.Generator, n_samples: int, fs: int, depth_db, rate_hz) -> np.ndarray:
    """A gain whose level in dB is Gaussian with a deviation from `depth_db`; its spectrum falls above `rate_hz`."""
    depth = rng.uniform(*depth_db)
    return 10 ** (depth / 20 * np.clip(smooth(rng, n_samples, fs, _log_uniform(rng, *rate_hz)), -2.5, 2.5))


def smooth(rng: np.random.Generator, n_samples: int, fs: int, rate_hz: float) -> np.ndarray:
    """Gaussian of unit deviation that changes with up to some `rate_hz`."""
    knots = max(round(2 * rate_hz * n_samples / fs), 1) + 3
    values = rng.standard_normal(knots)
    x = np.interp(np.linspace(1, knots - 2, n_samples), np.arange(knots), values)
    return x / np.sqrt(2 / 3)  # of a straight line between two independent values


def band_noise(rng: np.random.Generator, n_samples: int, fs: int, centre_hz: float) -> np.ndarray:
    """Gaussian noise an octave wide."""
    return coloured(rng, n_samples, fs, lambda f: np.exp(-0.5 * (2 * np.log2(np.maximum(f, 1) / centre_hz)) ** 2))


def filtered(x: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """`x` (N,) through a filter, (N,)."""
    from scipy.signal import oaconvolve

    return oaconvolve(x, taps)[: len(x)]


def unit(x: np.ndarray) -> np.ndarray:
    """`x` at unit power."""
    return x / max(np.sqrt(np.mean(x**2)), 1e-12)


def _strikes(rng, n_samples, fs, rate, spread, evenness=0.0):
    """Pulses at `rate` a second, at least one: at random times, or as even as `evenness` from 0 to 1 says.

    Their levels are Gaussian in the logarithm, with the deviation `spread`.
    """
    seconds = n_samples / fs
    gaps = rng.exponential(1 / rate, max(round(2 * rate * seconds), 4))
    gaps = evenness / rate + (1 - evenness) * gaps
    times = np.cumsum(gaps) - gaps[0] * rng.random()
    at = np.minimum((times[times < seconds] * fs).astype(int), n_samples - 1)
    at = at if len(at) else rng.integers(n_samples, size=1)
    x = np.zeros(n_samples)
    np.add.at(x, at, np.exp(rng.normal(0, spread, len(at))) * rng.choice([-1, 1], len(at)))
    return x


def _voice(rng, n_samples, fs):
    """One voice of a crowd."""
    f0 = _log_uniform(rng, 80, 320) * 2 ** (0.15 * smooth(rng, n_samples, fs, rng.uniform(1, 4)))
    phase = np.cumsum(f0) / fs
    pulses = np.diff(np.floor(phase), prepend=0.0)
    breath = rng.uniform(0.02, 0.2) * rng.standard_normal(n_samples)
    source = np.fft.rfft(pulses + breath)
    f, coarse = np.fft.rfftfreq(n_samples, 1 / fs), np.linspace(0, fs / 2, 513)
    tract, tilt = rng.uniform(0.85, 1.25), rng.uniform(-12, -6)
    vowels = 5
    syllables = max(round(rng.uniform(3, 6) * n_samples / fs), 2)
    turns = rng.integers(vowels, size=syllables + 1)
    place = np.linspace(0, syllables - 1, n_samples)
    said = np.zeros(n_samples)
    for vowel in range(vowels):
        formants = tract * np.array([rng.uniform(280, 850), rng.uniform(800, 2400), rng.uniform(2300, 3000), 3600.0])
        peaks = np.exp(-0.5 * ((coarse[:, None] - formants) / (60 + 0.06 * formants)) ** 2) @ [1.0, 0.6, 0.35, 0.2]
        gain = (peaks + 0.01) * 10 ** (tilt * np.log2(np.maximum(coarse, 200) / 500) / 40)
        share = np.interp(place, np.arange(syllables + 1), (turns == vowel).astype(float))
        said += share * np.fft.irfft(source * np.interp(f, coarse, gain), n_samples)
    loud = np.exp(rng.normal(0, 0.8, syllables + 1)) * (rng.random(syllables + 1) > 0.15)
    return said * np.interp(place, np.arange(syllables + 1), loud) * (0.3 + np.sin(np.pi * (place % 1)) ** 2)


def _over_floor(rng, x, fs):
    floor = shaped(rng, len(x), fs)
    return unit(x) + 10 ** (rng.uniform(*FLOOR_DB) / 20) * floor


def _log_uniform(rng, low, high, size=None):
    return np.exp(rng.uniform(np.log(low), np.log(high), size))
