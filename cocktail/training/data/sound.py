"""What the mixer makes of arrays of samples: speech and noise heard in a room, levels, excerpts, diffuse fields."""

import math

import numpy as np
import scipy.fft

from cocktail import levels
from cocktail.rooms.fields import mixing_filters
from cocktail.training.data.rooms import LATENCY

LANES = 4
"""Rows that are transformed in the time of one."""


def heard(dry, point, full, early):
    """images (K, N), sources (K, N) and the point noise (N,) or None, in a room.

    `dry` (K, N), `point` (L - 1 + N,) or None. Sources are the early parts where `early` (K, M) is given, else the
    images.
    """
    n_talkers, n_samples = dry.shape
    talkers = list(range(n_talkers))
    signals, kernels, of = list(dry), [*full[:n_talkers]], talkers
    if early is not None:
        kernels, of = [*kernels, *early], of + talkers
    if point is not None:
        signals, kernels, of = [*signals, point], [*kernels, full[-1]], [*of, n_talkers]
    found = convolved(signals, kernels, of, n_samples + full.shape[-1] - 1)
    late = slice(LATENCY, LATENCY + n_samples)
    images = found[:n_talkers, late]
    sources = images if early is None else found[n_talkers : 2 * n_talkers, late]
    return images, sources, None if point is None else found[-1, -n_samples:]


def gains(images, level_db, fs, generator):
    """(K, 1): what brings each image's active speech to a level drawn from the range, float32."""
    wanted = generator.uniform(*level_db, size=len(images))
    found = [levels.power(image, levels.active(image, fs)) for image in images]
    return (10 ** (wanted / 20) / np.sqrt(found)).astype(np.float32)[:, None]


def excerpts(loops, n, n_samples, generator):
    """`n` excerpts, (N,) each: of different recordings as long as there are any, then of far parts of the same ones."""
    offset, turns = generator.random(len(loops)), -(-n // len(loops))
    return [
        levels.wrapped(loop, int((offset[i % len(loops)] + i // len(loops)) / turns * len(loop)), n_samples)
        for i, loop in ((i, loops[i % len(loops)]) for i in range(n))
    ]


def at_first(excerpts, microphones, fs):
    """(N,): the first microphone of a diffuse field of independent excerpts, as a loop: filters wrap around."""
    n_samples = len(excerpts[0])
    if n_samples == 0:
        return excerpts[0]
    filters = scipy.fft.rfft(mixing_filters(microphones, fs)[0].astype(np.float32), n_samples)
    spectrum = sum(h * scipy.fft.rfft(unit(x)) for h, x in zip(filters, excerpts, strict=True))
    return scipy.fft.irfft(spectrum, n_samples)


def anywhere(loop, n_samples, generator):
    """(N,) from a random place of a loop."""
    return levels.wrapped(loop, int(generator.integers(max(len(loop), 1))), n_samples)


def peak(x):
    """Largest magnitude."""
    return max(float(x.max()), -float(x.min()))


def unit(x):
    """Scaled to power 1; silence is left as it is."""
    return x / max(math.sqrt(levels.power(x)), 1e-12)


def convolved(signals: list[np.ndarray], kernels: list[np.ndarray], of: list[int], n_samples: int) -> np.ndarray:
    """Convolutions of `signals[of[i]]` with `kernels[i]`, (len(kernels), n_samples) float32.

    They are circular with a period of `n_samples` or a little more: where a full convolution is longer, its end falls
    onto its beginning.
    """
    length = scipy.fft.next_fast_len(n_samples, real=True)
    rows = [*signals, *kernels]
    stack = np.zeros((-(-len(rows) // LANES) * LANES, length), np.float32)
    for row, x in zip(stack, rows, strict=False):
        row[: len(x)] = x
    spectra = scipy.fft.rfft(stack)
    products = spectra[of]
    products *= spectra[len(signals) : len(rows)]
    return scipy.fft.irfft(products, length)[:, :n_samples]
