"""Which device a job computes on."""

import os
import platform
from pathlib import Path

from cocktail.errors import CocktailError


def choose_device(wanted: str = "auto") -> str:
    """`cuda` or `cpu`. COCKTAIL_DEVICE in the environment overrides `wanted`; `auto` takes a GPU where there is one."""
    wanted = os.environ.get("COCKTAIL_DEVICE", wanted)
    if wanted not in ("auto", "cpu", "cuda"):
        raise CocktailError(f"device '{wanted}': expected auto, cpu or cuda (see COCKTAIL_DEVICE)")
    if wanted == "cpu":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        single_precision()
        return "cuda"
    if wanted == "cuda":
        raise CocktailError("device 'cuda' was asked for, but torch finds no GPU")
    return "cpu"


def single_precision() -> None:
    """Have GPUs compute recurrent layers and convolutions in single precision, as CPUs do.

    By default cuDNN rounds their factors to ten bits (TF32): scores would depend on the device.
    """
    import torch

    torch.backends.cudnn.allow_tf32 = False


def may_use_gpu(wanted: str = "auto") -> bool:
    """Whether a job of this device would use a GPU, found out by the driver's control file, without importing torch."""
    wanted = os.environ.get("COCKTAIL_DEVICE", wanted)
    return wanted == "cuda" or (wanted == "auto" and Path("/dev/nvidiactl").exists())


def device_name(device: str) -> str:
    """The device's name for people: that of the GPU, or the processor's architecture."""
    if device == "cpu":
        return f"cpu ({platform.machine()})"
    import torch

    return torch.cuda.get_device_name()
