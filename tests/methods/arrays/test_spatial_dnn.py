"""Spatial DNN: its features of a planted sound, padding, and cues that tell a talker from what sounds like it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_talkers import FS, N_SAMPLES, Planted, arriving

from cocktail.errors import CocktailError
from cocktail.method import View
from cocktail.metrics.mask_detection import dominant, hit_fa
from cocktail.needs import Info
from cocktail.nets.masks import MELS
from cocktail.nets.saved import seeded
from cocktail.plugins.registry import Registry
from cocktail.stft import HOP, stft

TINY = {"microphones": 2, "units": 24, "layers": 2, "context": 1}


def method(name, **fields):
    return replace(Registry().entry(name).make(), **TINY | fields)


def test_features_of_a_planted_sound():
    """2 samples later, and 6 dB softer, at the second microphone."""
    sound = np.random.default_rng(0).standard_normal(N_SAMPLES)
    X = stft(torch.as_tensor(arriving(sound, [0, 2], [1, 0.5]), dtype=torch.float32))[None]
    network = method("spatial-dnn").network(FS)
    spectrum, ild, cos, sin, correlation, beam = network.features(X)[0].split([MELS] * 4 + [33, MELS], 1)
    inner = slice(4, -4)  # of frames that are whole
    assert ild[inner].mean().item() == pytest.approx(20 * np.log10(0.5), abs=0.1)
    ahead = -2 * np.pi * 1000 / FS * 2  # radians at 1 kHz, the peak of filter 34
    at = int(network.filters[:, 32].argmax())
    assert cos[inner, at].mean().item() == pytest.approx(np.cos(ahead), abs=0.05)
    assert sin[inner, at].mean().item() == pytest.approx(np.sin(ahead), abs=0.05)
    assert correlation.argmax(1).eq(16 + 2).all()
    aligned = (beam - spectrum)[inner].mean().item()
    assert aligned == pytest.approx(np.log(0.75), abs=0.02)
    for name, width in (("spatial-dnn-ild", 1), ("spatial-dnn-ipd", 2)):
        assert method(name).network(FS).features(X).shape[-1] == MELS * (1 + width)


def test_padding_changes_no_mask():
    network = seeded(method("spatial-dnn").network, 0, fs=FS).eval()
    x = torch.as_tensor(np.random.default_rng(1).standard_normal((1, 2, 20 * HOP)), dtype=torch.float32)
    alone, padded = stft(x), stft(torch.nn.functional.pad(x, (0, 2000)))
    frames = torch.tensor([alone.shape[-1]])
    torch.testing.assert_close(network(padded, frames)[..., : int(frames)], network(alone), atol=1e-4, rtol=0)


def test_a_cue_that_is_none_is_refused():
    with pytest.raises(CocktailError, match="cues: unknown cue 'itd'"):
        method("spatial-dnn", cues=("itd",)).network(FS)


def like_the_talker(generator):
    """Bursts of noise in turn: the talker's in front; others come from the side, or from nearer microphone 1."""
    sound = generator.standard_normal((2, N_SAMPLES))
    mine = np.repeat(generator.random(N_SAMPLES // 500) < 0.5, 500)
    elsewhere = ([0, 3], None) if generator.random() < 0.5 else ([0, 0], [1.0, 0.3])
    hiss = 0.01 * generator.standard_normal((2, N_SAMPLES))
    return arriving(sound[0] * mine, [0, 0]), arriving(sound[1] * ~mine, *elsewhere) + hiss


def test_several_cues_tell_what_single_ones_cannot(tmp_path):
    """Half of what is no talker differs in level alone, the other half in phase alone, and none in its spectrum."""
    scored = {}
    for name in ("spatial-dnn", "spatial-dnn-ild", "spatial-dnn-ipd"):
        entry = method(name, segment_s=0.25, epochs=1, steps=40, batch_size=4, learning_rate=0.01)
        (tmp_path / name).mkdir()
        entry.fit(Planted(like_the_talker), np.random.default_rng(0), tmp_path / name)
        view = View(FS, np.random.default_rng(0), {"model": entry.load(tmp_path / name), "device": "cpu"})
        generator, ideal, estimated = np.random.default_rng(7), [], []
        for _ in range(8):
            talker, noise = like_the_talker(generator)
            S, V, E = stft(talker[0]), stft(noise[0]), stft(entry(talker + noise, view)[0])
            ideal.append(dominant(S, V))
            estimated.append(dominant(E, S + V - E))
        scored[name] = hit_fa(ideal=np.stack(ideal), estimate=np.stack(estimated))
    best = max(scored["spatial-dnn-ild"], scored["spatial-dnn-ipd"])
    assert scored["spatial-dnn"] > 80 and scored["spatial-dnn"] > best + 10, scored


def test_an_array_of_other_microphones_is_skipped():
    entry = Registry().entry("spatial-dnn").make()
    assert entry.skip(Info("tablet", "enhance", 6, 1, FS, "image")) is None
    assert entry.skip(Info("living-room", "enhance", 2, 1, FS, "image")) == "has learnt to hear with 6 microphones"
