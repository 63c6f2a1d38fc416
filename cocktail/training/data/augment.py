"""Augmentation of isolated speech before it is mixed: one pure function each, of x (N,) float32 at fs Hz.

An entry names them in its field `augment`; each is applied to half of the utterances, with a strength drawn anew. The
augmented speech is what a network learns to return. A talker's voice (`vtl`, `conversion`) is that of all that is heard
of the talker in a scene. Noise and rooms are perturbed by perturb.py.

Time stretching is the phase vocoder of J. L. Flanagan and R. M. Golden, Bell Syst. Tech. J. 45, 1966, in the form of
J. Laroche and M. Dolson, IEEE Trans. Speech Audio Process. 7(3), 1999, without phase locking. Vocal tract length: N.
Jaitly and G. E. Hinton, "Vocal tract length perturbation (VTLP) improves speech recognition", ICML WDLASL 2013. Voice
conversion: what one speaker says in the voice of another (cocktail.spoofing.conversion); it takes a tenth of the time
that the speech lasts.

Deviations: VTLP warps the spectra of features, and bends the warp so that the highest frequency stays where it is; here
the waveform is resampled, so that the warped signal can be mixed, and what passes half the rate is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft

from cocktail import stft
from cocktail.errors import require_known
from cocktail.spoofing import conversion
from cocktail.training.data import perturb

STRETCH = (0.85, 1.15)
VTL = (0.9, 1.1)
"""Warping factors of VTLP."""
BANDWIDTH_HZ = (2500.0, 7000.0)
TELEPHONE_HZ = (300.0, 3400.0)
LEVEL_DB = (-20.0, 0.0)
T60_S, DIRECT_DB = (0.1, 0.6), (0.0, 15.0)
"""Of `room`: reverberation time, and level of the direct sound re the reverberation."""

_WINDOW, _HOP = 512, 128
_EDGE_HZ = 200.0


def stretch(x: np.ndarray, fs: int, factor: float) -> np.ndarray:
    """(N,) -> (round(factor N),): as many times as long at the same pitch."""
    X = stft.stft(x, _WINDOW, _HOP)
    n_samples = max(1, round(factor * len(x)))
    n_frames = stft.stft(np.zeros(n_samples, x.dtype), _WINDOW, _HOP).shape[-1]
    place = np.minimum(np.arange(n_frames) / factor, X.shape[-1] - 1)
    left = place.astype(int)
    right, share = np.minimum(left + 1, X.shape[-1] - 1), (place - left).astype(x.dtype)
    magnitude = (1 - share) * np.abs(X[:, left]) + share * np.abs(X[:, right])
    # Phases advance from frame to frame as they do between the two frames that surround this place.
    advance = np.angle(X[:, right[:-1]] * X[:, left[:-1]].conj())
    phase = np.cumsum(np.concatenate([np.angle(X[:, :1]), advance], axis=1), axis=1)
    return stft.istft(magnitude * np.exp(1j * phase), n_samples, _WINDOW, _HOP).astype(x.dtype)


def vocal_tract(x: np.ndarray, fs: int, warp: float) -> np.ndarray:
    """(N,) -> (N,): formants, and the pitch, at `warp` times their frequency, as fast as before.

    It is played faster or slower and then stretched back.
    """
    if warp == 1:
        return x
    length = scipy.fft.next_fast_len(len(x), real=True)
    resampled = scipy.fft.next_fast_len(round(length / warp), real=True)
    X = scipy.fft.rfft(x, length)
    kept = min(len(X), resampled // 2 + 1)
    y = scipy.fft.irfft(X[:kept], resampled) * np.float32(resampled / length)
    y = y[: max(1, round(len(x) * resampled / length))]
    return stretch(y, fs, len(x) / len(y))


def converted(x: np.ndarray, fs: int, other: np.ndarray) -> np.ndarray:
    """(N,) -> (N,): what x says in the voice of `other` (M,), as loud and as fast as before; silence as it is."""
    if not (x.any() and other.any()):
        return x
    y = conversion.convert(x, other, fs)[: len(x)]
    y = np.pad(y, (0, len(x) - len(y))).astype(np.float32)
    return y * np.float32(_rms(x) / max(_rms(y), 1e-12))


def band(x: np.ndarray, fs: int, low_hz: float, high_hz: float) -> np.ndarray:
    """(N,) -> (N,): what lies between two frequencies, with edges of 200 Hz outside of them and no delay."""
    length = scipy.fft.next_fast_len(len(x), real=True)
    f = np.fft.rfftfreq(length, 1 / fs)
    outside = np.maximum(np.maximum(low_hz - f, f - high_hz), 0) / _EDGE_HZ
    gain = np.cos(np.pi / 2 * np.minimum(outside, 1)) ** 2
    return scipy.fft.irfft(scipy.fft.rfft(x, length) * gain.astype(x.dtype), length)[: len(x)]


def bandwidth(x: np.ndarray, fs: int, cut_hz: float) -> np.ndarray:
    """(N,) -> (N,): nothing above `cut_hz`."""
    return band(x, fs, 0.0, cut_hz)


def telephone(x: np.ndarray, fs: int, bits: int) -> np.ndarray:
    """(N,) -> (N,): the band of a telephone, in steps of mu-law (ITU-T G.711, mu = 255, there 8 bits)."""
    narrow = band(x, fs, *TELEPHONE_HZ)
    peak = max(float(np.abs(narrow).max()), 1e-12)
    mu, steps = 255.0, 2.0 ** (bits - 1) - 1
    compressed = np.sign(narrow) * np.log1p(mu * np.abs(narrow) / peak) / np.log1p(mu)
    quantised = np.round(compressed * steps) / steps
    return (np.sign(quantised) * np.expm1(np.abs(quantised) * np.log1p(mu)) / mu * peak).astype(x.dtype)


def gain(x: np.ndarray, fs: int, level_db: float) -> np.ndarray:
    """(N,) -> (N,): louder by `level_db`."""
    return x * np.float32(10 ** (level_db / 20))


def equaliser(x: np.ndarray, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) -> (N,): through a drawn response, as over another microphone; as loud as before."""
    y = perturb.equalised(x, fs, generator)
    return y * np.float32(_rms(x) / max(_rms(y), 1e-12))


def room(x: np.ndarray, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) -> (N,): with reverberation that dies away exponentially; its tail beyond the end is lost."""
    t60, direct_db = np.exp(generator.uniform(*np.log(T60_S))), generator.uniform(*DIRECT_DB)
    t = np.arange(round(t60 * fs), dtype=np.float32) / np.float32(fs)
    tail = generator.standard_normal(len(t), np.float32) * np.float32(10) ** (-3 * t / np.float32(t60))
    length = scipy.fft.next_fast_len(len(x) + len(t), real=True)
    late = scipy.fft.irfft(scipy.fft.rfft(x, length) * scipy.fft.rfft(tail, length), length)[: len(x)]
    return x + late * np.float32(10 ** (-direct_db / 20) * _rms(x) / max(_rms(late), 1e-12))


def _rms(x):
    return np.sqrt(np.mean(x**2))


AUGMENTATIONS: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "stretch": lambda x, fs, generator: stretch(x, fs, generator.uniform(*STRETCH)),
    "bandwidth": lambda x, fs, generator: bandwidth(x, fs, generator.uniform(*BANDWIDTH_HZ)),
    "codec": lambda x, fs, generator: telephone(x, fs, int(generator.integers(5, 9))),
    "equaliser": equaliser,
    "room": room,
    "level": lambda x, fs, generator: gain(x, fs, generator.uniform(*LEVEL_DB)),
}
"""Name -> one of the functions above at a strength that is drawn. In a mixture, whose talkers have the levels that its
condition says, `level` is applied to the whole (cocktail.training.data.mixer)."""

VOICE = ("vtl", "conversion")
NAMES = (*AUGMENTATIONS, *VOICE, *perturb.NOISE, *perturb.ROOMS)
"""All that an entry may name."""


def augmented(x: np.ndarray, fs: int, generator: np.random.Generator, names: tuple[str, ...]) -> np.ndarray:
    """(N,) float32 after each of the augmentations with a chance of one half, in the order of AUGMENTATIONS."""
    for name, function in AUGMENTATIONS.items():
        if perturb.chosen(generator, name, names):
            x = function(x, fs, generator)
    return x


@dataclass(frozen=True)
class Voice:
    """The voice of a talker in one scene."""

    speaker: str
    """Who is heard."""
    warp: float = 1.0
    """Of the vocal tract."""
    recorded: np.ndarray | None = None
    """(M,) what `speaker` said elsewhere, where the voice is converted."""

    def saying(self, x: np.ndarray, fs: int) -> np.ndarray:
        """(N,) -> (N,) float32 in this voice."""
        return vocal_tract(x if self.recorded is None else converted(x, fs, self.recorded), fs, self.warp)


def warp(generator: np.random.Generator, names: tuple[str, ...]) -> float:
    """Of a talker's vocal tract: with `vtl`, drawn for one half, otherwise 1."""
    return generator.uniform(*VTL) if perturb.chosen(generator, "vtl", names) else 1.0


def check(names: tuple[str, ...]) -> None:
    """Raise CocktailError where a name is no augmentation."""
    require_known(names, NAMES, "augment: unknown")
