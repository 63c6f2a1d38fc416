"""A mixture of speech under a vector Taylor series gains where noise was never heard before."""

import numpy as np
from nmf_sounds import Data, hiss, si_sdr, view, voiced

from cocktail.plugins.registry import Registry


def test_gains_on_unseen_noise(tmp_path):
    method = Registry().plugins["gmm_vts"].cls(components=16, frames_fit=1000, iterations_fit=5)
    method.fit(Data(), np.random.default_rng(0), tmp_path)
    model = method.load(tmp_path)
    model_view = view(model)
    rng = np.random.default_rng(50)
    speech, noise = voiced(rng), hiss(rng)
    mixture = (speech + noise * np.linalg.norm(speech) / np.linalg.norm(noise))[None]
    estimate = method(mixture, model_view)
    assert estimate.shape == mixture.shape
    assert si_sdr(speech, estimate[0]) > si_sdr(speech, mixture[0]) + 6
