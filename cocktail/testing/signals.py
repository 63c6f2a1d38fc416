"""Synthetic scenes for the conformance probes: NumPy alone, a few milliseconds each, no corpus needed."""

from dataclasses import dataclass, replace

import numpy as np

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.method import References
from cocktail.rng import rng
from cocktail.rooms.arrays import circular

ARRAY_RADIUS_M = 0.05
SNR_DB = 5.0
FAR_M = 2.0


@dataclass(frozen=True)
class ProbeScene:
    """A small anechoic scene with its truth."""

    mixture: np.ndarray
    """(D, N)."""
    references: References
    array: np.ndarray
    """(D, 3) in metres."""
    fs: int
    enrolment: np.ndarray
    """(N,) of the first talker, alone."""
    position: np.ndarray
    """(3,) of the first talker."""

    @property
    def speakers(self) -> tuple[str, ...]:
        """K names of those in TinyData."""
        return tuple(f"train-{k}" for k in range(self.n_sources))

    @property
    def n_sources(self) -> int:
        """Talkers, K."""
        return len(self.references.target)

    def map(self, function) -> "ProbeScene":
        """The scene with `function` applied to every signal; it gets (..., N) and must keep the leading axes."""
        truth = self.references
        mapped = References(function(truth.target), function(truth.images), function(truth.noise))
        return replace(self, mixture=function(self.mixture), references=mapped)

    def mix_channels(self, gains: np.ndarray) -> "ProbeScene":
        """The scene with `gains` (D, D) applied to the D channels of every signal that has them."""
        truth = self.references
        images, noise = np.einsum("de,ken->kdn", gains, truth.images), gains @ truth.noise
        mixed = References(images[:, 0].copy(), images, noise)
        return replace(self, mixture=gains @ self.mixture, references=mixed)

    def splice(self, other: "ProbeScene", start: int) -> "ProbeScene":
        """This scene up to sample `start`, the other from there on."""
        a, b = self.references, other.references
        pairs = [(a.target, b.target), (a.images, b.images), (a.noise, b.noise), (self.mixture, other.mixture)]
        *truth, mixture = [np.concatenate([x[..., :start], y[..., start:]], axis=-1) for x, y in pairs]
        return replace(self, mixture=mixture, references=References(*truth))


def make_scene(*, n_sources: int, channels: int, seconds: float, fs: int = 16000, seed: int = 0) -> ProbeScene:
    """`n_sources` speech-like talkers around a small circular array, in steady noise at 5 dB SNR."""
    n = round(seconds * fs)
    array = circular(channels, ARRAY_RADIUS_M if channels > 1 else 0.0)
    images = np.stack([
        _far_field(speech_like(n, fs, rng(seed, k, role="talker")), array, k, n_sources, fs) for k in range(n_sources)
    ])  # fmt: skip
    noise = np.stack([pink_noise(n, rng(seed, d, role="noise")) for d in range(channels)])
    noise *= _rms(images.sum(0)) / _rms(noise) * 10 ** (-SNR_DB / 20)
    mixture = images.sum(0) + noise
    level = 0.5 / max(np.abs(mixture).max(), 1e-12)
    mixture, images, noise = mixture * level, images * level, noise * level
    enrolment = speech_like(n, fs, rng(seed, 0, role="enrolment"))
    references = References(images[:, 0].copy(), images, noise)
    return ProbeScene(mixture, references, array, fs, enrolment, FAR_M * _direction(0, n_sources))


def speech_like(n: int, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(n,) harmonic sound with a moving pitch, two formants and about four syllables a second, with pauses and breath.

    The breath fills the high bins, as it does in speech: measures of the spectrum's shape look there too.
    """
    time = np.arange(n) / fs
    f0 = generator.uniform(90, 220) * (1 + 0.12 * np.sin(2 * np.pi * (generator.uniform(0.4, 0.9) * time)))
    phase = 2 * np.pi * np.cumsum(f0) / fs
    centre = generator.uniform([400, 1200], [800, 2400])
    x = np.zeros(n)
    for h in range(1, 25):
        if h * f0.mean() > 0.45 * fs:
            break
        weight = np.exp(-(((h * f0.mean() - centre) / 350) ** 2)).sum() + 0.1 / h
        x += weight * np.sin(h * phase + generator.uniform(0, 2 * np.pi))
    syllables = np.sin(2 * np.pi * generator.uniform(1.6, 2.2) * time + generator.uniform(0, np.pi))
    pauses = np.sin(2 * np.pi * generator.uniform(0.3, 0.5) * time + generator.uniform(0, np.pi)) > -0.8
    breath = 0.1 * generator.standard_normal(n)
    return (x + breath) * syllables**2 * pauses + 1e-4 * generator.standard_normal(n)


def pink_noise(n: int, generator: np.random.Generator) -> np.ndarray:
    """(n,) stationary Gaussian noise, power falling as 1 / f."""
    spectrum = np.fft.rfft(generator.standard_normal(n))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), n)


def _far_field(x, array, k, n_sources, fs):
    """(N,) plane wave from the k-th of `n_sources` directions -> (D, N)."""
    delay_s = -(array @ _direction(k, n_sources)) / SOUND_SPEED
    frequency = np.fft.rfftfreq(len(x), 1 / fs)
    return np.fft.irfft(np.fft.rfft(x) * np.exp(-2j * np.pi * frequency * delay_s[:, None]), len(x))


def _direction(k, n_sources):
    """(3,) unit vector from the array to the k-th talker."""
    angle = np.pi * (k + 0.5) / n_sources
    return np.array([np.cos(angle), np.sin(angle), 0.0])


def _rms(x):
    return max(np.sqrt(np.mean(x**2)), 1e-12)
