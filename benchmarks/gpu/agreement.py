"""Part 2: whether the GPU gives what the CPU gives, with the same weights, for every plugin that computes on one.

Signals are compared by their SI-SDR to the truth, scores and embeddings with each other, text by being the same.
"""

import os

import numpy as np
import torch

from benchmarks.gpu.node import Clock, Node, fill
from cocktail.metrics.si_sdr import best_permutation, si_sdr_matrix
from cocktail.tasks import TASKS

LIMITS = {
    "enhance": (0.05, "dB of SI-SDR"),
    "separate": (0.05, "dB of SI-SDR"),
    "verify": (1e-3, "of the embedding's length"),
    "detect": (1e-2, "of the score"),
    "recognise": (0, "texts"),
    "attack": (0.05, "dB of SI-SDR"),
}
"""Task -> the largest difference between devices that counts as agreement, and what it is of."""
SCENES = 4


def part(node: Node, clock: Clock, report: dict, written) -> None:
    """Fill `report` {entry: figures}, calling `written` after each."""
    if node.device != "cpu":
        torch.set_num_threads(len(os.sched_getaffinity(0)))  # of the CPU's side
    names = [name for name in node.entries if "gpu" in node.method(name).needs]
    fill(report, names, lambda name: compare(node, name, clock), clock, written)


def compare(node: Node, name: str, clock: Clock) -> dict:
    """The largest difference of an entry's answers on some scenes, and whether it is within the limit."""
    method, job = node.method(name), node.entries[name]
    limit, unit = LIMITS[job["task"]]
    scenes = [x for x in node.scenes if x.condition == job["test_on"] and not node.skip(name, method, x)][:SCENES]
    grants, differences = node.grants(name, method), {}
    for scene in scenes:
        if clock.left_s <= 0:
            break
        views = [node.view(name, method, scene, grants, device) for device in ("cpu", node.device)]
        answers = [method(scene.mixture.copy(), view) for view in views]
        differences[scene.name] = difference(job["task"], scene.target, *answers)
    if not differences:
        return {"skipped": "no scene that it applies to, or no time left"}
    worst = max(differences, key=differences.get)
    return {
        "task": job["task"], "scenes": len(differences), "difference": differences[worst], "unit": unit, "limit": limit,
        "scene": worst, "agrees": bool(differences[worst] <= limit),
    }  # fmt: skip


def difference(task: str, target: np.ndarray, a, b) -> float:
    """How far two answers are apart, in the unit of LIMITS."""
    if TASKS[task].signals:
        return abs(si_sdr_db(a, target) - si_sdr_db(b, target))
    if task == "recognise":
        return float(a != b)
    return float(np.linalg.norm(np.subtract(a, b)) / (np.linalg.norm(a) if task == "verify" else 1))


def si_sdr_db(estimate, target: np.ndarray) -> float:
    """Mean SI-SDR of estimates (K, N) to talkers (K, N), each estimate being the talker that it fits best."""
    si_sdr = si_sdr_matrix(reference=target, estimate=np.asarray(estimate))
    return float(np.mean([si_sdr[k, j] for k, j in enumerate(best_permutation(si_sdr))]))
