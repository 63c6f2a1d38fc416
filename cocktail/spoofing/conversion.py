"""Voice conversion without training: pitch, formants and rate of one speaker moved to those of another.

Pitch by the linear transform of its logarithm's mean and variance (D. T. Chappell and J. H. L. Hansen, "Speaker-
specific pitch contour modeling and modification", ICASSP 1998), formants by one factor for all frequencies (L. Lee and
R. Rose, "A frequency warping approach to speaker normalization", IEEE TSAP 6(1), 1998), analysed and synthesised by
WORLD.

Deviations: the factor is the one that makes the mean log envelopes most alike rather than most likely in a model.
"""

from dataclasses import replace

import numpy as np

from cocktail.spoofing import world

WARPS = np.linspace(0.8, 1.25, 46)
RATES = (0.7, 1.4)
"""Limits of what the utterance is lengthened by."""
LARGEST_SPREAD = 2.0
"""Of the pitch, over the source's."""


def convert(source: np.ndarray, target: np.ndarray, fs: int, *, slower: float = 1.0) -> np.ndarray:
    """What `source` (N,) says, in the voice of `target` (M,), `slower` times as long (within RATES)."""
    speech, wanted = world.analyse(source, fs), world.analyse(target, fs)
    warp = nearest_warp(mean_envelope(speech), mean_envelope(wanted))
    moved = replace(
        speech,
        f0=moved_pitch(speech.f0, wanted.f0),
        envelope=np.exp(warped(np.log(speech.envelope + world.ENVELOPE_FLOOR), warp)),
    )
    return world.synthesise(moved, float(np.clip(slower, *RATES)))


def moved_pitch(f0: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(T,) Hz with the mean and spread of log pitch of `wanted`; as it is where one of them has no voice."""
    voiced, other = f0 > 0, wanted[wanted > 0]
    if not voiced.any() or not len(other):
        return f0
    log = np.log(f0[voiced])
    spread = min(np.std(np.log(other)) / max(np.std(log), 1e-6), LARGEST_SPREAD)
    moved = f0.copy()
    moved[voiced] = np.exp(np.mean(np.log(other)) + spread * (log - log.mean()))
    return moved


def mean_envelope(speech: world.Speech) -> np.ndarray:
    """(F,) mean log envelope over voiced frames, or over all if there are none."""
    voiced = speech.f0 > 0
    return np.log(speech.envelope[voiced if voiced.any() else slice(None)] + world.ENVELOPE_FLOOR).mean(axis=0)


def warped(spectrum: np.ndarray, warp: float) -> np.ndarray:
    """(..., F) with every formant at `warp` times its frequency."""
    n_bins = spectrum.shape[-1]
    position = np.minimum(np.arange(n_bins) / warp, n_bins - 1)
    low = np.minimum(position.astype(int), n_bins - 2)
    share = position - low
    return (1 - share) * spectrum[..., low] + share * spectrum[..., low + 1]


def nearest_warp(source: np.ndarray, target: np.ndarray) -> float:
    """The factor of WARPS that makes (F,) most alike to (F,), by their correlation below 5/8 of the band.

    Higher bins are filled in by the warping.
    """
    kept = slice(0, 5 * len(source) // 8)
    likeness = [np.corrcoef(warped(source, warp)[kept], target[kept])[0, 1] for warp in WARPS]
    return float(WARPS[np.argmax(likeness)])
