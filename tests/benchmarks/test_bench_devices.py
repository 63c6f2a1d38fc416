"""The comparison of devices: it finds what differs, passes what does not, and says where nothing is compared."""

import importlib.util
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from cocktail import ROOT
from cocktail.method import Method
from cocktail.plugins.registry import Registry
from cocktail.testing.bench import benches

SPEC = importlib.util.spec_from_file_location("bench_devices", ROOT / "benchmarks" / "bench_devices.py")
bench_devices = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bench_devices)


@dataclass(frozen=True)
class Uneven(Method):
    """The mixture, and elsewhere than on the CPU something else besides."""

    needs = frozenset({"gpu"})
    off: float = 0.1

    def __call__(self, mixture, view):
        if self.task == "recognise":
            return "bin blue" if view.device == "cpu" or not self.off else "bin red"
        more = self.off * np.random.default_rng(0).standard_normal(mixture.shape[-1]) * (view.device != "cpu")
        heard = (mixture[:1] + more)[:, : mixture.shape[-1]]
        return {"enhance": heard, "verify": heard[0, :64], "detect": float(1 + self.off * (view.device != "cpu"))}[
            self.task
        ]


def bench(task, off):
    kind = type("Uneven", (Uneven,), {"task": task, "paradigm": "blind"})
    return next(benches(kind(off)))


@pytest.mark.parametrize("task", ["enhance", "verify", "detect", "recognise"])
def test_a_difference_is_within_the_limit_where_there_is_none_alone(task):
    limit, _ = bench_devices.LIMITS[task]
    for off in (0.0, 0.1):
        probe = bench(task, off)
        found = bench_devices.difference(probe, probe.scene(), "elsewhere")
        assert (found > limit) == (off > 0), (off, found)


def test_talkers_that_change_places_are_no_difference():
    scene = bench("enhance", 0.0)
    scene = replace(scene, info=replace(scene.info, task="separate", n_sources=2)).scene()
    estimate = scene.references.target + 0.1 * scene.mixture[:1]
    assert bench_devices.si_sdr_db(estimate[::-1], scene) == bench_devices.si_sdr_db(estimate, scene)


def test_every_plugin_that_uses_a_gpu_is_compared_once():
    registry = Registry()
    chosen = bench_devices.entries(registry)
    wanted = {entry.plugin.name for entry in registry.entries.values() if "gpu" in entry.cls.needs}
    assert sorted(entry.plugin.name for entry in chosen) == sorted(wanted)
    assert {"mask_network", "deep_clustering", "pit", "ctc", "lcnn", "xvector"} <= wanted


def test_one_device_agrees_with_itself(capsys):
    registry = Registry()
    assert bench_devices.agrees(registry.entry("pit"), registry, "cpu")
    assert capsys.readouterr().out.startswith("pit: agrees: at most 0 dB of SI-SDR apart on 3 scenes")


def test_the_status_tells_a_disagreement(monkeypatch, capsys):
    registry = Registry()
    monkeypatch.setattr(bench_devices, "entries", lambda _: [registry.entry("pit"), registry.entry("lcnn")])
    apart = iter([0.0, 0.06, 0.0, 0.0, 0.0, 0.0])
    monkeypatch.setattr(bench_devices, "difference", lambda *_: next(apart))
    assert bench_devices.main("cpu") == 1
    first, second = capsys.readouterr().out.splitlines()[1:]
    assert first.startswith("pit: DISAGREES: at most 0.06 dB") and second.startswith("lcnn: agrees")


def test_without_a_gpu_nothing_is_compared_and_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert bench_devices.main() == 0
    assert "nothing was compared" in capsys.readouterr().out
