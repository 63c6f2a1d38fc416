import numpy as np
import pytest

from cocktail import tables
from cocktail.plugins.registry import Registry
from cocktail.processing.runner import Setup
from cocktail.processing.shard import process_shard
from cocktail.tasks import check_estimate

FS = 16000
N = 8000


@pytest.fixture
def shard(tmp_path):
    """Three scenes of two microphones and one talker; returns the paths of mixtures and references, and the truth."""
    random = np.random.default_rng(0)
    mixtures, references, truth = [], [], []
    for i in range(3):
        image, noise = random.uniform(-0.3, 0.3, (2, 1, 2, N))
        mixture = (image + noise)[0]
        name = f"scene{i}"
        mixtures.append({
            "scene": name, "condition": "c", "split": "test", "index": i, "fs": FS, "channels": 2, "n_sources": 1,
            "array": [[-0.1, 0.0, 0.0], [0.1, 0.0, 0.0]], "mixture": tables.pack(mixture, FS, name),
        })  # fmt: skip
        references.append({
            "scene": name, "reference": "image", "images": [tables.pack(image[0], FS, name)],
            "noise": tables.pack(noise[0], FS, name), "early": [tables.pack(image[0, 0] / 2, FS, name)],
        })  # fmt: skip
        truth.append((mixture, image[0]))
    tables.write_rows(tmp_path / "mixtures.parquet", mixtures, tables.MIXTURES)
    tables.write_rows(tmp_path / "references.parquet", references, tables.REFERENCES)
    return tmp_path / "mixtures.parquet", tmp_path / "references.parquet", truth


def run(shard, folder, name="plugin", *, oracle=False, limit_s=20.0, parameters=None, recogniser=None):
    spec = Registry([folder]).entry(name).spec() | {"parameters": parameters or {}}
    return run_spec(shard, spec, oracle, limit_s, recogniser)


def run_spec(shard, spec, oracle=False, limit_s=20.0, recogniser=None):
    mixtures, references, _ = shard
    out = mixtures.parent / "out.parquet"
    process_shard(
        mixtures=mixtures,
        references=references if oracle else None,
        out=out,
        setup=Setup(spec, "s", 1, recogniser=recogniser),
        limit_s=limit_s,
    )
    return tables.read_rows(out)


def test_estimates_and_their_costs_are_stored(shard, write_plugin):
    rows = run(shard, write_plugin("plugin"), parameters={"gain": 0.5})
    for row, (mixture, _) in zip(rows, shard[2], strict=True):
        assert row["status"] == "ok" and row["reason"] is None
        np.testing.assert_allclose(tables.unpack(row["estimate"][0])[0], 0.5 * mixture[0], atol=1e-6)
        assert row["duration"] == N / FS and row["seconds"] > 0 and row["peak_memory"] >= 0 and row["parameters"] == 0
        assert row["device"].startswith("cpu")


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("raise ValueError('bad luck')", "ValueError: bad luck"),
        ("return mixture[:1] * np.nan", "returned 8000 samples that are not finite"),
        ("return mixture[:1, :-5]", r"returned shape (1, 7995), expected (1, 8000)"),
        ("return mixture", r"returned shape (2, 8000), expected (1, 8000)"),
        ("return None", "returned NoneType, expected a NumPy array of floats"),
        ("return np.zeros((1, mixture.shape[1]), int)", "returned an array of int64"),
        ("import os; os._exit(7)", "its process ended with status 7"),
        ("time.sleep(60)", "took longer than 0.3 s"),
        ("return view.references.target", "AccessError: view.references is not granted"),
        ("return view.array[:1]", "AccessError: view.array is not granted"),
    ],
)
def test_a_fault_in_one_scene_costs_that_scene_only(shard, write_plugin, call, reason):
    """The second scene, told apart by its first sample, is where the plugin goes wrong."""
    mark = shard[2][1][0][0, 0]
    here = f"abs(mixture[0, 0] - {mark!r}) < 1e-6 and mixture.shape[1] == {N}"
    body = f"if {here}:\n            {call}\n        return mixture[:1]"
    rows = run(shard, write_plugin("plugin", body), limit_s=0.3 if "sleep" in call else 20.0)
    assert [row["status"] for row in rows] == ["ok", "failed", "ok"]
    assert reason in rows[1]["reason"] and rows[1]["estimate"] is None


@pytest.mark.parametrize(
    ("task", "call", "reason"),
    [
        ("detect", "return 1.5", None),
        ("detect", "return np.float32(1.5)", None),
        ("detect", "return np.nan", "returned nan, expected one finite number, higher for bona fide speech"),
        ("detect", "return True", "returned True, expected one finite number"),
        ("detect", "return mixture[:1]", "expected one finite number"),
        ("verify", "return mixture[0, :4]", None),
        ("verify", "return mixture[:1]", "returned an array of (1, 8000), expected a vector of floats"),
        ("verify", "return [1.0, 2.0]", "returned list, expected a vector of floats"),
        ("verify", "return 0 * mixture[0]", "returned an embedding that is zero or not finite"),
        ("verify", "return np.nan * mixture[0]", "returned an embedding that is zero or not finite"),
    ],
)
def test_a_task_says_what_comes_back(shard, write_plugin, task, call, reason):
    rows = run(shard, write_plugin("plugin", call, attributes=f"task = '{task}'"))
    for row, (mixture, _) in zip(rows, shard[2], strict=True):
        assert row["estimate"] is None and row["latency_ms"] is None
        if reason is None:
            assert row["status"] == "ok" and row["seconds"] > 0
            assert row["score"] == (1.5 if task == "detect" else None)
            if task == "verify":
                np.testing.assert_allclose(row["embedding"], mixture[0, :4], atol=1e-6)
        else:
            assert row["status"] == "failed" and reason in row["reason"]
            assert row["score"] is None and row["embedding"] is None


def test_a_batch_with_a_fault_is_repeated_scene_by_scene(shard, write_plugin):
    more = """
        def batch(self, mixtures, views):
            if len(mixtures) > 1:
                raise RuntimeError("out of memory")
            return [self(*pair) for pair in zip(mixtures, views)]
    """
    assert [row["status"] for row in run(shard, write_plugin("plugin", more=more))] == ["ok"] * 3


def test_a_plugin_that_does_not_import_fails_every_scene(shard, write_plugin):
    folder = write_plugin("plugin")
    (folder / "plugin.py").write_text("import gone_module")
    rows = run(shard, folder)
    assert all("does not import: ModuleNotFoundError" in row["reason"] for row in rows)


def test_an_oracle_sees_the_truth_and_nobody_else(shard, write_plugin):
    call = "return view.references.images[:, 0] + 0 * view.references.target"
    oracle = "paradigm = 'oracle'"
    rows = run(shard, write_plugin("plugin", call, attributes=oracle), oracle=True)
    for row, (_, image) in zip(rows, shard[2], strict=True):
        np.testing.assert_allclose(tables.unpack(row["estimate"][0])[0], image[0], atol=1e-6)
    rows = run(shard, write_plugin("other", call), "other", oracle=True)
    assert all("only a method of the paradigm 'oracle' may see them" in row["reason"] for row in rows)


def test_a_method_that_asks_for_the_recogniser_gets_it(shard, write_plugin):
    folder = write_plugin(
        "plugin",
        "return view.recogniser(mixture[:1])",
        attributes="task, needs = 'enhance', frozenset({'recogniser'})",
    )
    rows = run(shard, folder, recogniser=lambda: lambda x: 0.25 * x)
    for row, (mixture, _) in zip(rows, shard[2], strict=True):
        np.testing.assert_allclose(tables.unpack(row["estimate"][0])[0], 0.25 * mixture[0], atol=1e-6)


def test_the_input_is_the_methods_own_copy_and_rng_is_fixed(shard, write_plugin):
    call = "mixture *= 0; return mixture[:1] + view.rng.uniform(-0.5, 0.5, (1, mixture.shape[1]))"
    folder = write_plugin("plugin", call)
    first, second = (run(shard, folder) for _ in range(2))
    assert [r["estimate"] for r in first] == [r["estimate"] for r in second]
    assert first[0]["estimate"] != first[1]["estimate"]


def test_check_estimate_accepts_what_is_right():
    x = np.zeros((2, 5), np.float32)
    np.testing.assert_array_equal(check_estimate(x, 2, 5), x)


@pytest.mark.parametrize(
    ("call", "expected_ms"),
    [
        ("return self.gain * mixture[:1]", 0.0),
        ("return np.roll(mixture[:1], -160) * (np.arange(mixture.shape[1]) < mixture.shape[1] - 160)", 10.0),
        ("return mixture[:1] * (1 + mixture[0, -1])", 1000 * N / FS),
    ],
)
def test_latency_is_how_far_a_method_looks_ahead(shard, write_plugin, call, expected_ms):
    rows = run(shard, write_plugin("plugin", call))
    assert [row["latency_ms"] for row in rows] == [pytest.approx(expected_ms)] * 3


def test_latency_of_the_stft_is_one_window(shard):
    rows = run_spec(shard, Registry().entry("wiener").spec())
    assert 31.0 < rows[0]["latency_ms"] <= 32.0


def test_an_entry_sees_what_others_made_of_the_scene_and_fails_where_one_of_them_did(shard, write_plugin):
    """The second scene was failed by one of the two that are read."""
    mixtures, _, truth = shard
    scenes = [row["scene"] for row in tables.read_rows(mixtures)]
    made = {}
    for name, gain in (("one", 1.0), ("two", 2.0)):
        rows = [
            {"scene": scene, "status": "ok", "estimate": [tables.pack(gain * mixture[:1] / 4, FS, scene)]}
            for scene, (mixture, _) in zip(scenes, truth, strict=True)
        ]
        if name == "two":
            rows[1] = {"scene": scenes[1], "status": "failed", "reason": "ValueError: bad luck"}
        made[name] = mixtures.with_name(f"{name}.parquet")
        tables.write_rows(made[name], rows, tables.ESTIMATES)
    body = "return view.estimates['one'] + view.estimates['two']"
    spec = Registry([write_plugin("plugin", body)]).entry("plugin").spec()
    out = mixtures.parent / "out.parquet"
    process_shard(
        mixtures=mixtures, references=None, estimates=made, out=out, setup=Setup(spec, "s", 1), limit_s=20.0
    )  # fmt: skip
    rows = tables.read_rows(out)
    assert [row["scene"] for row in rows] == scenes and [row["status"] for row in rows] == ["ok", "failed", "ok"]
    assert rows[1]["reason"] == "it reads 'two', which failed here: ValueError: bad luck"
    np.testing.assert_allclose(tables.unpack(rows[0]["estimate"][0])[0], 0.75 * truth[0][0][0], atol=1e-5)
