"""Computational auditory scene analysis: pitch contours and their units, onsets and offsets, and clustering of streams.

G. Hu and D. Wang, "A tandem algorithm for pitch estimation and voiced speech segregation", IEEE TASLP 18(8), 2010, for
the voices; K. Hu and D. Wang, "An unsupervised approach to cochannel speech separation", IEEE TASLP 21(1), 2013, for
talkers and unvoiced speech. In order:

1. a gammatone bank, and correlograms of its output and envelopes (cocktail/dsp/auditory/correlogram.py);
2. pitch contours of up to two voices at a time, and their units, in tandem (tandem.py);
3. units that are much like those of the next band are a segment, and what no voice has of it goes to the one that has
   most of it;
4. what is left between an onset and an offset, and has no period, is an unvoiced segment (segments.py);
5. voices are grouped into talkers by clustering (streams.py); an unvoiced segment while one talker is voiced is of
   another, and one while none is voiced is shared out equally.

Deviations: those of these files; 64 bands, where the papers have 128. All else that is left is shared out equally, too.
Masks of units become gains of the bins of cocktail.stft by the bands' power responses.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.separator import UnitSeparator

APERIODIC = 0.3
"""Greatest mean probability of any period in an unvoiced segment."""


@dataclass(frozen=True)
class Casa(UnitSeparator):
    """Talkers that are apart in pitch, one channel (microphone 1)."""

    def masks(self, units, view):
        from cocktail.dsp.auditory import segments, streams, tandem

        K = view.n_sources
        voices = tandem.contours(units)
        talkers = streams.group(units, voices, K)
        voice = tandem.segregated(units, voices)  # (B, T), -1 where it is of none
        voiced = np.zeros((K, voice.shape[1]), bool)
        masks = np.full((K, *voice.shape), 1 / K)
        for s, (contour, k) in enumerate(zip(voices, talkers, strict=True)):
            voiced[k, contour.frames] = True
            masks[:, voice == s] = np.arange(K)[:, None] == k
        left = voice < 0
        return np.where(left, unvoiced(units, segments.label(units.power) * left, voiced), masks)


def unvoiced(units, segment: np.ndarray, voiced: np.ndarray) -> np.ndarray:
    """Shares (K, B, T) of units in segments (B, T), 0 for none: of the talkers with least of its power while voiced.

    `voiced` (K, T) says when each talker is. Segments that are somewhat periodic are shared out equally.
    """
    size = segment.max() + 1
    periodicity, *during = (
        np.bincount(segment.ravel(), (units.power * weight).ravel(), size)
        for weight in (units.periodic.max(-1), *voiced)
    )
    power = np.bincount(segment.ravel(), units.power.ravel(), size)
    during = np.stack(during)
    least = (during <= during.min(axis=0) * (1 + 1e-9)) | (periodicity >= APERIODIC * power)
    least[:, 0] = True
    return (least / least.sum(axis=0))[:, segment]
