"""Fusion: what experts say, what training makes of good and useless members, members that are missing, and rows."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cocktail.boards.claims import CLAIMS
from cocktail.config import read_yaml
from cocktail.errors import AccessError, CocktailError
from cocktail.method import EstimatedMixture, Estimates, View
from cocktail.nets import fusion, saved
from cocktail.plugins.registry import Registry
from cocktail.stft import istft, stft

FS, N = 16000, 4800


def network(n_members=2, **fields):
    torch.manual_seed(0)
    made = fusion.FusionNetwork(
        members=[f"m{i}" for i in range(n_members)], **{"units": 8, "layers": 1, "fs": FS} | fields
    )
    return made.eval()


def noise(*shape, seed=0):
    return torch.as_tensor(np.random.default_rng(seed).standard_normal(shape), dtype=torch.float32)


def test_masks_of_members_are_those_that_made_them_kept_between_silence_and_the_mixture():
    Y = stft(noise(1, N))
    mask = torch.rand(1, 3, *Y.shape[1:], generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fusion.member_masks(Y, mask * Y[:, None]), mask, atol=1e-5, rtol=0)
    assert fusion.member_masks(Y, torch.stack([-Y, 3 * Y, 0 * Y], 1)).mean((0, 2, 3)).tolist() == [0, 1, 0]
    assert fusion.member_masks(0 * Y, Y[:, None]).abs().max() == 0


def test_untrained_it_is_about_the_mean_of_its_members():
    Y = stft(noise(1, N))
    made = torch.stack([0.7 * Y, 0.8 * Y, 0.9 * Y], 1)
    fused = network(3)(Y, made)
    assert torch.allclose(fused, torch.full_like(fused, 0.8), atol=0.03)


@pytest.mark.parametrize(("expert", "expected"), [(0, 0.2), (1, 0.6), (2, 0.0), (3, 1.0)])
def test_an_expert_that_is_trusted_alone_decides(expert, expected):
    """Members in order, then silence, then the mixture."""
    net, Y = network(2), stft(noise(1, N))
    with torch.no_grad():
        net.output.bias.view(4, -1)[expert] += 100
    fused = net(Y, torch.stack([0.2 * Y, 0.6 * Y], 1))
    torch.testing.assert_close(fused, torch.full_like(fused, expected), atol=1e-4, rtol=0)


def test_no_gain_changes_the_mask_and_padding_changes_nothing():
    net, Y, made = network(2), stft(noise(2, N)), stft(noise(2, 2, N, seed=1))
    lengths = torch.tensor([30, Y.shape[-1]])
    mask = net(Y, made, lengths)
    torch.testing.assert_close(net(1e-3 * Y, 1e-3 * made, lengths), mask, atol=1e-4, rtol=0)
    alone = net(Y[:1, :, :30], made[:1, :, :, :30])
    torch.testing.assert_close(mask[:1, :, :30], alone, atol=1e-5, rtol=0)


def test_padding_counts_in_no_statistics():
    exact = {"mixture": noise(N).numpy(), "estimates": noise(2, N, seed=1).numpy()}
    longer = {name: np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, 2 * N)]) for name, x in exact.items()}
    nets = [network(2), network(2)]
    for net, example in zip(nets, (exact, longer), strict=True):
        net.set_statistics([example | {"frames": stft(noise(N)).shape[-1]}])
    torch.testing.assert_close(nets[1].mean, nets[0].mean)
    torch.testing.assert_close(nets[1].deviation, nets[0].deviation)


class Data:
    """Scenes whose speech is below 4 kHz; `left` keeps it below 1.5 kHz alone, `right` above, `useless` not at all."""

    fs, device, start = FS, "cpu", None

    def __init__(self, *reads, scenes=15):
        self.reads, self.n = reads, scenes

    def scene(self, seed):
        generator = np.random.default_rng(seed)
        hz = np.fft.rfftfreq(N, 1 / FS)
        spectrum = np.fft.rfft(generator.standard_normal((2, N)))
        target, rest = np.fft.irfft(spectrum * np.stack([hz < 4000, hz > 0]), N)
        mixture, wrong = np.fft.rfft(target + rest), np.fft.rfft(generator.standard_normal(N))
        speech = np.fft.rfft(target)
        made = {
            "good": speech + 0.1 * wrong,
            "left": np.where(hz < 1500, speech + 0.1 * wrong, mixture),
            "right": np.where(hz < 1500, mixture, speech + 0.1 * wrong),
            "useless": wrong,
        }
        made = Estimates({name: np.fft.irfft(made[name], N)[None].astype(np.float32) for name in self.reads})
        granted = {"sources": target[None].astype(np.float32)}
        return EstimatedMixture((target + rest).astype(np.float32), "toy", granted, made)

    def estimates(self, split):
        return (self.scene(i) for i in range(self.n) if (i % 5 == 4) == (split == "valid"))


def trained(folder, *reads):
    method = replace(
        Registry().entry("fusion-nmf").make(),
        width=0.06, segment_s=0.3, epochs=3, steps=25, batch_size=8, learning_rate=0.01,
    )  # fmt: skip
    method.fit(Data(*reads), np.random.default_rng(0), folder)
    model = method.load(folder)
    assert model.members == reads
    return method, model


def view(model, estimates):
    return View(FS, np.random.default_rng(0), {"model": model, "device": "cpu", "estimates": estimates})


def errors(folder, *reads):
    """Error of the fusion over that of each member, their masks applied to the mixture, on a new scene."""
    method, model = trained(folder, *reads)
    scene = Data(*reads).scene(999)
    target = scene.sources[0]
    fused = method(scene.mixture[None], view(model, scene.estimates))[0]
    Y = stft(torch.as_tensor(scene.mixture)[None])
    made = stft(torch.as_tensor(np.stack([scene.estimates[name] for name in reads], axis=1)))
    alone = istft(fusion.member_masks(Y, made) * Y[:, None], N)[0].numpy()
    return np.mean((fused - target) ** 2) / np.mean((alone - target) ** 2, axis=1)


def test_a_good_and_a_useless_member_make_about_the_good_one(tmp_path):
    good, useless = errors(tmp_path, "useless", "good")[::-1]
    assert good < 1.05 and useless < 0.5


def test_members_that_are_right_in_different_places_make_one_that_beats_both(tmp_path):
    assert max(errors(tmp_path, "left", "right")) < 0.6


def test_a_member_that_is_missing_is_named(tmp_path):
    method = Registry().entry("fusion-nmf").make()
    model = method.network(FS, members=["left", "right"]).eval()
    scene = Data("left").scene(0)
    with pytest.raises(AccessError, match="'right' is not read"):
        method(scene.mixture[None], view(model, scene.estimates))
    with pytest.raises(CocktailError, match=r"say `reads: \[ENTRY, ...\]`"):
        method.fit(Data(), np.random.default_rng(0), tmp_path)
    with pytest.raises(CocktailError, match="no scene of the split 'valid' was finished by all of left, right"):
        fusion.Scenes(Data("left", "right", scenes=3), 4000)


def test_segments_of_mixture_target_and_estimates_are_of_one_place_and_one_scale():
    """Short scenes are followed by silence that does not count."""
    scenes = fusion.Scenes(Data("good"), 3000)
    example = scenes(np.random.default_rng(0), "train")
    whole = scenes.signals["train"]
    (found,) = (
        signals[:, start : start + 3000]
        for signals in whole
        for start in range(N - 2999)
        if np.array_equal(signals[0, start : start + 3000], example["mixture"])
    )
    assert np.array_equal(found, np.stack([example["mixture"], example["target"], example["estimates"][0]]))
    longer = fusion.Scenes(Data("good"), N + 1000)(np.random.default_rng(0), "valid")
    assert longer["estimates"].shape == (1, N + 1000) and not longer["mixture"][N:].any()
    assert int(longer["frames"]) == stft(noise(N)).shape[-1]


def test_fusions_read_nine_nmfs_nine_dnns_and_all_of_them_as_the_claim_says():
    registry = Registry()
    nmf, dnn, everything = (registry.entry(name).reads for name in ("fusion-nmf", "fusion-dnn", "fusion"))
    assert len({*nmf}) == len({*dnn}) == 9 and everything == (*nmf, *dnn)
    assert {registry.entry(name).plugin.name for name in nmf} == {"nmf"}
    assert {registry.entry(name).make().cell for name in dnn} == {"dnn"}
    orders = read_yaml(CLAIMS)["claims"]["fusion"]["orders"]
    assert orders == [["fusion-nmf", [*nmf]], ["fusion-dnn", [*dnn]], ["fusion", ["fusion-nmf", "fusion-dnn"]]]


@pytest.mark.parametrize("size", ["tiny", "small", "medium", "paper"])
def test_members_start_from_networks_of_their_own_size(size):
    registry = Registry()
    sized = registry.sized(size, {}, "test")
    started = [entry for name, entry in sized.items() if name in registry.entry("fusion-dnn").reads and entry.start]
    assert len(started) == 6
    with torch.device("meta"):
        for entry in started:
            assert entry.make().epochs_mel == 0
            own, first = (each.make().network(FS) for each in (entry, sized[entry.start]))
            assert saved.n_parameters(own) == saved.n_parameters(first)
