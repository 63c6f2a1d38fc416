"""The benchmark on a GPU: its bundle, its clocks and reports, what it calls agreement; and all of it in a dry run."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.gpu import agreement, bundle, learning, meter, prepare, run
from benchmarks.gpu.node import Clock, NoTimeLeft, is_network, scheduled
from cocktail.method import LearnedMethod
from cocktail.plugins.registry import Registry
from cocktail.training.loop import batches

ABSENT = ("yaml", "soundfile", "soxr", "pyroomacoustics", "jsonschema", "click", "sklearn", "matplotlib", "pystoi")
"""What a node need not have."""


def test_stored_signals_come_back_but_for_the_twelfth_bit():
    generator = np.random.default_rng(0)
    signals = [generator.uniform(-1, 1, n) for n in (5, 1, 300)]
    found = bundle.unpacked(bundle.packed(signals))
    assert [len(x) for x in found] == [5, 1, 300]
    assert max(np.abs(a - b).max() for a, b in zip(found, signals, strict=True)) <= 2**-11
    again = bundle.unpacked(bundle.packed(found))
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))


def test_test_scenes_come_back(tmp_path):
    generator = np.random.default_rng(0)
    scenes = []
    for d, k in ((1, 2), (6, 1)):
        mixture, target = (generator.uniform(-1, 1, (n, 50)) for n in (d, k))
        scenes.append(bundle.TestScene(f"s{k}", "room", 16000, [[0.0, 0.0, 0.1]] * d, mixture, target))
    bundle.write_scenes(scenes, tmp_path / "scenes.npz")
    for found, scene in zip(bundle.read_scenes(tmp_path / "scenes.npz"), scenes, strict=True):
        assert (found.name, found.condition, found.fs, found.array) == (scene.name, "room", 16000, scene.array)
        assert np.abs(found.mixture - scene.mixture).max() < 2**-10 and found.target.shape == scene.target.shape
        assert np.abs(found.target - scene.target).max() < 2**-10


def test_every_plugin_that_uses_a_gpu_is_there_and_what_it_builds_on_comes_first():
    registry = Registry()
    jobs = prepare.jobs_of(registry, "paper")
    wanted = {entry.plugin.name for entry in registry.entries.values() if "gpu" in entry.cls.needs}
    used = {registry.entry(name).plugin.name for job in jobs.values() for name in job["uses"].values()}
    assert {job["spec"]["plugin"] for job in jobs.values()} == wanted | used
    order = list(jobs)
    assert all(order.index(used) < order.index(name) for name, job in jobs.items() for used in job["uses"].values())
    assert jobs["dpcl-enhance"]["uses"] == {"base": "dpcl"}
    assert jobs["blstm-psa"]["train_on"] == ["stationary", "living-room"] and jobs["mask-mvdr"]["train_on"] == []
    assert jobs["mcgmm-unfolded"]["train_on"] == ["two-talkers-array"]


@pytest.mark.parametrize(
    ("task", "a", "b", "found"),
    [
        ("recognise", "bin blue", "bin red", 1.0),
        ("recognise", "bin blue", "bin blue", 0.0),
        ("detect", 1.5, 1.0, 0.5),
        ("verify", np.array([3.0, 4.0]), np.array([3.0, 4.5]), 0.1),
    ],
)
def test_answers_differ_by(task, a, b, found):
    assert agreement.difference(task, np.zeros((1, 1)), a, b) == pytest.approx(found)


def test_talkers_that_change_places_are_no_difference_and_noise_is():
    generator = np.random.default_rng(0)
    target, noise = generator.standard_normal((2, 2, 800))
    estimate = target + 0.1 * noise
    assert agreement.difference("separate", target, estimate, estimate[::-1]) == pytest.approx(0, abs=1e-9)
    # -20 dB of noise against -14 dB: 6 dB
    assert agreement.difference("separate", target, estimate, target + 0.2 * noise) == pytest.approx(6.02, abs=0.1)


def test_a_difference_and_an_error_are_faults_and_a_small_difference_is_none():
    good = {"agrees": True, "difference": 0.01, "unit": "dB"}
    parts = {"agreement": {"a": good, "b": good | {"agrees": False, "difference": 0.06}}, "ratios": {"error": "X: y"}}
    assert run.faults({"parts": parts}) == ["agreement b: devices are 0.06 dB apart", "ratios: X: y"]


def test_steps_a_second_leave_out_what_is_between_epochs():
    times = [0.0, 0.1, 0.2, 9.0, 9.1, 9.2, 30.0, 30.1]
    assert meter.steps_per_s(times, 3) == pytest.approx(10)
    assert meter.steps_per_s([1.0, 2.0], 1) is None


def test_a_loss_falls_if_it_does_in_every_stage_that_has_several_epochs():
    history = {"a/train_loss": [(1, 3.0), (2, 2.0)], "a/valid_loss": [(1, 1.0), (2, 2.0)], "b/train_loss": [(1, 1.0)]}
    losses = learning.train_losses(history)
    assert losses == {"a": [3.0, 2.0], "b": [1.0]} and learning.falls(losses) is True
    assert learning.falls(losses | {"b": [1.0, 1.5]}) is False and learning.falls({"b": [1.0]}) is None


@dataclass(frozen=True)
class Net(LearnedMethod):
    """Fields of a network's training."""

    first_epochs: int = 9
    epochs: int = 9
    steps: int = 9
    dropout: float = 0.5


def test_schedules_change_all_stages_and_nothing_else():
    assert scheduled(Net(), epochs=2, steps=3) == Net(2, 2, 3, 0.5)
    assert is_network(Net()) and not is_network(Registry().entry("nmf-sparse").make())


@pytest.mark.parametrize(("free_gb", "ahead", "most"), [(4.0, 4, 8), (0.5, 1, 6), (0.064, 1, 1)])
def test_with_little_shared_memory_fewer_batches_are_made_ahead(monkeypatch, free_gb, ahead, most):
    monkeypatch.setattr(batches, "PREFETCH", 4)
    monkeypatch.setattr(batches, "MAX_WORKERS", 8)
    meter.spare_shared_memory(free_gb)
    assert (ahead, most) == (batches.PREFETCH, batches.MAX_WORKERS)


def test_clocks_share_what_is_left(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = Clock(10.0, start=0.0)
    now[0] = 4.0
    assert clock.left_s == 6.0 and clock.share(3).limit_s == pytest.approx(2.0)
    clock.check()
    now[0] = 10.0
    with pytest.raises(NoTimeLeft, match="10 s"):
        clock.check()


def test_an_error_in_a_part_is_reported_and_the_next_part_goes_on(tmp_path):
    def broken(node, clock, report, written):
        report["seen"] = 1
        raise ValueError("no")

    def late(node, clock, report, written):
        report["limit_s"] = clock.limit_s

    report = run.Report(tmp_path / "figures.json", commit="c")
    run.run(None, report, 65.0, {"first": broken, "second": late}, {"first": 10.0})
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["parts"]["first"] == {"seen": 1, "error": "ValueError: no"}
    assert 50 < figures["parts"]["second"]["limit_s"] <= 60 and figures["finished"]


def test_at_the_end_of_its_time_the_process_ends_and_leaves_its_figures(tmp_path):
    code = (
        "import time, pathlib; from benchmarks.gpu import run; r = run.Report(pathlib.Path('f.json'), commit='c');"
        "r.figures['parts']['first'] = {'a': 1}; run.stop_at_last(r, 0.1); time.sleep(60)"
    )
    path = ":".join(map(str, (run.ROOT, *filter(None, sys.path))))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": path}, timeout=120)
    figures = json.loads((tmp_path / "f.json").read_text())
    assert done.returncode == 3 and figures["parts"] == {"first": {"a": 1}}
    assert figures["stopped"] == "after 0.1 s" and not figures["finished"]


DRY_RUN = """
import sys
sys.modules.update(dict.fromkeys({absent!r}))  # importing one of them is an error
from benchmarks.gpu import learning, ratios, run, separation
learning.MOST = learning.FEW = separation.STEPS = separation.FEW = 3
run.BUDGETS = {{"training": 400.0, "agreement": 100.0, "ratios": 60.0, "separation": 30.0}}
ratios.SCENES, ratios.BASES, ratios.FRAMES, ratios.BATCHES = 2, 8, 20, 3
sys.exit(run.main(["--device", "cpu", "--seconds", "800", "--out", "figures.json"]))
"""
FEW = (
    "blstm-psa", "dnn-em-mask", "bf-network", "nmf-sparse", "lcnn", "xvector", "dpcl", "dpcl-enhance", "speakerbeam",
    "mcgmm", "mcgmm-unfolded",
)  # fmt: skip
"""Entries of the dry run."""


@pytest.mark.slow
def test_a_dry_run_on_a_bare_node_fills_every_part(tmp_path):
    folder = tmp_path / "bundle"
    assert prepare.main([str(folder), "--toy"]) == 0
    jobs = json.loads((folder / bundle.JOBS).read_text())
    jobs["entries"] = {name: jobs["entries"][name] for name in FEW}
    (folder / bundle.JOBS).write_text(json.dumps(jobs))
    done = subprocess.run(
        [sys.executable, "-c", DRY_RUN.format(absent=ABSENT)], cwd=folder, env={"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True,
    )  # fmt: skip
    figures = json.loads((folder / "figures.json").read_text())
    assert done.returncode == 0 and figures["finished"], [*run.faults(figures), done.stderr[-2000:]]
    training, agreed = figures["parts"]["training"], figures["parts"]["agreement"]
    assert list(agreed) == [name for name in FEW if name != "mcgmm"]  # which has no network
    assert all(entry["difference"] == 0 for entry in agreed.values())
    assert all(entry["steps_per_s"] > 0 and entry["repeatable"] for entry in training.values() if "steps" in entry)
    assert list(training) == [name for name in FEW if name != "dnn-em-mask"]
    assert all(case["ratio"] > 0 for case in figures["parts"]["ratios"].values())
    separated = figures["parts"]["separation"]
    assert np.isfinite(separated["gain_db"]) and separated["scenes"] == 2
    assert separated["history"]["short/train_loss"]
