"""Cues of units: where they are, how they rise, and the pitch of those that are voiced."""

import numpy as np
import pytest

from cocktail.dsp.auditory import correlogram, cues, gammatone

FS = 16000


def test_continuity_counts_seconds_and_bandwidths_and_a_voice_has_its_pitch_in_octaves():
    t = np.arange(FS // 2) / FS
    tone = sum(np.sin(2 * np.pi * 160 * k * t) for k in range(1, 20)) * np.where(t < 0.25, 0.1, 1.0)
    units = correlogram.analyse(tone, FS, gammatone.centres(48, 80, 3000))
    seconds, erbs = cues.continuity(units)
    np.testing.assert_allclose(np.diff(seconds, axis=1), 0.008)
    one = gammatone.bandwidth(units.centres[20])
    assert erbs[21, 0] - erbs[20, 0] == pytest.approx((units.centres[21] - units.centres[20]) / one, rel=0.05)
    slow, fast = cues.common_fate(units)
    assert np.abs(fast[:, 2:-6].mean(0).argmax() + 2 - 33) <= 2
    assert fast[:, 25:40].max() > slow[:, 25:40].max() > 0
    assert not slow[:, 0].any() and not fast[:, 0].any()
    voiced, alike = cues.voice(units)
    assert voiced.mean() > 0.5
    np.testing.assert_allclose(alike[0][voiced], np.log2(100), atol=0.05)
    assert not alike[:, ~voiced].any()
