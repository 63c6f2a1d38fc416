"""PMSQE, a loss made of the disturbances of PESQ: how a listener hears the difference of two magnitude spectra.

J. M. Martin-Donas, A. M. Gomez, J. A. Gonzalez and A. M. Peinado, "A deep learning loss function based on the
perceptual evaluation of the speech quality", IEEE Signal Processing Letters 25(11), 2018. Bands, constants and
equations are those of ITU-T Rec. P.862 (2001), sections 10.2.2 to 10.2.9, at 16 kHz: power in bands of the Bark scale,
level, frequency and gain equalised, then loudness, of whose difference a dead zone is taken off; what was added counts
more than what is missing (the asymmetrical disturbance).

Deviations: as in the authors' program, the estimate is equalised in frequency where P.862 equalises the reference, and
gains are not smoothed over time. Powers are averaged over frames for the former, as in P.862, where that program adds
them up. Of P.862, the alignment in time, the filter of the receiver, bad intervals and the norms over time are left
out, as the letter leaves them out: a loss is the mean of its frames.

Shapes: magnitudes and powers (..., F, T), pitch powers and loudness of B bands (..., B, T); `weight`, broadcast against
(..., T), says which frames count.
"""

import functools

import numpy as np
import torch

from cocktail.errors import CocktailError
from cocktail.nets.losses import weighted_mean
from cocktail.stft import SIZE

FS = 16000
ALPHA, BETA = 0.1, 0.0309
"""Weights of the symmetrical and the asymmetrical disturbance: those of PESQ's score."""
POWER_SCALE, LOUDNESS_SCALE = 6.910853e-6, 1.866055e-1
"""Sp and Sl of P.862: 1 kHz at 40 dB SPL has a pitch power of 10^4 and 1 sone."""
ZWICKER = 0.23
LISTENING_POWER = 1e7
"""Mean square of a signal between 350 and 3250 Hz at the standard listening level."""

BINS = (
    1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 3, 4, 5, 4, 5, 6, 6, 7, 8,
    9, 9, 12, 12, 15, 16, 18, 21, 25, 20,
)  # fmt: skip
"""Of each band; bins are 31.25 Hz apart."""
WIDTHS = (
    0.157344, 0.317994, 0.322441, 0.326934, 0.331474, 0.336061, 0.340697, 0.345381, 0.350114, 0.354897, 0.359729,
    0.364611, 0.369544, 0.374529, 0.379565, 0.384653, 0.389794, 0.394989, 0.400236, 0.405538, 0.410894, 0.416306,
    0.421773, 0.427297, 0.432877, 0.438514, 0.444209, 0.449962, 0.455774, 0.461645, 0.467577, 0.473569, 0.479621,
    0.485736, 0.491912, 0.498151, 0.504454, 0.510819, 0.517250, 0.523745, 0.530308, 0.536934, 0.543629, 0.550390,
    0.557220, 0.564119, 0.571085, 0.578125, 0.585232,
)  # fmt: skip
"""Of each band in Bark."""
CORRECTIONS = (
    100.0, 99.999992, 100.0, 100.000008, 100.000008, 100.000015, 99.999992, 99.999969, 50.000027, 100.0, 99.999969,
    100.000015, 99.999947, 100.000061, 53.047077, 110.000046, 117.991989, 65.0, 68.760147, 69.999931, 71.428818,
    75.000038, 76.843384, 80.968781, 88.646126, 63.864388, 68.155350, 72.547775, 75.584831, 58.379192, 80.950836,
    64.135651, 54.384785, 73.821884, 64.437073, 59.176456, 65.521278, 61.399822, 58.144047, 57.004543, 64.126297,
    54.311001, 61.114979, 55.077751, 56.849335, 55.628868, 53.137054, 54.985844, 79.546974,
)  # fmt: skip
"""Of the power in each band, for that its bins do not end where the band does."""
THRESHOLDS = (
    51286152.0, 2454709.5, 70794.59375, 4897.788574, 1174.897705, 389.045166, 104.71286, 45.70882, 17.782795, 9.772372,
    4.897789, 3.090296, 1.905461, 1.258925, 0.977237, 0.724436, 0.562341, 0.457088, 0.389045, 0.331131, 0.295121,
    0.269153, 0.257040, 0.251189, 0.251189, 0.251189, 0.251189, 0.263027, 0.288403, 0.309030, 0.338844, 0.371535,
    0.398107, 0.436516, 0.467735, 0.489779, 0.501187, 0.501187, 0.512861, 0.524807, 0.524807, 0.524807, 0.512861,
    0.478630, 0.426580, 0.371535, 0.363078, 0.416869, 0.537032,
)  # fmt: skip
"""Pitch power in each band that is just heard."""


def pmsqe(*, reference: torch.Tensor, estimate: torch.Tensor, fs: int, weight=None) -> torch.Tensor:
    """0.1 D + 0.0309 DA, the mean over the frames of magnitudes (..., F, T) of 32 ms: a scalar, 0 for equal ones.

    The levels of the two are of no account. Raises CocktailError where `fs` is not 16 kHz.
    """
    if fs != FS:
        raise CocktailError(f"the loss `pmsqe` knows the ear's bands at {FS} Hz; choose another for signals at {fs} Hz")
    counts = None if weight is None else weight.squeeze(-2)
    x, y = (pitch_power(at_listening_level(z.square(), counts)) for z in (reference, estimate))
    y = equalised(reference=x, estimate=y, counts=counts)
    symmetrical, asymmetrical = disturbances(reference=x, estimate=y)
    return weighted_mean(ALPHA * symmetrical + BETA * asymmetrical, counts)


def at_listening_level(power, counts=None):
    """Powers of frames, scaled to what a Hann window would see of a signal at the standard listening level."""
    hz = torch.arange(power.shape[-2], device=power.device) * FS / SIZE
    in_band = power[..., (hz >= 350) & (hz <= 3250), :].sum(-2)
    counts = torch.ones_like(in_band) if counts is None else counts.expand_as(in_band)
    mean = (in_band * counts).sum(-1) / counts.sum(-1).clamp_min(1)
    wanted = LISTENING_POWER * 3 / 8 * SIZE**2 / 2  # the mean square of the window, Parseval, half of the spectrum
    return power * (wanted / mean.clamp_min(1e-12))[..., None, None]


def pitch_power(power):
    """Power in the bands, (..., F, T) -> (..., B, T); that of silence and of bin 0 is none."""
    return _table("bands", power) @ power


def audible(pitch, factor: float = 1.0):
    """Sum over the bands, but for the first, of what exceeds `factor` times the threshold: (..., B, T) -> (..., T)."""
    heard = pitch > factor * _table("thresholds", pitch)
    return (pitch * heard)[..., 1:, :].sum(-2)


def equalised(*, reference, estimate, counts=None):
    """The estimate's pitch powers without filtering (at most 20 dB) and without gains that change from frame to frame.

    Of the first, what is more than 20 dB above the threshold in frames of speech tells; a gain is from 3e-4 to 5.
    """
    counts = torch.ones_like(reference[..., 0, :]) if counts is None else counts
    speech = (audible(reference, 100) >= 1e7) * counts / counts.sum(-1, keepdim=True).clamp_min(1)
    heard = (reference >= 100 * _table("thresholds", reference)) * speech[..., None, :]
    x, y = ((z * heard).sum(-1, keepdim=True) for z in (reference, estimate))  # means over all frames that count
    estimate = estimate * ((x + 1e3) / (y + 1e3)).clamp(0.01, 100)
    gain = (audible(reference) + 5e3) / (audible(estimate) + 5e3)
    return estimate * gain.clamp(3e-4, 5)[..., None, :]


def loudness(pitch):
    """Zwicker's law, in sone per Bark; 0 below the threshold."""
    threshold, exponent = _table("thresholds", pitch), _table("exponents", pitch)
    dense = LOUDNESS_SCALE * (threshold / 0.5) ** exponent * ((0.5 + 0.5 * pitch / threshold) ** exponent - 1)
    return dense.clamp_min(0)


def disturbances(*, reference, estimate):
    """The symmetrical and the asymmetrical disturbance of each frame, (..., B, T) -> (..., T) twice.

    What is quieter than a quarter of the softer of the two is masked. What the estimate adds counts up to twelve times
    in the second, what it lacks does not.
    """
    width = _table("widths", reference)[1:]
    Lx, Ly = loudness(reference), loudness(estimate)
    D = ((Ly - Lx).abs() - 0.25 * torch.minimum(Lx, Ly)).clamp_min(0)[..., 1:, :] * width
    asymmetry = (((estimate + 50) / (reference + 50)) ** 1.2)[..., 1:, :].clamp_max(12)
    asymmetry = torch.where(asymmetry < 3, 0, asymmetry)
    symmetrical = (D.square().sum(-2) + 1e-12).sqrt() * width.sum().sqrt()
    loud = ((audible(reference) + 1e5) / 1e7) ** 0.04
    return (symmetrical / loud).clamp_max(45), ((asymmetry * D).sum(-2) / loud).clamp_max(45)


def _table(name: str, like: torch.Tensor) -> torch.Tensor:
    return _tables(like.dtype, like.device)[name]


@functools.cache
def _tables(dtype, device) -> dict[str, torch.Tensor]:
    """Bands (B, F), and columns (B, 1)."""
    edges = np.cumsum([0, *BINS])
    bins = np.arange(SIZE // 2 + 1)
    bands = (bins >= edges[:-1, None]) & (bins < edges[1:, None]) & (bins > 0)
    centres = np.cumsum(WIDTHS) - np.array(WIDTHS) / 2  # in Bark
    exponents = ZWICKER * np.where(centres < 4, np.minimum(6 / (centres + 2), 2), 1) ** 0.15
    tables = {
        "bands": bands * POWER_SCALE * np.array(CORRECTIONS)[:, None],
        "thresholds": np.array(THRESHOLDS)[:, None],
        "exponents": exponents[:, None],
        "widths": np.array(WIDTHS)[:, None],
    }
    return {name: torch.as_tensor(table, dtype=dtype, device=device) for name, table in tables.items()}
