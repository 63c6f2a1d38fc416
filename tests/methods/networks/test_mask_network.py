"""Mask networks: features, padding, causality, the mel start, the model's promises, and a problem they must solve."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from two_bands import two_bands

from cocktail.dsp.mel import filterbank
from cocktail.errors import CocktailError
from cocktail.method import TrainingMixture, View
from cocktail.metrics.si_sdr import si_sdr
from cocktail.nets import mask_training, masks, one_talker
from cocktail.nets.mask_postprocessing import lsa_gains
from cocktail.nets.trunks import Recurrent, Spliced
from cocktail.plugins.registry import Registry
from cocktail.stft import istft, n_frames, stft
from cocktail.training.loop.batches import stack

FS = 16000
CELLS = ("dnn", "lstm", "blstm")


class Bands:
    """Mixtures that anyone can separate: the target lives below 2 kHz, the noise above 3 kHz."""

    def augmented(self, names):
        assert names == ()
        return self

    def draw(self, generator, split):
        n = int(generator.integers(8000, 14000))
        target, noise = two_bands(generator, n, FS)
        noise *= generator.uniform(0.5, 2)
        mixture = (target + noise).astype(np.float32)
        return SimpleNamespace(mixture=mixture, sources=target[None].astype(np.float32), noise=noise)


def _network(cell="blstm", running=False, seed=0, complex=False, centred=False):
    torch.manual_seed(seed)
    size = {"units": 12, "layers": 2, "context": 3}
    return masks.build(fs=FS, cell=cell, running=running, complex=complex, centred=centred, **size).eval()


def _noise(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def test_statistics_make_features_zero_mean_and_unit_variance():
    network = _network()
    magnitudes = [stft(_noise(1, 4000, seed=i)).abs() for i in range(5)]
    network.features.set_statistics(magnitudes)
    features = torch.cat([network.features(x)[0] for x in magnitudes])
    assert torch.allclose(features.mean(0), torch.zeros(masks.MELS), atol=1e-4)
    assert torch.allclose(features.std(0), torch.ones(masks.MELS), atol=1e-4)


def test_features_are_logarithms_of_mel_magnitudes_of_unit_level():
    """A thousandth of that level is added, which silence is left with."""
    magnitude = stft(_noise(1, 4000)).abs()
    magnitude[..., 5] = 0
    mels = filterbank(100, FS, 512) @ (magnitude[0] / magnitude.square().mean().sqrt()).double().numpy()
    found = _network().features.logarithms(magnitude)[0].numpy()
    np.testing.assert_allclose(found, np.log(mels + 1e-3).T, atol=1e-4)


@pytest.mark.parametrize("running", [False, True])
def test_centred_features_know_no_response_of_a_microphone(running):
    """A gain of each filter of its own changes nothing; without centring it shifts all of that filter's features."""
    features = masks.LogMel(FS, running, centred=True)
    magnitude = 1e3 * stft(_noise(2, 8000)).abs() + 1e3
    gain = torch.linspace(0.5, 4, magnitude.shape[1])[:, None]
    plain = masks.LogMel(FS, running)
    assert (features.logarithms(magnitude) - features.logarithms(gain * magnitude)).abs().max() < 0.15
    assert (plain.logarithms(magnitude) - plain.logarithms(gain * magnitude)).abs().max() > 0.5


def test_centred_features_have_no_mean_over_the_frames_that_count():
    magnitude, lengths = stft(_noise(2, 8000)).abs(), torch.tensor([40, 63])
    magnitude[0, :, 40:] = 0
    found = masks.LogMel(FS, running=False, centred=True).eval()(magnitude, lengths)
    assert torch.allclose(found.sum(1), torch.zeros(2, masks.MELS), atol=1e-3)
    alone = masks.LogMel(FS, running=False, centred=True).eval()(magnitude[:1, :, :40])
    torch.testing.assert_close(found[:1, :40], alone, atol=1e-5, rtol=1e-5)


def test_centred_running_features_do_not_look_ahead():
    features, magnitude = masks.LogMel(FS, running=True, centred=True).eval(), stft(_noise(1, 8000)).abs()
    changed = magnitude.clone()
    changed[..., 30:] *= 5
    torch.testing.assert_close(features(magnitude)[:, :30], features(changed)[:, :30])
    assert (features(magnitude) - features(changed))[:, 30:].abs().max() > 0.1


def test_noise_joins_the_features_in_training_alone():
    features = _network().features
    magnitude = stft(_noise(4, 16000)).abs()
    quiet = features(magnitude)
    assert torch.equal(quiet, features(magnitude))
    torch.manual_seed(0)
    added = features.train()(magnitude) - quiet
    assert float(added.std()) == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize("running", [False, True])
def test_masks_depend_on_no_gain(running):
    network, magnitude = _network(running=running), stft(_noise(1, 6000)).abs()
    reference = network(magnitude)
    for gain in (1e-3, 100):
        assert torch.allclose(network(gain * magnitude), reference, atol=1e-4)


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_padding_changes_nothing(cell, running):
    network, lengths = _network(cell, running), torch.tensor([40, 25, 33])
    magnitude = stft(_noise(3, 40 * 128 - 384)).abs()
    together = network(magnitude, lengths)
    for row, n in enumerate(lengths):
        alone = network(magnitude[row : row + 1, :, :n])
        assert torch.allclose(together[row, :, :n], alone[0], atol=1e-5)


def test_level_over_the_frames_that_count_and_so_far():
    magnitude = torch.ones(2, masks.BINS, 4)
    magnitude[:, :, 2:] = 7
    assert masks.overall_level(magnitude, torch.tensor([2, 4]))[:, 0, 0].tolist() == pytest.approx([1, 5])
    assert masks.running_level(magnitude)[0, 0].tolist() == pytest.approx([1, 1, (51 / 3) ** 0.5, 5])
    assert masks.running_level(0 * magnitude).unique().tolist() == [1]


@pytest.mark.parametrize(("cell", "ahead"), [("lstm", 0), ("dnn", 3), ("blstm", 20)])
def test_frames_that_a_mask_depends_on(cell, ahead):
    """The frame that changes is 20; LSTM with a running level look at no later one, a DNN at its neighbours."""
    network, magnitude = _network(cell, running=True), stft(_noise(1, 40 * 128 - 384)).abs()
    changed = magnitude.clone()
    changed[..., 20:] *= 3 * torch.rand(masks.BINS, 20, generator=torch.Generator().manual_seed(0))
    different = (network(magnitude) != network(changed)).any(1)[0]
    assert int(different.nonzero()[0]) == 20 - ahead


def test_width_of_both_directions_together():
    for bidirectional in (False, True):
        trunk = Recurrent(5, 8, 2, bidirectional)
        assert trunk.width == trunk(torch.zeros(1, 3, 5)).shape[-1] == 8


def test_first_layer_of_a_dnn_sees_the_frame_with_its_neighbours():
    trunk, x = Spliced(4, 6, 1, context=2), _noise(2, 9, 4)
    padded = torch.nn.functional.pad(x, (0, 0, 2, 2))
    spliced = torch.stack([padded[:, t : t + 5].mT.flatten(1) for t in range(9)], dim=1)
    expected = torch.relu(spliced @ trunk.spliced.weight.flatten(1).T + trunk.spliced.bias)
    assert torch.allclose(trunk(x), expected, atol=1e-6)


def test_a_mask_of_the_mel_filters_starts_that_of_the_bins():
    network = _network()
    trunk = network.trunk
    network.begin_mel()
    assert network.mel and network.trunk is trunk
    with torch.no_grad():
        network.output.weight.normal_()
        network.output.bias.fill_(1.5)
    magnitude = stft(_noise(1, 8000)).abs()
    fine = network(magnitude)
    network.refine()
    assert not network.mel and torch.allclose(network.output.bias, torch.full((masks.BINS,), 1.5))
    coarse = network.features.filters @ network(magnitude) / network.features.filters.sum(1)[:, None]
    assert (coarse - fine).abs().mean().item() < 0.5 * (fine - fine.mean()).abs().mean().item()


def test_ideal_mel_mask():
    network, (y, s) = _network(), stft(_noise(2, 1, 4000))
    assert torch.allclose(network.mel_mask(mixture=y, target=y), torch.ones(1, masks.MELS, y.shape[-1]))
    assert torch.equal(network.mel_mask(mixture=y, target=0 * y), torch.zeros(1, masks.MELS, y.shape[-1]))
    half = network.mel_mask(mixture=2 * s, target=s)
    assert torch.allclose(half, torch.full_like(half, 0.5))


def test_pieces_are_aligned_and_short_mixtures_followed_by_silence():
    class Ramp:
        def draw(self, generator, split):
            ramp = np.arange(100, dtype=np.float32)
            return SimpleNamespace(mixture=ramp, sources=ramp[None] / 2)

    starts = set()
    for seed in range(50):
        example = mask_training.Cut(Ramp().draw, 90)(np.random.default_rng(seed), "train")
        assert np.array_equal(np.diff(example["mixture"]), np.ones(89))
        assert np.array_equal(example["target"], example["mixture"] / 2)
        starts.add(int(example["mixture"][0]))
    assert starts == set(range(11))
    longer = mask_training.Cut(Ramp().draw, 120)(np.random.default_rng(0), "train")
    assert np.array_equal(longer["mixture"], np.pad(np.arange(100), (0, 20)))


@pytest.mark.parametrize("name", ["ma", "msa", "psa", "lsd", "ls", "ibm", "cirm", "pmsqe", "stoi"])
def test_loss_of_a_batch_depends_on_no_gain_and_reaches_every_weight(name):
    n = 8000 if name == "stoi" else 3000
    network = _network(complex=name == "cirm")
    batch = {"mixture": _noise(2, n), "target": _noise(2, n, seed=1), "frames": torch.full((2,), n_frames(n))}
    loss = mask_training.spectral_loss(name, network, batch)
    louder = mask_training.spectral_loss(
        name, network, {key: 8 * x if key != "frames" else x for key, x in batch.items()}
    )
    assert torch.isclose(loss, louder, rtol=1e-4)
    loss.backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in network.parameters())


def test_model_masks_any_leading_axes_and_refuses_another_rate():
    model, samples = _network(), _noise(2, 3, 5000).numpy()
    mask = model.mask(samples, FS)
    assert mask.shape == (2, 3, masks.BINS, n_frames(5000)) and mask.dtype == torch.float32
    assert torch.allclose(model.mask(samples[1, 2], FS), mask[1, 2], atol=1e-5)
    assert torch.allclose(model.mask_of(stft(torch.from_numpy(samples[0]))), mask[0], atol=1e-5)
    spectrum = stft(samples)
    assert np.allclose(model.enhance(samples, FS), istft(mask.numpy() * spectrum, 5000), atol=1e-5)
    assert torch.equal(model.enhance(np.zeros(4000), FS), torch.zeros(4000))
    with pytest.raises(CocktailError, match="16000 Hz; resample the mixture from 44100 Hz"):
        model.mask(samples, 44100)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """method, its model, its folder, the data: a small BLSTM trained on `Bands`."""
    method = replace(
        Registry().entry("blstm-psa").make(),
        width=0.1, segment_s=0.5, epochs_mel=1, epochs=3, steps=12, batch_size=8, learning_rate=0.01,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("model")
    data = SimpleNamespace(mixer=Bands(), fs=FS, device="cpu", start=None)
    method.fit(data, np.random.default_rng(0), folder)
    return method, method.load(folder), folder, data


def _view(model):
    return View(FS, np.random.default_rng(0), {"model": model, "device": "cpu"})


def test_training_solves_a_problem_that_a_mask_can_solve(trained):
    method, model, _, _ = trained
    scene = Bands().draw(np.random.default_rng(99), "test")
    estimate = method(scene.mixture[None], _view(model))[0]
    before = np.sum((scene.mixture - scene.sources[0]) ** 2)
    assert np.sum((estimate - scene.sources[0]) ** 2) < before / 100
    assert method.size(model) == sum(p.numel() for p in model.parameters())


def test_model_knows_its_statistics_and_rate(trained):
    features = trained[1].features
    assert trained[1].fs == FS
    assert features.deviation.min() > 0 and features.mean.abs().max() > 0


def test_a_training_that_was_finished_is_not_repeated(trained):
    method, model, folder, data = trained
    history = (folder / "history.csv").read_text()
    assert [line.split(",")[0] for line in history.splitlines()] == ["stage", "mel", "psa", "psa", "psa"]
    method.fit(data, np.random.default_rng(0), folder)
    assert (folder / "history.csv").read_text() == history
    again = method.load(folder).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in model.state_dict().items())


def test_batch_is_the_loop_and_input_with_nan_is_refused(trained):
    method, model, _, _ = trained
    scenes = [_noise(1, n, seed=n).double().numpy() for n in (9000, 4000, 6500)]
    together = method.batch(scenes, [_view(model)] * 3)
    for scene, estimate in zip(scenes, together, strict=True):
        assert estimate.shape == scene.shape
        assert np.allclose(estimate, method(scene, _view(model)), atol=1e-5)
    assert method.batch([], []) == []
    with pytest.raises(ValueError, match="NaN"):
        method(np.full((1, 100), np.nan), _view(model))


@pytest.mark.parametrize("target_snr_db", [0.0, 20.0])
def test_noisy_targets_have_noise_that_the_mixture_has_too(target_snr_db):
    draw = Bands().draw
    clean = mask_training.Cut(draw, 8000)(np.random.default_rng(0), "train")
    noisy = mask_training.Cut(draw, 8000, target_snr_db)(np.random.default_rng(0), "train")
    noise = noisy["target"] - clean["target"]
    assert 10 * np.log10(np.mean(clean["target"] ** 2) / np.mean(noise**2)) == pytest.approx(target_snr_db, abs=0.01)
    np.testing.assert_allclose(noisy["mixture"] - clean["mixture"], noise, atol=1e-6)
    own = clean["mixture"] - clean["target"]
    assert abs(np.corrcoef(noise, own)[0, 1]) < 0.1  # it is of another scene


def test_a_complex_mask_turns_phases(tmp_path):
    """The target is the mixture, later by a quarter of a period: no real mask makes it."""

    class Turned:
        def augmented(self, names):
            return self

        def draw(self, generator, split):
            cycles = 2 * np.pi * 1000 * np.arange(8000) / FS + generator.uniform(0, 6)
            mixture, target = (np.cos(cycles - shift).astype(np.float32) for shift in (0, np.pi / 2))
            return SimpleNamespace(mixture=mixture, sources=target[None], noise=mixture - target)

    method = replace(
        Registry().entry("dnn-cirm").make(), width=0.05, segment_s=0.25, epochs=2, steps=40, batch_size=4,
        learning_rate=0.01, layers=1, context=0,
    )  # fmt: skip
    data = SimpleNamespace(mixer=Turned(), fs=FS, device="cpu", start=None)
    method.fit(data, np.random.default_rng(0), tmp_path)
    scene = Turned().draw(np.random.default_rng(1), "test")
    estimate = method(scene.mixture[None].astype(float), _view(method.load(tmp_path)))[0]
    assert si_sdr(reference=scene.sources[0].astype(float), estimate=estimate) > 15


def test_nobody_builds_on_complex_masks_for_shares_of_the_talker():
    network, x = _network(complex=True), _noise(2, 4000).numpy()
    assert network.enhance(x, FS).shape == (2, 4000)
    with pytest.raises(CocktailError, match="are complex; use one with real masks, as blstm-psa has"):
        network.mask(x, FS)


def test_an_entry_in_8_bits_starts_from_another_and_trains_no_more(trained, tmp_path):
    method, model, folder, data = trained
    small = replace(method, epochs=0, epochs_mel=0, weights="int8")
    small.fit(SimpleNamespace(**vars(data) | {"start": folder}), np.random.default_rng(1), tmp_path)
    assert (tmp_path / "weights.pt").stat().st_size < 0.35 * (folder / "weights.pt").stat().st_size
    scene = Bands().draw(np.random.default_rng(99), "test")
    views = [_view(model), _view(small.load(tmp_path))]
    estimates = [method(scene.mixture[None], view)[0] for view in views]
    scores = [si_sdr(reference=scene.sources[0].astype(float), estimate=estimate) for estimate in estimates]
    assert scores[1] == pytest.approx(scores[0], abs=0.2)
    assert 0 < np.abs(estimates[1] - estimates[0]).max() < 0.1
    assert small.size(views[1].model) == method.size(model)


def test_a_mask_is_applied_as_the_fields_of_calls_say(trained):
    """Each changes the estimate of the same model."""
    method, model, _, _ = trained
    mixture = Bands().draw(np.random.default_rng(99), "test").mixture[None].astype(float)
    plain = method(mixture, _view(model))
    for change in ({"over_subtraction": 2.0}, {"floor": 0.3}, {"binary": True}, {"smoothing": 0.9}):
        assert np.abs(replace(method, **change)(mixture, _view(model)) - plain).max() > 1e-3
    fields = {"lsa_share", "over_subtraction", "floor", "binary", "smoothing"}
    assert set(Registry().entry("blstm-psa").call_only) == fields


def test_a_mask_is_fused_with_the_gain_of_mmse_lsa(trained):
    """In dB what is applied is the mean of the mask and the gain, each with its weight; the gain is 1 at most."""
    method, model, _, _ = trained
    mixture = _noise(16000).double().numpy() * np.where(np.arange(16000) % 8000 < 5000, 0.1, 1)
    gains, mask, spectrum = lsa_gains([mixture], FS)[0].numpy(), model.mask(mixture, FS).numpy(), stft(mixture)
    alone = Registry().entry("mmse-lsa").make()(mixture[None], _view(model))[0]
    np.testing.assert_allclose(istft(gains * spectrum, 16000), alone, atol=1e-5)
    assert gains.max() > 1.5 and np.median(gains) < 0.7
    for share in (0.5, 1.0):
        found = replace(method, lsa_share=share)(mixture[None], _view(model))[0]
        applied = mask ** (1 - share) * np.minimum(gains, 1) ** share
        np.testing.assert_allclose(found, istft(applied * spectrum, 16000), atol=1e-5)


def test_fused_masks_of_a_batch_are_those_of_each_alone(trained):
    method, model = replace(trained[0], lsa_share=0.5), trained[1]
    scenes = [_noise(1, n, seed=n).double().numpy() for n in (9000, 4000)]
    for scene, estimate in zip(scenes, method.batch(scenes, [_view(model)] * 2), strict=True):
        assert np.allclose(estimate, method(scene, _view(model)), atol=1e-5)


def test_a_causal_network_stays_causal_with_the_gain_of_mmse_lsa():
    method, model = replace(Registry().entry("lstm-psa").make(), lsa_share=0.5), _network("lstm", running=True)
    assert method.causal
    mixture = _noise(1, 16000).double().numpy()
    later = mixture.copy()
    later[:, 10000:] *= 5
    one, other = (method(x, _view(model)) for x in (mixture, later))
    np.testing.assert_allclose(one[:, : 10000 - 512], other[:, : 10000 - 512], atol=1e-6)
    assert np.abs(one - other)[:, 10000:].max() > 0.1


@pytest.mark.parametrize("entry", ["blstm-psa", "dpcl", "dpcl-enhance", "pit"])
def test_training_mixtures_are_augmented_as_the_entry_says(tmp_path, entry):
    class Asked(Exception):
        pass

    class Mixer:
        def augmented(self, names):
            raise Asked(names)

    method = replace(Registry().entry(entry).make(), augment=("stretch", "vtl"))
    data = SimpleNamespace(mixer=Mixer(), fs=FS, device="cpu", start=None)
    with pytest.raises(Asked, match=r"stretch.*vtl"):
        method.fit(data, np.random.default_rng(0), tmp_path)


def _small(**fields):
    sizes = {"width": 0.05, "segment_s": 0.25, "epochs_mel": 1, "epochs": 1, "steps": 1, "batch_size": 2}
    return Registry().entry("blstm-psa").make().__class__(**sizes | fields)


def _fitted(folder, *, start=None, seed=0, **fields):
    folder.mkdir()
    method = _small(**fields)
    data = SimpleNamespace(mixer=Bands(), fs=FS, device="cpu", start=start)
    method.fit(data, np.random.default_rng(seed), folder)
    return method.load(folder).state_dict()


def _equal(one, other):
    return all(torch.equal(x, other[name]) for name, x in one.items())


def test_weights_depend_on_no_number_that_others_have_drawn(tmp_path):
    one = _fitted(tmp_path / "a")
    torch.seed()
    assert _equal(one, _fitted(tmp_path / "b"))


def test_the_first_stage_trains_a_mask_of_the_mel_filters(tmp_path, monkeypatch):
    """What it leaves is that mask spread over the bins; the second stage trains one of the bins."""
    resolution, biases = [], []

    class Watched(_small().__class__):
        validation = 2

        def prepare(self, network, stage):
            super().prepare(network, stage)
            biases.append(network.output.bias.detach().numpy().copy())

        def objective(self, network, batch):
            resolution.append(network.output.out_features)
            return super().objective(network, batch)

    monkeypatch.setattr(one_talker, "STATISTICS", 2)
    method = Watched(width=0.05, segment_s=0.25, epochs_mel=1, epochs=1, steps=2, batch_size=2)
    method.fit(SimpleNamespace(mixer=Bands(), fs=FS, device="cpu", start=None), np.random.default_rng(0), tmp_path)
    half = len(resolution) // 2
    assert resolution == [100] * half + [257] * half
    seen = filterbank(100, FS, 512) + 1e-6
    spread = (seen / seen.sum(0)).T
    assert np.abs(spread @ np.linalg.lstsq(spread, biases[1])[0] - biases[1]).max() < 1e-5


def test_an_entry_starts_from_the_weights_and_statistics_of_another(tmp_path):
    """A mel network that is trained once stands in for the first stage of its children."""
    mel = _fitted(tmp_path / "mel", loss="mel")
    for loss in ("psa", "msa"):
        child = _fitted(tmp_path / loss, start=tmp_path / "mel", seed=1, loss=loss, epochs_mel=0, epochs=0)
        assert _equal(mel, child)
    whole = _fitted(tmp_path / "whole", loss="psa")
    child = _fitted(tmp_path / "child", start=tmp_path / "mel", epochs_mel=0, loss="psa")
    assert _equal(whole, child)


def test_weights_of_other_sizes_or_rates_are_refused(tmp_path):
    _fitted(tmp_path / "mel", loss="mel")
    with pytest.raises(CocktailError, match=r"'trunk.lstm.weight_ih_l0' is 76 x 100 in this network and 40 x 100"):
        _fitted(tmp_path / "wider", start=tmp_path / "mel", width=0.1)
    with pytest.raises(CocktailError, match=r"'trunk.spliced.weight' is .* in this network and absent"):
        _fitted(tmp_path / "dnn", start=tmp_path / "mel", cell="dnn")
    data = SimpleNamespace(mixer=Bands(), fs=8000, device="cpu", start=tmp_path / "mel")
    with pytest.raises(CocktailError, match="trained on 16000 Hz, this suite has 8000"):
        _small().fit(data, np.random.default_rng(0), tmp_path)


def test_what_is_padding_counts_in_no_loss_and_no_statistics():
    class Short:
        def draw(self, generator, split):
            mixture = generator.standard_normal(8000).astype(np.float32)
            return TrainingMixture(mixture, "stationary", {"sources": mixture[None] / 2, "noise": mixture / 2})

    exact, longer = mask_training.Cut(Short().draw, 8000), mask_training.Cut(Short().draw, 12000)
    networks = [masks.build(fs=FS, cell="blstm", units=8, layers=1, context=0, running=False).eval() for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    for network, cut in zip(networks, (exact, longer), strict=True):
        mask_training.set_statistics(network, cut, 5, np.random.default_rng(0))
    # The last frames of the shorter one reach into the silence behind it.
    torch.testing.assert_close(networks[0].features.deviation, networks[1].features.deviation, rtol=0.02, atol=0)
    networks[1].load_state_dict(networks[0].state_dict())
    batches = [stack([cut(np.random.default_rng(1), "train")]) for cut in (exact, longer)]
    for loss in ("msa", "psa", "lsd", "ibm", "pmsqe"):
        values = [mask_training.spectral_loss(loss, networks[0], batch) for batch in batches]
        torch.testing.assert_close(*values, rtol=1e-4, atol=1e-6)
    for loss in ("ls", "stoi"):  # of samples, whose number is known to a frame
        values = [mask_training.spectral_loss(loss, networks[0], batch) for batch in batches]
        torch.testing.assert_close(*values, rtol=1e-2, atol=0)


@pytest.mark.parametrize(
    ("entry", "causal"), [("lstm-msa", True), ("lstm-psa", True), ("blstm-psa", False), ("dnn-msa", False)]
)
def test_what_an_entry_hears_ahead_follows_from_its_parameters(entry, causal):
    assert Registry().entry(entry).make().causal is causal
