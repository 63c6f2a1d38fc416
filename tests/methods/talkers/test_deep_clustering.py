"""Deep clustering and permutation-free losses: against their definitions, and on talkers that anyone can tell apart."""

from dataclasses import replace
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from tone_talkers import Tones, trained, worst_db

from cocktail.errors import CocktailError
from cocktail.method import View
from cocktail.nets import bands, clustering, enhancement, kmeans, pit, saved
from cocktail.nets import permutations as free
from cocktail.nets.segments import Segments, collate
from cocktail.plugins.registry import Registry

FS = 16000
TINY = {"fs": FS, "shift_ms": 16.0, "layers": 1, "units": 12, "dropout": 0.0}


def points(seed, p=30, e=4, k=3):
    """Unit embeddings (P, E), memberships (P, K) and weights (P,), in double precision."""
    generator = torch.Generator().manual_seed(seed)
    V = torch.nn.functional.normalize(torch.randn(p, e, generator=generator, dtype=torch.float64), dim=-1)
    Y = torch.nn.functional.one_hot(torch.randint(k, (p,), generator=generator), k).double()
    return V, Y, (torch.rand(p, generator=generator) > 0.4).double()


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_affinity_loss_equals_that_of_all_pairs(seed, e, k):
    V, Y, w = points(seed, e=e, k=k)
    error = (V @ V.T - Y @ Y.T) ** 2
    expected = (w[:, None] * w[None] * error).sum() / max(w.sum().item(), 1) ** 2
    torch.testing.assert_close(clustering.affinity_loss(V, Y, w), expected, rtol=1e-9, atol=1e-12)


def test_affinity_loss_knows_neither_names_nor_absent_talkers_nor_silence():
    V, Y, w = points(1)
    loss = clustering.affinity_loss(V, Y, w)
    torch.testing.assert_close(clustering.affinity_loss(V, Y[:, [2, 0, 1]], w), loss)
    torch.testing.assert_close(clustering.affinity_loss(V, torch.nn.functional.pad(Y, (0, 2)), w), loss)
    torch.testing.assert_close(clustering.affinity_loss(torch.where(w[:, None] > 0, V, -V), Y, w), loss)
    assert clustering.affinity_loss(Y, Y, w) == pytest.approx(0, abs=1e-12)


def test_bands_divide_the_bins():
    index = bands.Bands(FS, 16.0).index
    assert torch.equal(index[:129], torch.arange(129))  # to 4 kHz, one by one
    assert torch.equal(index[129:].bincount()[129:], torch.full((32,), 4))
    assert torch.equal(bands.Bands(8000, 16.0).index, torch.arange(129))


@pytest.mark.parametrize("fs", [8000, 11025, 16000, 44100])
def test_pooling_sums_the_bins_of_each_band(fs):
    grid = bands.Bands(fs, 16.0)
    X = torch.rand(2, 3, len(grid.index), 5, dtype=torch.float64)
    expected = [[X[..., grid.index == band, t].sum(-1) for band in range(grid.count)] for t in range(5)]
    torch.testing.assert_close(grid.pool(X), torch.stack([torch.stack(frame, -1) for frame in expected], -2))


def test_pooling_keeps_the_power_and_spreading_undoes_it_below_4_khz():
    grid = bands.Bands(FS, 16.0)
    X = grid.stft(torch.randn(3, 4000))
    power = X.abs() ** 2
    torch.testing.assert_close(grid.power(X).sum(-1), power.sum(-2))
    torch.testing.assert_close(grid.spread(grid.power(X))[:, :129], power[:, :129])


@pytest.mark.parametrize("gain", [1e-3, 100.0])
def test_features_do_not_depend_on_the_level(gain):
    power = torch.rand(5, 7) ** 8
    torch.testing.assert_close(bands.features(gain**2 * power), bands.features(power))


def test_features_reach_60_db_below_the_loudest_band():
    power = 10 ** (torch.tensor([[0.0, -30.0, -59.0, -61.0, -90.0]]) / 10)
    torch.testing.assert_close(bands.features(5 * power), torch.tensor([[1.5, 0.0, -1.45, -1.5, -1.5]]))


def test_features_of_silence_are_finite():
    assert bands.features(torch.zeros(4, 5)).isfinite().all()
    assert bands.level_db(torch.zeros(4, 5)).eq(-bands.RANGE_DB).all()


def test_silent_bands_are_40_db_below_the_loudest():
    power = 10 ** (torch.tensor([[0.0, -39.9, -40.1]]) / 10)
    assert clustering.active(7 * power).tolist() == [[True, True, False]]


def test_dominance_is_the_loudest_talker():
    powers = torch.rand(2, 3, 5, 6)
    Y = clustering.dominance(powers)
    assert torch.equal(Y.argmax(-1), powers.argmax(1))
    assert torch.equal(Y.sum(-1), torch.ones(2, 5, 6))
    assert not clustering.dominance(0 * powers).any()


@pytest.mark.parametrize("k", [2, 3, 5])
def test_kmeans_is_no_worse_than_scikit_learn(k):
    generator = np.random.default_rng(k)
    x = np.concatenate([generator.normal(size=3) * 2 + 0.4 * generator.normal(size=(80, 3)) for _ in range(k)])
    theirs = KMeans(k, n_init=10, random_state=0).fit(x).inertia_
    ours = kmeans.kmeans(torch.from_numpy(x), k, np.random.default_rng(0))
    assert kmeans.squared_distances(torch.from_numpy(x), ours).amin(-1).sum() <= 1.01 * theirs


def test_kmeans_repeats_with_its_generator_and_takes_equal_points():
    x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    first, second = (kmeans.kmeans(x, 3, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(kmeans.kmeans(torch.ones(10, 4), 3, np.random.default_rng(0)), torch.ones(3, 4))


def test_kmeans_of_a_batch_finds_what_it_finds_in_each():
    clusters = 5 * torch.eye(3)[:, None] + 0.1 * torch.randn(2, 3, 40, 3, generator=torch.Generator().manual_seed(0))
    found = kmeans.kmeans(clusters.flatten(1, 2), 3, np.random.default_rng(0))
    for centres, truth in zip(found, clusters.mean(-2), strict=True):
        torch.testing.assert_close(centres[centres.argmax(-1).argsort()], truth)


def test_hard_soft_kmeans_is_kmeans():
    V, _, w = points(2, p=60)
    start = V[:3]
    member = torch.nn.functional.one_hot(kmeans.nearest(V, start), 3).double() * w[:, None]
    mean = member.T @ V / member.sum(0)[:, None]
    torch.testing.assert_close(kmeans.soft_kmeans(V, w, start, alpha=1e6, iterations=1), mean)
    torch.testing.assert_close(kmeans.soft_assignment(V, start, 5.0).sum(-1), torch.ones(60, dtype=torch.float64))


@given(st.integers(0, 10**6), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_best_permutation_is_the_cheapest_of_all_orders(seed, k):
    pairwise = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, k, k))).requires_grad_()
    orders = list(permutations(range(k)))
    every = torch.stack([pairwise[:, range(k), order].sum(-1) for order in orders])
    found = free.permutation_free(pairwise)
    torch.testing.assert_close(found, every.amin(0))
    (gradient,) = torch.autograd.grad(found.sum(), pairwise)
    chosen = [orders[i] for i in every.argmin(0)]
    wanted = torch.stack([torch.eye(k, dtype=torch.float64)[list(order)] for order in chosen])
    torch.testing.assert_close(gradient, wanted)


def test_twenty_talkers_do_not_take_all_orders():
    pairwise = torch.from_numpy(np.random.default_rng(0).random((3, 20, 20))).float()
    expected = [cost[linear_sum_assignment(cost)].sum() for cost in pairwise.numpy()]
    np.testing.assert_allclose(free.permutation_free(pairwise), expected, rtol=1e-6)


@pytest.mark.parametrize("k", [2, 6])
def test_losses_that_are_no_numbers_are_not_hidden(k):
    assert not torch.isfinite(free.permutation_free(torch.full((1, k, k), torch.nan))).any()


def test_separation_loss_is_the_error_of_the_best_order():
    a, b, mixture = torch.rand(1, 3, 4, 5).double(), torch.rand(1, 3, 4, 5).double(), torch.rand(1, 4, 5).double()
    errors = [((a[:, list(order)] - b) ** 2).sum() for order in permutations(range(3))]
    found = free.separation_loss(estimate=a, reference=b, mixture=mixture)
    torch.testing.assert_close(found, min(errors) / (mixture**2).sum())
    swapped = free.separation_loss(estimate=b[:, [1, 2, 0]], reference=b, mixture=mixture)
    assert swapped.item() == pytest.approx(0, abs=1e-12)


def test_amplitudes_of_a_band_are_those_of_its_bins_under_a_common_mask():
    """The difference of two masks' errors is the same, counted by bins and by bands."""
    grid = bands.Bands(FS, 16.0)
    talkers, mixture = grid.stft(torch.randn(1, 2, 4000).double()), grid.stft(torch.randn(1, 4000).double())
    target = free.amplitudes(grid, talkers=talkers, mixture=mixture, phase=False)
    heard = free.level(grid, mixture)[:, None]
    masks = torch.rand(2, 1, 2, *heard.shape[-2:], dtype=torch.float64)
    by_band = [((m * heard - target) ** 2).sum() for m in masks]
    by_bin = [((grid.spread(m) * mixture[:, None].abs() - talkers.abs()) ** 2).sum() for m in masks]
    torch.testing.assert_close(by_band[0] - by_band[1], by_bin[0] - by_bin[1])


def test_amplitudes_in_phase_are_signed_parts_cut_at_zero():
    grid = bands.Bands(8000, 16.0)
    mixture = grid.stft(torch.randn(1, 4000).double())
    talkers = torch.stack([0.3 * mixture, -mixture, 1j * mixture], dim=1)
    found = free.amplitudes(grid, talkers=talkers, mixture=mixture, phase=True)
    torch.testing.assert_close(found[:, 0], 0.3 * free.level(grid, mixture))
    torch.testing.assert_close(found[:, 1:], torch.zeros_like(found[:, 1:]))


@pytest.fixture(scope="module")
def embedding():
    """A network that embeds tones, from its loss on half of the frames."""
    network = saved.seeded(clustering.EmbeddingNetwork, 0, **TINY, dimensions=5)
    return trained(network, lambda network, batch: clustering.loss(network, batch, every=2), 80)


def test_deep_clustering_separates_two_and_three_registers(embedding):
    def separate(mixture, k):
        return clustering.separate(embedding, mixture, k, np.random.default_rng(0))

    worst = worst_db(separate)
    assert worst[2] > 10 and worst[3] > 10


def test_permutation_invariant_training_separates_two_and_three_registers():
    network = trained(saved.seeded(pit.PitNetwork, 0, **TINY, outputs=3), pit.loss, 150)
    worst = worst_db(lambda mixture, k: pit.separate(network, mixture, k))
    assert worst[2] > 8 and worst[3] > 8


def test_the_loss_of_permutation_invariant_training_is_phase_sensitive_and_wants_silence_of_spare_outputs():
    """At 8 kHz, where bands are bins: of the best order, |m |y| - max(Re(s y*) / |y|, 0)|^2 over |y|^2."""
    network = saved.seeded(pit.PitNetwork, 0, **TINY | {"fs": 8000}, outputs=3).eval()
    sources = torch.randn(1, 2, 3000, generator=torch.Generator().manual_seed(1))
    mixture = sources.sum(1)
    with torch.no_grad():
        found = pit.loss(network, {"mixture": mixture, "sources": sources})
        Y, S = network.bands.stft(mixture)[0], network.bands.stft(sources)[0]
        estimate = network(Y.abs().square().T[None])[0].mT * Y.abs()
    wanted = torch.cat([(S * Y.conj()).real.clamp_min(0) / Y.abs(), torch.zeros_like(Y.real)[None]])
    errors = [((estimate[list(order)] - wanted) ** 2).sum() for order in permutations(range(3))]
    torch.testing.assert_close(found, min(errors) / (Y.abs() ** 2).sum())


def test_the_strongest_outputs_are_those_with_the_most_power():
    """The first output passes what is silent, the second a tenth of what sounds, the third all of it."""

    class Fixed(pit.PitNetwork):
        def forward(self, power):
            sounds = (power > 1e-6 * power.max()).float()
            return torch.stack([1 - sounds, 0.1 * sounds, sounds], dim=1)

    network = Fixed(**TINY, outputs=3)
    mixture = torch.from_numpy(np.pad(Tones().draw(np.random.default_rng(6), "valid").mixture, (0, 40000)))
    found = pit.separate(network, mixture, 2)
    torch.testing.assert_close(found[0], 0.1 * found[1])
    torch.testing.assert_close(found[1], mixture, atol=1e-3, rtol=0)


def test_more_talkers_than_outputs_are_refused():
    network = pit.PitNetwork(**TINY, outputs=2)
    with pytest.raises(CocktailError, match="3 talkers, but the network has 2 outputs"):
        pit.loss(network, {"mixture": torch.randn(1, 4000), "sources": torch.randn(1, 3, 4000)})


def test_the_loss_of_a_network_is_of_every_so_many_frames_and_of_bands_that_sound():
    """(V V' - Y Y')^2 over all pairs of what is within 40 dB of the loudest band; the second half is silent."""
    network = saved.seeded(clustering.EmbeddingNetwork, 0, **TINY, dimensions=3).eval()
    sources = torch.randn(1, 2, 4000, generator=torch.Generator().manual_seed(0))
    sources[..., 2000:] = 0
    batch = {"mixture": sources.sum(1), "sources": sources}
    power, powers = (network.bands.power(network.bands.stft(x)) for x in (batch["mixture"], sources))
    for every in (1, 3):
        with torch.no_grad():
            found = replace(Registry().entry("dpcl").make(), every=every).objective(network, batch)
            V = network(power)[0, ::every].flatten(0, 1)
        sounding = (power > 1e-4 * power.max())[0, ::every].flatten()
        louder = (powers[0, 0] > powers[0, 1])[::every].flatten()[sounding]
        alike = louder[:, None] == louder
        expected = ((V[sounding] @ V[sounding].T - alike.float()) ** 2).mean()
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=0)


@pytest.fixture
def second(embedding):
    """An untrained second stage on the embeddings of tones."""
    network = saved.seeded(
        enhancement.EnhancementNetwork, 1, embedding=embedding.config, layers=1, units=12, dropout=0.0
    )
    network.embedding.load_state_dict(embedding.state_dict())
    return network


def test_second_stage_learns_and_reaches_the_first(second):
    batch = collate([Segments(Tones().draw, 8000)(np.random.default_rng(7), "valid") for _ in range(6)])
    before = enhancement.loss(second.eval(), batch).item()
    second.train()
    enhancement.loss(second, batch).backward()
    assert second.embedding.output.weight.grad.abs().max() > 0  # through the soft clusters
    assert enhancement.loss(trained(second, enhancement.loss, 30), batch).item() < 0.5 * before


def test_soft_clusters_are_two_soft_steps_from_where_k_means_ended(second):
    """Of hardness 5: gamma = exp(-5 |v - mu|^2) over their sum, mu the mean of what counts, weighted by it."""
    mixture = torch.from_numpy(Tones().draw(np.random.default_rng(4), "valid").mixture)
    power = second.bands.power(second.bands.stft(mixture))[None]
    with torch.no_grad():
        found = second.eval().clusters(power, 2, np.random.default_rng(5))
        V = second.embedding(power)
    counted = power > power.max() * 1e-4
    centres = clustering.centres(V, counted, 2, np.random.default_rng(5))[0].double().numpy()
    v, counts = V.flatten(0, 2).double().numpy(), counted.flatten().numpy()

    def shares(mu):
        near = np.exp(-5 * ((v[:, None] - mu) ** 2).sum(-1))
        return near / near.sum(1, keepdims=True)

    for _ in range(2):
        weight = shares(centres) * counts[:, None]
        centres = weight.T @ v / weight.sum(0)[:, None]
    expected = shares(centres).T.reshape(found[0].shape)
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-4)


class Mixer:
    """Tones, for what fits to data."""

    def augmented(self, names):
        return Tones()


@pytest.mark.parametrize("joint_epochs", [0, 1])
def test_fit_starts_from_the_first_stage_and_changes_it_in_the_last_epochs_alone(embedding, tmp_path, joint_epochs):
    class Quick(Registry().plugins["deep_clustering_enhance"].cls):
        validation = 2

    method = Quick(
        layers=1, width=0.03, segment_s=0.2, epochs=1, joint_epochs=joint_epochs, steps=1, batch_size=2,
        joint_learning_rate=1e-2,
    )  # fmt: skip
    data = SimpleNamespace(mixer=Mixer(), fs=FS, device="cpu", start=None, bases={"base": embedding})
    method.fit(data, np.random.default_rng(0), tmp_path)
    found = method.load(tmp_path).embedding.state_dict()
    same = [torch.equal(weight, found[name]) for name, weight in embedding.state_dict().items()]
    assert all(same) if joint_epochs == 0 else not any(same)


def test_masks_share_the_mixture_out(embedding, second):
    mixture = torch.from_numpy(Tones().draw(np.random.default_rng(3), "valid").mixture)
    for estimates in (
        clustering.separate(embedding, mixture, 3, np.random.default_rng(0)),
        enhancement.separate(second.eval(), mixture, 3, np.random.default_rng(0)),
    ):
        torch.testing.assert_close(estimates.sum(0), mixture, rtol=1e-4, atol=1e-5)


def test_saved_network_comes_back(embedding, tmp_path):
    saved.save(embedding, tmp_path, **embedding.config)
    back = saved.load(clustering.EmbeddingNetwork, tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(embedding.parameters(), back.parameters(), strict=True))
    assert back.fs == FS and not back.training


def test_another_rate_is_refused(embedding):
    embedding.fs = FS
    view = View(8000, np.random.default_rng(0), {"model": embedding, "device": "cpu", "n_sources": 2})
    with pytest.raises(CocktailError, match="trained on 16000 Hz; resample the mixture from 8000 Hz"):
        Registry().entry("dpcl").make()(np.ones((1, 4000)), view)


def test_batches_are_filled_with_silence():
    examples = [{"mixture": np.ones(n), "sources": np.ones((k, n))} for n, k in ((5, 2), (3, 3))]
    batch = collate(examples)
    assert batch["mixture"].sum(-1).tolist() == [5, 3]
    assert batch["sources"].sum(-1).tolist() == [[5, 5, 0], [3, 3, 3]]
    assert batch["n_sources"].tolist() == [2, 3]


def test_segments_are_cut_from_mixture_and_talkers_alike():
    cut = Segments(Tones().draw, 1000)(np.random.default_rng(0), "train")
    assert cut["sources"].shape[-1] == 1000
    np.testing.assert_allclose(cut["sources"].sum(0), cut["mixture"], atol=1e-6)
