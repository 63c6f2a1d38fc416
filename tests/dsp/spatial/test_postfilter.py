"""Postfilters: what noise a beam lets through, and the two ends of the gain."""

import numpy as np

from cocktail.dsp.noise.gains import mmse_lsa
from cocktail.dsp.spatial import beamformers, postfilter


def test_what_mvdr_lets_through_is_the_inverse_of_its_denominator():
    rng = np.random.default_rng(0)
    root, a = (rng.standard_normal(s) + 1j * rng.standard_normal(s) for s in ((5, 3, 3), (5, 3)))
    noise = root @ root.conj().swapaxes(-1, -2)
    a = a / a[:, :1]
    w = beamformers.towards(a, noise)
    np.testing.assert_allclose(np.sum(w.conj() * a, -1), 1, rtol=1e-6)
    expected = 1 / np.einsum("fd,fdc,fc->f", a.conj(), np.linalg.inv(noise), a).real
    np.testing.assert_allclose(postfilter.residual(w, noise), expected, rtol=1e-5)
    np.testing.assert_allclose(w, beamformers.mvdr(a[..., None] * a[:, None].conj(), noise), rtol=1e-5)
    np.testing.assert_allclose(beamformers.towards((2 - 3j) * a, noise), w)


def test_presence_moves_the_gain_from_its_floor_to_the_log_spectral_amplitude():
    power, noise = np.full((1, 2), 5.0), np.ones((1, 2))
    options = {"alpha": 0.0, "xi_min": 1e-3, "floor": 0.1}
    absent, half, present = (postfilter.gain(power, noise, np.full((1, 2), p), **options) for p in (0, 0.5, 1))
    np.testing.assert_allclose(absent, 0.1)
    np.testing.assert_allclose(present, mmse_lsa(np.array(4.0), np.array(5.0)))
    np.testing.assert_allclose(half, np.sqrt(absent * present))
