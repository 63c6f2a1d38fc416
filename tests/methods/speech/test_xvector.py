"""x-vectors: NumPy against torch, features that know no gain, the known optima of Thomson, speakers recovered."""

import dataclasses
import functools

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist

from cocktail import levels
from cocktail.config import read_yaml
from cocktail.corpora import grid_tts
from cocktail.method import Recording, View
from cocktail.metrics.detection import eer
from cocktail.nets import speaker, xvector
from cocktail.nets.thomson import thomson
from cocktail.plugins.entry import Plugin
from cocktail.plugins.registry import ROOT, Registry
from cocktail.rng import rng
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000


# Prototypes.


def coulomb_energy(points):
    """Sum of the inverse distances of all pairs."""
    return np.sum(1 / pdist(points))


def smallest_angle(points: np.ndarray) -> float:
    """Between any two of unit vectors (P, E), in radians."""
    cosine = points @ points.T
    np.fill_diagonal(cosine, -1.0)
    return float(np.arccos(np.clip(cosine.max(), -1.0, 1.0)))


@pytest.mark.parametrize(
    ("points", "degrees", "coulomb"),
    [(4, 109.4712, 3.674234614), (6, 90.0, 9.985281374), (12, 63.4349, 49.165253058)],
    ids=["tetrahedron", "octahedron", "icosahedron"],
)
def test_points_on_a_sphere_take_the_known_places(points, degrees, coulomb):
    """Energies: the table of the Thomson problem."""
    found = thomson(points, 3, rng(0, role="thomson"))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert np.degrees(smallest_angle(found)) == pytest.approx(degrees, abs=0.05)
    assert coulomb_energy(found) == pytest.approx(coulomb, abs=1e-5)


def test_as_many_points_as_dimensions_and_one_make_a_simplex():
    found = thomson(9, 8, rng(0, role="thomson"))
    cosine = (found @ found.T)[~np.eye(9, dtype=bool)]
    np.testing.assert_allclose(cosine, -1 / 8, atol=1e-3)


@pytest.mark.parametrize("size", ["small", "medium"])
def test_the_entry_of_thomson_has_more_speakers_than_dimensions(size):
    """Of as many as dimensions and one, the prototypes would be a simplex, and the name no more than that."""
    rows = read_yaml(ROOT / "methods" / "speech" / "methods.yaml")
    dimensions = rows["xvector-thomson"]["embedding"] * rows["sizes"]["xvector"][size]["width"]
    speakers = len(speaker.SPEEDS) * sum(grid_tts.SPEAKERS["narrow"][split] for split in ("train", "valid"))
    assert speakers > 2 * dimensions


@pytest.mark.parametrize(("points", "dimension"), [(20, 5), (120, 32)])
def test_the_smallest_angle_grows(points, dimension):
    start = rng(0, role="thomson").standard_normal((points, dimension))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    found = thomson(points, dimension, rng(0, role="thomson"))
    assert smallest_angle(found) > 1.3 * smallest_angle(start)
    assert coulomb_energy(found) < coulomb_energy(start)


def test_a_step_along_the_gradient_changes_the_energy_as_it_says():
    from cocktail.nets.thomson import _energy

    x = rng(0, role="points").standard_normal(12 * 4)
    _, gradient = _energy(x, (12, 4))
    step = rng(1, role="step").standard_normal(x.shape) * 1e-6
    difference = _energy(x + step, (12, 4))[0] - _energy(x - step, (12, 4))[0]
    assert difference / 2 == pytest.approx(gradient @ step, rel=1e-4)


# Features and network.


@functools.cache
def voice(seed, seconds=1.5):
    return 0.1 * speech_like(round(seconds * FS), FS, rng(seed, role="voice"))


@pytest.mark.parametrize("gain", [1e-3, 30.0])
def test_features_know_no_gain(gain):
    x = voice(0)
    np.testing.assert_allclose(xvector.features(gain * x, FS, 24), xvector.features(x, FS, 24), atol=1e-3)


def test_features_leave_silence_out():
    x = voice(0)
    padded = np.concatenate([np.zeros(FS), x, np.zeros(FS)])
    assert abs(len(xvector.features(padded, FS, 24)) - len(xvector.features(x, FS, 24))) <= 8
    np.testing.assert_allclose(xvector.features(x, FS, 24).mean(0), 0, atol=1e-4)


@pytest.mark.parametrize(("level_db", "seconds"), [(-26, 2), (-34, 1)])
def test_frames_within_30_db_of_the_loudest_are_speech(level_db, seconds):
    tone = np.sin(2 * np.pi * 500 * np.arange(FS) / FS)
    x = np.concatenate([tone, 10 ** (level_db / 20) * tone])
    assert len(xvector.features(x, FS, 24)) == pytest.approx(125 * seconds, abs=5)


def test_bands_are_floored_60_db_below_the_loudest():
    """Of a tone that jumps from 500 Hz to 4 kHz, a band falls by 6 ln 10 nepers."""
    hz = np.where(np.arange(FS) < FS // 2, 500, 4000)
    found = xvector.features(np.sin(2 * np.pi * hz * np.arange(FS) / FS), FS, 24)
    assert np.ptp(found, axis=0).max() == pytest.approx(6 * np.log(10), rel=0.02)


@pytest.mark.parametrize("samples", [1, 100, 2000])
def test_short_and_silent_signals_have_features(samples):
    for x in (np.zeros(samples), voice(0)[:samples]):
        found = xvector.features(x, FS, 24)
        assert len(found) >= xvector.SPAN
        assert np.isfinite(found).all()


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = xvector.XVectorNetwork(bands=24, width=0.05, embedding=26)
        for norm in network.norm:
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(norm.weight, 0.5, 2)
            torch.nn.init.uniform_(norm.bias, -1, 1)
    return network.eval()


def test_an_embedding_is_of_the_features_of_a_signal(network):
    x = voice(1)
    features = torch.tensor(xvector.features(x, FS, 24))[None]
    np.testing.assert_array_equal(network.embed(x, FS), network(features)[0].detach())


def test_statistics_are_of_all_frames(network):
    """An utterance of one frame over and over again has no deviation, and that frame's mean."""
    frame = torch.randn(1, 1, 24, generator=torch.Generator().manual_seed(0))
    short, long = network(frame.expand(1, 15, 24)), network(frame.expand(1, 60, 24))
    torch.testing.assert_close(short, long)


def test_the_network_sees_fifteen_frames(network):
    x = torch.zeros(1, 40, 24, requires_grad=True)
    y = x.transpose(1, 2)
    for affine in network.affine:
        y = torch.relu(affine(y)) + affine(y)
    y[0, :, 10].sum().backward()
    assert np.flatnonzero(x.grad[0].abs().sum(1)).tolist() == [
        t for t in range(10, 10 + xvector.SPAN) if x.grad[0, t].abs().sum() > 0
    ]
    assert xvector.SPAN == 15
    assert y.shape[-1] == 40 - 14


def test_sizes_are_the_paper_s():
    network = xvector.XVectorNetwork(bands=24, width=1.0, embedding=512)
    shapes = [tuple(affine.weight.shape) for affine in network.affine]
    assert shapes == [(512, 24, 5), (512, 512, 3), (512, 512, 3), (512, 512, 1), (1500, 512, 1)]
    assert tuple(network.segment.weight.shape) == (512, 3000)


# Heads.


def speakers(network, head):
    return speaker.Speakers(network, classes=7, head=head, scale=30.0, margin=0.35)


def test_the_margin_is_taken_from_the_right_speaker_alone(network):
    model = speakers(network, "lmcl").eval()
    x, who = torch.randn(3, 40, 24), torch.tensor([0, 4, 6])
    with torch.no_grad():
        logits = model(x, who)
        model.margin = 0.0
        plain = model(x, who)
    difference = (plain - logits).numpy()
    np.testing.assert_allclose(difference[range(3), who], 30 * 0.35, rtol=1e-4)
    assert np.count_nonzero(np.abs(difference) > 1e-3) == 3
    assert plain.abs().max() <= 30.001


@pytest.mark.parametrize("name", ["xvector", "xvector-thomson"])
def test_the_entries_take_the_margin_from_the_cosine_of_the_right_speaker(name):
    """Cross entropy of 30 (cos - 0.35) for the right one and 30 cos for the others: AM-softmax."""
    torch.manual_seed(0)
    method = dataclasses.replace(Registry().entry(name).make(), width=0.05)
    model = method.network(FS, speakers=7).eval()
    model.spread_prototypes(rng(0, role="head"))
    batch = {"features": torch.randn(3, 40, method.bands), "speaker": torch.tensor([0, 4, 6])}
    with torch.no_grad():
        found = method.objective(model, batch)
        embedding, prototypes = (x.double().numpy() for x in (model.network(batch["features"]), model.prototypes))
    lengths = np.outer(np.linalg.norm(embedding, axis=1), np.linalg.norm(prototypes, axis=1))
    cosine = embedding @ prototypes.T / lengths
    losses = []
    for row, right in zip(cosine, (0, 4, 6), strict=True):
        powers = np.exp(30 * (row - 0.35 * (np.arange(7) == right)))
        losses.append(-np.log(powers[right] / powers.sum()))
    assert found.item() == pytest.approx(np.mean(losses), rel=1e-4)


def test_fixed_prototypes_are_not_learnt(network):
    model = speakers(network, "thomson")
    model.spread_prototypes(rng(0, role="head"))
    cosine = (model.prototypes @ model.prototypes.T).numpy()[~np.eye(7, dtype=bool)]
    np.testing.assert_allclose(cosine, -1 / 6, atol=1e-2)
    assert "prototypes" not in dict(model.named_parameters())
    model = speakers(network, "lmcl")
    before = model.prototypes.detach().clone()
    model.spread_prototypes(rng(0, role="head"))
    assert "prototypes" in dict(model.named_parameters()) and torch.equal(model.prototypes, before)


def test_the_cohort_is_a_mean_embedding_of_each_train_speaker(network):
    model = speakers(network, "lmcl").eval()
    voices = [[voice(10 * k + u).astype(np.float32) for u in range(5)] for k in range(2)]
    model.meet(voices, FS)
    assert "cohort" in model.state_dict() and len(model.cohort) == 2
    for k in range(2):
        each = [network.embed(x, FS) for x in voices[k][: speaker.COHORT_PARTS]]
        mean = np.mean([x / np.linalg.norm(x) for x in each], axis=0)
        np.testing.assert_allclose(model.cohort[k].numpy(), mean / np.linalg.norm(mean), atol=1e-5)


# Examples.


def examples(**more):
    voices = [[voice(10 * k + u).astype(np.float32) for u in range(8)] for k in range(3)]
    loops = [pink_noise(FS, rng(0, role="loop"))]
    return speaker.Examples(**{"voices": voices, "noises": loops, "fs": FS, "frames": 60, "bands": 24} | more)


def test_examples_have_one_length_and_every_speaker():
    drawn = [examples()(rng(i, role="draw"), "train") for i in range(60)]
    assert {example["features"].shape for example in drawn} == {(60, 24)}
    assert {int(example["speaker"]) for example in drawn} == set(range(9))
    again = examples()(rng(3, role="draw"), "train")
    np.testing.assert_array_equal(again["features"], drawn[3]["features"])


def test_of_the_examples_six_in_ten_are_noisy_and_three_in_ten_reverberant(monkeypatch):
    """Three speeds of each speaker are as likely; the noise is 0 to 20 dB below the speech."""
    drawn, lengths = {"noise_at": [], "reverberant": []}, []
    for name, calls in drawn.items():
        function = getattr(speaker, name)
        monkeypatch.setattr(
            speaker, name, lambda x, *more, function=function, calls=calls: calls.append(len(x)) or function(x, *more)
        )
    silent = np.zeros((60, 24), np.float32)
    monkeypatch.setattr(xvector, "features", lambda x, fs, bands: lengths.append(len(x)) or silent)
    draw = examples(voices=[[voice(0)[:9000].astype(np.float32)] * 2])
    for i in range(600):
        draw(rng(i, role="draw"), "train")
    assert len(drawn["noise_at"]) / 600 == pytest.approx(0.6, abs=0.06)
    assert len(drawn["reverberant"]) / 600 == pytest.approx(0.3, abs=0.06)
    times, counts = np.unique(9000 / np.array(lengths), return_counts=True)
    np.testing.assert_allclose(times, [0.9, 1.0, 1.1], atol=1e-3)
    np.testing.assert_allclose(counts / 600, 1 / 3, atol=0.06)
    loop = pink_noise(FS, rng(0, role="loop"))
    noises = [speaker.noise_at(voice(0), loop, FS, rng(i, role="draw")) for i in range(200)]
    active = levels.power(voice(0), levels.active(voice(0), FS))
    snr_db = [10 * np.log10(active / np.mean(noise**2)) for noise in noises]
    np.testing.assert_allclose([min(snr_db), np.mean(snr_db), max(snr_db)], [0, 10, 20], atol=1.5)


def test_validation_hears_utterances_that_training_does_not():
    marked = [[np.full(FS, u + 1.0, np.float32) for u in range(8)]]
    heard = {}

    def spy(x, fs, bands):
        heard.setdefault(split, set()).add(int(x[0]))
        return np.zeros((80, bands), np.float32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speaker, "SPEEDS", ((1, 1),))
        patch.setattr(speaker, "NOISY", 0.0)
        patch.setattr(speaker, "REVERBERANT", 0.0)
        patch.setattr(xvector, "features", spy)
        for split in ("train", "valid"):
            for i in range(60):
                examples(voices=marked)(rng(i, role=split), split)
    assert heard == {"train": {1, 2, 3, 4, 5, 6, 7}, "valid": {8}}


def test_a_speaker_s_parts_are_for_training_or_for_validation():
    voice = [np.full(3, i) for i in range(17)]
    for n in range(1, 18):
        kept, held_out = speaker.divided(voice[:n])
        together = [int(x[0]) for x in (*kept, *held_out)]
        assert sorted(together) == (list(range(n)) if n > 1 else [0, 0])
        assert len(held_out) == max(1, n // 8)
    assert [len(x) for x in speaker.parts(np.zeros(10 * FS), FS)] == [53334, 53333, 53333]
    assert len(speaker.parts(np.zeros(FS), FS)) == 1


def test_noise_comes_at_the_ratio_drawn(monkeypatch):
    monkeypatch.setattr(speaker, "SNR_DB", (6.0, 6.0))
    x = voice(0)
    noise = speaker.noise_at(x, pink_noise(FS, rng(0, role="loop")), FS, rng(0, role="draw"))
    assert 10 * np.log10(levels.power(x, levels.active(x, FS)) / np.mean(noise**2)) == pytest.approx(6.0, abs=1e-3)


def test_a_tail_decays_after_the_direct_sound():
    click = np.zeros(FS)
    click[100] = 1.0
    tail = speaker.reverberant(click, FS, rng(0, role="room"))
    assert np.abs(tail[:100]).max() < 1e-6 and np.argmax(np.abs(tail)) == 100
    assert len(tail) == FS
    early, late = np.sum(tail[101:1700] ** 2), np.sum(tail[1700:] ** 2)
    assert early > 3 * late


# The method.


class Voices:
    """Speakers that differ in two vowels."""

    fs, device, start = FS, "cpu", None

    def speech(self, split="train"):
        for k in range(6 if split == "train" else 2):
            for u in range(6):
                yield Recording(talk(k + 10 * (split == "valid"), u), "speech", f"{split}-{k}")

    def noise(self, split="train"):
        yield Recording(pink_noise(FS, rng(0, role="noise")), "pink")


def talk(k, u):
    """Noise that wavers between two vowels of the speaker's, in a rhythm that is not the speaker's."""
    generator, who = rng(k, u, role="talk"), rng(k, role="speaker")
    hz = np.fft.rfftfreq(FS, 1 / FS)
    vowels = []
    for formants in who.uniform([300, 1000, 2500], [900, 2300, 6000], size=(2, 3)):
        shape = sum(np.exp(-(((hz - f) / 250) ** 2)) for f in formants) + 0.01
        vowels.append(np.fft.irfft(np.fft.rfft(generator.standard_normal(FS)) * shape))
    rhythm = np.sin(2 * np.pi * generator.uniform(3, 6) * np.arange(FS) / FS)
    return 0.05 * np.where(rhythm > 0, *vowels)


def test_fit_places_fixed_prototypes(tmp_path):
    method = dataclasses.replace(Registry().entry("xvector-thomson").make(), width=0.06, segment_s=0.4, epochs=0)
    method.fit(Voices(), rng(0, role="fit"), tmp_path)
    prototypes = method.load(tmp_path).prototypes.numpy()
    np.testing.assert_allclose(np.linalg.norm(prototypes, axis=1), 1, rtol=1e-5)
    assert smallest_angle(prototypes) > np.radians(45)


@pytest.mark.parametrize(
    "head", ["lmcl", pytest.param("softmax", marks=pytest.mark.slow), pytest.param("thomson", marks=pytest.mark.slow)]
)
def test_speakers_that_were_never_heard_are_told_apart(tmp_path, head):
    method = Plugin("xvector", ROOT / "methods" / "speech" / "xvector.py").cls(
        head=head, width=0.06, segment_s=0.4, epochs=3, steps=12, batch_size=24
    )
    method.fit(Voices(), rng(0, role="fit"), tmp_path)
    model = method.load(tmp_path)
    assert method.size(model) > 1000
    embedded = np.stack([
        method(talk(k, u)[None], View(FS, rng(0, role="view"), {"model": model, "device": "cpu"}))
        for k in range(20, 30) for u in range(4)
    ])  # fmt: skip
    embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
    who = np.repeat(np.arange(10), 4)
    off = ~np.eye(40, dtype=bool)
    assert eer((embedded @ embedded.T)[off], (who[:, None] == who)[off]) < 0.2
