"""Cues by which units of a gammatone bank belong together, for spectral clustering.

F. R. Bach and M. I. Jordan, "Learning spectral clustering, with application to speech separation", JMLR 7, 2006:
continuity, that is nearness in time and frequency; common fate, that is onsets and offsets together; and for voiced
sound its pitch and its timbre.

Deviations: units are those of a gammatone bank and not bins; pitch and timbre, the cepstrum of a voice in a frame, are
those of the contours of cocktail/dsp/auditory/tandem.py; frequency modulation is left out.
"""

import numpy as np

from cocktail.dsp.auditory import streams, tandem
from cocktail.dsp.auditory.correlogram import Units
from cocktail.dsp.auditory.gammatone import bandwidth
from cocktail.stft import framing

RANGE_DB = 60.0
"""Levels that much below the loudest unit's are all one."""
SLOW, FAST = 4.0, 1.5
"""Frames, standard deviations of the smoothing of levels whose slopes are cues."""
TIMBRE = 4
"""Cepstral coefficients."""


def continuity(units: Units) -> np.ndarray:
    """(2, B, T): time in seconds, and frequency in equivalent rectangular bandwidths."""
    hop_s = framing(units.fs)[1] / units.fs
    erbs = np.cumsum(np.diff(units.centres, prepend=units.centres[0]) / bandwidth(units.centres))
    return np.stack(np.broadcast_arrays(np.arange(units.power.shape[1]) * hop_s, erbs[:, None]))


def common_fate(units: Units) -> np.ndarray:
    """(2, B, T): slopes of the level in dB a frame, smoothed slowly and fast; 0 in the first frame."""
    from scipy.ndimage import gaussian_filter1d

    level = 10 * np.log10(np.maximum(units.power / units.power.max(), 10 ** (-RANGE_DB / 10)))
    smooth = np.stack([gaussian_filter1d(level, width, axis=1) for width in (SLOW, FAST)])
    return np.diff(smooth, axis=2, prepend=smooth[:, :, :1])


def voice(units: Units) -> tuple[np.ndarray, np.ndarray]:
    """Which units are voiced, (B, T), and (1 + TIMBRE, B, T): pitch in octaves, and timbre; 0 where they are not."""
    voices = tandem.contours(units)
    owner = tandem.segregated(units, voices)
    cues = np.zeros((1 + TIMBRE, *owner.shape))
    for s, contour in enumerate(voices):
        features = streams.features(units, contour)[:, : 1 + TIMBRE].T
        features[0] /= np.log(2)
        mine = owner[:, contour.frames] == s
        part = cues[:, :, contour.frames]
        part[:, mine] = np.broadcast_to(features[:, None], part.shape)[:, mine]
    inside = np.any(cues != 0, axis=0)
    return inside, cues
