"""What guided methods are told of a scene: another utterance of the talker, and where it is."""

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail import levels, tables
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


def test_talkers_of_a_closed_set_are_known_from_training():
    rows = {row["utterance"]: row for row in LIBRARIES["speech"].rows}
    for index in range(10):
        scene = drawn("four-talkers-closed", index)
        assert {rows[talker.utterance]["split"] for talker in scene.talkers} == {"closed"}
        assert len({talker.speaker for talker in scene.talkers}) == 4 and scene.speakers == "closed"
        assert rows[scene.enrolment]["split"] == "train"
        assert [talker.level_db for talker in scene.talkers] == [0, -7, -7, -7]
    assert drawn("two-talkers", 0).speakers == "open"


def test_train_scenes_of_a_closed_set_are_of_the_train_split():
    condition = corpus.CONDITIONS["two-talkers-closed"]
    scene = draw(condition, name="c", split="train", index=0, seed=1, fs=corpus.FS, **LIBRARIES)
    assert {talker.utterance.endswith("-kept") for talker in scene.talkers} == {False}


def test_the_levels_of_a_closed_set_are_heard():
    _, signals = next(scenes([0], name="four-talkers-closed", definition=corpus.CONDITIONS["four-talkers-closed"],
                                 split="test", seed=1, fs=corpus.FS, **LIBRARIES))  # fmt: skip
    powers = np.array([levels.power(x[0], levels.active(x[0], corpus.FS)) for x in signals.images])
    np.testing.assert_allclose(10 * np.log10(powers / powers[0]), [0, -7, -7, -7], atol=1e-6)


def test_a_shard_brings_both(tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("mixtures", "references")}
    options = {"name": "living-room", "definition": corpus.CONDITIONS["living-room"], "split": "test", "seed": 1}
    write_shard(scenes([0], fs=corpus.FS, **options, **LIBRARIES), **paths)
    (row,), (truth,) = (tables.read_rows(path) for path in paths.values())
    scene = Scene.from_json(truth["record"])
    samples = LIBRARIES["speech"].samples(scene.enrolment, corpus.FS)
    np.testing.assert_allclose(tables.unpack(row["enrolment"])[0], samples, atol=1e-6)
    assert row["position"] == list(scene.target_position()) and row["speakers"] is None


def test_a_shard_of_a_closed_set_names_its_talkers(tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("mixtures", "references")}
    name = "two-talkers-closed"
    options = {"name": name, "definition": corpus.CONDITIONS[name], "split": "test", "seed": 1}
    write_shard(scenes([0], fs=corpus.FS, **options, **LIBRARIES), **paths)
    (row,), (truth,) = (tables.read_rows(path) for path in paths.values())
    assert row["speakers"] == truth["speaker"] and row["position"] is None
