import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook
from training_toys import draw, fit, loss, network

from cocktail import ROOT
from cocktail.errors import CocktailError
from cocktail.training.loop.batches import Batches, pad
from cocktail.training.loop.memory import Portions
from cocktail.training.loop.weights import load_weights, save_weights


def history(folder):
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_it_learns(tmp_path):
    net = fit(tmp_path, epochs=40)
    losses = [float(row["valid_loss"]) for row in history(tmp_path)]
    assert losses[-1] < 0.2 * losses[0] and not net.training


def test_one_seed_one_network(tmp_path):
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
    a, b, c = (fit(folder, seed=seed) for folder, seed in zip(folders, (3, 3, 4), strict=True))
    assert equal(a, b) and not equal(a, c)


def test_a_training_in_two_halves_is_the_whole_one(tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    whole = fit(tmp_path / "a")
    fit(tmp_path / "b", epochs=2)
    assert equal(whole, fit(tmp_path / "b"))
    assert history(tmp_path / "a") == history(tmp_path / "b")


def test_a_finished_stage_is_not_repeated(tmp_path):
    net = fit(tmp_path)
    before = history(tmp_path)

    def forbidden(generator, split):
        raise AssertionError

    assert equal(net, fit(tmp_path, draw=forbidden)) and history(tmp_path) == before


def test_a_killed_training_goes_on(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir(), whole.mkdir()
    program = [sys.executable, ROOT / "tests" / "helpers" / "training_toys.py", killed]
    with subprocess.Popen(program, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL) as process:
        while not (killed / "history.csv").exists() or len(history(killed)) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    done = len(history(killed))
    assert 3 <= done < 40
    resumed, uninterrupted = fit(killed, epochs=40), fit(whole, epochs=40)
    assert equal(resumed, uninterrupted)
    assert float(history(killed)[-1]["valid_loss"]) == pytest.approx(float(history(whole)[-1]["valid_loss"]), abs=1e-3)


class Drift(torch.nn.Module):
    """One weight that training pushes up without end."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(1))


def away(network, batch):
    """Training wants w to grow; validation likes it at 0.25 best."""
    return -network.w.sum() if network.training else (network.w.sum() - 0.25) ** 2


def test_the_best_epoch_is_kept_and_the_training_stops_after_patience(tmp_path):
    net = fit(tmp_path, epochs=100, loss=away, net=Drift(), patience=7)
    rows = history(tmp_path)
    best = min(range(len(rows)), key=lambda i: float(rows[i]["valid_loss"]))
    assert len(rows) == best + 1 + 7 < 100
    assert net.w.item() == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(("clip", "norm"), [({"clip": 0.5}, 0.5), ({}, 5.0)])
def test_gradients_are_clipped(tmp_path, clip, norm):
    norms = []

    def note(optimiser, *_):
        gradients = [p.grad.ravel() for group in optimiser.param_groups for p in group["params"]]
        norms.append(torch.cat(gradients).norm().item())

    hook = register_optimizer_step_pre_hook(note)
    try:
        fit(tmp_path, loss=lambda *x: 1e4 * loss(*x), epochs=1, **clip)
    finally:
        hook.remove()
    assert norms == pytest.approx([norm] * 5, rel=1e-3)


def test_learning_rate_falls_geometrically_also_after_an_interruption(tmp_path):
    rates = []
    hook = register_optimizer_step_pre_hook(lambda optimiser, *_: rates.append(optimiser.param_groups[0]["lr"]))
    try:
        fit(tmp_path, epochs=4, steps=1, decay=0.001)
        fit(tmp_path, epochs=5, steps=1, decay=0.0001)
    finally:
        hook.remove()
    assert rates == pytest.approx([1e-2, 1e-3, 1e-4, 1e-5, 1e-6])


def test_learning_rate_falls_along_half_a_cosine(tmp_path):
    rates = []
    hook = register_optimizer_step_pre_hook(lambda optimiser, *_: rates.append(optimiser.param_groups[0]["lr"]))
    try:
        fit(tmp_path, epochs=5, steps=1, decay=0.2, cosine=True)
    finally:
        hook.remove()
    assert rates == pytest.approx([1e-2, 6e-3 + 4e-3 * 0.5**0.5, 6e-3, 6e-3 - 4e-3 * 0.5**0.5, 2e-3])


def test_a_loss_that_is_not_a_number_names_its_batch_and_keeps_the_best_weights(tmp_path):
    calls = []

    def spoilt(network, batch):
        calls.append(network.training)
        value = loss(network, batch)
        return value * float("nan") if sum(calls) == 13 else value  # of 5 steps an epoch, the third of the third

    net = network()
    with pytest.raises(CocktailError, match=r"loss is nan in epoch 3, batch 3 of 5; the weights of epoch 2 are in"):
        fit(tmp_path, loss=spoilt, net=net)
    two = tmp_path / "two"
    two.mkdir()
    good = fit(two, epochs=2)
    assert equal(net, good)
    assert equal(load_weights(network(), tmp_path, "train.last-good.pt"), good)


def test_a_gradient_that_is_not_finite_is_found(tmp_path):
    def spoilt(network, batch):
        return loss(network, batch) + torch.sqrt(0 * sum(p.sum() for p in network.parameters()))

    with pytest.raises(CocktailError, match=r"gradient's norm is nan in epoch 1, batch 1 of 5; no epoch was finished"):
        fit(tmp_path, loss=spoilt)


def test_out_of_memory_halves_the_batch_and_changes_nothing_else(tmp_path, capfd):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    sizes = []

    def hungry(network, batch):
        sizes.append(len(batch["x"]))
        if len(batch["x"]) > 3:
            raise torch.OutOfMemoryError("simulated")
        return loss(network, batch)

    net = torch.nn.Linear(4, 1)
    start = {name: x.clone() for name, x in net.state_dict().items()}
    fit(tmp_path / "a", loss=hungry, net=net)
    assert sizes[:3] == [8, 4, 2] or sizes[:2] == [8, 4]
    assert "halved to 4 examples" in (err := capfd.readouterr().err) and "halved to 2 examples" in err
    other = torch.nn.Linear(4, 1)
    other.load_state_dict(start)
    fit(tmp_path / "b", net=other)
    for x, y in zip(net.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-5)


class Host(torch.Tensor):
    """A tensor of which no more than four examples fit onto the device."""

    def to(self, *args, **kwargs):
        if len(self) > 4:
            raise torch.OutOfMemoryError("simulated")
        return self.as_subclass(torch.Tensor)


def test_a_batch_that_does_not_fit_onto_the_device_is_moved_in_parts():
    batch = {"x": torch.arange(16.0).as_subclass(Host)}
    portions, sizes = Portions("stage", "cpu"), []

    def mean(part, share):
        sizes.append(len(part["x"]))
        return share * part["x"].mean().item()

    assert portions.total(mean, batch, begin=sizes.clear) == 7.5
    assert sizes == [4, 4, 4, 4] and portions.count == 4


def test_an_example_that_no_memory_holds_ends_the_training(tmp_path):
    def hungry(network, batch):
        raise torch.OutOfMemoryError("simulated")

    with pytest.raises(CocktailError, match="does not hold a single example: simulated"):
        fit(tmp_path, loss=hungry)


@pytest.mark.parametrize("spoil", ["cut", "garbage", "other network"])
def test_a_corrupt_checkpoint_is_named_and_the_training_starts_again(tmp_path, capfd, spoil):
    (tmp_path / "b").mkdir()
    fit(tmp_path, epochs=2)
    path = tmp_path / "train.checkpoint.pt"
    if spoil == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif spoil == "garbage":
        path.write_bytes(b"not a checkpoint")
    else:
        state = torch.load(path, weights_only=True)
        state["network"].popitem()
        torch.save(state, path)
    assert equal(fit(tmp_path), fit(tmp_path / "b"))
    assert f"{path}: not a checkpoint of this training" in capfd.readouterr().err


def test_a_checkpoint_runs_no_code(tmp_path, capfd):
    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    torch.save({"network": Evil()}, tmp_path / "train.checkpoint.pt")
    fit(tmp_path, epochs=1)
    assert not (tmp_path / "ran").exists()


def test_an_error_of_a_draw_is_told_as_it_is(tmp_path):
    def broken(generator, split):
        if split == "train":
            raise CocktailError("the utterance 'u3' is silent; remove it")
        return draw(generator, split)

    with pytest.raises(CocktailError, match=r"^the utterance 'u3' is silent; remove it$"):
        fit(tmp_path, draw=broken)


def test_examples_do_not_depend_on_workers_or_where_one_begins():
    drawn = Batches(draw, split="train", seed=1, stage="train", batch=4, collate=None)
    alone = list(drawn.numbers(0, 12))
    apart = list(drawn.numbers(0, 12, workers=2))
    assert [list(map(len, b.values())) for b in alone] == [[4, 4]] * 3
    assert all(torch.equal(a["x"], b["x"]) for a, b in zip(alone, apart, strict=True))
    assert torch.equal(next(drawn.numbers(8, 4))["x"], alone[2]["x"])


def test_pad_keeps_what_was_there_and_its_length():
    batch = pad([{"x": np.ones((2, 3)), "k": np.array(1)}, {"x": np.ones((2, 5)), "k": np.array(2)}])
    assert batch["x"].shape == (2, 2, 5) and batch["x"].sum() == 16 and batch["x"].dtype == torch.float32
    assert batch["x_length"].tolist() == [3, 5] and batch["k"].tolist() == [1, 2]


def test_weights_come_back(tmp_path):
    net = network()
    save_weights(net, tmp_path)
    other = torch.nn.Sequential(*(type(m)(4, 8) if i == 0 else m for i, m in enumerate(network())))
    assert equal(net.eval(), load_weights(other, tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["weights.pt"]


BARE = """
import sys
import importlib, importlib.machinery, importlib.metadata, pkgutil
# What torch itself is installed with, besides what the project may use.
ALLOWED = {"torch", "numpy", "scipy", "torchgen", "functorch", "typing_extensions", "sympy", "mpmath", "networkx",
           "jinja2", "markupsafe", "fsspec", "filelock", "setuptools", "triton", "nvidia", "cuda", "cocktail"}
HIDDEN = set(importlib.metadata.packages_distributions()) - ALLOWED
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] not in HIDDEN:
            return importlib.machinery.PathFinder.find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Finder
assert "yaml" in HIDDEN and importlib.util.find_spec("yaml") is None
import cocktail.nets, cocktail.training.loop
for module in ("mixer", "noise", "augment", "sound", "rooms", "cache", "holdout"):
    importlib.import_module(f"cocktail.training.data.{module}")
for package in (cocktail.nets, cocktail.training.loop):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
from pathlib import Path
import training_toys
training_toys.fit(Path(sys.argv[1]), epochs=2)
"""


def test_networks_train_where_there_is_nothing_but_torch_numpy_and_scipy(tmp_path):
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'helpers'}"}
    subprocess.run([sys.executable, "-c", BARE, tmp_path], env=environment, check=True)
    assert len(history(tmp_path)) == 2
