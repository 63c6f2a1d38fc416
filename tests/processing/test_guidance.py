"""Methods that are told about a scene: what they asked for reaches them through a run, and its cost is counted."""

import numpy as np
import pytest

from cocktail import tables
from cocktail.metrics.catalogue import METRICS
from cocktail.plugins.registry import Registry
from cocktail.processing.runner import Setup
from cocktail.processing.shard import process_shard
from cocktail.testing.conformance import check_method

FS, N = 16000, 8000
ECHO = "return np.resize(np.asarray({}, float), (1, mixture.shape[1])) * np.ones_like(mixture[:1])"
CODER = """
    def encode(self, references, view):
        return (references.target[0, :4] * 100).round().astype(np.int8).tobytes()
"""


def run(folder, write_plugin, call, needs, more="", truth=False, **told):
    """Estimates of a scene of one talker, whose row has what is `told`."""
    target = np.random.default_rng(0).uniform(-0.3, 0.3, N)
    cell = tables.pack(target, FS, "x")
    row = {"scene": "s", "fs": FS, "n_sources": 1, "array": [[0.0, 0.0, 0.0]], "mixture": cell, **told}
    tables.write_rows(folder / "mixtures.parquet", [row], tables.MIXTURES)
    references = {"scene": "s", "reference": "image", "images": [cell], "noise": tables.pack(0 * target, FS, "n")}
    tables.write_rows(folder / "references.parquet", [references], tables.REFERENCES)
    written = write_plugin("told", call, attributes=f"needs = frozenset({{{needs!r}}})", more=more)
    entry = Registry([written]).entry("told")
    process_shard(
        mixtures=folder / "mixtures.parquet",
        references=folder / "references.parquet" if truth else None,
        out=folder / "out.parquet",
        setup=Setup(entry.spec(), "s", seed=1),
        limit_s=20.0,
    )
    return tables.read_rows(folder / "out.parquet")[0], entry, target


def heard(row):
    return tables.unpack(row["estimate"][0])[0]


def conforms(entry):
    failed = [probe for probe in check_method(entry.make(), long_s=1.0) if not probe.ok]
    return {probe.name for probe in failed} <= {
        "docstring",
        "silence",
        "scales 1e-3 to 100",
        "NaN input",
        "dependent channels",
    }


def test_an_enrolment_reaches_the_method(tmp_path, write_plugin):
    voice = np.random.default_rng(1).uniform(-0.3, 0.3, 3000)
    told = {"enrolment": tables.pack(voice, FS, "e")}
    row, entry, _ = run(tmp_path, write_plugin, ECHO.format("view.enrolment"), "enrolment", **told)
    np.testing.assert_allclose(heard(row)[:3000], voice, atol=1e-6)
    assert entry.cls.guidance() == "strongly guided" and conforms(entry)


def test_a_position_reaches_the_method(tmp_path, write_plugin):
    row, entry, _ = run(tmp_path, write_plugin, ECHO.format("view.position"), "position", position=[0.5, -0.25, 0.125])
    np.testing.assert_allclose(heard(row)[:3], [0.5, -0.25, 0.125], atol=1e-6)
    assert entry.cls.guidance() == "strongly guided" and conforms(entry)


def test_names_of_known_talkers_reach_the_method(tmp_path, write_plugin):
    call = ECHO.format("len(view.speakers[0]) / 10")
    row, entry, _ = run(tmp_path, write_plugin, call, "speakers", speakers=["abcd"])
    np.testing.assert_allclose(heard(row), 0.4, atol=1e-6)
    assert entry.cls.guidance() == "strongly guided" and conforms(entry)


@pytest.mark.parametrize("need", ["enrolment", "position", "speakers"])
def test_a_scene_that_lacks_it_fails_and_says_so(tmp_path, write_plugin, need):
    row, _, _ = run(tmp_path, write_plugin, f"return 0 * mixture[:1] + len(view.{need})", need)
    assert row["status"] == "failed" and f"view.{need} is not granted" in row["reason"]


def test_side_information_goes_through_the_runner_and_is_counted(tmp_path, write_plugin):
    call = ECHO.format("np.frombuffer(view.side_information, np.int8) / 100")
    row, entry, target = run(tmp_path, write_plugin, call, "side_information", CODER, truth=True)
    np.testing.assert_allclose(heard(row)[:4], target[:4].round(2), atol=6e-3)
    assert row["side_information"] == 4
    assert METRICS["bit_rate"].compute(row) == pytest.approx(4 * 8 / 1000 / (N / FS))
    assert entry.cls.guidance() == "informed" and conforms(entry)


def test_only_the_encoder_sees_the_references(tmp_path, write_plugin):
    row, entry, _ = run(tmp_path, write_plugin, "return view.references.target", "side_information", CODER, truth=True)
    assert "view.references is not granted" in row["reason"]
    assert entry.cls.reads_truth()


def test_an_encoder_returns_bytes(tmp_path, write_plugin):
    row, _, _ = run(
        tmp_path, write_plugin, more="def encode(self, references, view):\n    return [1]",
        call="return mixture[:1]", needs="side_information", truth=True,
    )  # fmt: skip
    assert row["reason"] == "`encode` returned list, expected bytes"


def test_who_is_told_nothing_costs_no_bits(tmp_path, write_plugin):
    row, _, _ = run(tmp_path, write_plugin, "return mixture[:1]", "n_sources")
    assert row["side_information"] == 0 and METRICS["bit_rate"].compute(row) == 0
