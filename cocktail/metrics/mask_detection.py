"""HIT minus FA: how well a method tells the bins of the target from those of the interference.

G. Kim, Y. Lu, Y. Hu and P. C. Loizou, "An algorithm that improves speech intelligibility in noise for normal-hearing
listeners", JASA 126(3), 2009: share of target-dominated units labelled so, minus share of the others labelled so.
Deviations: units are bins of the project's STFT, not of a gammatone bank; the local criterion is 0 dB. The mask is not
asked of the method but read off its estimate: a bin is labelled target where the estimate exceeds what it took away
from the mixture. So every method has the figure, and one that changes nothing has 0.
"""

import numpy as np

from cocktail.metrics.metric import Metric, Pair, Unscorable
from cocktail.stft import HOP, SIZE, n_frames, stft

BLOCK = 2048
"""Frames that are in memory together."""


def hit_fa(*, ideal: np.ndarray, estimate: np.ndarray) -> float:
    """100 (HIT - FA) of an estimated binary mask to the ideal one, boolean arrays of one shape.

    Raises Unscorable where the ideal mask is all target or none.
    """
    target = np.count_nonzero(ideal)
    if target in (0, ideal.size):
        raise Unscorable("one-sided-mask")
    hit = np.count_nonzero(estimate & ideal) / target
    false_alarm = np.count_nonzero(estimate & ~ideal) / (ideal.size - target)
    return 100 * (hit - false_alarm)


def dominant(target: np.ndarray, interference: np.ndarray) -> np.ndarray:
    """Bins in which the target's STFT (F, T) exceeds the interference's."""
    return target.real**2 + target.imag**2 > interference.real**2 + interference.imag**2


def _compute(pair: Pair) -> float:
    ideal, estimated = [], []
    for S, V, E in zip(*map(_stft_blocks, (pair.reference, pair.interference, pair.estimate)), strict=True):
        ideal.append(dominant(S, V))
        estimated.append(dominant(E, S + V - E))
    return hit_fa(ideal=np.concatenate(ideal, axis=-1), estimate=np.concatenate(estimated, axis=-1))


def _stft_blocks(x):
    """The STFT of (N,) in blocks (F, T), so that not all of it is in memory."""
    reach = SIZE // HOP - 1  # frames before that share samples with one
    for first in range(0, n_frames(len(x)), BLOCK):
        skipped = min(first, reach)
        part = stft(x[(first - skipped) * HOP : (first + BLOCK) * HOP])
        yield part[:, skipped : skipped + BLOCK]


METRICS = (
    Metric(
        name="hit_fa",
        unit="%",
        higher_is_better=True,
        low=-100.0,
        high=100.0,
        citation="Kim, Lu, Hu, Loizou, JASA 126(3), 2009",
        implementation="cocktail",
        compute=_compute,
        mode="bins of the 512/128 STFT, 0 dB; mask read off estimate against mixture minus estimate",
    ),
)
