"""Part 1: every network trains for some seconds, on mixtures made on the fly.

An entry is trained three times: twice for a few steps, which tells how long a step takes and whether the training is
repeatable, then for as many steps as its time allows. The model of the last one is kept for the comparison of devices.
"""

import contextlib
import time

from benchmarks.gpu import meter
from benchmarks.gpu.node import Clock, Node, NoTimeLeft, fill, is_network, scheduled
from cocktail.training.history import read_history

FEW = 8
"""Steps of the trainings that only tell how long a step takes."""
EPOCHS = 3
"""Of each stage of the longer training: the loss of the last one is compared with that of the first."""
MOST = 400
"""Steps in an epoch."""
SPARE = 0.5
"""Share of an entry's time that steps may take; the rest goes into preparing, validating and the short trainings."""


def part(node: Node, clock: Clock, report: dict, written) -> None:
    """Fill `report` {entry: figures}, calling `written` after each."""
    names = [name for name in node.entries if node.method(name).learned()]

    def figures(name):
        teach = train if is_network(node.method(name)) else learn
        return teach(node, name, clock.share(len(names) - names.index(name)))

    fill(report, names, figures, clock, written)


def learn(node: Node, name: str, clock: Clock) -> dict:
    """Train what is no network, on the CPU: devices are compared on what it learnt."""
    node.fit(name, node.method(name), node.work / name)
    node.trained[name] = node.work / name
    return {"seconds_on_cpu": clock.spent_s}


def train(node: Node, name: str, clock: Clock) -> dict:
    """Figures of one network."""
    method, times = node.method(name), []

    with meter.every_step(lambda: times.append(time.monotonic())):
        short = scheduled(method, epochs=1, steps=FEW)
        losses = []
        for again in ("first", "second"):
            node.fit(name, short, node.work / f"{name}-{again}")
            losses.append(read_history(node.work / f"{name}-{again}"))
            node.trained[name] = node.work / f"{name}-{again}"  # to compare devices on, should the time be over before
        stages = len(train_losses(losses[1]))
        rate = meter.steps_per_s(times[-stages * FEW :], FEW) or 1.0
        steps = max(FEW, min(MOST, int(SPARE * clock.left_s * rate / (stages * EPOCHS))))
        times.clear()
        meter.reset_memory(node.device)
        finished, longer = False, scheduled(method, epochs=EPOCHS, steps=steps)
        with (
            meter.Utilisation(node.device) as utilisation,
            meter.every_step(clock.check),
            contextlib.suppress(NoTimeLeft),
        ):
            node.fit(name, longer, node.work / name)
            finished = True
    if finished:
        node.trained[name] = node.work / name
    losses_by_stage = train_losses(read_history(node.work / name))
    return {
        "seconds": clock.spent_s,
        "finished": finished,
        "parameters": method.size(node.model(name)),
        "batch": method.batch_size,
        "steps": len(times),
        "steps_per_s": meter.steps_per_s(times, steps),
        "utilisation_percent": utilisation.percent(times[0], times[-1]),
        "peak_memory_mb": meter.peak_memory_mb(node.device),
        "loss": losses_by_stage,
        "loss_falls": falls(losses_by_stage),
        "repeatable": losses[0] == losses[1],
    }


def falls(losses: dict[str, list[float]]) -> bool | None:
    """Whether the last epoch's loss is below the first's in every stage of several epochs; None where there is none."""
    several = [curve for curve in losses.values() if len(curve) > 1]
    return all(curve[-1] < curve[0] for curve in several) if several else None


def train_losses(history: dict) -> dict[str, list[float]]:
    """Stage -> training loss of every epoch."""
    curves = {tuple(name.rsplit("/", 1)): [value for _, value in curve] for name, curve in history.items()}
    return {stage: values for (stage, quantity), values in curves.items() if quantity == "train_loss"}
