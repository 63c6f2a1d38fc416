import numpy as np
import pytest

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.rooms.arrays import positions
from cocktail.rooms.convolution import convolve, convolve_along, points
from cocktail.rooms.motion import RATE, arc, changes, hop
from cocktail.rooms.responses import EARLY_S, LATENCY, responses
from cocktail.rooms.shoebox import Shoebox

FS = 16000
CENTRE = np.array([2.6, 1.9, 1.3])
PHONE = CENTRE + positions("phone")
ROOM = Shoebox.with_t60((5.0, 4.0, 2.7), 0.3)


def circling(n_samples=FS, turn_deg_s=80.0, distance=0.6):
    start = CENTRE + distance * np.array([0.0, 0.96, 0.28])
    return arc(start, CENTRE, 0.0, turn_deg_s, (-70, 70), FS, n_samples)


def test_responses_that_change_are_crossfaded_sample_by_sample():
    generator, step = np.random.default_rng(0), 50
    signal, along = generator.standard_normal(331), generator.standard_normal((8, 2, 130))
    expected = np.zeros((2, 331 + 129))
    for n, x in enumerate(signal):
        p, share = n // step, n % step / step
        expected[:, n : n + 130] += x * ((1 - share) * along[p] + share * along[p + 1])
    np.testing.assert_allclose(convolve_along(signal, along, step), expected, atol=1e-12)


@pytest.mark.parametrize("n_samples", [1, 49, 50, 51, 1000])
def test_responses_that_stay_convolve_as_one_response(n_samples):
    generator = np.random.default_rng(n_samples)
    signal, response = generator.standard_normal(n_samples), generator.standard_normal((3, 7))
    along = np.broadcast_to(response, (points(n_samples, 50), 3, 7))
    np.testing.assert_allclose(convolve_along(signal, along, 50), convolve(signal, response), atol=1e-12)


def test_a_path_shorter_than_the_signal_is_refused():
    with pytest.raises(ValueError, match="100 samples need 3 responses, there are 2"):
        convolve_along(np.ones(100), np.ones((2, 1, 4)), 50)


def test_an_arc_goes_round_at_its_speed_and_turns_back():
    path = circling(2 * FS)
    assert len(path) == 2 * RATE + 1
    around = path - CENTRE
    np.testing.assert_allclose(np.linalg.norm(around, axis=1), 0.6)
    np.testing.assert_allclose(around[:, 2], 0.6 * 0.28)
    azimuth = np.degrees(np.arctan2(-around[:, 0], around[:, 1]))
    seconds = np.arange(len(path)) / RATE
    expected = np.where(seconds <= 70 / 80, 80 * seconds, 140 - 80 * seconds)
    np.testing.assert_allclose(azimuth, expected, atol=1e-9)
    other = np.degrees(np.arctan2(*(circling(2 * FS, -80.0) - CENTRE)[:, :2].T * [[-1], [1]]))
    np.testing.assert_allclose(other, -expected, atol=1e-9)


def test_a_path_of_one_place_changes_nothing():
    still = changes(ROOM, np.repeat(circling()[:1], 11, axis=0), PHONE, FS)
    assert not any(part.any() for part in vars(still).values())


def test_responses_along_a_path_are_those_of_its_points():
    path = circling()[[0, 4, 10]]
    moved = changes(ROOM, path, PHONE, FS)
    still = responses(ROOM, path, PHONE, FS, [np.random.default_rng(0) for _ in path])
    peak = np.abs(still.direct).max()
    n_direct = int(0.02 * FS) + LATENCY
    np.testing.assert_allclose(
        moved.direct[:, :n_direct], (still.direct - still.direct[0])[:, :n_direct], atol=2e-3 * peak
    )
    n_early = int((np.linalg.norm(path[0] - PHONE, axis=1).min() / SOUND_SPEED + EARLY_S) * FS)
    for name in ("early", "full"):
        expected = getattr(still, name) - getattr(still, name)[0]
        difference = getattr(moved, name)[..., :n_early] - expected[..., :n_early]
        assert np.abs(difference).max() < 0.02 * np.abs(expected).max(), name


def test_without_reflections_pulses_arrive_with_the_gain_and_delay_of_their_place():
    """A closed form: what is sent at a point of the path arrives 1 / distance as loud, distance / c later."""
    path = circling()
    room, pulses = Shoebox(ROOM.size, 1 - 1e-12), np.zeros(FS)
    pulses[:: hop(FS)] = 1
    start = responses(room, path[:1], PHONE, FS, [np.random.default_rng(0)])
    heard = convolve(pulses, start.direct[0])[:FS]
    heard += convolve_along(pulses, changes(room, path, PHONE, FS).direct[:, None], hop(FS))[0, :FS]
    distance = np.linalg.norm(path - PHONE[0], axis=1)[:RATE]
    spectrum = np.fft.rfft(heard.reshape(RATE, -1))
    band = slice(1, int(6000 / RATE))
    np.testing.assert_allclose(
        np.abs(spectrum[:, band]), np.broadcast_to(1 / distance[:, None], spectrum[:, band].shape), rtol=0.02
    )
    frequency = np.arange(spectrum.shape[1])[band] * RATE
    slope = [np.polyfit(frequency, np.unwrap(np.angle(row[band])), 1)[0] for row in spectrum]
    np.testing.assert_allclose(-np.array(slope) / (2 * np.pi) - LATENCY / FS, distance / SOUND_SPEED, atol=0.02 / FS)
    assert np.ptp(distance) > 0.04
