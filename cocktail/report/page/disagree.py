"""Where metrics disagree: scenes, and entries, that one metric puts high and another low."""

from collections.abc import Mapping

import numpy as np

from cocktail.boards.cells import higher_is_better

VOICES = ("si_sdr", "sdr", "pesq_wb", "stoi", "wer", "wer_ctc", "seg_snr", "covl")
"""Metrics that are asked: of each kind, energy, perception and words, those that a board shows."""


def disagreements(values: Mapping[str, Mapping[str, float]], count: int = 3) -> list[dict]:
    """The `count` things on which metrics disagree most: rows of {name, gap, high, low, places}.

    `values`: metric -> thing -> value. A thing's place by a metric is the share of the others that it beats, 0 to 1,
    ties counting half; its gap is the distance of its highest place (by the metric `high`) and its lowest (`low`).
    Things that a metric lacks have no place there. Fewer than three things say nothing.
    """
    places: dict[str, dict[str, float]] = {}
    for metric, of_thing in values.items():
        if len(of_thing) < 3 or len(set(of_thing.values())) < 2:
            continue
        for name, place in zip(of_thing, _places(list(of_thing.values()), higher_is_better(metric)), strict=True):
            places.setdefault(name, {})[metric] = place
    rows = []
    for name, own in places.items():
        high, low = max(own, key=own.get), min(own, key=own.get)
        if own[high] > own[low]:
            rows.append({"name": name, "gap": own[high] - own[low], "high": high, "low": low, "places": own})
    return sorted(rows, key=lambda row: (-row["gap"], row["name"]))[:count]


def _places(values, higher):
    x = np.asarray(values, float) * (1 if higher else -1)
    beaten = (x[:, None] > x[None, :]).sum(axis=1) + 0.5 * ((x[:, None] == x[None, :]).sum(axis=1) - 1)
    return (beaten / (len(x) - 1)).tolist()
