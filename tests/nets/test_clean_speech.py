"""What is learnt from clean speech alone: the loudest bins of utterances, and a loss that leaves padding out."""

import numpy as np
import pytest
import torch

from cocktail import stft
from cocktail.nets import clean_speech, masks
from cocktail.training.loop.batches import stack


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_the_loudest_bins_have_the_share_of_the_power_and_none_could_be_spared(share):
    power = np.random.default_rng(0).gamma(0.3, 1.0, (20, 30))
    mask = clean_speech.loudest(power, share)
    assert power[mask].sum() >= share * power.sum() > power[mask].sum() - power[mask].min()
    assert power[mask].min() >= power[~mask].max()


def test_silence_has_no_bins_of_speech():
    assert not clean_speech.loudest(np.zeros((3, 4)), 0.99).any()


def utterances(*lengths, n_samples):
    rng = np.random.default_rng(1)
    speech = [rng.standard_normal(n).astype(np.float32) for n in lengths]
    return clean_speech.Utterances({"train": speech, "valid": speech}, n_samples, 0.9)


def test_an_excerpt_has_the_mask_of_its_place_in_the_utterance():
    examples = utterances(16000, n_samples=4000)
    whole = examples.speech["train"][0]
    mask = clean_speech.loudest(np.abs(stft.stft(whole)) ** 2, 0.9)
    for seed in range(4):
        found = examples(np.random.default_rng(seed), "train")
        first = next(i for i in range(0, 12001, stft.HOP) if np.array_equal(whole[i : i + 4000], found["mixture"]))
        at = first // stft.HOP
        np.testing.assert_array_equal(found["mask"], mask[:, at : at + found["mask"].shape[1]])


def test_padding_changes_no_loss():
    torch.manual_seed(0)
    network = masks.build(fs=16000, cell="blstm", units=8, layers=1, context=0, running=False).eval()
    losses = []
    for n_samples in (3000, 5000):
        example = utterances(3000, n_samples=n_samples)(np.random.default_rng(0), "train")
        assert example["mask"].shape == (257, stft.n_frames(n_samples)) and example["frames"] == stft.n_frames(3000)
        losses.append(clean_speech.loss(network, stack([example])).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
