"""Inference of every network at the size of its paper: real-time factor on one core, and on the GPU where there is one.

Networks are trained for one step on synthetic sound: their weights decide nothing about the time. The time is that of
the whole method on ten scenes of four seconds, transforms included, one scene after the other.
"""

import statistics
import tempfile
import time
from dataclasses import fields, replace
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from cocktail.device import device_name
from cocktail.registry import Registry
from cocktail.testing.bench import benches
from cocktail.testing.learning import fit

SECONDS, SCENES = 4.0, 10
NETWORKS = ("deep", "speaker", "detector", "recogniser")
"""Families whose trained methods are networks."""


def shortest(method):
    """The method with one step of training, its network as large as before."""
    short = {f.name: 1 for f in fields(method) if f.name.startswith(("epochs", "steps")) or f.name.endswith("_epochs")}
    short |= {f.name: 2 for f in fields(method) if f.name == "batch_size"}
    short |= {f.name: 1.0 for f in fields(method) if f.name == "segment_s"}
    return replace(method, **short)


def real_time_factor(bench):
    """Median seconds of computing for a second of sound."""
    scenes = [bench.scene(SECONDS, seed=seed) for seed in range(SCENES + 1)]
    times = []
    for scene in scenes:
        start = time.perf_counter()
        bench.run_unchecked(scene)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) / SECONDS  # the first call pays for what is lazy


def main():
    """Print one line an entry."""
    torch.set_num_threads(1)
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    entries = Registry().entries.values()
    networks = [entry for entry in entries if entry.cls.learned() and entry.cls.family in NETWORKS and not entry.uses]
    with threadpool_limits(1):
        for entry in networks:
            method = shortest(entry.make())
            with tempfile.TemporaryDirectory() as folder:
                model = fit(method, Path(folder))
            bench = replace(next(benches(method)), model=model)
            for device in devices:
                factor = real_time_factor(replace(bench, device=device))
                name = device_name(device)
                print(f"{entry.name}: real-time factor {factor:.4f} ({method.size(model):,} parameters, {name})")


if __name__ == "__main__":
    main()
