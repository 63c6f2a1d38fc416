"""HIT minus FA: how well a method tells the bins of the target from those of the interference.

G. Kim, Y. Lu, Y. Hu and P. C. Loizou, "An algorithm that improves speech intelligibility in noise for normal-hearing
listeners", JASA 126(3), 2009: share of target-dominated units labelled so, minus share of the others labelled so.
Deviations: units are bins of the project's STFT, not of a gammatone bank; the local criterion is 0 dB. The mask is not
asked of the method but read off its estimate: a bin is labelled target where the estimate exceeds what it took away
from the mixture. So every method has the figure, and one that changes nothing has 0.
"""

import numpy as np

from cocktail.metrics.metric import Metric, Pair, Unscorable
from cocktail.stft import stft


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
    S, V, E = (stft(x) for x in (pair.reference, pair.interference, pair.estimate))
    return hit_fa(ideal=dominant(S, V), estimate=dominant(E, S + V - E))


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
