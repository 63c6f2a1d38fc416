"""Joint and multi-task training: scenes with transcripts, losses in numbers, whom gradients reach, and what is kept."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn.functional import ctc_loss

from cocktail.errors import CocktailError
from cocktail.method import Bases, Recording, View
from cocktail.nets import listening, losses, masks
from cocktail.nets.ctc import Ctc
from cocktail.plugins.registry import Registry
from cocktail.recognition.ctc import Language
from cocktail.stft import istft, n_frames, stft
from cocktail.training.loop.batches import pad

FS = 16000
LANGUAGE = Language.learn(["ab a"])


def noise(*shape, seed=0):
    return torch.as_tensor(np.random.default_rng(seed).standard_normal(shape), dtype=torch.float32)


class Scenes:
    """One talker in noise of another length each time; every second one has no transcript."""

    def __init__(self, *texts):
        self.texts = texts

    def augmented(self, names):
        return self

    def draw(self, generator, split):
        n = int(generator.integers(4000, 6000))
        mixture, target = generator.standard_normal((2, n)).astype(np.float32)
        return SimpleNamespace(mixture=mixture, sources=target[None], texts=(generator.choice(self.texts),))


def recogniser():
    torch.manual_seed(1)
    return Ctc(language=LANGUAGE, layers=1, units=8, fs=FS).eval()


def joint(units=8):
    torch.manual_seed(0)
    return listening.JointNetwork(units=units, layers=1, fs=FS)


def multi_task():
    torch.manual_seed(0)
    return listening.MultiTaskNetwork(symbols=4, units=8, layers=1, fs=FS)


def batch(n=2):
    scenes = listening.TranscribedScenes(Scenes("ab a", "ab").draw, LANGUAGE)
    return pad([scenes(np.random.default_rng(seed), "train") for seed in range(n)])


def test_scenes_are_drawn_until_one_has_a_text_that_can_be_spelt():
    scenes = listening.TranscribedScenes(Scenes(None, "xyz", "AB, a").draw, LANGUAGE)
    for seed in range(10):
        example = scenes(np.random.default_rng(seed), "train")
        assert example["symbols"].tolist() == LANGUAGE.spell("ab a").tolist()
        assert example["mixture"].shape == example["target"].shape
    with pytest.raises(CocktailError, match="none of 100 scenes of the split 'valid' has a transcript"):
        listening.TranscribedScenes(Scenes(None, "xyz").draw, LANGUAGE)(np.random.default_rng(0), "valid")


def spectra(examples):
    """Of each scene alone: mixture and target of a mixture of unit power, and its level."""
    for mixture, target, n in zip(examples["mixture"], examples["target"], examples["mixture_length"], strict=True):
        Y, S = stft(mixture[None, :n]), stft(target[None, :n])
        level = Y.abs().square().mean().sqrt()
        yield Y / level, S / level, level


def psa(examples, mask_of):
    """Mean over all bins of all scenes."""
    values, counts = [], []
    for Y, S, _ in spectra(examples):
        values.append(losses.psa(mask=mask_of(Y.abs()), mixture=Y, target=S))
        counts.append(Y.shape[-1])
    return sum(v * c for v, c in zip(values, counts, strict=True)) / sum(counts)


def test_the_loss_of_two_tasks_is_psa_and_the_weighted_loss_of_symbols():
    net, examples = multi_task().eval(), batch()
    found = listening.multi_task_loss(net, examples, 0.3)
    heard = []
    for (Y, _, _), symbols, n in zip(spectra(examples), examples["symbols"], examples["symbols_length"], strict=True):
        _, posteriors, (frames,) = net.both(Y.abs())
        assert frames == posteriors.shape[1] == -(-Y.shape[-1] // 4)
        heard.append(ctc_loss(posteriors.mT.movedim(-1, 0), symbols[None, :n], (int(frames),), (int(n),)))
    torch.testing.assert_close(found, psa(examples, net) + 0.3 * sum(heard) / 2, atol=1e-5, rtol=0)


def test_both_tasks_reach_the_layers_that_they_share():
    for weight, symbols_too in ((0.0, False), (1.0, True)):
        net = multi_task()
        listening.multi_task_loss(net, batch(), weight).backward()
        assert net.output.weight.grad.abs().max() > 0
        assert bool(net.symbols.weight.grad.abs().max() > 0) == symbols_too
    net = multi_task()
    _, posteriors, _ = net.both(stft(noise(1, 4000)).abs())
    posteriors[..., 1].sum().backward()
    assert net.trunk.lstm.weight_ih_l0.grad.abs().max() > 0 and net.output.weight.grad is None


def test_the_joint_loss_is_that_of_what_the_recogniser_hears_and_weighted_psa():
    net, judge, examples = joint().eval(), recogniser(), batch(1)
    net.listen(judge)
    ((Y, _, level),) = spectra(examples)
    speech = istft(net(Y.abs()) * Y * level, examples["mixture"].shape[1])
    posteriors, frames = judge(speech, examples["mixture_length"])
    heard = ctc_loss(posteriors.movedim(1, 0), examples["symbols"], frames, examples["symbols_length"])
    for weight in (0.0, 2.0):
        found = listening.joint_loss(net, examples, weight)
        torch.testing.assert_close(found, heard + weight * psa(examples, net), atol=1e-4, rtol=0)


def test_the_recogniser_s_loss_changes_the_mask_and_never_the_recogniser():
    net, judge = joint(), recogniser()
    before = copy.deepcopy(judge.state_dict())
    net.listen(judge)
    examples, values = batch(), []
    optimiser = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(12):
        net.train()
        assert not judge.training and not judge.dropout.training and net.training
        assert all(layer.training for layer in judge.modules() if isinstance(layer, torch.nn.LSTM))  # for cuDNN
        optimiser.zero_grad()
        torch.manual_seed(0)  # the noise of the features
        value = listening.joint_loss(net, examples, 0.0)
        value.backward()
        optimiser.step()
        values.append(value.item())
    assert values[-1] < values[0] - 0.01
    assert all(torch.equal(weight, before[name]) for name, weight in judge.state_dict().items())


def data(**bases):
    speech = [Recording(np.zeros(100), "speech", "one", "ab a")]
    return SimpleNamespace(
        mixer=Scenes("ab a"), fs=FS, device="cpu", start=None, bases=Bases(bases), speech=lambda split: speech
    )


def small(entry):
    method = Registry().entry(entry).make()
    return replace(method, width=8 / 384, layers=1, epochs=1, steps=2, batch_size=2)


def run(method, granted, folder):
    folder.mkdir()
    method.fit(granted, np.random.default_rng(0), folder)
    model = method.load(folder)
    mixture = noise(1, 5000).numpy()
    estimate = method(mixture, View(FS, np.random.default_rng(0), {"model": model, "device": "cpu"}))
    np.testing.assert_allclose(estimate, model.enhance(mixture, FS), atol=1e-6)
    assert model.mask(mixture, FS).shape == (1, 257, n_frames(5000))
    return model


def test_a_joint_network_starts_as_its_enhancer_and_keeps_no_recogniser(tmp_path, monkeypatch):
    torch.manual_seed(3)
    base = masks.build(fs=FS, cell="blstm", units=8, layers=1, context=0, running=False)
    method, granted = small("joint-asr"), data(enhancer=base, recogniser=recogniser())
    begun = []
    monkeypatch.setattr(listening.JointNetwork, "listen", _noting(listening.JointNetwork.listen, begun))
    model = run(method, granted, tmp_path / "one")
    assert all(torch.equal(weight, begun[0][name]) for name, weight in base.state_dict().items())
    assert model.state_dict().keys() == base.state_dict().keys()
    assert method.size(model) == sum(parameter.numel() for parameter in base.parameters())
    run(method, SimpleNamespace(**vars(granted) | {"start": tmp_path / "one"}), tmp_path / "two")
    for made, said in (
        ({"units": 6, "running": False}, "in the enhancer that it uses; give both entries the same sizes"),
        ({"units": 8, "running": True}, "features of the enhancer that it uses are running, those of this network are"),
        ({"units": 8, "running": False, "centred": True}, "are centred, those of this network are not centred"),
    ):
        other = masks.build(fs=FS, cell="blstm", layers=1, context=0, **made)
        with pytest.raises(CocktailError, match=said):
            method.fit(data(enhancer=other, recogniser=recogniser()), np.random.default_rng(0), tmp_path)


def _noting(listen, begun):
    def noted(network, judge):
        begun.append({name: weight.clone() for name, weight in network.state_dict().items()})
        listen(network, judge)

    return noted


def test_a_network_of_two_tasks_has_the_symbols_of_the_train_texts(tmp_path):
    model = run(small("multi-task"), data(), tmp_path / "one")
    assert model.symbols.out_features == len(LANGUAGE.symbols)
    assert model.features.deviation.min() > 0 and model.features.mean.abs().max() > 0
