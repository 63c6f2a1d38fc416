"""Weights of a network on disk. Files are read with `weights_only`: a pickle from elsewhere runs no code."""

import os
from pathlib import Path

import torch

WEIGHTS = "weights.pt"


def save_weights(network: torch.nn.Module, folder: str | Path, name: str = WEIGHTS) -> None:
    """Write the state of a network to `folder`, on the CPU whatever its device."""
    state = {key: value.detach().cpu() for key, value in network.state_dict().items()}
    save(state, Path(folder) / name)


def load_weights(network: torch.nn.Module, folder: str | Path, name: str = WEIGHTS) -> torch.nn.Module:
    """Read what `save_weights` wrote into a network of the same shape; returns it in evaluation mode."""
    network.load_state_dict(torch.load(Path(folder) / name, map_location="cpu", weights_only=True))
    return network.eval()


def save(state: dict, path: Path) -> None:
    """Write beside `path`, then rename: the file is whole or the one before, also after a kill."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        torch.save(state, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
