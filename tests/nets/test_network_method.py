"""The base class of network plugins: stages, hooks, batches by length, what a training is said to cost."""

import csv
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.dsp import blocks
from cocktail.method import View
from cocktail.nets.network_method import NetworkMethod
from cocktail.training.loop.loop import Update

FS = 8000


class Pair(torch.nn.Module):
    def __init__(self, units):
        super().__init__()
        self.first, self.second = torch.nn.Linear(1, units), torch.nn.Linear(units, 1)

    def forward(self, x):
        return self.second(self.first(x))


@dataclass(frozen=True)
class Toy(NetworkMethod):
    """Learns y = 3 x; notes what is called in `data.calls`."""

    segment_s: float = 1.0
    units: int = 4
    epochs: int = 2
    steps: int = 3
    batch_size: int = 2
    in_turn: bool = False

    def network(self, fs, offset=0.0):
        network = Pair(self.scaled(self.units))
        network.offset = offset
        return network

    def stages(self):
        return [
            self.stage("short", segment_s=0.5, learning_rate=0.1),
            self.stage("none", epochs=0),
            self.stage("long", decay=1.0),
            self.stage("again", segment_s=0.5, epochs=1),
        ]

    def examples(self, data, stage):
        data.calls.append(f"examples {stage.segment_s}")

        def draw(generator, split):
            x = generator.standard_normal(1)
            return {"x": x, "y": 3 * x}

        return draw

    def facts(self, data, examples):
        return {"offset": 7.0}

    def initialise(self, network, data, examples, rng):
        data.calls.append("initialise")
        network.second.bias.data.fill_(5.0)

    def prepare(self, network, stage):
        network.first.requires_grad_(stage.name != "short")

    def objective(self, network, batch):
        return (network(batch["x"]) - batch["y"]).square().mean()

    def updates(self, network):
        parts = {"first": network.first, "second": network.second}
        return [Update(*part, self.objective) for part in parts.items()] if self.in_turn else self.objective

    def finish(self, network, examples):
        network.second.bias.data.fill_(float(network.training))

    def output(self, network, samples, view):
        return network.offset + samples[0]


def fit(folder, method=None, start=None):
    folder.mkdir()
    method = method or Toy()
    data = SimpleNamespace(fs=FS, device="cpu", start=start, calls=[])
    method.fit(data, np.random.default_rng(0), folder)
    return method, data.calls


def stages_of(folder):
    with (folder / "history.csv").open() as file:
        return [row["stage"] for row in csv.DictReader(file)]


def test_stages_share_the_network_and_draw_examples_once_for_each_length(tmp_path):
    _, calls = fit(tmp_path / "a")
    assert calls == ["examples 0.5", "initialise", "examples 1.0"]
    assert stages_of(tmp_path / "a") == ["short", "short", "long", "long", "again"]


def test_a_network_comes_back_with_its_facts_and_its_rate(tmp_path):
    method, _ = fit(tmp_path / "a")
    network = method.load(tmp_path / "a")
    assert (network.offset, network.fs, network.training) == (7.0, FS, False)
    assert network.second.bias.item() == 0.0  # as `finish` left it, in evaluation mode
    assert method.size(network) == 2 * 4 + 4 + 1


def test_hooks_come_before_the_training_that_they_are_for(tmp_path):
    """The first layer is frozen in the stage `short`, and moves afterwards."""
    weights = {}

    @dataclass(frozen=True)
    class Watched(Toy):
        def prepare(self, network, stage):
            super().prepare(network, stage)
            weights[stage.name] = network.first.weight.detach().clone()

    fit(tmp_path / "a", Watched())
    assert torch.equal(weights["short"], weights["long"])
    assert not torch.equal(weights["long"], weights["again"])


def test_a_training_that_starts_from_a_model_initialises_nothing(tmp_path):
    @dataclass(frozen=True)
    class Still(Toy):
        def stages(self):
            return [self.stage("none", epochs=0)]

    parent, _ = fit(tmp_path / "a")
    child, calls = fit(tmp_path / "b", Still(), start=tmp_path / "a")
    assert calls == ["examples 1.0"]
    pairs = zip(parent.load(tmp_path / "a").parameters(), child.load(tmp_path / "b").parameters(), strict=True)
    assert all(torch.equal(x, y) for x, y in pairs)


def test_parts_may_be_updated_in_turn(tmp_path):
    fit(tmp_path / "a", Toy(in_turn=True))
    assert "second_valid_loss" in (tmp_path / "a" / "history.csv").read_text().splitlines()[0]


def test_scenes_of_similar_length_go_together_and_come_back_in_order(tmp_path, monkeypatch):
    monkeypatch.setitem(blocks.SIGNALS, "cpu", 2)
    method, _ = fit(tmp_path / "a")
    groups = []

    @dataclass(frozen=True)
    class Noted(Toy):
        def together(self, signals, views):
            groups.append([len(signal) for signal in signals])
            return super().together(signals, views)

    view = View(FS, np.random.default_rng(0), {"model": method.load(tmp_path / "a"), "device": "cpu"})
    mixtures = [np.full((2, n), float(n)) for n in (50, 10, 40, 20, 30)]
    assert Noted().batch(mixtures, [view] * 5) == [57.0, 17.0, 47.0, 27.0, 37.0]
    assert groups == [[10, 20], [30, 40], [50]]
    assert Noted().batch([], []) == []


def test_mixtures_come_at_the_rate_of_the_network_and_finite(tmp_path):
    heard = []

    @dataclass(frozen=True)
    class Ear(Toy):
        def output(self, network, samples, view):
            heard.append(len(samples))
            return 0.0

    method, _ = fit(tmp_path / "a")
    view = View(2 * FS, np.random.default_rng(0), {"model": method.load(tmp_path / "a"), "device": "cpu"})
    Ear()(np.ones((1, 1000)), view)
    assert heard == [500]
    with pytest.raises(ValueError, match="NaN"):
        Ear()(np.full((1, 1000), np.nan), view)


def test_the_workload_is_told_by_stages_and_weights_without_drawing_any():
    before = torch.get_rng_state()
    work = Toy(width=2.0).workload()
    assert torch.equal(before, torch.get_rng_state())
    assert work.amount == pytest.approx((2 * 0.5 + 2 * 1.0 + 1 * 0.5) * 3 * 2)
    assert (work.size, work.epochs) == (2 * 8 + 8 + 1, 5)
