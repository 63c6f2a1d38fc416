import numpy as np
import pytest

from cocktail.degradations.packets import concealed, draw_lost, packets

FS = 16000
SIZE = 320


def white(n_samples):
    return np.random.default_rng(0).standard_normal(n_samples)


@pytest.mark.parametrize(("share", "burst"), [(0.02, 1.0), (0.1, 2.0), (0.15, 3.0)])
def test_as_many_packets_are_lost_as_was_asked_in_bursts_as_long(share, burst):
    lost = np.array(draw_lost(np.random.default_rng(0), 100_000, share, burst))
    assert len(lost) / 100_000 == pytest.approx(share, rel=0.08)
    assert len(lost) / np.sum(np.diff(lost, prepend=-2) > 1) == pytest.approx(burst, rel=0.05 + 0.02 * burst)


def test_the_first_packet_is_lost_as_often_as_any_other():
    found = [draw_lost(np.random.default_rng(seed), 40, 0.3, 4.0) for seed in range(1000)]
    for packet in (0, 39):
        assert np.mean([packet in lost for lost in found]) == pytest.approx(0.3, abs=0.05)


def test_at_least_one_packet_is_lost():
    assert all(len(draw_lost(np.random.default_rng(seed), 5, 1e-9, 1.0)) == 1 for seed in range(5))


def test_packets_that_arrive_are_heard_as_they_are_but_for_the_fade():
    x, lost = white(20 * SIZE + 7), (3, 4, 9, 20)
    assert packets(len(x), FS) == 21
    y = concealed(x, FS, lost)
    changed = [bool(np.any(y[p * SIZE : (p + 1) * SIZE][64:] != x[p * SIZE : (p + 1) * SIZE][64:])) for p in range(20)]
    assert tuple(np.flatnonzero(changed)) == (3, 4, 9)
    assert np.any(y[20 * SIZE :] != x[20 * SIZE :]) and y.shape == x.shape


def test_nothing_of_a_lost_packet_is_heard():
    x, lost = white(20 * SIZE), (3, 4, 9)
    other = x.copy()
    for p in lost:
        other[p * SIZE : (p + 1) * SIZE] = 7
    np.testing.assert_array_equal(concealed(x, FS, lost), concealed(other, FS, lost))


def test_a_voice_goes_on_for_10_ms_and_is_gone_after_60():
    period = white(133)
    x = np.tile(period, 60)
    y = concealed(x, FS, tuple(range(6, 12)))
    lost = slice(6 * SIZE, 6 * SIZE + 160)
    np.testing.assert_allclose(y[lost], x[lost], atol=1e-9)
    half = slice(6 * SIZE + 560, 6 * SIZE + 561)  # 25 ms after its last full sample: 1 - 0.2 * 2.5
    np.testing.assert_allclose(y[half], 0.5 * x[half], atol=1e-9)
    assert not y[6 * SIZE + 961 : 12 * SIZE].any()
    np.testing.assert_allclose(y[12 * SIZE + 64 :], x[12 * SIZE + 64 :])


def test_the_first_packets_have_nothing_to_go_on_from():
    x = white(10 * SIZE)
    assert not concealed(x, FS, (0, 1))[: 2 * SIZE].any()
