import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.errors import CocktailError
from cocktail.rooms.arrays import ARRAYS, positions, require_apart, turned
from cocktail.rooms.convolution import convolve, fast_length
from cocktail.rooms.placement import place_noise, place_talkers

SIZE = np.array([6.0, 4.5, 2.6])
PAIR = ARRAYS["pair"]


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_centred_and_microphones_distinct(name):
    xyz = positions(name)
    np.testing.assert_allclose(xyz.mean(axis=0), 0, atol=1e-15)
    assert all(np.linalg.norm(a - b) > 0.01 for a, b in itertools.combinations(xyz, 2))


def test_tablet_is_that_of_chime3():
    xyz = positions("tablet")
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    assert distance[0, 2] == pytest.approx(0.20)
    assert distance[0, 3] == pytest.approx(0.19)
    assert xyz[1, 1] - xyz[0, 1] == pytest.approx(-0.02)  # the second one looks backwards


@pytest.mark.parametrize(("name", "spacing"), [("pair", 0.17), ("linear-4", 0.05), ("circular-4", 0.05 * 2**0.5)])
def test_neighbours_of_the_other_arrays_are_as_far_apart_as_they_say(name, spacing):
    np.testing.assert_allclose(np.linalg.norm(np.diff(positions(name), axis=0), axis=1), spacing)


def test_array_by_positions():
    np.testing.assert_allclose(positions([[0, 0, 0], [0.1, 0, 0]]), [[-0.05, 0, 0], [0.05, 0, 0]])


@pytest.mark.parametrize("array", ["tablett", [[0, 0]], [0, 0, 0]])
def test_what_is_no_array_is_refused(array):
    with pytest.raises(CocktailError, match="array"):
        positions(array)


def test_turning_keeps_distances_and_height():
    xyz = positions("tablet")
    np.testing.assert_allclose(turned(np.array([[0.0, 1.0, 0.5]]), 90), [[-1.0, 0.0, 0.5]], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(turned(xyz, 33), axis=1), np.linalg.norm(xyz, axis=1))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), distance=st.floats(0.3, 1.8), talkers=st.integers(1, 3))
def test_talkers_are_where_they_were_asked_to_be(seed, distance, talkers):
    distances = np.full(talkers, distance)
    centre, yaw, places = place_talkers(np.random.default_rng(seed), SIZE, PAIR, distances, (-60, 60), 25)
    assert np.all(places > 0.3) and np.all(places < SIZE - 0.3), "30 cm from the walls"
    assert np.all(centre[:2] >= 0.8) and np.all(centre[:2] <= SIZE[:2] - 0.8) and 1.0 <= centre[2] <= 1.6
    np.testing.assert_allclose(np.linalg.norm(places - centre, axis=1), distance)
    seen = turned(places - centre, -yaw)
    azimuth = np.degrees(np.arctan2(-seen[:, 0], seen[:, 1]))
    assert np.all(np.abs(azimuth) <= 60 + 1e-9)
    elevation = np.degrees(np.arcsin(seen[:, 2] / distance))
    assert np.all(elevation >= -10 - 1e-9) and np.all(elevation <= 20 + 1e-9)
    assert all(abs(a - b) >= 25 - 1e-9 for a, b in itertools.combinations(azimuth, 2))


@pytest.mark.parametrize(
    ("size", "array", "distances", "options"),
    [
        ((2.0, 2.0, 2.4), PAIR, [5.0], {}),
        ((1.5, 1.5, 2.5), PAIR, [0.5], {}),  # nowhere 0.8 m from all walls
        ((6.0, 4.5, 1.0), PAIR, [0.5], {}),  # lower than the array stands
        ((6.0, 4.5, 2.6), 60 * PAIR, [0.5], {}),  # wider than the room is
        ((6.0, 4.5, 2.6), 4 * PAIR, [0.34, 0.34], {"azimuth_deg": (-90, -90)}),  # at one of its microphones
        ((6.0, 4.5, 2.6), PAIR, [0.2] * 4, {"azimuth_deg": (0, 0)}),  # four heads in one place
        ((6.0, 4.5, 2.6), PAIR, [1.0] * 5, {"separation_deg": 90}),
    ],
)
def test_what_a_room_has_no_place_for_is_an_error_with_the_numbers(size, array, distances, options):
    sides = " x ".join(f"{side:.1f}" for side in size)
    with pytest.raises(CocktailError, match=rf"no place in a room of {sides} m .* {distances[0]:.1f}.* m from the"):
        place_talkers(np.random.default_rng(0), np.array(size), array, np.array(distances), **options)


def test_microphones_stay_within_the_walls():
    array, size = 9 * PAIR, np.array([3.0, 3.0, 2.5])  # 1.5 m across, its centre 0.8 m from the walls
    for seed in range(100):
        centre, yaw, _ = place_talkers(np.random.default_rng(seed), size, array, np.array([0.4]))
        microphones = centre + turned(array, yaw)
        assert np.all(microphones > 0) and np.all(microphones < size)


def test_noise_keeps_off_the_array_and_the_talkers():
    centre, talkers = np.array([3.0, 2.0, 1.2]), np.array([[4.2, 2.0, 1.2], [3.0, 3.5, 1.5]])
    around = {"microphones": centre + 10 * PAIR, "talkers": talkers}
    places = np.array([place_noise(np.random.default_rng(i), SIZE, centre, **around) for i in range(300)])
    assert np.all((places > 0.3) & (places < SIZE - 0.3))
    assert min(np.linalg.norm(places - centre, axis=1)) >= 1
    assert np.linalg.norm(places[:, None] - talkers, axis=-1).min() >= 0.2
    assert np.linalg.norm(places[:, None] - (centre + 10 * PAIR), axis=-1).min() >= 0.1


def test_two_microphones_in_one_place_are_named():
    require_apart(ARRAYS["tablet"], "tablet")
    with pytest.raises(CocktailError, match="mine: microphones 1 and 3 are in one place"):
        require_apart(np.array([[0, 0, 0], [0.1, 0, 0], [0, 0, 0]]), "mine")


@given(n=st.integers(1, 200_000))
def test_fast_length_is_the_next_regular_number(n):
    def regular(m):
        for prime in (2, 3, 5):
            while m % prime == 0:
                m //= prime
        return m == 1

    length = fast_length(n)
    assert length >= n and regular(length)
    assert not any(regular(m) for m in range(max(n, length - 200), length))


def test_convolution_equals_numpy():
    generator = np.random.default_rng(0)
    x, h = generator.standard_normal(1001), generator.standard_normal((2, 3, 77))
    y = convolve(x, h)
    assert y.shape == (2, 3, 1077)
    np.testing.assert_allclose(y[1, 2], np.convolve(x, h[1, 2]), atol=1e-12)
