"""Pitch contours of up to two voices at a time, and the units that agree with each, estimated in turns.

G. Hu and D. Wang, "A tandem algorithm for pitch estimation and voiced speech segregation", IEEE TASLP 18(8), 2010: a
first estimate from units that are much like those of the next band; from then on, the units of a voice follow from its
pitch and its pitch from these units, while contours grow at both ends.

Deviations: see cocktail/dsp/auditory/correlogram.py for the probability that a unit has a period. A unit is of a voice
where the mean of that probability over it and its eight neighbours exceeds one half, where the paper trains a second
network for this. Pitch and units take one turn, where the paper goes on until they stay. The pitch, from 80 to 400 Hz,
is the lag of the largest mean probability, less a cost of octaves, where the paper counts units. A contour is dropped
whole where most of it has the pitch of one with more units, or comes third.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.correlogram import Units

OCTAVE_COST = 0.25
"""Share of its score that a lag loses for each octave above the least: a voice is periodic at twice its period, too."""
VOICES = 2
"""Most pitches in a frame."""
ALIKE = 0.9
"""Units that are so like those of the next band carry the first estimate; the paper's 0.985 is for 128 bands."""
SEGMENT = 0.95
"""Units whose correlation with the next band exceeds it are joined to segments."""
AUDIBLE = 1e-5
"""Least power of a unit that counts, relative to the loudest."""
SUPPORT = 5
"""Fewest units of a pitch in a frame."""
STEP = 0.05
"""Largest relative change of the pitch between frames; the paper allows 0.2 in 10 ms."""
SHORTEST = 3
"""Frames of a contour."""
ROUNDS = 1
"""Turns of pitch and units."""
SAME = 0.06
"""Pitches that differ by less are one."""


@dataclass(frozen=True)
class Contour:
    """A voice for a while."""

    start: int
    """Frame."""
    at: np.ndarray
    """(n,): index of its lag in each frame."""
    mask: np.ndarray
    """(B, n): units of the voice."""

    @property
    def frames(self) -> slice:
        return slice(self.start, self.start + len(self.at))


def contours(units: Units) -> list[Contour]:
    """Those of a mixture, the one with most units first; seldom more than VOICES in a frame."""
    audible = units.power > AUDIBLE * units.power.max()
    voices = [_with_mask(units, start, at, audible) for start, at in _linked(units, _first_pitches(units, audible))]
    for _ in range(ROUNDS):
        voices = [_grown(units, _retuned(units, contour, audible), audible) for contour in voices]
        voices = _distinct(units, voices)
    return voices


def segregated(units: Units, voices: list[Contour]) -> np.ndarray:
    """Which contour each unit is of, (B, T); -1 where none.

    Units that are joined, and much like those of the next band, are a segment; those that are of no contour go where
    most of the power of their segment does.
    """
    from scipy.ndimage import label

    best, owner = np.zeros(units.power.shape), np.full(units.power.shape, -1)
    for s, contour in enumerate(voices):
        probability = np.where(contour.mask, _at(units, contour.frames, contour.at), 0.0)
        better = probability > best[:, contour.frames]
        best[:, contour.frames][better] = probability[better]
        owner[:, contour.frames][better] = s
    if not voices:
        return owner
    segment, count = label(units.alike > SEGMENT)
    power = np.stack([
        np.bincount(segment.ravel(), (units.power * (owner == s)).ravel(), count + 1) for s in range(len(voices))
    ])  # fmt: skip
    heir = np.where(power.max(0) > 0, power.argmax(0), -1)[segment]
    return np.where((owner < 0) & (segment > 0), heir, owner)


def _score(units, mask, frames):
    """(n, L): mean periodicity of the units (B, n) of a mask in these frames, at each lag."""
    total = np.einsum("bn,bnl->nl", mask.astype(np.float32), units.periodic[:, frames], optimize=True)
    count = np.maximum(mask.sum(0), 1)[:, None]
    return total / count * (1 - OCTAVE_COST * np.log2(units.lag / units.lag[0]))


def _at(units, frames, at):
    """(B, n): periodicity at one lag in each frame."""
    part = units.periodic[:, frames]
    return np.take_along_axis(part, at[None, :, None], axis=2)[..., 0]


def _first_pitches(units, audible):
    """(VOICES, T) indices of lags, -1 where there is none."""
    left = audible & (units.alike > ALIKE)
    everything = slice(0, left.shape[1])
    pitches = []
    for _ in range(VOICES):
        at = _score(units, left, everything).argmax(axis=1)
        support = left & (_at(units, everything, at) > 0.5)
        enough = support.sum(0) >= SUPPORT
        pitches.append(np.where(enough, at, -1))
        left = left & ~support & enough
    return np.array(pitches)


def _linked(units, pitches):
    """(start, indices of lags) of the runs of frames whose pitches follow each other."""
    runs, open_ = [], []
    for t, at in enumerate(pitches.T):
        free = [i for i in at if i >= 0]
        follow = []
        for start, run in sorted(open_, key=lambda pair: -len(pair[1])):
            change = [abs(units.lag[i] / units.lag[run[-1]] - 1) for i in free]
            if free and min(change) < STEP:
                follow.append((start, [*run, free.pop(int(np.argmin(change)))]))
            else:
                runs.append((start, run))
        open_ = follow + [(t, [i]) for i in free]
    return [(start, np.array(run)) for start, run in runs + open_ if len(run) >= SHORTEST]


def _with_mask(units, start, at, audible):
    """A contour whose units are those that agree with its pitch."""
    from scipy.ndimage import uniform_filter

    frames = slice(start, start + len(at))
    agree = uniform_filter(_at(units, frames, at), 3, mode="nearest") > 0.5
    return Contour(start, at, agree & audible[:, frames])


def _retuned(units, contour, audible):
    """The contour with the pitch that its units have, near the one that it had."""
    score = _score(units, contour.mask, contour.frames)
    near = np.abs(units.lag / units.lag[contour.at][:, None] - 1) < STEP
    at = np.where(contour.mask.sum(0) > 0, np.where(near, score, -np.inf).argmax(axis=1), contour.at)
    return _with_mask(units, contour.start, at, audible)


def _grown(units, contour, audible):
    """The contour, longer at both ends for as long as most units at its end keep to a pitch near its own."""
    before = _continued(units, contour.at[0], contour.mask[:, 0], range(contour.start - 1, -1, -1))
    end = contour.frames.stop
    after = _continued(units, contour.at[-1], contour.mask[:, -1], range(end, units.power.shape[1]))
    at = np.array([*before[::-1], *contour.at, *after])
    return _with_mask(units, contour.start - len(before), at, audible)


def _continued(units, at, mask, frames):
    pitches = []
    for t in frames:
        if mask.sum() < SUPPORT:
            break
        periodic = units.periodic[mask, t]
        near = np.abs(units.lag / units.lag[at] - 1) < STEP
        at = int(np.where(near, periodic.mean(0), -1).argmax())
        agree = periodic[:, at] > 0.5
        if agree.mean() < 0.5:
            break
        pitches.append(at)
        mask = mask.copy()
        mask[mask] = agree
    return pitches


def _distinct(units, voices):
    """Contours less those that have the pitch of a better one, or come third, in most of their frames."""
    T = units.power.shape[1]
    kept, count = [], np.zeros(T, int)
    pitches = np.zeros((0, T))
    for contour in sorted(voices, key=lambda c: -c.mask.sum()):
        lag = units.lag[contour.at]
        same = (np.abs(pitches[:, contour.frames] / lag - 1) < SAME).any(0)
        if np.mean(same | (count[contour.frames] >= VOICES)) > 0.5 or contour.mask.sum() < SUPPORT * SHORTEST:
            continue
        kept.append(contour)
        count[contour.frames] += 1
        pitches = np.concatenate([pitches, np.full((1, T), -1.0)])
        pitches[-1, contour.frames] = lag
    return kept
