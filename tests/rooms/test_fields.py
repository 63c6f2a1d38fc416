import numpy as np
import pytest
import scipy.signal

from cocktail.corpora import noises
from cocktail.dsp.acoustics import diffuse_coherence
from cocktail.rooms.arrays import positions
from cocktail.rooms.fields import diffuse, preroll, surround

FS = 16000


def measured_coherence(x, size=512):
    """(F, D, D) real coherence by Welch's method, without overlap."""
    frames = x[:, : x.shape[1] // size * size].reshape(len(x), -1, size)
    X = np.fft.rfft(frames * np.hanning(size), axis=-1)
    cross = np.einsum("dtf,ctf->fdc", X, X.conj())
    power = np.einsum("fdd->fd", cross).real
    return cross.real / np.sqrt(power[:, :, None] * power[:, None, :])


@pytest.mark.parametrize("array", ["pair", "tablet", "circular-4"])
def test_coherence_of_a_diffuse_field(array):
    xyz = positions(array)
    x = diffuse(np.random.default_rng(1).standard_normal((len(xyz), 40 * FS)), xyz, FS)
    frequency = np.fft.rfftfreq(512, 1 / FS)
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    expected = np.sinc(2 * frequency[:, None, None] * distance / 343)
    error = measured_coherence(x)[1:-1] - expected[1:-1]
    assert np.sqrt(np.mean(error**2)) < 0.03
    assert np.abs(error).max() < 0.15
    np.testing.assert_allclose(np.mean(x**2, axis=1), 1, atol=0.02)


def test_coherence_is_the_average_over_directions():
    xyz = np.array([[0.0, 0, 0], [0.05, 0.1, -0.02]])
    direction = np.random.default_rng(0).standard_normal((200_000, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    delay = direction @ (xyz[1] - xyz[0]) / 343
    for frequency in (200.0, 1000.0, 3000.0):
        truth = np.mean(np.cos(2 * np.pi * frequency * delay))
        assert diffuse_coherence(xyz, np.array([frequency]))[0, 0, 1] == pytest.approx(truth, abs=0.01)


def test_mixing_keeps_what_changes_over_time():
    generator = np.random.default_rng(2)
    envelope = np.repeat([0.0, 1.0, 0.0], FS)
    x = diffuse(envelope * generator.standard_normal((2, 3 * FS)), positions("pair"), FS)
    assert np.abs(x[:, : FS - 600]).max() < 1e-9
    assert np.mean(x[:, FS : 2 * FS] ** 2) == pytest.approx(1, abs=0.05)


def test_one_microphone_hears_the_signal_itself():
    signal = np.random.default_rng(3).standard_normal((1, 1000))
    heard = diffuse(signal, positions("single"), FS)
    np.testing.assert_array_equal(heard, signal)
    assert not np.shares_memory(heard, signal)


EARS = np.array([[0.0, 0, 0], [0.17, 0, 0]])


def recordings(kind, n, seconds=8):
    makers = (noises.KINDS[kind](np.random.default_rng(i), seconds * FS, FS) for i in range(n))
    return np.stack([x / np.std(x) for x in makers])


def above_2_khz(x):
    """(D, T) power of frames of 32 ms above 2 kHz, of those that are not silent."""
    x = scipy.signal.sosfilt(scipy.signal.butter(6, 2000, "high", fs=FS, output="sos"), x)
    power = np.mean(x[:, : x.shape[1] // 512 * 512].reshape(len(x), -1, 512) ** 2, axis=-1)
    return power[:, power.mean(axis=0) > 1e-4 * power.mean()]


@pytest.mark.parametrize(("kind", "most_db"), [("hammer", 4.5), ("music", 3.0), ("street", 1.5), ("pink", 0.8)])
def test_levels_at_two_ears_rise_and_fall_together_as_in_a_room(kind, most_db):
    """Image sources in a room with T60 = 0.5 s give 2.1, 2.3, 1.1 and 0.5 dB; an input of its own for each ear 25.8,
    11.6, 6.9 and 0.4 dB.
    """
    power = above_2_khz(surround(recordings(kind, 2), EARS, FS, np.random.default_rng(0)))
    difference = 10 * np.log10(power[0] / power[1])
    assert 0.2 < np.std(difference) < most_db
    if kind != "pink":
        assert np.corrcoef(np.log(power))[0, 1] > 0.8, "envelopes"


def test_far_sources_have_the_coherence_of_a_diffuse_field_and_unit_power():
    """On average over the responses."""
    xyz, generator = positions("tablet"), np.random.default_rng(1)
    white = generator.standard_normal((12, 6, preroll(FS) + 8 * FS))
    x = np.concatenate([surround(noise, xyz, FS, generator) for noise in white], axis=1)
    frequency = np.fft.rfftfreq(512, 1 / FS)
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    expected = np.sinc(2 * frequency[:, None, None] * distance / 343)
    error = measured_coherence(x)[4:-4] - expected[4:-4]
    assert np.sqrt(np.mean(error**2)) < 0.05
    np.testing.assert_allclose(np.mean(x**2, axis=1), 1, atol=0.1)


def test_a_far_source_is_heard_from_its_preroll_on_and_decays():
    before = preroll(FS)
    signal = np.zeros((2, before + FS))
    signal[0, before + 100] = 1.0
    heard = surround(signal, EARS, FS, np.random.default_rng(0))
    assert heard.shape == (2, FS)
    energy = np.sum(heard**2, axis=0)
    assert np.abs(heard[:, :100]).max() < 1e-9 * np.abs(heard).max(), "nothing wraps around"
    early, late = (energy[a : a + 1000].sum() for a in (100, 4100))
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=1), "60 dB in half a second"
    assert np.array_equal(surround(signal, EARS[:1], FS, np.random.default_rng(0)), signal[:1, before:])
