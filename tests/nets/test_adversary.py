"""The generator of GANBA, its losses, and features of tensors, which are those of calls."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail import stft
from cocktail.dsp import cepstra
from cocktail.errors import CocktailError
from cocktail.nets import adversary, xvector
from cocktail.nets.log_bands import at_unit_power, log_bands
from cocktail.testing.signals import speech_like

FS = 16000


def speech(seed=0, seconds=0.5):
    return cepstra.normalised(speech_like(round(seconds * FS), FS, np.random.default_rng(seed)), FS)


def tensors(*sounds):
    return torch.from_numpy(np.stack(sounds)).float()


def generator(bound_db=6.0):
    torch.manual_seed(0)
    return adversary.Generator(FS, channels=8, layers=1, bound_db=bound_db)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_no_bin_is_made_louder_or_softer_than_the_bound_and_level_means_nothing(scale):
    network, x = generator(3.0), tensors(speech())
    for weights in network.layers[-2].parameters():
        weights.data *= 100  # far beyond where tanh is linear
    with torch.no_grad():
        gains = network.gain_db(stft.stft(x, *network.framing))
        assert gains.abs().max() == pytest.approx(3.0, abs=1e-3) and gains.std() > 1
        torch.testing.assert_close(network(scale * x), scale * network(x), rtol=1e-3, atol=1e-4 * scale)
        assert not network(0 * x).any()


def test_without_a_bound_to_speak_of_speech_stays_what_it_was():
    x = tensors(speech())
    torch.testing.assert_close(generator(0.0)(x), x, atol=1e-5, rtol=1e-4)


def test_bands_of_tensors_are_those_that_detectors_see():
    x = speech()
    wanted = cepstra.log_bands(x, FS, 40)
    found = log_bands(0.1 * tensors(x, -x).double(), FS, 40)
    torch.testing.assert_close(found, torch.from_numpy(np.stack([wanted, wanted])), atol=1e-5, rtol=0)
    assert log_bands(tensors(x[:100]), FS, 40).shape == (1, 40, 1)


def test_features_of_voices_are_those_that_verifiers_see():
    """Two sounds with a silence each: the frames of the one with less speech are repeated."""
    sounds = [np.concatenate([speech(k)[:6000], np.zeros(n), speech(k)[6000:7000]]) for k, n in ((0, 2000), (1, 2000))]
    sounds[1][:3000] = 0
    found = xvector.differentiable(tensors(*sounds), tensors(*sounds), FS, 20)
    alone = [torch.as_tensor(xvector.features(x, FS, 20)) for x in sounds]
    assert len(alone[0]) != len(alone[1]) and found.shape[1] == max(map(len, alone))
    longer, shorter = (0, 1) if len(alone[0]) > len(alone[1]) else (1, 0)
    torch.testing.assert_close(found[longer], alone[longer], atol=1e-3, rtol=1e-3)
    n = len(alone[shorter])
    difference = found[shorter, :n] - alone[shorter]  # but for the mean, in which some frames count once more
    torch.testing.assert_close(difference, difference[:1].expand(n, -1), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(found[shorter, n], found[shorter, 0])


def test_which_frames_are_speech_is_said_by_the_speech_before_the_attack():
    x = speech()
    other = np.concatenate([np.zeros(4000), x[4000:]])
    found = xvector.differentiable(tensors(x), tensors(other), FS, 20)
    assert found.shape[1] < len(xvector.features(x, FS, 20))


DETECTOR = SimpleNamespace(logits=lambda x: x.sum(-1))
VERIFIER = SimpleNamespace(embeddings=lambda x, heard: x[:, :2])


def test_the_attack_is_to_be_bona_fide_and_of_the_same_voice():
    spoofs, attacked = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[0.0, 2.0, 1.0]])
    loss = adversary.attack_loss(DETECTOR, VERIFIER, spoofs, attacked, weight=0.5)
    assert loss.item() == pytest.approx(np.log1p(np.exp(-3)) + 0.5 * 1)
    attacked = torch.tensor([[3.0, 0.0, 0.0]])
    assert adversary.attack_loss(DETECTOR, VERIFIER, spoofs, attacked, 0.5).item() == pytest.approx(
        np.log1p(np.exp(-3)), abs=1e-6
    )


def test_spoofs_and_attacked_spoofs_together_count_as_much_as_bona_fide_speech():
    network = SimpleNamespace(generator=lambda x: x + 1, logits=DETECTOR.logits)
    batch = {"bona_fide": torch.tensor([[2.0], [2.0]]), "spoofs": torch.tensor([[-2.0], [-2.0]])}
    accepted, plain, attacked = (np.log1p(np.exp(x)) for x in (-2.0, -2.0, -1.0))
    expected = (accepted + (plain + attacked) / 2) / 2
    assert adversary.hardening_loss(network, batch).item() == pytest.approx(expected, rel=1e-6)


class Linear(torch.nn.Module):
    """Takes what is loud above 4 kHz for bona fide speech."""

    def logits(self, x):
        return log_bands(x, FS, 16)[:, 8:].mean((1, 2)) + 8

    def embeddings(self, x, heard):
        return at_unit_power(x)


def test_a_generator_learns_to_pass_a_detector_that_does_not_change():
    network, victim, x = generator(), Linear(), tensors(speech())
    victims = adversary.Victims.of({"detector": victim, "verifier": victim}, "cpu")
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    before = victim.logits(x).item()
    for _ in range(10):
        optimiser.zero_grad()
        adversary.attack_loss(victims.detector, victims.verifier, x, network(x), 0.1).backward()
        optimiser.step()
    assert victim.logits(network(x)).item() > before + 0.5


def test_models_without_gradients_are_refused():
    with pytest.raises(CocktailError, match="the verifier that it uses has no gradients"):
        adversary.Victims.of({"detector": Linear(), "verifier": SimpleNamespace(embed=None)}, "cpu")


def test_a_network_is_as_it_was_after_it_was_held_fixed():
    network = torch.nn.Dropout()
    with adversary.fixed(network):
        assert not network.training
    assert network.training
