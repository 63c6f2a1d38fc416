"""Inference of every network at the size of its paper: real-time factor on one core, and on the GPU where there is one.

Networks are trained for a few steps on synthetic sound: their weights decide nothing about the time. It is the time of
the whole method on scenes of four seconds, one after the other, transforms included. Names of entries as arguments
choose some of them.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import fields, replace
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from cocktail.errors import require_known
from cocktail.nets.network_method import NetworkMethod
from cocktail.plugins.registry import Registry
from cocktail.runtime.device import device_name
from cocktail.testing.entries import probed
from cocktail.testing.learning import prepare

SECONDS, SCENES = 4.0, 5
OF_TRAINING = ("epochs", "epochs_mel", "steps", "batch_size", "trials", "segment_s", "short_s")
"""Ends of the names of parameters that say how long a network is trained, not how large it is."""


def networks(registry, wanted):
    """Entries that are networks: those that are wanted, or all."""
    require_known(wanted, registry.entries, "unknown entry")
    chosen = (registry.entries[name] for name in wanted or registry.entries)
    return [entry for entry in chosen if issubclass(entry.cls, NetworkMethod)]


def ready(entry, registry, folder):
    """The method of an entry at its paper's size, hardly trained, on a bench."""
    tiny = probed(entry, registry)
    short = {f.name: getattr(tiny.method, f.name) for f in fields(tiny.method) if f.name.endswith(OF_TRAINING)}
    return prepare(replace(tiny, method=replace(entry.make(), **short)), folder)


def real_time_factor(bench):
    """Median seconds of computing for a second of sound: of one core, or with a GPU until it is ready."""
    clock, times = time.process_time if bench.device == "cpu" else time.perf_counter, []
    for seed in range(SCENES + 1):
        scene = bench.scene(SECONDS, seed=seed)
        start = clock()
        bench.run_unchecked(scene)
        times.append(clock() - start)
    return statistics.median(times[1:]) / SECONDS  # the first call pays for what is lazy


def main():
    """Print one line an entry and a device."""
    torch.set_num_threads(1)
    registry = Registry()
    for entry in networks(registry, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
            bench = ready(entry, registry, Path(folder))
            for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
                factor = real_time_factor(replace(bench, device=device))
                size = f"{bench.method.size(bench.model):,} parameters"
                print(f"{entry.name}: real-time factor {factor:.4f} ({size}, {device_name(device)})", flush=True)


if __name__ == "__main__":
    main()
