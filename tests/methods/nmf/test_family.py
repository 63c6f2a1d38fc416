"""NMF plugins besides `nmf`: a gain where there must be one, and what tells each from the others."""

import numpy as np
import pytest
from nmf_sounds import FS, Data, hiss, si_sdr, trained, view, voiced

from cocktail.dsp.nmf import frames, models
from cocktail.method import Bases, Recording, View
from cocktail.plugins.registry import Registry

PLUGINS = {
    "nmf_conv": {"speech_templates": 8, "noise_templates": 3, "template_frames": 4, "frames_fit": 600},
    "nds": {"speech_bases": 12, "noise_bases": 3, "frames_fit": 400},
    "n_hmm": {"states": 6, "speech_bases": 4, "noise_bases": 3, "frames_fit": 400, "iterations_fit": 8},
    "nmf_source_filter": {"filters": 6, "noise_bases": 3, "frames_fit": 400, "per_octave": 24},
    "nmf_online": {"speech_bases": 12, "noise_bases": 2, "frames_fit": 400},
    "nmf_universal": {"speaker_bases": 4, "noise_bases": 2, "frames_fit": 2000},
}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_gains_on_unseen_noise(tmp_path, plugin):
    method, model = trained(tmp_path, plugin, **PLUGINS[plugin])
    rng = np.random.default_rng(50)
    speech, noise = voiced(rng), hiss(rng)
    mixture = (speech + noise * np.linalg.norm(speech) / np.linalg.norm(noise))[None]
    estimate = method(mixture, view(model))
    assert estimate.shape == mixture.shape
    assert si_sdr(speech, estimate[0]) > si_sdr(speech, mixture[0]) + 5


@pytest.mark.parametrize("plugin", PLUGINS)
def test_batch_equals_loop(tmp_path, plugin):
    method, model = trained(tmp_path, plugin, **PLUGINS[plugin])
    rng = np.random.default_rng(51)
    mixtures = [(voiced(rng, s) + hiss(rng, s))[None] for s in (0.4, 1.0, 0.1)]
    together = method.batch(mixtures, [view(model, i) for i in range(3)])
    for i, (mixture, estimate) in enumerate(zip(mixtures, together, strict=True)):
        np.testing.assert_allclose(estimate, method(mixture, view(model, i)), atol=1e-4 * np.abs(mixture).max())


def test_complex_nmf_gains_with_the_bases_of_sparse_nmf(tmp_path):
    _, bases = trained(tmp_path, "nmf", speech_bases=12, noise_bases=4, frames_fit=600)
    rng = np.random.default_rng(50)
    speech, noise = voiced(rng), hiss(rng)
    mixture = (speech + noise * np.linalg.norm(speech) / np.linalg.norm(noise))[None]
    method = Registry().plugins["nmf_complex"].cls()
    estimate = method(mixture, View(FS, np.random.default_rng(0), {"bases": Bases(bases=bases)}))
    assert estimate.shape == mixture.shape
    assert si_sdr(speech, estimate[0]) > si_sdr(speech, mixture[0]) + 5


def test_source_filter_systems_gain_with_the_noise_of_the_dynamical_one(tmp_path):
    _, systems = trained(tmp_path, "nds", speech_bases=12, noise_bases=3, frames_fit=400)
    method = Registry().plugins["sf_nds"].cls(frames_fit=400, iterations_fit=5)

    class Told(Data):
        bases = Bases(bases=systems)

    method.fit(Told(), np.random.default_rng(0), tmp_path)
    rng = np.random.default_rng(50)
    speech, noise = voiced(rng), hiss(rng)
    mixture = (speech + noise * np.linalg.norm(speech) / np.linalg.norm(noise))[None]
    granted = {"model": method.load(tmp_path), "bases": Bases(bases=systems), "device": "cpu"}
    told = View(FS, np.random.default_rng(0), granted)
    first, second = method.batch([mixture, mixture[:, :4000]], [told, told])
    assert si_sdr(speech, first[0]) > si_sdr(speech, mixture[0]) + 5
    np.testing.assert_allclose(second, method(mixture[:, :4000], told), atol=1e-4 * np.abs(mixture).max())


def test_a_known_speaker_switches_on_their_block():
    """A mixture of one speaker's bases and noise: among blocks of three speakers, theirs holds the speech."""
    rng = np.random.default_rng(60)
    speech = np.zeros((30, 9), np.float32)
    for k in range(9):
        speech[3 * k : 3 * k + 4, k] = rng.random(len(speech[3 * k : 3 * k + 4])) + 0.2
    speech /= np.linalg.norm(speech, axis=0)
    active = speech[:, 3:6] @ rng.gamma(0.5, 1.0, (3, 80))
    V = (active + 0.05 + 1e-3 * rng.random((30, 80))).astype(np.float32)
    found, _ = models.block_sparse(
        V, speech, rng, block=3, n_noise=1, share=0.001, divergence="kl", iterations=200, device="cpu"
    )
    inside = found[9:19].sum() / found.sum()
    assert inside > 0.95, "bins of the second block"


def test_recordings_are_drawn_whole_and_evenly():
    counts = np.zeros(10)
    for seed in range(300):
        sample = frames.RecordingReservoir(30, np.random.default_rng(seed))
        for i in range(10):
            sample.add(np.full((2, 10), float(i)))
        kept = [int(V[0, 0]) for V in sample.recordings()]
        assert len(kept) == 3 and kept == sorted(kept)
        counts[kept] += 1
    assert np.all(np.abs(counts / 300 - 0.3) < 0.1)


def test_stretches_come_from_more_recordings_than_whole_ones_do():
    method = Registry().plugins["nds"].cls()
    rng = np.random.default_rng(61)
    told = [Recording((i + 1) * rng.standard_normal(FS), "hiss") for i in range(12)]
    whole = method.recordings(told, 120, np.random.default_rng(0))["hiss"]
    parts = method.recordings(told, 120, np.random.default_rng(0), stretch=10)["hiss"]
    assert len(whole) == 2
    assert len(parts) >= 12 and max(part.shape[1] for part in parts) == 10
    assert sum(part.shape[1] for part in parts) < 130


def test_a_pause_is_no_speech_however_it_is_cut(tmp_path):
    method = Registry().plugins["n_hmm"].cls(states=2, speech_bases=2, noise_bases=2, iterations_fit=2, frames_fit=200)
    told = Recording(np.concatenate([voiced(np.random.default_rng(62)), np.zeros(3 * FS)]), "speech", "s")
    parts = method.recordings([told], 10000, np.random.default_rng(0), stretch=10)["speech"]
    heard = np.concatenate([method.heard(part) for part in parts])
    np.testing.assert_array_equal(heard, method.heard(method.training_spectrogram(told)))
    assert 40 < heard.sum() < 100

    class Paused(Data):
        def speech(self):
            yield told

    method.fit(Paused(), np.random.default_rng(0), tmp_path)
    assert np.isfinite(method.load(tmp_path)["transition"]).all()


def test_nothing_to_learn_from_is_an_error():
    with pytest.raises(ValueError, match="no sound"):
        frames.RecordingReservoir(3, np.random.default_rng(0)).recordings()
