"""Synthesised noise: one pure function a kind, `(rng, n_samples, fs) -> (N,)`, at any level.

White, pink, car and machine gun follow NOISEX-92 (A. Varga and H. Steeneken, Speech Communication 12(3), 1993). What
is imitated is the long-term spectrum and the structure in time, not the timbre. The spectrum of the `STATIONARY` kinds
does not change, so that a noise tracker can learn it.
"""

from collections.abc import Callable

import numpy as np

from cocktail.dsp.shaping import coloured

STATIONARY = frozenset({"white", "pink", "car", "hum"})
FLOOR_DB = -50.0
"""Level of the pink noise between bangs, dB re their peaks, so that no stretch is digital silence: no gain could bring
that to an SNR."""


def white(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Gaussian, flat power spectrum."""
    return rng.standard_normal(n_samples)


def pink(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Power falls as 1/f (3 dB an octave) above 20 Hz."""
    return coloured(rng, n_samples, fs, lambda f: 1 / np.sqrt(np.maximum(f, 20.0)))


def car(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Inside of a car at constant speed: road rumble falling as 1/f^2 above 60 Hz, and the harmonics of the engine.

    A four-stroke engine of four cylinders fires twice a turn: 60 to 110 Hz at 1,800 to 3,300 turns a minute.
    """
    rumble = coloured(rng, n_samples, fs, lambda f: 1 / (1 + (f / 60.0) ** 2) ** 0.5)
    engine = harmonics(rng, n_samples, fs, f0=rng.uniform(60, 110), levels_db=-6.0 * np.arange(8), drift=0.01)
    return rumble / _rms(rumble) + rng.uniform(0.2, 0.5) * engine / _rms(engine)


def hum(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Mains hum: harmonics of 50 Hz, the even ones (transformers buzz at 100 Hz) stronger, over a faint pink floor."""
    levels = -1.0 * np.arange(40) + rng.uniform(-6, 6, 40)
    levels[::2] -= 6.0  # 50, 150, 250, ... Hz
    tones = harmonics(rng, n_samples, fs, f0=50.0 + rng.uniform(-0.1, 0.1), levels_db=levels, drift=0.0)
    floor = pink(rng, n_samples, fs)
    return tones / _rms(tones) + 0.1 * floor / _rms(floor)


def machine_gun(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Bursts of 5 to 15 shots at 7.5 to 10 a second (450 to 600 a minute), pauses of 0.4 to 1 s; a faint floor."""
    rate, low = rng.uniform(7.5, 10.0), rng.uniform(80, 160)
    times = _bursts(rng, n_samples / fs, (5, 16), rate, 0.02)

    def shot():
        crack = decay(rng.standard_normal(round(0.09 * fs)), fs, 0.012)
        thump = decay(np.sin(2 * np.pi * low * np.arange(round(0.09 * fs)) / fs), fs, 0.03)
        return rng.uniform(0.8, 1.2) * (crack + 0.7 * thump)

    return scattered(n_samples, fs, times, shot) + _floor(rng, n_samples, fs)


def hammer(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Series of 3 to 8 blows at 1.5 to 3 a second, pauses of 0.4 to 1 s; a faint floor.

    A blow is a click and five damped modes.
    """
    rate = rng.uniform(1.5, 3.0)
    modes = np.exp(rng.uniform(np.log(300), np.log(5000), 5))
    decays, weights = rng.uniform(0.015, 0.08, 5), rng.uniform(0.3, 1.0, 5)
    times = _bursts(rng, n_samples / fs, (3, 9), rate, 0.06)

    def blow():
        n = np.arange(round(0.3 * fs)) / fs
        ring = sum(
            w * np.exp(-n / d) * np.sin(2 * np.pi * f * n) for f, d, w in zip(modes, decays, weights, strict=True)
        )
        return rng.uniform(0.6, 1.4) * (ring + decay(rng.standard_normal(len(n)), fs, 0.003))

    return scattered(n_samples, fs, times, blow) + _floor(rng, n_samples, fs)


def street(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Distant traffic, and over it cars passing (every 5 s), horns (every 8 s), footsteps (a third of the time)."""
    seconds = n_samples / fs
    traffic = coloured(rng, n_samples, fs, lambda f: 1 / np.maximum(f, 50.0))
    traffic /= _rms(traffic)
    passing = scattered(n_samples, fs, _poisson(rng, seconds, 5.0), lambda: _passing_car(rng, fs))
    horns = scattered(n_samples, fs, _poisson(rng, seconds, 8.0), lambda: _horn(rng, fs))
    begin, end = np.sort(rng.uniform(0, seconds, 2))
    times = np.arange(begin, end, 1 / rng.uniform(1.6, 2.2))
    steps = scattered(n_samples, fs, times, lambda: rng.uniform(1, 3) * decay(pink(rng, round(0.1 * fs), fs), fs, 0.02))
    return 0.4 * traffic + passing + horns + steps


def music(rng: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """A pentatonic melody over bass and a drum, in time: harmonic, tonal, changing with every note."""
    beat = 60 / rng.uniform(80, 140)
    root = 110 * 2 ** (rng.integers(12) / 12)
    scale = np.array([0, 2, 4, 7, 9])
    beats = np.arange(0, n_samples / fs, beat)

    def note(octave, length):
        f0 = root * 2 ** (octave + rng.choice(scale) / 12)
        return plucked(rng, f0, length, fs)

    melody = np.sort(np.concatenate([beats, beats[rng.random(len(beats)) < 0.5] + beat / 2]))
    return (
        scattered(n_samples, fs, melody, lambda: note(rng.integers(1, 3), 1.5 * beat))
        + scattered(n_samples, fs, beats[::2], lambda: 1.5 * note(-1, 2 * beat))
        + scattered(n_samples, fs, beats[::2], lambda: 0.8 * decay(rng.standard_normal(round(0.2 * fs)), fs, 0.03))
    )


KINDS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "white": white,
    "pink": pink,
    "car": car,
    "hum": hum,
    "machine-gun": machine_gun,
    "hammer": hammer,
    "street": street,
    "music": music,
}
"""Kinds that need no recording."""


def babble(rng: np.random.Generator, n_samples: int, fs: int, talkers: list[list[np.ndarray]]) -> np.ndarray:
    """Sum of `talkers`, each a list of (N,) utterances that it says in random order, again and again, without a pause.

    Every talker is as loud as the others to within 3 dB and starts in the middle of something.
    """
    total = np.zeros(n_samples)
    for utterances in talkers:
        parts, length, offset = [], 0, int(rng.integers(4 * fs))
        while length < n_samples + offset:
            parts += [utterances[i] for i in rng.permutation(len(utterances))]
            length = sum(len(part) for part in parts)
        stream = np.concatenate(parts)[offset : offset + n_samples]
        total += 10 ** (rng.uniform(-1.5, 1.5) / 20) * stream / _rms(stream)
    return total


def harmonics(rng: np.random.Generator, n_samples: int, fs: int, f0: float, levels_db, drift: float) -> np.ndarray:
    """Harmonics of `f0` Hz at those levels, random phases; f0 wanders by the share `drift` within some seconds."""
    knots = np.arange(0, n_samples + fs, fs)
    wander = np.interp(np.arange(n_samples), knots, _walk(rng, len(knots)))
    phase = 2 * np.pi * np.cumsum(f0 * (1 + drift * wander)) / fs
    tones = [(k, level) for k, level in enumerate(levels_db, 1) if k * f0 < 0.45 * fs]
    return sum(10 ** (level / 20) * np.sin(k * phase + rng.uniform(0, 2 * np.pi)) for k, level in tones)


def plucked(rng: np.random.Generator, f0: float, seconds: float, fs: int) -> np.ndarray:
    """A note with ten harmonics falling as 1/k, the higher the faster they die."""
    t = np.arange(round(seconds * fs)) / fs
    tones = [k for k in range(1, 11) if k * f0 < 0.45 * fs]
    note = sum(np.exp(-t * (2 + k)) / k * np.sin(2 * np.pi * k * f0 * t + rng.uniform(0, 2 * np.pi)) for k in tones)
    return note * np.minimum(1, t / 0.01) * np.minimum(1, t[::-1] / 0.01)


def decay(x: np.ndarray, fs: int, seconds: float) -> np.ndarray:
    """`x` dying away by 1/e in every `seconds`."""
    return x * np.exp(-np.arange(len(x)) / (seconds * fs))


def scattered(n_samples: int, fs: int, times_s, event: Callable[[], np.ndarray]) -> np.ndarray:
    """Sum of one `event()` at each of the times, cut at the end of the recording."""
    x = np.zeros(n_samples)
    for t in times_s:
        start = round(float(t) * fs)
        sound = event()[: max(0, n_samples - start)]
        x[start : start + len(sound)] += sound
    return x


def _floor(rng, n_samples, fs):
    x = pink(rng, n_samples, fs)
    return 10 ** (FLOOR_DB / 20) * x / _rms(x)


def _passing_car(rng, fs):
    n = round(rng.uniform(3, 6) * fs)
    corner = rng.uniform(300, 900)
    tyres = coloured(rng, n, fs, lambda f: 1 / (1 + (f / corner) ** 2))
    return rng.uniform(0.8, 2.0) * np.hanning(n) ** 2 * tyres / _rms(tyres)


def _horn(rng, fs):
    t = np.arange(round(rng.uniform(0.2, 0.8) * fs)) / fs
    f0 = rng.uniform(350, 450)
    tone = sum(np.sin(2 * np.pi * k * f * t) / k for f in (f0, 1.26 * f0) for k in (1, 2, 3, 4))
    return rng.uniform(0.3, 1.0) * tone * np.minimum(1, t / 0.02) * np.minimum(1, t[::-1] / 0.05)


def _bursts(rng, seconds, counts, rate, jitter):
    """Times of events in bursts of `counts` (from, below) at `rate` a second, 0.4 to 1 s apart."""
    times, t = [], rng.uniform(0, 0.5)
    while t < seconds:
        for _ in range(rng.integers(*counts)):
            times.append(t)
            t += rng.normal(1, jitter) / rate
        t += rng.uniform(0.4, 1.0)
    return times


def _poisson(rng, seconds, every_s):
    return np.sort(rng.uniform(0, seconds, rng.poisson(seconds / every_s)))


def _walk(rng, n):
    return np.tanh(np.cumsum(rng.normal(0, 0.5, n)))


def _rms(x):
    return np.sqrt(np.mean(x**2))
