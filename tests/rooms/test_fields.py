import numpy as np
import pytest

from cocktail.dsp.acoustics import diffuse_coherence
from cocktail.rooms.arrays import positions
from cocktail.rooms.fields import diffuse

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
