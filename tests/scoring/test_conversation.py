"""Rows of conversations: one a scene for all streams, in whatever order an entry returns them."""

import dataclasses

import numpy as np
import pytest
from records import record

from cocktail import tables
from cocktail.scenes.scene import Conversation, Scene, Turn
from cocktail.scoring.shard import score_shard

FS = 16000
N = 6 * FS
METRICS = ["si_sdr", "si_sdr_pieces", "swapped_pieces", "cpwer", "orcwer", "rtf"]
OF_CONVERSATIONS = METRICS[1:5]


def scene(index, *, talk=True):
    """Two talkers in turns of a second; pieces of two seconds, of which neighbours share one."""
    scene = Scene.from_json(record("separate", ("a", "b"), text="one two"))
    talkers = tuple(
        dataclasses.replace(
            talker, turns=tuple(Turn("u", "one two", t * FS, (t + 1) * FS) for t in range(k, 6, 2) if talk)
        )
        for k, talker in enumerate(scene.talkers)
    )
    conversation = Conversation(0.0, 0.0, 2.0, 1.0) if talk else None
    return dataclasses.replace(scene, id=f"c-test-{index:05d}", n_samples=N, talkers=talkers, conversation=conversation)


def sources():
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, N))
    speaks = np.arange(N) // FS % 2
    return noise * np.stack([speaks == 0, speaks == 1])


def scored(folder, estimate, *, talk=True):
    """Rows by scene and metric, of an estimate of the first scene; the method failed in the second."""
    reference, mixtures, references = sources(), [], []
    for scene_ in (scene(0, talk=talk), scene(1, talk=talk)):
        mixtures.append({"scene": scene_.id, "condition": "c", "split": "test", "index": scene_.index, "fs": FS,
                         "channels": 1, "n_sources": 2, "mixture": tables.pack(reference.sum(0), FS, "m")})  # fmt: skip
        images = [tables.pack(x, FS, "i") for x in reference]
        references.append({"scene": scene_.id, "record": scene_.to_json(), "reference": "image", "images": images})
    made = [{"scene": "c-test-00000", "status": "ok", "estimate": [tables.pack(x, FS, "e") for x in estimate],
             "seconds": 1.0, "duration": 6.0, "device": "cpu"},
            {"scene": "c-test-00001", "status": "failed", "reason": "bad luck"}]  # fmt: skip
    paths = {name: folder / f"{name}.parquet" for name in ("mixtures", "references", "estimates")}
    schemas = (tables.MIXTURES, tables.REFERENCES, tables.ESTIMATES)
    for path, rows, schema in zip(paths.values(), (mixtures, references, made), schemas, strict=True):
        tables.write_rows(path, rows, schema)
    score_shard(**paths, out=folder / "scores.parquet", condition="c", entry="e", metrics=METRICS, recogniser=None)
    rows = tables.read_rows(folder / "scores.parquet")
    return {(row["scene"], row["metric"], row["source"]): row for row in rows}


def test_the_order_of_the_streams_is_that_of_the_scene(tmp_path):
    rows = scored(tmp_path, sources()[::-1])
    swapped = rows["c-test-00000", "swapped_pieces", None]
    assert (swapped["value"], swapped["status"]) == (0.0, "ok")
    assert rows["c-test-00000", "si_sdr_pieces", None]["value"] > 90
    assert rows["c-test-00000", "cpwer", None]["reason"] == "no-recogniser"


def test_a_stream_that_changes_over_in_a_piece_has_its_share_of_swaps(tmp_path):
    """Pieces begin every second, and meet half way: the third of five is 2.5 to 3.5 s."""
    estimate = sources()
    part = slice(5 * FS // 2, 7 * FS // 2)
    estimate[:, part] = estimate[::-1, part]
    rows = scored(tmp_path, estimate)
    assert rows["c-test-00000", "swapped_pieces", None]["value"] == pytest.approx(100 / 5)
    assert rows["c-test-00000", "si_sdr_pieces", None]["value"] > 90
    assert rows["c-test-00000", "si_sdr", 0]["value"] < 10


def test_a_method_that_failed_has_a_row_of_each(tmp_path):
    rows = scored(tmp_path, sources())
    assert {rows["c-test-00001", name, None]["reason"] for name in OF_CONVERSATIONS} == {"method-failed: bad luck"}
    assert [key for key in rows if key[1] in OF_CONVERSATIONS and key[2] is not None] == []


def test_where_nobody_takes_turns_there_are_none(tmp_path):
    assert {metric for _, metric, _ in scored(tmp_path, sources(), talk=False)} == {"si_sdr", "rtf"}
