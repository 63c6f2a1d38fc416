"""A network on disk with what is needed to build it: its `config`, the keyword arguments of its class, as JSON."""

import json
from collections.abc import Callable
from pathlib import Path

import torch

from cocktail.training.loop.weights import load_weights, save_weights

CONFIG = "network.json"


def save(network: torch.nn.Module, folder: str | Path) -> None:
    """Write the weights and `network.config` to `folder`."""
    (Path(folder) / CONFIG).write_text(json.dumps(network.config, indent=1) + "\n")
    save_weights(network, folder)


def load(kind: type[torch.nn.Module], folder: str | Path) -> torch.nn.Module:
    """The network of class `kind` that `save` wrote, in evaluation mode, on the CPU."""
    return load_weights(kind(**json.loads((Path(folder) / CONFIG).read_text())), folder)


def seeded(kind: Callable[..., torch.nn.Module], seed: int, **config) -> torch.nn.Module:
    """The untrained network that `kind(**config)` makes, its weights drawn by `seed` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(**config)


def n_parameters(network: torch.nn.Module) -> int:
    """Learnt numbers of a network."""
    return sum(parameter.numel() for parameter in network.parameters())
