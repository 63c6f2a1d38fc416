"""Speech-state aware masks: states in time, their means, the start, segments, rounds, and what states decide."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.nets import masks, speech_states, state_aware
from cocktail.nets.speech_states import SpeechStates, numbers, path_names
from cocktail.plugins.registry import Registry
from cocktail.recognition.ctc import Language
from cocktail.stft import HOP, n_frames, stft

FS = 16000
FRAME = 4 * HOP
"""Samples of a frame of the recogniser."""


class Heard:
    """A recogniser that is sure of one path; a frame lasts four of the STFT, the first begins at 0."""

    language = Language.learn(["ab a"])

    def __init__(self, path):
        self.path = path

    def posteriors(self, samples, fs):
        self.samples = samples
        symbols = [self.language.symbols.index(x if x != "-" else "") for x in self.path]
        return np.where(np.arange(4) == np.array(symbols)[:, None], 0.97, 0.01)

    def frame_start_s(self, frame):
        return frame * FRAME / FS


def noise(n, seed=0):
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


def network(states=("?", "a"), units=8):
    torch.manual_seed(0)
    return state_aware.StateAwareNetwork(states=list(states), units=units, layers=1, fs=FS).eval()


def base(units=8, cell="blstm", centred=False):
    torch.manual_seed(1)
    return masks.build(fs=FS, cell=cell, units=units, layers=1, context=0, running=False, centred=centred).eval()


def test_a_state_is_a_character_at_its_place_in_a_word_and_the_blanks_after_it():
    path = "-a-b -a-- "
    names = path_names(Heard(path), noise(FRAME * len(path)), FS)
    assert len(names) == n_frames(FRAME * len(path))
    # the centre of the frame of the STFT number t is at sample (t + 1) HOP - 256: the middle one of a frame's four
    found = names[3::4][: len(path)]
    assert [general for _, general in found] == ["", "a", "a+", "b", " ", " +", "a", "a+", "a+", " "]
    assert [specific for specific, _ in found] == [
        "", "ab/0", "ab/0+", "ab/1", "ab/2", "ab/2+", "a/0", "a/0+", "a/0+", "a/1",
    ]  # fmt: skip
    changes = [t for t in range(1, 40) if names[t] != names[t - 1]]
    assert changes[0] == 5, "the second frame begins at sample 512, the fifth centre is at 384, the sixth at 512"


def test_what_is_known_of_a_text_is_aligned_and_what_does_not_fit_or_is_silent_is_unknown():
    known = path_names(Heard("aaaabb  "), noise(8 * FRAME), FS, "a")
    assert {specific for specific, _ in known} == {"a/0", "a/0+", "a/1", "a/1+", ""} & {x for x, _ in known}
    assert "ab/0" not in {x for x, _ in known}
    assert path_names(Heard("ab"), noise(2 * FRAME), FS, "ab a") == []
    assert path_names(Heard("ab a "), np.zeros(5 * FRAME), FS) == []
    assert path_names(Heard("ab a "), noise(5 * FRAME), FS, "xyz") == []
    assert not numbers({"a": 1}, Heard("-----"), noise(5 * FRAME), FS).any()


def test_a_character_that_was_seldom_heard_in_its_word_is_that_character_in_any():
    found = numbers({"?": 0, "a": 1, "ab/0": 2}, Heard("ab a "), noise(5 * FRAME), FS)
    assert found[3] == 2 and found[7] == 0 and found[15] == 1


def test_means_are_those_of_the_frames_of_each_state(monkeypatch):
    monkeypatch.setattr(speech_states, "SELDOM", 5)
    recordings = [SimpleNamespace(samples=noise(5 * FRAME, seed), text="ab a") for seed in range(2)]
    recordings.append(SimpleNamespace(samples=noise(FRAME), text=None))
    recogniser = Heard("ab a ")
    states = SpeechStates.learn(recordings, recogniser, FS, 9)
    assert states.names[0] == "?" and not states.logs[0].any()
    features = masks.LogMel(FS, running=False)
    wanted = []
    for recording in recordings[:2]:
        logs = features.logarithms(stft(torch.as_tensor(recording.samples)[None]).abs())[0].numpy()
        names = path_names(recogniser, recording.samples, FS)
        wanted += [frame for frame, (specific, _) in zip(logs, names, strict=True) if specific == "ab/1"]
    np.testing.assert_allclose(states.logs[states.names.index("ab/1")], np.mean(wanted, 0), atol=1e-4)
    monkeypatch.setattr(speech_states, "SELDOM", 10**6)
    assert "ab/1" not in SpeechStates.learn(recordings, recogniser, FS, 9).names
    with pytest.raises(CocktailError, match="no train utterance has a transcript"):
        SpeechStates.learn(recordings[2:], recogniser, FS, 9)


def test_it_starts_as_the_network_that_knows_no_states():
    states = SpeechStates(("?", "a"), np.stack([np.zeros(100), noise(100)]).astype(np.float32))
    found, first = network(), base()
    first.features.mean.fill_(-2.0)
    first.features.deviation.fill_(3.0)
    found.begin(first, states)
    magnitude = stft(torch.as_tensor(noise(4000))[None]).abs()
    for state in (0, 1):
        mask = found(magnitude, torch.full((1, magnitude.shape[-1]), state))
        torch.testing.assert_close(mask, first(magnitude), atol=1e-6, rtol=0)
    np.testing.assert_allclose(found.means[1], (states.logs[1] + 2) / 3, atol=1e-6)
    assert not found.means[0].any()
    for other in (base(units=6), base(cell="lstm")):
        with pytest.raises(CocktailError, match=r"start: 'trunk.* in the enhancer .*give both entries the same sizes"):
            found.begin(other, states)
    with pytest.raises(CocktailError, match="features of the enhancer that it uses are centred, those of this network"):
        found.begin(base(centred=True), states)


def test_segments_begin_with_a_frame_and_their_states_are_of_the_same_time():
    n = 40 * HOP
    ramp = np.arange(n, dtype=np.float32)
    scene = SimpleNamespace(mixture=ramp, sources=ramp[None] / 2)
    states = SpeechStates(("?",), np.zeros((1, 100), np.float32))
    draws = state_aware.HeardScenes(lambda generator, split: scene, states, base(), Heard("-"), {"train": 1}, 10 * HOP)
    draws.scenes["train"] = [(ramp, ramp / 2, np.arange(n_frames(n)))]
    begun = set()
    for seed in range(200):
        example = draws(np.random.default_rng(seed), "train")
        begun.add(int(example["states"][0]))
        assert example["mixture"][0] == example["states"][0] * HOP and len(example["mixture"]) == 10 * HOP
        assert np.array_equal(example["target"], example["mixture"] / 2)
        assert len(example["states"]) == example["frames"] == n_frames(10 * HOP)
    assert {min(begun), max(begun)} == {0, 30}
    draws.scenes["train"] = [(ramp[: 5 * HOP], ramp[: 5 * HOP], np.ones(n_frames(5 * HOP), int))]
    short = draws(np.random.default_rng(0), "train")
    assert int(short["frames"]) == n_frames(5 * HOP) and not short["states"][int(short["frames"]) :].any()


def test_each_round_hears_what_the_last_one_made():
    net, first, heard = network(("?", "a")), base(), []
    recogniser = Heard("ab a ")
    recogniser.posteriors = lambda samples, fs: heard.append(samples) or Heard("ab a ").posteriors(samples, fs)
    mixture = torch.as_tensor(noise(5 * FRAME))
    with torch.no_grad():
        begun, once, twice = (net.enhance(mixture, first, recogniser, rounds) for rounds in (0, 1, 2))
    assert torch.equal(begun, first.enhance(mixture, FS))
    assert len(heard) == 3
    for samples, expected in zip(heard, (begun, begun, once), strict=True):
        np.testing.assert_allclose(samples, expected, atol=1e-6)
    assert not torch.equal(twice, begun)


def test_states_decide_which_of_two_bands_is_speech():
    """In state 1 the low band, in state 2 the high one; without them nothing tells which."""
    generator = np.random.default_rng(0)
    hz = np.fft.rfftfreq(4096, 1 / FS)
    low, high = (np.fft.irfft(np.fft.rfft(generator.standard_normal((16, 4096))) * band, 4096).astype(np.float32)
                 for band in (hz < 3000, (hz > 3000) & (hz < 7000)))  # fmt: skip
    is_low = np.arange(16) % 2 == 0
    target = np.where(is_low[:, None], low, high)
    batch = {
        "mixture": torch.as_tensor(low + high),
        "target": torch.as_tensor(target),
        "states": torch.as_tensor(np.repeat(np.where(is_low, 1, 2)[:, None], n_frames(4096), axis=1)),
        "frames": torch.full((16,), n_frames(4096)),
    }
    losses = {}
    for known in (False, True):
        net = network(("?", "low", "high"), units=16).train()
        if known:
            net.means[1], net.means[2] = 1.0, -1.0
        optimiser = torch.optim.Adam(net.parameters(), lr=0.03)
        for _ in range(40):
            optimiser.zero_grad()
            value = state_aware.loss(net, batch)
            value.backward()
            optimiser.step()
        losses[known] = value.item()
    assert losses[True] < 0.3 * losses[False]


def test_the_entry_that_listens_once_shares_the_model():
    once, twice = (Registry().entry(name) for name in ("blstm-ssa-psa-once", "blstm-ssa-psa"))
    assert (once.model, once.make().rounds, twice.make().rounds) == ("blstm-ssa-psa", 1, 2)
    assert once.for_training().parameters == twice.for_training().parameters
