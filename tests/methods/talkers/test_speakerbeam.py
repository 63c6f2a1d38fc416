"""SpeakerBeam: whoever is enrolled comes out; training scenes have enrolments."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from tone_talkers import FS

from cocktail.errors import AccessError, CocktailError
from cocktail.method import TrainingMixture
from cocktail.nets import saved, speakerbeam
from cocktail.plugins.registry import Registry
from cocktail.testing.data import TinyData

TINY = {"fs": FS, "shift_ms": 16.0, "layers": 2, "units": 16, "auxiliary": 16, "dropout": 0.0}


@dataclass(frozen=True)
class EnrolledTones:
    """Two talkers in registers of their own, and the first of them once more."""

    def draw(self, generator, split):
        edges = np.array([(300, 900), (1100, 1900), (2200, 3500)])[generator.permutation(3)[:2]]
        frequency = np.fft.rfftfreq(8000, 1 / FS)

        def voice(low, high):
            spectrum = np.fft.rfft(generator.standard_normal(8000)) * ((frequency > low) & (frequency < high))
            return 0.1 * np.fft.irfft(spectrum, 8000).astype(np.float32)

        sources = np.stack([voice(*edge) for edge in edges])
        enrolments = [voice(*edge) for edge in edges]
        granted = {"sources": sources, "enrolment": enrolments[0], "both": enrolments}
        return TrainingMixture(sources.sum(0), "tones", granted)


def test_swapping_the_enrolment_swaps_the_talker():
    network = saved.seeded(speakerbeam.SpeakerBeam, 0, **TINY)
    cut = speakerbeam.Enrolled(EnrolledTones().draw, 4000, 4000)
    optimiser, generator = torch.optim.Adam(network.parameters(), 1e-2), np.random.default_rng(0)
    for _ in range(40):
        optimiser.zero_grad()
        batch = speakerbeam.collate([cut(generator, "train") for _ in range(8)])
        speakerbeam.loss(network, batch).backward()
        optimiser.step()
    network.eval()
    for _ in range(5):
        scene = EnrolledTones().draw(generator, "valid")
        for talker, enrolment in zip(scene.sources, scene.granted["both"], strict=True):
            found = speakerbeam.extract(network, torch.from_numpy(scene.mixture), torch.from_numpy(enrolment)).numpy()
            assert np.sum((found - talker) ** 2) < 0.1 * np.sum(talker**2)


def test_factors_are_the_mean_over_frames_and_scale_the_first_layer():
    network = saved.seeded(speakerbeam.SpeakerBeam, 0, **TINY).eval()
    power = torch.rand(1, 6, network.bands.count)
    twice = torch.cat([power, power.flip(1)], dim=1)
    torch.testing.assert_close(network.voice(twice), network.voice(power))
    silenced = network(power, torch.zeros(1, 32))
    torch.testing.assert_close(silenced, network(power.flip(1) ** 2, torch.zeros(1, 32)))  # nothing is heard


def test_the_second_estimate_is_the_rest():
    method = Registry().sized("tiny", {}, "this test")["speakerbeam"].make()
    network = saved.seeded(method.network, 0, fs=FS).eval()
    scene = EnrolledTones().draw(np.random.default_rng(0), "valid")
    mixture = torch.from_numpy(scene.mixture)
    first, second = method.separate(network, mixture, scene)
    torch.testing.assert_close(first + second, mixture)
    torch.testing.assert_close(first, speakerbeam.extract(network, mixture, torch.from_numpy(scene.enrolment)))


def test_short_enrolments_are_repeated_and_long_ones_cut():
    scene = EnrolledTones().draw(np.random.default_rng(0), "valid")
    for n in (3000, 20000):
        found = speakerbeam.Enrolled(lambda *_: scene, 4000, n)(np.random.default_rng(1), "train")["enrolment"]
        assert found.shape == (n,)
        places = np.lib.stride_tricks.sliding_window_view(scene.enrolment, min(n, 8000))
        assert (places == found[:8000]).all(-1).any()


def test_training_scenes_have_another_utterance_of_their_first_talker():
    data = TinyData("annotated-separation", ("separate",), enrolment=True, seconds=0.5)
    said = {}
    for recording in data.speech():
        said.setdefault(recording.speaker, []).append(recording.samples.astype(np.float32))
    for seed in range(8):
        scene = data.mixer.draw(np.random.default_rng(seed), "train")
        own = [np.array_equal(scene.enrolment, x) for x in said[scene.speakers[0]]]
        likeness = [abs(np.corrcoef(scene.sources[0], x)[0, 1]) for x in said[scene.speakers[0]]]
        assert own.index(True) != int(np.argmax(likeness))
    with pytest.raises(AccessError, match="add 'enrolment' to the method's `needs`"):
        _ = TinyData("separation", ("separate",), seconds=0.5).mixer.draw(np.random.default_rng(0), "train").enrolment


def test_those_who_say_one_thing_alone_are_not_enrolled():
    data = TinyData("annotated-separation", ("separate",), enrolment=True, seconds=0.5)
    speech = {name: {who: said[:1] for who, said in split.items()} for name, split in data.mixer.speech.items()}
    with pytest.raises(CocktailError, match="no talker of a scene has a second utterance of split 'train'"):
        replace(data.mixer, speech=speech).draw(np.random.default_rng(0), "train")
    speech["train"]["train-4"] = data.mixer.speech["train"]["train-4"]
    drawn = 0
    for seed in range(12):
        try:
            scene = replace(data.mixer, speech=speech).draw(np.random.default_rng(seed), "train")
        except CocktailError:
            continue
        assert scene.speakers[0] == "train-4"
        drawn += 1
    assert drawn
