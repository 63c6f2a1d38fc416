"""What guided methods are told of a scene: another utterance of the talker, and where it is."""

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail import tables
from cocktail.scenes.drawing import draw, scenes
from cocktail.scenes.files import write_shard
from cocktail.scenes.scene import Scene

LIBRARIES = {"speech": corpus.speech(), "noise": corpus.noise(), "spoofs": corpus.spoofs()}


def drawn(name, index, libraries=LIBRARIES):
    return draw(corpus.CONDITIONS[name], name=name, split="test", index=index, seed=1, fs=corpus.FS, **libraries)


@pytest.mark.parametrize("name", ["two-talkers", "spoof-logical"])
def test_an_enrolment_is_another_bona_fide_utterance_of_the_first_talker(name):
    found = [drawn(name, i) for i in range(20)]
    rows = {row["utterance"]: row for row in LIBRARIES["speech"].rows}
    for scene in found:
        said = rows[scene.enrolment]
        assert (said["speaker"], said["split"]) == (scene.talkers[0].speaker, "test")
        assert scene.enrolment != scene.talkers[0].utterance
    assert len({scene.enrolment for scene in found}) > 5


def test_who_has_said_nothing_else_has_no_enrolment():
    speech = LIBRARIES["speech"]
    once = corpus.MadeLibrary([row for row in speech.rows if row["utterance"].endswith("-0")], corpus.speech_samples)
    with_more, without = drawn("stationary", 3), drawn("stationary", 3, LIBRARIES | {"speech": once})
    assert without.enrolment is None and with_more.enrolment is not None
    assert (without.noise.snr_db, without.peak) == (with_more.noise.snr_db, with_more.peak)


def test_the_position_is_seen_from_the_array():
    for index in range(5):
        scene = drawn("two-talkers-array", index)
        position = np.array(scene.target_position())
        there = np.linalg.norm(np.subtract(scene.talkers[0].position, scene.room.microphones), axis=1)
        np.testing.assert_allclose(np.linalg.norm(position - np.array(scene.array), axis=1), there, atol=1e-9)
    assert drawn("two-talkers", 0).target_position() is None


def test_a_shard_brings_both(tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("mixtures", "references")}
    options = {"name": "living-room", "definition": corpus.CONDITIONS["living-room"], "split": "test", "seed": 1}
    write_shard(scenes([0], fs=corpus.FS, **options, **LIBRARIES), **paths)
    (row,), (truth,) = (tables.read_rows(path) for path in paths.values())
    scene = Scene.from_json(truth["record"])
    samples = LIBRARIES["speech"].samples(scene.enrolment, corpus.FS)
    np.testing.assert_allclose(tables.unpack(row["enrolment"])[0], samples, atol=1e-6)
    assert row["position"] == list(scene.target_position()) and row["speakers"] is None
