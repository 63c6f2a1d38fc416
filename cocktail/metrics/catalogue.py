"""All metrics by name. One file a family; a metric is an entry of its METRICS."""

from cocktail.metrics import (
    bss_eval,
    composite,
    conversation,
    cost,
    intelligibility,
    mask_detection,
    perceptual,
    si_sdr,
    speech_quality,
    trials,
    words,
)
from cocktail.metrics.metric import Metric

_FAMILIES = (
    si_sdr,
    bss_eval,
    perceptual,
    intelligibility,
    speech_quality,
    composite,
    mask_detection,
    words,
    conversation,
    trials,
    cost,
)

METRICS: dict[str, Metric] = {metric.name: metric for family in _FAMILIES for metric in family.METRICS}
"""Name -> metric, in the order of the leaderboard's columns."""
