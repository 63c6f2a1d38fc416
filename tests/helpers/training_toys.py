"""A network that learns to add up its inputs, for tests of the training loop; run as a program, it trains slowly."""

import sys
import time
from pathlib import Path

import numpy as np
import torch

from cocktail.training.loop.loop import Schedule, train


def network() -> torch.nn.Module:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1))


def draw(generator, split):
    x = generator.standard_normal(4)
    return {"x": x, "y": np.array([x.sum()])}


def loss(network, batch):
    return torch.mean((network(batch["x"]) - batch["y"]) ** 2)


def fit(folder, *, epochs=6, draw=draw, loss=loss, net=None, seed=3, **schedule) -> torch.nn.Module:
    net = net or network()
    plan = Schedule(**{"epochs": epochs, "steps": 5, "batch": 8, "learning_rate": 0.01, "valid": 16} | schedule)
    train(net, loss, draw, plan, folder=folder, seed=seed)
    return net


def slow_loss(network, batch):
    time.sleep(0.02)
    return loss(network, batch)


if __name__ == "__main__":
    fit(Path(sys.argv[1]), epochs=40, loss=slow_loss)
