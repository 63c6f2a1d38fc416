"""Scenes that a method sees in pieces: each is a call of its own, and what comes back is one signal a talker."""

import numpy as np
import pytest

from cocktail import tables
from cocktail.plugins.registry import Registry
from cocktail.processing.runner import Setup
from cocktail.processing.shard import process_shard

FS = 16000
N = 5 * FS
PIECES = {"length_s": 2.0, "overlap_s": 1.0}
SEPARATE = "task = 'separate'"


@pytest.fixture
def shard(tmp_path):
    """A scene of two microphones and two talkers in pieces, and one of a second and a half, which is a single piece."""
    random = np.random.default_rng(0)
    mixtures, references, truth = [], [], []
    for i, n in enumerate((N, 24000)):
        images, noise = random.uniform(-0.2, 0.2, (2, 2, n)), random.uniform(-0.1, 0.1, (2, n))
        name = f"scene{i}"
        mixtures.append({
            "scene": name, "condition": "c", "split": "test", "index": i, "fs": FS, "channels": 2, "n_sources": 2,
            "array": [[-0.1, 0.0, 0.0], [0.1, 0.0, 0.0]], "pieces": PIECES,
            "mixture": tables.pack(images.sum(0) + noise, FS, name),
        })  # fmt: skip
        references.append({
            "scene": name, "reference": "image", "images": [tables.pack(x, FS, name) for x in images],
            "noise": tables.pack(noise, FS, name), "early": [],
        })  # fmt: skip
        truth.append((images, images.sum(0) + noise))
    tables.write_rows(tmp_path / "mixtures.parquet", mixtures, tables.MIXTURES)
    tables.write_rows(tmp_path / "references.parquet", references, tables.REFERENCES)
    return tmp_path, truth


def run(shard, folder, *, oracle=False):
    path = shard[0]
    process_shard(
        mixtures=path / "mixtures.parquet",
        references=path / "references.parquet" if oracle else None,
        out=path / "out.parquet",
        setup=Setup(Registry([folder]).entry("plugin").spec(), "s", 1),
        limit_s=20.0,
    )
    return tables.read_rows(path / "out.parquet")


def test_outputs_that_come_in_another_order_are_stitched_to_one_stream_a_talker(shard, write_plugin):
    """The truth of each piece, in an order of its own."""
    call = "return view.references.images[view.rng.permutation(2), 0]"
    rows = run(shard, write_plugin("plugin", call, attributes=f"{SEPARATE}; paradigm = 'oracle'"), oracle=True)
    for row, (images, _) in zip(rows, shard[1], strict=True):
        found = tables.unpack_all(row["estimate"])
        first = int(np.argmin(np.abs(found[:, 0] - images[0, 0, 0])))
        np.testing.assert_allclose(found[[first, 1 - first]], images[:, 0], atol=1e-6)
        assert row["duration"] == images.shape[-1] / FS and row["seconds"] > 0


def test_orders_differ_from_piece_to_piece(shard, write_plugin):
    """Else the test before would say nothing: here each output is marked by what was drawn for its piece."""
    rows = run(shard, write_plugin("plugin", "return np.repeat(view.rng.random() * mixture[:1], 2, 0)",
                                   attributes=SEPARATE))  # fmt: skip
    found, mixture = tables.unpack_all(rows[0]["estimate"])[0], shard[1][0][1][0]
    middles = [round(float(found[t] / mixture[t]), 4) for t in (8000, 5 * FS - 8000)]
    assert middles[0] != middles[1]


def test_a_method_sees_a_piece_at_a_time(shard, write_plugin):
    call = "return np.full((2, mixture.shape[1]), mixture.shape[1] / 1e5)"
    rows = run(shard, write_plugin("plugin", call, attributes=SEPARATE))
    np.testing.assert_allclose(tables.unpack_all(rows[0]["estimate"]), 0.32, atol=1e-6)
    np.testing.assert_allclose(tables.unpack_all(rows[1]["estimate"]), 0.24, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "expected_ms"),
    [("return 0.5 * mixture", 1000.0), ("return mixture / np.abs(mixture).max()", 2000.0)],
)
def test_latency_is_that_of_stitching_or_a_whole_piece(shard, write_plugin, call, expected_ms):
    rows = run(shard, write_plugin("plugin", call, attributes=SEPARATE))
    assert rows[0]["latency_ms"] == pytest.approx(expected_ms)
    assert rows[1]["latency_ms"] == pytest.approx(min(expected_ms, 1500.0))


def test_a_piece_that_goes_wrong_costs_the_scene(shard, write_plugin):
    call = "return mixture[:, 1:] if mixture.shape[1] == 32000 else mixture"
    rows = run(shard, write_plugin("plugin", call, attributes=SEPARATE))
    assert [row["status"] for row in rows] == ["failed", "ok"]
    assert "returned shape (2, 31999), expected (2, 32000)" in rows[0]["reason"]
