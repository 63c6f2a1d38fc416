"""Part 4: deep clustering at a third of the paper's size, for what time is left: voices that it never heard.

Two talkers, one microphone. The schedule is chosen by the speed of a few steps, so that the learning rate falls to its
end within the time; where the time ends before, the best epoch so far is taken.
"""

import contextlib
import time
from dataclasses import replace

import numpy as np

from benchmarks.gpu import meter
from benchmarks.gpu.agreement import si_sdr_db
from benchmarks.gpu.node import Clock, Node, NoTimeLeft, scheduled
from cocktail.training.history import epochs_run, read_history

ENTRY = "dpcl"
SIZE = {"width": 0.33, "dropout": 0.2, "segment_s": 2.4, "batch_size": 64}
"""A third of the paper's units, and what goes with that in the suite `standard`."""
BAR_DB = 8.0
"""Gain that the mission asks for."""
STEPS = 100
"""Of an epoch."""
FEW = 8
SHORT = 0.25
"""Share of the epochs that are on short segments, which take less time."""
TEST_S = 25.0
"""Kept for the test."""
SPARE = 0.85
"""Share of the time that steps may take; validation and starts take the rest."""


def part(node: Node, clock: Clock, report: dict, written, test_s: float = TEST_S) -> None:
    """Fill `report`, calling `written` after the training and after the test."""
    condition = node.jobs["unseen"]
    size = SIZE | {"width": min(SIZE["width"], node.method(ENTRY).width)}
    method = node.method(ENTRY, **size)
    training = Clock(clock.left_s - test_s)
    report |= {"entry": ENTRY, "condition": condition, "size": size, "bar_db": BAR_DB}
    folder = node.work / "separation"
    method = _planned(node, method, training, condition)
    finished = _fit(node, method, folder, condition, training)
    report |= {
        "seconds": training.spent_s, "finished": finished,
        "epochs": {"short": method.short_epochs, "long": method.epochs},
        "steps_in_epoch": method.steps, "history": read_history(folder),
    }  # fmt: skip
    written()
    if not finished:
        method = _as_far_as_it_came(method, folder)
        node.fit(ENTRY, method, folder, [condition])  # ends at once: all its epochs are in the checkpoint
    model = method.load(folder)
    scenes = [scene for scene in node.scenes if scene.condition == condition]
    gains = []
    for scene in scenes:
        view = node.view(ENTRY, method, scene, {"model": model}, node.device)
        estimate = method(scene.mixture.copy(), view)
        mixture = np.repeat(scene.mixture[:1], len(scene.target), axis=0)
        gains.append(si_sdr_db(estimate, scene.target) - si_sdr_db(mixture, scene.target))
        if clock.left_s <= 0:
            break
    mean = float(np.mean(gains))
    report |= {"scenes": len(gains), "gain_db": mean, "gains_db": gains, "reached": mean >= BAR_DB}
    written()


def _planned(node, method, clock, condition):
    """The method with as many epochs as the time allows, by the speed of a few steps of each stage."""
    times: list[float] = []
    with meter.every_step(lambda: times.append(time.monotonic())):
        few = scheduled(method, epochs=1, steps=FEW)
        node.fit(ENTRY, few, node.work / "separation-speed", [condition])
    short, long = (meter.steps_per_s(part, FEW) for part in (times[:FEW], times[FEW : 2 * FEW]))
    epoch_s = STEPS * (SHORT / short + (1 - SHORT) / long)
    epochs = max(int(SPARE * clock.left_s / epoch_s), 2)
    first = max(round(SHORT * epochs), 1)
    steps = STEPS if SPARE * clock.left_s > 2 * epoch_s else FEW
    return replace(method, short_epochs=first, epochs=epochs - first, steps=steps)


def _fit(node, method, folder, condition, clock) -> bool:
    """Train until the end of the schedule or of the time; whether it was the former."""
    with contextlib.suppress(NoTimeLeft), meter.every_step(clock.check):
        node.fit(ENTRY, method, folder, [condition])
        return True
    return False


def _as_far_as_it_came(method, folder):
    """The method with the epochs that its training went through."""
    done = epochs_run(folder)
    short = min(done, method.short_epochs)
    return replace(method, short_epochs=short, epochs=done - short)
