import itertools

import numpy as np
import pytest
from impulse_responses import early_energy, t60

from cocktail.rooms.shoebox import Shoebox

SIZE = (5.0, 4.0, 2.7)


def brute_force(room, until_s, sources):
    """Times and amplitudes of every image of random sources at random microphones, by adding up the lattice."""
    generator = np.random.default_rng(0)
    size, reach = np.array(room.size), np.ceil(343 * until_s / np.array(room.size)).astype(int) + 1
    cells = np.array(list(itertools.product(*(range(-n, n + 1) for n in reach))))
    reflected = np.sqrt(1 - room.absorption) ** np.abs(cells).sum(axis=1)
    for _ in range(sources):
        source, microphone = generator.uniform(0.5, size - 0.5, (2, 3))
        images = cells * size + np.where(cells % 2 == 0, source, size - source)
        distance = np.linalg.norm(images - microphone, axis=1)
        yield distance / 343, reflected / distance


def test_expected_energy_and_offset_are_those_of_the_images():
    room = Shoebox(SIZE, 0.25)
    edges = np.array([0.03, 0.05, 0.08, 0.12])
    energy, offset, n_pairs = np.zeros(3), np.zeros(3), 40
    for time, amplitude in brute_force(room, edges[-1], n_pairs):
        energy += np.histogram(time, edges, weights=amplitude**2)[0] / n_pairs
        offset += np.histogram(time, edges, weights=amplitude)[0] / n_pairs
    for i, (start, end) in enumerate(itertools.pairwise(edges)):
        time = np.linspace(start, end, 201)
        assert energy[i] == pytest.approx(np.trapezoid(room.energy(time), time), rel=0.05)
        assert offset[i] == pytest.approx(np.trapezoid(room.offset(time), time), rel=0.05)


@pytest.mark.parametrize("size", [SIZE, (3.0, 3.0, 3.0), (9.0, 3.0, 2.4)])
@pytest.mark.parametrize("t60_s", [0.2, 0.5, 1.0])
def test_the_expected_decay_has_the_t60(size, t60_s):
    room = Shoebox.with_t60(size, t60_s)
    fs = 8000
    response = np.sqrt(room.energy(np.arange(int(1.5 * t60_s * fs)) / fs))
    assert t60(response, fs) == pytest.approx(t60_s, rel=0.01)


def test_absorption_lies_near_eyring_in_a_cube():
    side, t60_s = 4.0, 0.5
    eyring = 1 - np.exp(-24 * np.log(10) * side**3 / (343 * 6 * side**2 * t60_s))
    assert Shoebox.with_t60((side,) * 3, t60_s).absorption == pytest.approx(eyring, rel=0.1)


def test_duration_is_when_60_db_have_gone():
    room = Shoebox.with_t60(SIZE, 0.4)
    time = np.linspace(0, 2, 20_001)
    energy = room.energy(time)
    late = time > room.duration()
    assert 10 * np.log10(energy[late].sum() / energy.sum()) == pytest.approx(-60, abs=0.1)


def test_t60_of_an_exponential_decay():
    fs, generator = 16000, np.random.default_rng(0)
    time = np.arange(fs) / fs
    response = generator.standard_normal(fs) * 10 ** (-3 * time / 0.37)
    assert t60(response, fs) == pytest.approx(0.37, rel=0.03)


def test_early_energy_of_two_pulses():
    response = np.zeros(4000)
    response[[100, 1000]] = 1.0, 0.5
    assert early_energy(response, 16000) == pytest.approx(0, abs=1e-9)
    assert early_energy(response, 16000, 0.1) == pytest.approx(10 * np.log10(1.25))
