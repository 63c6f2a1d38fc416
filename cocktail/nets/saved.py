"""A network on disk: weights.pt, and network.json with what the training data told of it: its `facts`.

The facts are arguments of the function that builds the network, the rate of its signals, `fs`, among them.
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch

from cocktail.errors import CocktailError
from cocktail.training.loop.weights import WEIGHTS, load_weights, save_weights

FACTS = "network.json"

Build = Callable[..., torch.nn.Module]


def save(network: torch.nn.Module, folder: str | Path, **facts) -> None:
    """Write the weights and the facts, which are JSON-like, to `folder`."""
    (Path(folder) / FACTS).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    save_weights(network, folder)


def read_facts(folder: str | Path) -> dict:
    """The facts that `save` wrote to `folder`."""
    return json.loads((Path(folder) / FACTS).read_text())


def load(build: Build, folder: str | Path) -> torch.nn.Module:
    """The network that `save` wrote, made by `build(**facts)`; in evaluation mode, on the CPU."""
    facts = read_facts(folder)
    network = load_weights(build(**facts), folder)
    network.fs = facts["fs"]
    return network


def adopt(network: torch.nn.Module, folder: str | Path) -> None:
    """Give `network` the weights that `save` wrote to `folder`; raises CocktailError as `take`."""
    take(network, read_weights(folder), f"the model at {folder}")


def take(network: torch.nn.Module, given: dict[str, torch.Tensor], whose: str) -> None:
    """Give `network` the weights `given`, which are those of `whose`.

    Raises CocktailError that names the first weight that is missing on either side or has another size.
    """
    own = network.state_dict()
    for name in (*own, *given):
        sizes = [" x ".join(map(str, state[name].shape)) if name in state else "absent" for state in (own, given)]
        if sizes[0] != sizes[1]:
            raise CocktailError(
                f"start: '{name}' is {sizes[0]} in this network and {sizes[1]} in {whose}; "
                "give both entries the same sizes"
            )
    network.load_state_dict(given)


def read_weights(folder: str | Path) -> dict[str, torch.Tensor]:
    """The weights that `save` wrote to `folder`, by name."""
    return torch.load(Path(folder) / WEIGHTS, map_location="cpu", weights_only=True)


def seeded(build: Build, seed: int, **arguments) -> torch.nn.Module:
    """The untrained network `build(**arguments)`, its weights drawn by `seed` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(**arguments)


def n_parameters(network: torch.nn.Module) -> int:
    """Learnt numbers of a network."""
    return sum(parameter.numel() for parameter in network.parameters())
