import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.levels import active, power, stretch

FS = 16000


def test_active_speech_is_within_40_db_of_the_loudest_frame():
    frame = np.ones(320)
    x = np.concatenate([0.0 * frame, 1.0 * frame, 0.0101 * frame, 0.0099 * frame])
    np.testing.assert_array_equal(active(x, FS)[::320], [False, True, True, False])
    assert power(x, active(x, FS)) == pytest.approx((1 + 0.0101**2) / 2)


@pytest.mark.parametrize("scale", [1e-3, 1, 100])
def test_activity_does_not_depend_on_scale_and_covers_every_sample(scale):
    x = np.random.default_rng(0).standard_normal(1001)
    assert len(active(scale * x, FS)) == 1001
    np.testing.assert_array_equal(active(scale * x, FS), active(x, FS))


def test_silence_is_not_active():
    assert not active(np.zeros(1000), FS).any()


@settings(max_examples=50, deadline=None)
@given(start=st.integers(-20_000, 20_000), n=st.integers(1, 30_000), length=st.integers(1, 8_000))
def test_a_stretch_repeats_the_recording(start, n, length):
    recording = np.random.default_rng(0).uniform(0.5, 1, length)
    period = length - min(320, length // 4)
    x = stretch(recording, start, n, FS)
    assert x.shape == (n,) and x.max() < 1.5
    np.testing.assert_array_equal(x[period:], x[:-period] if n > period else x[:0])


def test_a_long_recording_is_cut_out_as_it_is():
    recording = np.random.default_rng(0).standard_normal(5 * FS)
    np.testing.assert_array_equal(stretch(recording, 1000, FS, FS), recording[1000 : 1000 + FS])


def test_repetition_neither_clicks_nor_keeps_digital_silence():
    tone = np.sin(2 * np.pi * 100 * np.arange(FS) / FS + 0.3)
    recording = np.concatenate([np.zeros(5000), tone, np.zeros(30_000)])
    x = stretch(recording, 0, 4 * FS, FS)
    assert np.abs(np.diff(x)).max() < 0.07
    assert power(x[-FS:]) > 0.4


def test_input_is_not_modified():
    recording = np.random.default_rng(0).standard_normal(2000)
    before = recording.copy()
    recording.flags.writeable = False
    stretch(recording, -500, 5000, FS)
    np.testing.assert_array_equal(recording, before)
