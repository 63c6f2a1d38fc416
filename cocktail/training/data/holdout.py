"""Which isolated signals of a corpus belong to training and which to validation.

Corpora without a `valid` split have a part of `train` held out: every tenth speaker, and of each kind of noise every
fifth recording or, where there are fewer, the last fifth of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from cocktail.corpora.holdout import validation_speakers

RECORDINGS_HELD_OUT = 5
"""One recording in so many is held out for validation."""


@dataclass(frozen=True)
class Sound:
    """An utterance or a recording of noise, or the share of it from `begin` to `end`."""

    of: str
    """`speech` or `noise`."""
    id: str
    group: str
    """Its speaker, or its kind of noise."""
    begin: float = 0.0
    end: float = 1.0

    def cut(self, samples: np.ndarray) -> np.ndarray:
        """Its share of all samples (N,)."""
        return samples[int(self.begin * len(samples)) : int(self.end * len(samples))]


Splits = dict[str, dict[str, list[Sound]]]
"""Split (`train`, `valid`) -> group -> its sounds."""


def speech_splits(rows: Iterable[tuple[str, str, str]]) -> Splits:
    """Speakers of training and of validation. `rows`: (utterance, speaker, split)."""
    splits = _grouped("speech", rows)
    train, valid = splits.get("train", {}), splits.get("valid", {})
    if not valid:
        valid = {name: train[name] for name in validation_speakers(train)}
        train = {name: train[name] for name in sorted(train) if name not in valid}
    return {"train": train, "valid": valid or train}


def noise_splits(rows: Iterable[tuple[str, str, str]]) -> Splits:
    """Recordings of training and of validation, by kind. `rows`: (recording, kind, split)."""
    splits = _grouped("noise", rows)
    train, valid = splits.get("train", {}), dict(splits.get("valid", {}))
    kept = {}
    for kind, sounds in train.items():
        kept[kind] = sounds
        if kind not in valid:
            kept[kind], valid[kind] = _held_out(sounds)
    return {"train": kept, "valid": valid}


def _grouped(of, rows):
    splits: Splits = {}
    for id, group, split in rows:
        splits.setdefault(split, {}).setdefault(group, []).append(Sound(of, id, group))
    return splits


def _held_out(sounds):
    """Recordings of one kind as (train, valid)."""
    valid = sounds[RECORDINGS_HELD_OUT - 1 :: RECORDINGS_HELD_OUT]
    if valid:
        return [sound for sound in sounds if sound not in valid], valid
    cut = 1 - 1 / RECORDINGS_HELD_OUT
    return [replace(x, end=cut) for x in sounds], [replace(x, begin=cut) for x in sounds]
