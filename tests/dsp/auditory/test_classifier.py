"""Bands of a classifier of units stay below half the rate, in order."""

import numpy as np
import pytest

from cocktail.dsp.auditory.classifier import UnitClassifier


@pytest.mark.parametrize("fs, top_hz", [(8000, 3760.0), (16000, 7500.0)])
def test_the_highest_band_fits_the_rate(fs, top_hz):
    responses = UnitClassifier(bands=16)._responses(fs)
    peaks = np.abs(np.fft.rfft(responses, axis=1)).argmax(1) * fs / responses.shape[1]
    assert (np.diff(peaks) > 0).all()
    assert peaks[-1] == pytest.approx(top_hz, rel=0.02)
