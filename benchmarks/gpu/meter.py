"""What a training costs: the times of its steps, how busy the GPU is, the largest memory."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from cocktail.training.loop import batches

SAMPLE_MS = 200
BATCH_GB = 0.04
"""Of the largest batches, 64 mixtures of two talkers; three talkers come 32 at a time."""


@contextlib.contextmanager
def every_step(function: Callable[[], None]) -> Iterator[None]:
    """In the block, `function` is called after every step of any optimiser."""
    hook = register_optimizer_step_post_hook(lambda *_: function())
    try:
        yield
    finally:
        hook.remove()


def steps_per_s(times: list[float], steps: int) -> float | None:
    """Of the steps of one or several epochs of `steps` steps, what happens between epochs left out.

    `times` (S,): when each step ended. None where no epoch has two steps.
    """
    epochs = [times[i : i + steps] for i in range(0, len(times), steps)]
    seconds = sum(epoch[-1] - epoch[0] for epoch in epochs)
    return sum(len(epoch) - 1 for epoch in epochs) / seconds if seconds > 0 else None


class Utilisation:
    """Samples of the GPU's utilisation by nvidia-smi, while the block runs."""

    def __init__(self, device: str):
        self._device, self._process = device, None
        self._samples: list[tuple[float, float]] = []

    def __enter__(self):
        if self._device == "cuda" and shutil.which("nvidia-smi"):
            command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
            self._process = subprocess.Popen(
                [*command, "-i", "0", "-lms", str(SAMPLE_MS)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True,
            )  # fmt: skip
            threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_):
        if self._process:
            self._process.kill()
            self._process.wait()

    def _read(self):
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # "[N/A]", where the GPU is shared out in parts
                self._samples.append((time.monotonic(), float(line)))

    def percent(self, start: float, stop: float) -> float | None:
        """Mean between two times of the monotonic clock; None where nothing was sampled."""
        between = [value for when, value in self._samples if start <= when <= stop]
        return float(np.mean(between)) if between else None


def reset_memory(device: str) -> None:
    """Forget the peak so far."""
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_memory_mb(device: str) -> float | None:
    """Largest memory that tensors had on the GPU since `reset_memory`, in MB; None on a CPU."""
    return torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else None


def shared_memory_gb() -> float:
    """What is free of the memory through which batches come from the processes that make them."""
    memory = os.statvfs("/dev/shm")
    return memory.f_frsize * memory.f_bavail / 1e9


def spare_shared_memory(free_gb: float) -> None:
    """Fewer processes make batches ahead, where there is little: for want of it they would be killed."""
    if free_gb < batches.MAX_WORKERS * (batches.PREFETCH + 1) * BATCH_GB:
        batches.PREFETCH = 1
        batches.MAX_WORKERS = max(1, min(batches.MAX_WORKERS, int(free_gb / (2 * BATCH_GB))))


def machine(device: str) -> dict:
    """What the figures depend on."""
    gpu = device == "cuda"
    return {
        "device": torch.cuda.get_device_name() if gpu else f"cpu ({platform.machine()})",
        "memory_gb": torch.cuda.get_device_properties(0).total_memory / 1e9 if gpu else None,
        "cores": len(os.sched_getaffinity(0)),
        "shared_memory_gb": shared_memory_gb(),
        "workers": batches.workers(device),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if gpu else None,
        "numpy": np.__version__,
    }
