"""Two harmonic complexes come out apart, and unvoiced sound goes to the talker who is not voiced."""

from types import SimpleNamespace

import numpy as np
from talkers_apart import require_taken_apart

from cocktail.plugins.registry import Registry

FS = 16000


def test_two_resolved_complexes_are_taken_apart():
    t = np.arange(FS) / FS
    talkers = []
    for f0, rate, shift in ((115.0, 2.0, 0.0), (205.0, 3.0, 1.5)):
        phase = 2 * np.pi * np.cumsum(f0 * (1 + 0.05 * np.sin(2 * np.pi * rate * t))) / FS
        tone = sum(np.sin(k * phase) / k for k in range(1, 15))
        talkers.append(tone * (np.sin(2 * np.pi * rate * t + shift) > -0.6))
    require_taken_apart("casa", np.stack(talkers), FS)


def test_unvoiced_segments_are_of_the_talker_who_is_not_voiced():
    unvoiced = Registry().plugins["casa"].cls.masks.__globals__["unvoiced"]
    segment = np.zeros((2, 9), int)
    segment[0, :3], segment[0, 3:6], segment[1, :3], segment[1, 6:] = 1, 2, 3, 4
    periodic = np.zeros((2, 9, 1))
    periodic[1, :3] = 0.9
    units = SimpleNamespace(power=np.ones((2, 9)), periodic=periodic)
    voiced = np.zeros((2, 9), bool)
    voiced[0, :3], voiced[1, 3:6] = True, True
    shares = unvoiced(units, segment, voiced)
    np.testing.assert_array_equal(shares[:, 0, 0], [0, 1])
    np.testing.assert_array_equal(shares[:, 0, 4], [1, 0])
    for b, t in ((1, 1), (1, 7), (0, 8)):  # periodic; while nobody is voiced; in no segment
        np.testing.assert_array_equal(shares[:, b, t], [0.5, 0.5])
