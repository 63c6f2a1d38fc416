"""Directions, steering and diffuse fields against geometry; delay and sum on plane waves."""

import numpy as np
import pytest

from cocktail import stft
from cocktail.dsp.acoustics import SOUND_SPEED, diffuse_coherence
from cocktail.dsp.spatial import beamformers, directions
from cocktail.method import View
from cocktail.plugins.registry import Registry

FS = 16000
ANGLES = np.arange(4) * np.pi / 2
ARRAY = 0.05 * np.stack([np.cos(ANGLES), np.sin(ANGLES), 0 * ANGLES], axis=1)


def towards(azimuth_deg):
    """Unit vector in the array's plane."""
    angle = np.deg2rad(azimuth_deg)
    return np.array([np.cos(angle), np.sin(angle), 0.0])


def plane_wave(signal, direction):
    """(4, N): the signal as each microphone hears it, delayed exactly (circularly) in the frequency domain."""
    f_hz = np.fft.rfftfreq(len(signal), 1 / FS)
    delay_s = -(ARRAY - ARRAY[0]) @ direction / SOUND_SPEED
    return np.fft.irfft(np.fft.rfft(signal) * np.exp(-2j * np.pi * f_hz * delay_s[:, None]), len(signal))


def talkers(seed, *azimuths_deg):
    """Plane waves of noise that comes and goes like syllables: (K, 4, N)."""
    rng = np.random.default_rng(seed)
    n_samples = 24000
    gates = np.repeat(rng.random((len(azimuths_deg), 15)) > 0.5, 1600, axis=1) + 0.01
    return np.stack([
        plane_wave(gate * rng.standard_normal(n_samples), towards(azimuth))
        for gate, azimuth in zip(gates, azimuths_deg, strict=True)
    ])  # fmt: skip


def test_sphere_is_even():
    points = directions.sphere(500)
    np.testing.assert_allclose(np.linalg.norm(points, axis=-1), 1)
    np.testing.assert_allclose(points.mean(0), 0, atol=5e-3)
    np.testing.assert_allclose(points.T @ points / 500, np.eye(3) / 3, atol=5e-3)


def test_steering_is_the_response_to_a_plane_wave():
    x = plane_wave(np.random.default_rng(0).standard_normal(4096), towards(40))
    X = np.fft.rfft(x)
    a = directions.steering(ARRAY, towards(40), np.fft.rfftfreq(4096, 1 / FS))
    np.testing.assert_allclose(a[:-1, 0], 1)
    np.testing.assert_allclose((a * X[0][:, None])[1:-1], X.T[1:-1], atol=1e-9)


@pytest.mark.parametrize("azimuth", [-150, -35, 0, 77])
def test_direction_of_one_talker(azimuth):
    X = stft.stft(talkers(1, azimuth)[0])
    found = directions.directions_of_arrival(X, ARRAY, np.arange(257) * FS / 512, 1)[0]
    assert found @ towards(azimuth) > np.cos(np.deg2rad(8))  # a planar array sees little of the elevation
    along = np.rad2deg(np.arctan2(found[1], found[0]))
    assert abs((along - azimuth + 180) % 360 - 180) < 2


@pytest.mark.parametrize("azimuths", [(0, 60), (-90, 90), (20, 170), (100, 135)])
def test_directions_of_two_talkers(azimuths):
    X = stft.stft(talkers(2, *azimuths).sum(0))
    found = directions.directions_of_arrival(X, ARRAY, np.arange(257) * FS / 512, 2)
    along = np.rad2deg(np.arctan2(found[:, 1], found[:, 0]))
    off = np.abs((along[:, None] - np.array(azimuths) + 180) % 360 - 180)
    assert min(max(off[0, 0], off[1, 1]), max(off[0, 1], off[1, 0])) < 6


def test_directions_of_silence_are_some_directions():
    found = directions.directions_of_arrival(np.zeros((4, 257, 9), complex), ARRAY, np.arange(257) * FS / 512, 2)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1)


def test_diffuse_coherence_is_that_of_waves_from_everywhere():
    f_hz = np.array([0.0, 500.0, 2000.0, 5000.0])
    a = directions.steering(ARRAY, directions.sphere(20000), f_hz)
    np.testing.assert_allclose(
        np.einsum("qfd,qfe->fde", a, a.conj()) / 20000, diffuse_coherence(ARRAY, f_hz), atol=1e-3
    )


def test_room_covariance_has_trace_d_and_is_positive():
    R = directions.room_covariance(ARRAY, directions.sphere(3), np.linspace(0, 8000, 30), 0.4)
    np.testing.assert_allclose(np.trace(R, axis1=-2, axis2=-1), 4)
    assert np.linalg.eigvalsh(R).min() > -1e-9


def test_delay_and_sum_keeps_its_talker_and_weakens_the_other():
    images = talkers(3, 10, 130)
    view = View(FS, np.random.default_rng(0), {"array": ARRAY, "n_sources": 2})
    found = Registry().entry("delay-and-sum").make()(images.sum(0), view)
    correlation = np.abs(np.corrcoef(np.concatenate([found, images[:, 0]]))[:2, 2:])
    order = [0, 1] if correlation[0, 0] > correlation[0, 1] else [1, 0]
    for beam, talker in enumerate(order):
        assert correlation[beam, talker] > correlation[beam, 1 - talker] + 0.2
    w = directions.steering(ARRAY, towards(10), np.arange(257) * FS / 512) / 4
    kept = stft.istft(beamformers.apply(w, stft.stft(images[0])), images.shape[-1])
    assert np.sum((kept - images[0, 0]) ** 2) < 1e-2 * np.sum(images[0, 0] ** 2)


def test_a_loud_tone_from_elsewhere_has_one_vote():
    """A tone, 20 dB above the talker, is loud in a few bins, and direction counts bin by bin."""
    rng = np.random.default_rng(3)
    tone = np.sin(2 * np.pi * 1500 * np.arange(24000) / FS)
    x = plane_wave(0.1 * rng.standard_normal(24000), towards(100)) + plane_wave(tone, towards(-60))
    found = directions.directions_of_arrival(stft.stft(x), ARRAY, np.arange(257) * FS / 512, 1)[0]
    assert found @ towards(100) > np.cos(np.deg2rad(8))


def test_directions_are_found_between_the_points_of_the_grid():
    """Of a thousand directions neighbours are 6.5 degrees apart, so that the nearest one is 2.5 degrees off."""
    array = np.concatenate([ARRAY, [[0, 0, 0.05], [0, 0, -0.05]]])
    f_hz, rng, off_deg = np.arange(257) * FS / 512, np.random.default_rng(4), []
    for _ in range(4):
        direction = rng.standard_normal(3)
        direction /= np.linalg.norm(direction)
        source = rng.standard_normal((257, 20)) + 1j * rng.standard_normal((257, 20))
        X = np.einsum("fd,ft->dft", directions.steering(array, direction, f_hz), source)
        found = directions.directions_of_arrival(X, array, f_hz, 1)[0]
        off_deg.append(np.degrees(np.arccos(min(found @ direction, 1))))
    assert np.mean(off_deg) < 1.2


def test_steering_to_a_far_point_is_steering_in_its_direction():
    f_hz = np.array([200.0, 1000.0, 4000.0])
    direction = np.array([0.6, 0.0, 0.8])
    found = directions.steering_to(ARRAY, 1e4 * direction, f_hz)
    np.testing.assert_allclose(found, directions.steering(ARRAY, direction, f_hz), atol=1e-4)


def test_a_near_point_is_louder_and_sooner_where_it_is_nearer():
    array = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    a = directions.steering_to(array, np.array([1.5, 0, 0]), np.array([100.0]))[0]
    np.testing.assert_allclose(a[1], 3 * np.exp(2j * np.pi * 100 * 1.0 / SOUND_SPEED))
    assert a[0] == 1
