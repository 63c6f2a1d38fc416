"""Training steps per second with mixtures made on the fly, against a plain PyTorch loop on batches made beforehand.

The same networks and losses, at the sizes of `quick`, one thread; mixtures from synthetic sound under the conditions of
`quick`, with banks of ten rooms. Mixtures are made by a process of their own: the first figure is what it costs where a
second core is free, the second what it costs where none is. Names of entries as arguments choose other networks that
learn from mixtures.
"""

import contextlib
import io
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import torch

from cocktail.nets import saved
from cocktail.plugins.registry import Registry
from cocktail.rng import rng
from cocktail.scenes.room_bank import make_bank
from cocktail.testing.data import KINDS, TinyData
from cocktail.training.data.rooms import read_rooms
from cocktail.training.loop.batches import Batches
from cocktail.training.loop.loop import Schedule, train
from cocktail.training.loop.memory import keep_freed_memory
from cocktail.workflow.suite import load_suite

ROOMS, STEPS, REPEATS = 10, 40, 5


def mixer(suite, method, folder):
    """Mixtures of the suite's conditions of the method's task, their noises those of the conformance suite."""
    task = method.task
    chosen = {
        name: condition | ({"noise": condition["noise"] | {"kinds": list(KINDS)}} if "noise" in condition else {})
        for name, condition in suite["conditions"].items()
        if condition["task"] == task and "attacks" not in condition and (task == "enhance" or "room" not in condition)
    }
    rooms = {}
    for name, condition in chosen.items():
        if "room" in condition:
            path = folder / f"{name}.npz"
            make_bank(condition=name, definition=condition, rooms=ROOMS, seed=0, fs=suite["fs"], out=path)
            rooms[name] = read_rooms(path)
    data = TinyData("separation", (task,), enrolment="enrolment" in method.needs)
    mixer = replace(data.mixer, conditions=chosen, rooms=rooms)
    for groups in (mixer.speech, mixer.noise):  # decoded once, as after the first epoch of a training
        for sounds in (sounds for split in groups.values() for sounds in split.values()):
            for sound in sounds:
                mixer.memory[sound]
    return mixer


def case(name, suite, folder):
    """Network, loss, examples, collate and batch size of an entry."""
    method = Registry().sized(suite["size"], suite["parameters"], "quick")[name].make()
    data = SimpleNamespace(mixer=mixer(suite, method, folder), fs=suite["fs"])
    examples = method.examples(data, method.stages()[-1])
    network = saved.seeded(method.network, 0, fs=suite["fs"])
    method.initialise(network, data, examples, rng(0, role="statistics"))
    return network, method.objective, examples, method.collate, method.batch_size


def plain(network, loss, batches):
    """A training loop as one writes it by hand."""
    optimiser = torch.optim.Adam(network.parameters())
    network.train()
    for batch in batches:
        optimiser.zero_grad()
        loss(network, batch).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()


def on_the_fly(network, loss, draw, together, batch, steps):
    """The project's training, one epoch; a single validation example."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        train(network, loss, draw, Schedule(1, steps, batch, valid=1), folder=folder, seed=0, collate=together)


def cost(call):
    """Seconds that have passed, and seconds of processors, children included, that a call took."""
    before, start = sum(os.times()[:4]), time.perf_counter()
    call()
    return time.perf_counter() - start, sum(os.times()[:4]) - before


def per_step(call):
    """`cost` of one step: of `STEPS` + 1 steps less that of one, so that what happens once is left out.

    What disturbs a run makes it longer: the shortest of each are compared.
    """
    call(1)  # libraries prepare themselves at their first use
    few, many = ([cost(lambda n=n: call(n)) for _ in range(REPEATS)] for n in (1, STEPS + 1))
    return [(min(b) - min(a)) / STEPS for a, b in zip(zip(*few, strict=True), zip(*many, strict=True), strict=True)]


def ratios(network, loss, draw, together, batch):
    """What a step with mixtures made on the fly costs over one on a ready batch: time, and processors' time."""
    drawn = Batches(draw, split="train", seed=0, stage="ready", batch=batch, collate=together)
    ready = list(drawn.numbers(0, batch * (STEPS + 1)))
    bare = per_step(lambda n: plain(network, loss, ready[:n]))
    fly = per_step(lambda n: on_the_fly(network, loss, draw, together, batch, n))
    return [a / b for a, b in zip(fly, bare, strict=True)]


def main():
    """Print one line a network."""
    torch.set_num_threads(1)
    keep_freed_memory()  # for both sides
    suite = load_suite("quick")
    for name in sys.argv[1:] or ("blstm-psa", "dpcl"):
        with tempfile.TemporaryDirectory() as folder:
            made = case(name, suite, Path(folder))
        passed, spent = ratios(*made)
        print(
            f"training, {name}: {1 / passed:.2f} times the steps per second of a plain loop on ready batches of "
            f"{made[-1]}, {100 * (spent - 1):+.0f} % of the processors' time (shortest of {REPEATS} x {STEPS} steps, "
            "one thread)"
        )


if __name__ == "__main__":
    main()
