"""The complex mask network: complex arithmetic step by step, its size, and what its mask can do."""

from types import SimpleNamespace

import numpy as np
import torch

from cocktail.method import TrainingMixture
from cocktail.nets import complex_mask, saved
from cocktail.plugins.registry import Registry

FS = 16000


def noise(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.complex(*(torch.randn(*shape, generator=generator, dtype=torch.float64) for _ in range(2)))


def apart(function, z):
    """A function of real and imaginary parts."""
    return torch.complex(function(z.real), function(z.imag))


def recurrence(direction, x):
    """One direction over complex x (T, I), by the equations of the long short-term memory."""
    W, U = (torch.complex(*weight.parts.detach()) for weight in (direction.inputs, direction.states))  # (4, H, .)
    units = U.shape[-1]
    b = torch.complex(*direction.bias.detach().view(4, 2, units).unbind(1))
    h = c = torch.zeros(units, dtype=W.dtype)
    states = []
    for frame in x:
        i, f, g, o = W @ frame + U @ h + b
        i, f, o = (apart(torch.sigmoid, gate) for gate in (i, f, o))
        times = lambda p, q: torch.complex(p.real * q.real, p.imag * q.imag)  # noqa: E731
        c = times(f, c) + times(i, apart(torch.tanh, g))
        h = times(o, apart(torch.tanh, c))
        states.append(h)
    return torch.stack(states)


def test_a_layer_is_the_recurrence_of_complex_numbers():
    layer, x = saved.seeded(complex_mask.ComplexBlstm, 0, inputs=3, units=2).double(), noise(6, 3)
    with torch.no_grad():
        found = torch.complex(*layer(torch.cat([x.real, x.imag], dim=-1)[None])[0].chunk(2, dim=-1))
    expected = torch.cat([recurrence(layer.forwards, x), recurrence(layer.backwards, x.flip(0)).flip(0)], dim=-1)
    torch.testing.assert_close(found, expected)


def test_it_has_as_many_weights_as_blstm_psa():
    with torch.device("meta"):
        found, real = (
            saved.n_parameters(Registry().entry(name).make().network(FS)) for name in ("complex-blstm", "blstm-psa")
        )
    assert abs(found / real - 1) < 0.01


def test_masks_depend_on_no_level_and_are_at_most_one():
    network, Y = saved.seeded(complex_mask.ComplexMaskNetwork, 0, units=3, layers=1).double(), noise(1, 257, 5)
    mask = network(Y)
    torch.testing.assert_close(network(1000 * Y), mask)
    assert 0 < mask.abs().max() < 1 and mask.imag.abs().max() > 0
    assert network(0 * Y).isfinite().all()


class Delayed:
    """Low-pass noise, 3 samples early: nothing but turned phases."""

    def draw(self, generator, split):
        x = np.convolve(generator.standard_normal(4008), np.hanning(12), "valid").astype(np.float32)
        return TrainingMixture(x[3:], "delayed", {"sources": x[None, :-3]})


def test_a_complex_mask_turns_phases(tmp_path):
    sizes = {"width": 0.05, "layers": 1, "segment_s": 0.25, "epochs": 2, "steps": 30, "batch_size": 8}
    method = type(Registry().entry("complex-blstm").make())(**sizes, learning_rate=0.02)
    data = SimpleNamespace(mixer=Delayed(), fs=FS, device="cpu", start=None)
    Delayed.augmented = lambda self, names: self
    method.fit(data, np.random.default_rng(0), tmp_path)
    scene = Delayed().draw(np.random.default_rng(9), "test")
    with torch.no_grad():
        found = method.separate(method.load(tmp_path), torch.from_numpy(scene.mixture), None)[0].numpy()
    error, before = (np.sum((x - scene.sources[0]) ** 2) for x in (found, scene.mixture))
    assert error < before / 4
