"""Running one entry on one shard of scenes.

The method works in a process of its own. A scene in which it raises, overruns its time limit, takes its process down,
or returns something that is no estimate, is a row with its reason; the other scenes go on.
"""

import functools
import importlib
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from cocktail import tables
from cocktail.errors import CocktailError
from cocktail.method import Method, References, View
from cocktail.paradigms import REFERENCES
from cocktail.plugins.entry import from_spec
from cocktail.plugins.model import load_model
from cocktail.processing.latency import look_ahead
from cocktail.rng import rng
from cocktail.runtime.accounting import work, works_on
from cocktail.runtime.device import choose_device, device_name
from cocktail.runtime.worker import CallFailed, Worker

WARM_UP_SAMPLES = 8000
LATENCY_SAMPLES = 24000
"""Lengths of the pieces for warming up and for finding out how far ahead a method looks."""
WHOLE = 0.9
"""A method whose output changes nearly from its first sample on uses the whole recording."""


def process_shard(
    *,
    mixtures: str | Path,
    references: str | Path | None,
    model: str | Path | None,
    out: str | Path,
    spec: dict,
    suite: str,
    seed: int,
    limit_s: float,
    base: dict | None = None,
    device: str = "auto",
    recogniser: dict | None = None,
) -> None:
    """Estimate every scene of a shard and write ESTIMATES rows.

    `references` is the shard's truth, for oracles alone; `model` the folder that training left, for learned methods;
    `base` {"spec", "model"} of the entry that this one uses.
    `limit_s` bounds one scene. `recogniser`: options for cocktail.recognition.recogniser.create.
    """
    scenes = tables.read_rows(mixtures)
    truths = {row["scene"]: row for row in tables.read_rows(references)} if references else {}
    models = {"model": model and {"spec": spec, "model": model}, "base": base}
    start = functools.partial(_start, spec, scenes, truths, models, suite, seed, device, recogniser)
    with Worker(start) as worker:
        warm = _warm_up(worker, limit_s)
        ahead_s = _look_ahead_s(worker, limit_s) if warm and _makes_signals(spec) else None
        rows = _all_at_once(worker, scenes, limit_s) if _batches(spec) else None
        if rows is None:
            rows = [_one(worker, index, scene["scene"], limit_s) for index, scene in enumerate(scenes)]
    for row in rows:
        if row["status"] == "ok" and ahead_s is not None:
            row["latency_ms"] = 1000 * min(ahead_s, row["duration"])
        if row["status"] == "failed":
            print(f"{row['scene']}: {row['reason']}", file=sys.stderr)
    tables.write_rows(out, rows, tables.ESTIMATES)


def _warm_up(worker, limit_s) -> bool:
    """Pay lazy imports and caches on a short piece, so that `rtf` measures the method alone; whether it went well."""
    try:
        worker("run", [0], WARM_UP_SAMPLES, limit_s=limit_s)
    except CallFailed as error:  # whatever ails the method shows in the scenes, with its reason
        print(f"warm-up: {error}", file=sys.stderr)
        return False
    return True


def _look_ahead_s(worker, limit_s) -> float | None:
    """Seconds that the method looks ahead; without end where it uses the whole recording. None if it fails."""
    try:
        return worker("look ahead", limit_s=5 * limit_s)
    except CallFailed as error:
        print(f"latency: {error}", file=sys.stderr)
        return None


def _makes_signals(spec) -> bool:
    entry = from_spec(spec)
    return entry.error is None and entry.cls.answer().signals


def _batches(spec) -> bool:
    entry = from_spec(spec)
    return entry.error is None and entry.cls.batch is not Method.batch


def _all_at_once(worker, scenes, limit_s) -> list[dict] | None:
    """Rows of a whole shard; None where that failed, so that a scene at fault costs only itself."""
    try:
        return worker("run", list(range(len(scenes))), limit_s=limit_s * len(scenes))
    except CallFailed as error:
        print(f"the batch failed ({error}); going on scene by scene", file=sys.stderr)
        return None


def _one(worker, index, scene, limit_s) -> dict:
    try:
        return worker("run", [index], limit_s=limit_s)[0]
    except CallFailed as error:
        return _failed(scene, str(error))


def _failed(scene, reason) -> dict:
    return {"scene": scene, "status": "failed", "reason": reason}


def _start(spec, scenes, truths, models, suite, seed, device, recogniser):
    """In the worker: make the method and everything it is granted; returns the function that the worker serves."""
    idle = _peak_memory()
    entry = from_spec(spec)
    method = entry.make()
    shared = shared_grants(method, models, device, recogniser, suite=suite, fs=scenes[0]["fs"])
    used_device = device_name(shared.get("device", "cpu"))
    works_on(used_device)
    size = method.size(shared["model"]) if "model" in shared else _base_size(models["base"], shared)

    def view(scene, truth):
        granted = dict(shared)
        if method.sees(REFERENCES):
            granted["references"] = truth
        if "array" in method.needs:
            granted["array"] = np.array(scene["array"])
        if "n_sources" in method.needs:
            granted["n_sources"] = scene["n_sources"]
        return View(scene["fs"], rng(seed, scene["scene"], entry.name, role="method"), granted)

    def run(indices, n_samples=None):
        chosen = [scenes[index] for index in indices]
        inputs = [tables.unpack(scene["mixture"])[:, :n_samples] for scene in chosen]
        truth = [_references(truths.get(scene["scene"]), n_samples) for scene in chosen]
        views = [view(*pair) for pair in zip(chosen, truth, strict=True)]
        clock = time.perf_counter()
        with work(once=n_samples is not None):
            estimates = method.batch([x.copy() for x in inputs], views)
        seconds = time.perf_counter() - clock
        total = sum(x.shape[-1] for x in inputs)
        return [
            _row(scene, estimate, x.shape[-1], method, seconds * x.shape[-1] / total, idle, size, used_device)
            for scene, estimate, x in zip(chosen, estimates, inputs, strict=True)
        ]

    def ahead_s():
        scene, truth = scenes[0], _references(truths.get(scenes[0]["scene"]), LATENCY_SAMPLES)
        mixture = tables.unpack(scene["mixture"])[:, :LATENCY_SAMPLES]

        def estimate(start):
            changed = mixture.copy()
            if start is not None:
                changed[:, start:] = mixture[:, start:][:, ::-1] / 2  # neither its samples nor its level stay
            return method(changed, view(scene, truth))

        with work(once=True):
            ahead, most = look_ahead(estimate, mixture.shape[-1])
        return ahead / scene["fs"] if ahead < WHOLE * most else np.inf

    tasks = {"run": run, "look ahead": ahead_s}
    return lambda task, *arguments: tasks[task](*arguments)


def _base_size(base, granted):
    """Learnt parameters of the model that a method without one of its own builds on."""
    return from_spec(base["spec"]).make().size(granted["base"]) if base else 0


def shared_grants(
    method: Method, models: dict[str, dict | None], device: str, recogniser: dict | None, *, suite: str, fs: int
) -> dict[str, Any]:
    """What a method is granted whatever the scene: its models, its device, its recogniser.

    `models`: {"spec", "model"} as `model`, its own, and as `base`, that of the entry it uses; None where it has none.
    """
    granted: dict[str, Any] = {
        name: load_model(found["spec"], found["model"], suite=suite, fs=fs) for name, found in models.items() if found
    }
    if "gpu" in method.needs:
        granted["device"] = choose_device(device)
    if "recogniser" in method.needs:
        # Found by name, so that an edit of a recogniser reruns only the methods that listen (see Plan.process_digest).
        granted["recogniser"] = importlib.import_module("cocktail.recognition").create(recogniser or {})
    return granted


def _references(row, n_samples=None) -> References | None:
    if row is None:
        return None
    images = np.stack([tables.unpack(cell) for cell in row["images"]])[..., :n_samples]
    early = [tables.unpack(cell)[0, :n_samples] for cell in row["early"]] if row["reference"] == "early" else None
    target = images[:, 0] if early is None else np.stack(early)
    return References(target, images, tables.unpack(row["noise"])[:, :n_samples])


def _row(scene, estimate, n_samples, method, seconds, idle, size, device) -> dict:
    name = scene["scene"]
    try:
        made = _made(method, scene, estimate, n_samples)
    except CocktailError as error:
        return _failed(name, str(error))
    return made | {
        "scene": name,
        "status": "ok",
        "seconds": seconds,
        "duration": n_samples / scene["fs"],
        "peak_memory": max(_peak_memory() - idle, 0),
        "parameters": size,
        "device": device,
    }


def _made(method, scene, estimate, n_samples) -> dict:
    """The column of ESTIMATES that the method's task fills. Raises CocktailError for what does not belong there."""
    task = method.answer()
    answer = task.check(estimate, scene["n_sources"], n_samples)
    if task.signals:
        answer = [tables.pack(x, scene["fs"], f"{scene['scene']}_{k}") for k, x in enumerate(answer, start=1)]
    return {task.column: answer}


def _peak_memory() -> int:
    """Largest resident size of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
