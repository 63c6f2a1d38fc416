"""Parts of a network that are updated in turn, each by a loss and an optimiser of its own: a toy adversary."""

import csv

import numpy as np
import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.training.history import epochs_run, read_history
from cocktail.training.loop.loop import Schedule, Update, train


class Adversaries(torch.nn.Module):
    """A generator shifts noise; a critic tells what it makes from noise of mean 2."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.generator = torch.nn.Linear(1, 1)
        self.critic = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1))


def draw(generator, split):
    return {"seed": generator.standard_normal(1), "real": 2 + generator.standard_normal(1)}


def fooling(network, batch):
    return torch.nn.functional.softplus(-network.critic(network.generator(batch["seed"]))).mean()


def telling_apart(network, batch):
    fake, real = network.critic(network.generator(batch["seed"])), network.critic(batch["real"])
    return (torch.nn.functional.softplus(fake) + torch.nn.functional.softplus(-real)).mean()


def fit(folder, *, epochs=4, network=None, losses=(fooling, telling_apart), rate=None):
    folder.mkdir(exist_ok=True)
    network = network or Adversaries()
    updates = [
        Update("generator", network.generator, losses[0]),
        Update("critic", network.critic, losses[1], learning_rate=rate),
    ]
    schedule = Schedule(epochs, steps=3, batch=8, learning_rate=0.01, decay=1.0, valid=16)
    train(network, updates, draw, schedule, folder=folder, seed=3)
    return network


def equal(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_an_interrupted_training_of_adversaries_is_the_whole_one(tmp_path):
    whole = fit(tmp_path / "whole")
    fit(tmp_path / "halves", epochs=2)
    assert equal(whole, fit(tmp_path / "halves"))
    assert (tmp_path / "whole" / "history.csv").read_text() == (tmp_path / "halves" / "history.csv").read_text()


def test_each_loss_moves_its_own_part_alone(tmp_path):
    start = Adversaries()
    still = fit(tmp_path, losses=(lambda network, batch: 0 * fooling(network, batch), telling_apart))
    assert equal(still.generator, start.generator)
    assert not equal(still.critic, start.critic)


def test_parts_are_updated_in_turn_on_the_same_batch(tmp_path):
    """The critic is judged by what the generator makes after its own update; its rate is its own."""
    network, by_hand = Adversaries(), Adversaries()
    network.critic[1].p = by_hand.critic[1].p = 0.0
    seen = []

    def noted(loss):
        def wrapped(network, batch):
            if network.training:
                seen.append(batch)
            return loss(network, batch)

        return wrapped

    fit(tmp_path, epochs=1, network=network, losses=(noted(fooling), noted(telling_apart)), rate=0.03)
    rates = {"generator": 0.01, "critic": 0.03}
    optimisers = {name: torch.optim.Adam(getattr(by_hand, name).parameters(), lr=rate) for name, rate in rates.items()}
    assert len(seen) == 6 and all(torch.equal(a["seed"], b["seed"]) for a, b in zip(seen[::2], seen[1::2], strict=True))
    for batch in seen[::2]:
        for name, loss in (("generator", fooling), ("critic", telling_apart)):
            by_hand.zero_grad()
            loss(by_hand, batch).backward()
            optimisers[name].step()
    for x, y in zip(network.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(x, y)


def test_the_history_has_the_losses_of_every_part(tmp_path):
    fit(tmp_path, epochs=2)
    with (tmp_path / "history.csv").open() as file:
        first = next(csv.DictReader(file))
    wanted = ["stage", "epoch", "train_loss", "valid_loss", "critic_train_loss", "critic_valid_loss"]
    assert list(first) == wanted
    assert float(first["critic_train_loss"]) == pytest.approx(2 * np.log(2), rel=0.5)
    assert epochs_run(tmp_path) == 2
    assert len(read_history(tmp_path)["train/critic_valid_loss"]) == 2


def test_a_stage_of_several_parts_may_follow_one_of_one(tmp_path):
    network = Adversaries()
    schedule = Schedule(1, steps=1, batch=2, valid=2)
    train(network, telling_apart, draw, schedule, folder=tmp_path, seed=0, stage="first")
    fit(tmp_path, epochs=1, network=network)
    curves = read_history(tmp_path)
    assert set(curves) == {
        "first/train_loss", "first/valid_loss", "train/train_loss", "train/valid_loss", "train/critic_train_loss",
        "train/critic_valid_loss",
    }  # fmt: skip


def test_a_loss_that_is_not_finite_names_its_part(tmp_path):
    with pytest.raises(CocktailError, match=r"the loss of 'critic' is nan in epoch 1, batch 1 of 3"):
        fit(tmp_path, losses=(fooling, lambda network, batch: float("nan") * telling_apart(network, batch)))


def test_out_of_memory_halves_the_batch_of_the_part_that_needs_it(tmp_path):
    sizes = []

    def hungry(network, batch):
        sizes.append(len(batch["seed"]))
        if len(batch["seed"]) > 4:
            raise torch.OutOfMemoryError("simulated")
        return telling_apart(network, batch)

    network, calm = Adversaries(), Adversaries()
    for one in (network, calm):
        one.critic[1].p = 0.0
    fit(tmp_path / "a", epochs=1, network=network, losses=(fooling, hungry))
    assert sizes[:3] == [8, 4, 4]
    fit(tmp_path / "b", epochs=1, network=calm)
    for x, y in zip(network.parameters(), calm.parameters(), strict=True):
        torch.testing.assert_close(x, y)
