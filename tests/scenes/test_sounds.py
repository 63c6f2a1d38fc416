"""Sounds that are no speech: drawn by their label, rendered from the corpus's noise, told apart by a detector."""

import jsonschema
import numpy as np
import pytest
import scene_corpus as corpus

from cocktail import levels, tables
from cocktail.errors import CocktailError
from cocktail.plugins.registry import Registry
from cocktail.processing.runner import Setup
from cocktail.processing.shard import process_shard
from cocktail.rng import rng
from cocktail.scenes.conditions import CONDITION
from cocktail.scenes.drawing import draw, scenes
from cocktail.scenes.files import write_shard
from cocktail.scenes.scene import Scene
from cocktail.scoring.shard import score_shard
from cocktail.training.data.trials import trials

COUGHS = {
    "task": "detect", "talkers": 1, "array": "single", "reference": "image",
    "sounds": {"kinds": ["cough"], "labels": ["ill", "well"]},
}  # fmt: skip


def burst(id, fs):
    """A burst that decays fast where the label is `ill`, and slowly where it is `well`."""
    time = np.arange(fs) / fs
    decay = 30 if "-ill-" in id else 4
    return 0.3 * np.exp(-decay * time) * rng(0, id, role="cough").standard_normal(fs)


def coughs(labels=("ill", "well")):
    rows = [
        {
            "recording": f"{split}-{label}-{i}",
            "split": split,
            "kind": kind,
            "label": label,
            "fs": 16000,
            "n_samples": 16000,
        }
        for split in ("train", "valid", "test")
        for label in labels
        for kind in ("cough", "breath")
        for i in range(6)
    ]
    for row in rows:
        row["recording"] = f"{row['kind']}-{row['recording']}"
    return corpus.MadeLibrary(rows, burst)


LIBRARIES = {"speech": corpus.speech(), "noise": coughs(), "spoofs": None}


def drawn(index, split="test", libraries=LIBRARIES):
    return draw(COUGHS, name="coughs", split=split, index=index, seed=1, fs=16000, **libraries)


def test_scenes_are_recordings_of_the_kind_with_either_label():
    found = [drawn(i) for i in range(60)]
    assert {scene.talkers[0].kind for scene in found} == {"cough"}
    assert all(f"test-{scene.label}-" in scene.talkers[0].utterance for scene in found)
    assert 15 < sum(scene.label == "ill" for scene in found) < 45
    assert all(scene.class_label == {"ill": "bonafide", "well": "well"}[scene.label] for scene in found)
    assert Scene.from_json(found[0].to_json()) == found[0]
    assert found[0].enrolment is None


def test_every_recording_has_its_turn_before_any_comes_again():
    names = [drawn(i).talkers[0].utterance for i in range(24)]
    assert len(set(names[:12])) == 12 and names[12:] == names[:12] != sorted(names[:12])


def test_a_label_that_is_not_there_is_named():
    with pytest.raises(CocktailError, match="no cough with the label 'ill' in split 'test'"):
        for index in range(20):
            drawn(index, libraries=LIBRARIES | {"noise": coughs(["well"])})


def test_the_sound_is_heard_alone():
    (scene, signals), *_ = scenes([0], name="coughs", definition=COUGHS, split="test", seed=1, fs=16000, **LIBRARIES)
    recording = burst(scene.talkers[0].utterance, 16000)
    heard = signals.mixture[0]
    np.testing.assert_allclose(heard / np.abs(heard).max(), recording / np.abs(recording).max(), atol=1e-9)
    assert levels.power(signals.noise[0]) == 0


def test_a_detector_learns_from_labelled_sounds():
    found = list(trials({"coughs": COUGHS}, "train", 12, seed=1, fs=16000, **LIBRARIES))
    assert {recording.label for recording in found} == {"bonafide", "well"}
    assert all(len(recording.samples) == 16000 for recording in found)


@pytest.mark.parametrize(
    "changes",
    [
        {"attacks": {"train": ["tts"], "test": ["tts"]}},
        {"task": "verify"},
        {"sounds": {"kinds": ["cough"], "labels": ["ill"]}},
        {"sounds": {"kinds": ["cough"]}},
    ],
)
def test_a_mistake_in_the_condition_is_refused(changes):
    jsonschema.validate(COUGHS, CONDITION)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(COUGHS | changes, CONDITION)


def test_a_detector_is_scored_by_the_area_under_its_curve(tmp_path, write_plugin):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("mixtures", "references", "estimates", "scores")}
    made = scenes(range(12), name="coughs", definition=COUGHS, split="test", seed=1, fs=16000, **LIBRARIES)
    write_shard(made, mixtures=paths["mixtures"], references=paths["references"])
    call = "return -float(np.abs(mixture[0, 8000:]).max() / np.abs(mixture).max())"
    spec = Registry([write_plugin("decay", call, attributes="task = 'detect'")]).entry("decay").spec()
    process_shard(mixtures=paths["mixtures"], references=None, out=paths["estimates"], setup=Setup(spec, "s", seed=1),
                  limit_s=20.0)  # fmt: skip
    metrics = ["auc", "eer_cm", "min_tdcf", "min_tdcf_2021", "si_sdr"]
    score_shard(**{name: paths[name] for name in ("mixtures", "references", "estimates")}, out=paths["scores"],
                condition="coughs", entry="decay", metrics=metrics, recogniser=None)  # fmt: skip
    rows = tables.read_rows(paths["scores"])
    assert {row["metric"] for row in rows} == {"auc", "eer_cm"}
    labels = {trial["label"] for row in rows for trial in row["trials"]}
    assert labels == {"bonafide", "well"}
    worst = {label: [t["score"] for row in rows for t in row["trials"] if t["label"] == label] for label in labels}
    assert min(worst["bonafide"]) > max(worst["well"])
