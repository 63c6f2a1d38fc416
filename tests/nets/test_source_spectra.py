"""Networks that say spectra: principal components of spliced frames, and costs that know the truth."""

import numpy as np
import pytest
import torch

from cocktail.nets.source_spectra import DELTA, SpectraNetwork, cost


def magnitudes(seed, *shape):
    return torch.as_tensor(np.random.default_rng(seed).gamma(0.5, 1.0, shape), dtype=torch.float32)


def network(components=7, context=2):
    torch.manual_seed(0)
    return SpectraNetwork(bins=5, spectra=2, context=context, components=components, layers=2, units=8)


def test_features_are_the_principal_components_of_spliced_frames():
    made, scenes = network(), [magnitudes(seed, 2, 5, 40) for seed in range(30)]
    made.set_statistics(scenes)
    features = torch.cat([made.features(x[None])[0] for x in scenes]).double()
    assert torch.allclose(torch.cov(features.T, correction=0), torch.eye(7).double(), atol=1e-3)
    assert features.mean(0).abs().max() < 1e-3
    padded = [np.pad(x.numpy().reshape(10, 40), ((0, 0), (2, 2))) for x in scenes]
    spliced = np.concatenate([np.stack([x[:, t : t + 5].ravel() for t in range(40)]) for x in padded])
    spliced = spliced - spliced.mean(0)
    strongest = np.linalg.svd(spliced, full_matrices=False)[2][:7] @ spliced.T  # (7, frames)
    cosines = features.T.numpy() @ strongest.T / np.linalg.norm(strongest, axis=1) / np.sqrt(len(spliced))
    assert np.allclose(np.abs(cosines), np.eye(7), atol=1e-2)


def test_components_that_never_change_stay_finite():
    made = network()
    made.set_statistics([torch.ones(2, 5, 9), torch.ones(2, 5, 3)])
    assert torch.isfinite(made(torch.zeros(1, 2, 5, 6))).all()


def test_a_frame_depends_on_its_neighbours_in_the_context_alone():
    made = network()
    made.set_statistics([magnitudes(seed, 2, 5, 40) for seed in range(3)])
    x = magnitudes(9, 1, 2, 5, 20)
    changed = x.clone()
    changed[..., 10] += 1
    with torch.no_grad():
        moved = (made(changed) != made(x)).any(1).any(1)[0].nonzero().flatten().tolist()
    assert moved == [8, 9, 10, 11, 12]


def spectra(seed):
    """Square roots of powers z, a mixture, and the parts of both sources in phase with it; complex sources."""
    rng = np.random.default_rng(seed)
    s = torch.as_tensor(rng.standard_normal((3, 2, 4, 6)) + 1j * rng.standard_normal((3, 2, 4, 6)))
    x = s.sum(1)
    return s, x, {"target": s.abs(), "mixture": x.abs(), "along": (s * x.conj()[:, None]).real / x.abs()[:, None]}


@pytest.mark.parametrize("name", ["is", "kl", "cauchy", "mse"])
def test_a_cost_is_0_at_the_truth_and_more_elsewhere(name):
    _, _, known = spectra(0)
    truth = known["target"].clone().requires_grad_()
    least = cost(name, estimate=truth, **known)
    least.backward()
    assert abs(least.item()) < 1e-9 and truth.grad.abs().max() < 1e-9
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert cost(name, estimate=factor * known["target"], **known) > 1e-3


def test_costs_in_closed_form():
    known = {"target": torch.full((1, 2, 1, 1), 2.0), "mixture": torch.ones(1, 1, 1), "along": torch.ones(1, 2, 1, 1)}
    expected = {"is": 4 - np.log(4) - 1, "kl": 2 * np.log(2) - 1, "cauchy": 1.5 * np.log(0.75) + np.log(2), "mse": 1.0}
    found = {name: cost(name, estimate=torch.ones(1, 2, 1, 1), **known).item() for name in expected}
    assert found == pytest.approx(expected, abs=10 * DELTA)


def test_the_phase_sensitive_cost_is_the_error_of_the_wiener_gain():
    """But for what no real gain removes."""
    s, x, known = spectra(1)
    v = torch.as_tensor(np.random.default_rng(2).gamma(1.0, 1.0, s.shape)) + 0.1
    gain = v / v.sum(1, keepdim=True)
    across = (s.abs() ** 2 - known["along"] ** 2).mean()
    found = cost("phase-sensitive", estimate=v.sqrt(), **known) + across
    assert found.item() == pytest.approx(((gain * x[:, None] - s).abs() ** 2).mean().item(), rel=1e-3)


def test_an_unknown_cost_is_refused():
    _, _, known = spectra(3)
    with pytest.raises(ValueError, match="'itakura'"):
        cost("itakura", estimate=known["target"], **known)
