"""Correlograms, pitch contours and their units, segments and streams: on sounds whose voices are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from cocktail.dsp.auditory import correlogram, gammatone, segments, streams, tandem

FS = 16000
CENTRES = gammatone.centres(48, 80, 5000)


def voice(f0):
    """Harmonics up to 5 kHz of a pitch in Hz, (N,)."""
    phase = 2 * np.pi * np.cumsum(f0) / FS
    return sum(np.sin(k * phase) / k for k in range(1, int(5000 / np.max(f0))))


def middle(n_frames):
    """Sample in the middle of each frame."""
    return np.maximum(np.arange(n_frames) * 128 + 127 - 256, 0)


def test_autocorrelation_is_that_of_both_parts_over_their_energies():
    frames, lag = np.random.default_rng(0).standard_normal((3, 512)).astype(np.float32), np.array([40, 111, 200])
    expected = [
        [x[:-tau] @ x[tau:] / np.sqrt(np.sum(x[:-tau] ** 2) * np.sum(x[tau:] ** 2)) for tau in lag] for x in frames
    ]
    np.testing.assert_allclose(correlogram.normalised(frames, lag), expected, atol=1e-5)


def test_autocorrelation_of_a_frame_that_falls_silent_is_none_beyond_its_sound():
    frames, lag = np.zeros((20, 512), np.float32), np.arange(40, 201)
    frames[:, :60] = 10 * np.random.default_rng(0).standard_normal((20, 60))
    found = correlogram.normalised(frames, lag)
    assert np.abs(found).max() < 1.001
    assert np.abs(found[:, lag >= 60]).max() < 0.1


def test_units_of_a_voice_have_its_period_and_units_of_noise_have_none():
    noise = np.random.default_rng(0).standard_normal(FS // 2)
    found, none = (correlogram.analyse(x, FS, CENTRES) for x in (voice(np.full(FS // 2, 160.0)), noise))
    at = np.flatnonzero(found.lag == 100)[0]
    assert found.periodic[:, 10:-10, at].mean() > 0.85
    assert none.periodic[:, 10:-10, at].mean() < 0.1
    assert found.power.mean() == pytest.approx(1)


@pytest.mark.parametrize("base_hz", [105.0, 170.0, 300.0])
def test_pitch_of_a_voice_is_within_five_percent_in_nine_of_ten_frames(base_hz):
    f0 = base_hz * (1 + 0.1 * np.sin(2 * np.pi * 2 * np.arange(FS // 2) / FS))
    units = correlogram.analyse(voice(f0), FS, CENTRES)
    (contour,) = tandem.contours(units)  # and not one of its subharmonics, too
    pitch = np.zeros(units.power.shape[1])
    pitch[contour.frames] = FS / units.lag[contour.at]
    right = np.abs(pitch / f0[np.minimum(middle(len(pitch)), len(f0) - 1)] - 1) < 0.05
    assert right[4:-4].mean() >= 0.9


def test_two_resolved_complexes_have_a_contour_each_and_most_of_their_units():
    t = np.arange(FS // 2) / FS
    hz = (150.0, 233.0)
    sounds = np.stack([sum(np.sin(k * (2 * np.pi * f0 * t + 1)) for k in range(1, 6)) for f0 in hz])
    centres = gammatone.centres(64, 80, 7500)
    units = correlogram.analyse(sounds.sum(0), FS, centres)
    voices = sorted(tandem.contours(units), key=lambda c: -units.lag[c.at].mean())
    assert len(voices) == 2
    for contour, f0 in zip(voices, hz, strict=True):
        assert np.mean(np.abs(FS / units.lag[contour.at] / f0 - 1) < 0.05) > 0.9
    owner = tandem.segregated(units, voices)
    power = np.stack([correlogram.analyse(x, FS, centres).power * np.mean(x**2) for x in sounds])
    right = sum(power[s][owner == s].sum() for s in (0, 1))
    assert right > 0.85 * power[:, owner >= 0].sum()
    assert power[:, owner >= 0].sum() > 0.6 * power.sum()


def test_sounds_that_begin_together_are_one_segment_and_others_are_not():
    power = np.full((20, 100), 1e-5)
    power[2:8, 10:40] = 1
    power[12:18, 50:80] = 1
    power[5:10, 60:90] = 1
    label = segments.label(power)
    assert len(np.unique(label[2:8, 15:35])) == 1
    one, other, third = label[5, 20], label[15, 60], label[7, 75]
    assert one and other and third
    assert len({one, other, third}) == 3
    assert not label[:, 95:].any()


def test_a_sound_without_onset_has_no_segment():
    assert not segments.label(np.tile(np.geomspace(1e-6, 1, 2000), (5, 1))).any()
    low = np.zeros((20, 100))
    low[:5, 30:60] = 1
    found = segments.label(low)
    assert found[2, 40] and not found[15:].any()


def test_separation_is_the_trace_of_scatter_between_over_scatter_within():
    rng = np.random.default_rng(0)
    x, cluster = rng.standard_normal((40, 3)), np.arange(40) % 2
    means = np.stack([x[cluster == k].mean(0) for k in (0, 1)])
    between = np.mean([np.outer(means[k] - x.mean(0), means[k] - x.mean(0)) for k in cluster], axis=0)
    within = np.mean([np.outer(v - means[k], v - means[k]) for v, k in zip(x, cluster, strict=True)], axis=0)
    within += streams.LOADING * np.diag(np.diag(within + between))
    sums = np.stack([x[cluster == k].sum(0) for k in (0, 1)])
    merit = streams.separation(np.array([[20, 20]]), sums[None], x.T @ x)
    assert merit == pytest.approx(np.trace(np.linalg.inv(within) @ between), rel=1e-6)


def contour(start, lag, n=20):
    return tandem.Contour(start, lag + np.arange(n) % 2, np.ones((8, n), bool))


def test_streams_go_together_by_pitch_unless_they_are_at_the_same_time():
    units = SimpleNamespace(power=np.random.default_rng(0).random((8, 200)), lag=np.arange(40, 201))
    apart = [contour(start, lag) for start, lag in ((0, 20), (30, 100), (60, 21), (90, 101), (120, 20))]
    assert streams.group(units, apart, 2).tolist() == [0, 1, 0, 1, 0]
    at_once = [contour(0, 20), contour(5, 20), contour(60, 20), contour(65, 20)]
    talkers = streams.group(units, at_once, 2)
    assert talkers[0] != talkers[1] and talkers[2] != talkers[3]
