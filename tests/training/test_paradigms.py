"""Plugins that learn from mixtures: at all microphones, with transcripts and speakers, or from mixtures alone."""

import numpy as np
import pytest

from cocktail import tables
from cocktail.plugins.model import load_model, read_card
from cocktail.plugins.registry import Registry
from cocktail.testing.learning import fit
from cocktail.training.job import train_entry
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

FS = 16000
MORE = """
    def fit(self, data, rng, folder):
        scenes = [data.mixer.draw(rng, split) for split in ("train", "valid")]
        np.save(folder / "learnt.npy", {learnt}, allow_pickle=False)

    def load(self, folder):
        return np.load(folder / "learnt.npy")
"""
SPATIAL = "np.mean([x @ x.T for scene in scenes for x in scene.images], axis=0)"
TOLD = "[text for scene in scenes for text in scene.texts] + [who for scene in scenes for who in scene.speakers]"
BLIND = "[np.abs(scene.mixture).max() for scene in scenes]"
CONDITION = {
    "task": "enhance", "talkers": 1, "array": "circular-4", "reference": "image",
    "noise": {"field": "diffuse", "kinds": ["white"], "snr_db": [0, 0]},
}  # fmt: skip


def entry(write_plugin, paradigm, learnt, needs=""):
    attributes = f"task = 'enhance'; paradigm = '{paradigm}'; needs = frozenset({{{needs}}})"
    folder = write_plugin("plugin", base="LearnedMethod", attributes=attributes, more=MORE.format(learnt=learnt))
    return Registry([folder]).entry("plugin"), folder


@pytest.fixture
def corpora(tmp_path):
    generator = np.random.default_rng(0)

    def row(name, split, more):
        audio = tables.pack(generator.uniform(-0.5, 0.5, 8000), FS, name)
        return {"split": split, "fs": FS, "n_samples": 8000, "audio": audio} | more

    speech = [
        row(f"u{i}", split, {"utterance": f"u{i}", "speaker": f"s-{split}", "text": f"said in {split}"})
        for i, split in enumerate(("train", "valid", "test"))
    ]
    noise = [
        row(f"n{i}", split, {"recording": f"n{i}", "kind": "white"})
        for split in ("train", "valid", "test")
        for i in (f"{split}-{k}" for k in range(4))
    ]
    tables.write_rows(tmp_path / "speech.parquet", speech, tables.SPEECH)
    tables.write_rows(tmp_path / "noise.parquet", noise, tables.NOISE)
    return {"speech": tmp_path / "speech.parquet", "noise": tmp_path / "noise.parquet"}


def trained(plugin, corpora, tmp_path, **options):
    """What the plugin learnt from the corpora, or None; why it failed, or None."""
    spec, out = plugin.spec(), tmp_path / "model"
    conditions = {"noisy": CONDITION}
    common = {"suite": "s", "seed": 1, "fs": FS, "limit_s": 20.0, "conditions": conditions}
    train_entry(**corpora, out=out, spec=spec, **common, **options)
    error = read_card(out).error
    return None if error else load_model(spec, out, suite="s", fs=FS), error


def test_a_spatial_method_learns_at_all_microphones(write_plugin, corpora, tmp_path):
    plugin, _ = entry(write_plugin, "separation", SPATIAL, needs="'array'")
    covariance, error = trained(plugin, corpora, tmp_path)
    assert error is None and covariance.shape == (4, 4)
    assert fit(plugin.make(), tmp_path / "probe").shape == (2, 2)  # the fewest microphones of a spatial method


def test_a_method_that_does_not_need_the_array_learns_at_microphone_1(write_plugin, corpora, tmp_path):
    plugin, _ = entry(write_plugin, "separation", SPATIAL)
    assert "add 'array' to the method's `needs`" in trained(plugin, corpora, tmp_path)[1]


def test_transcripts_and_speakers_come_with_annotated_mixtures(write_plugin, corpora, tmp_path):
    plugin, _ = entry(write_plugin, "annotated-separation", TOLD)
    told, error = trained(plugin, corpora, tmp_path)
    assert error is None and told.tolist() == ["said in train", "said in valid", "s-train", "s-valid"]
    assert len(fit(plugin.make(), tmp_path / "probe")) == 4


def test_mixtures_alone_hide_what_they_are_made_of(write_plugin, corpora, tmp_path):
    plugin, _ = entry(write_plugin, "mixture-only", BLIND)
    assert trained(plugin, corpora, tmp_path)[0].shape == (2,)
    assert fit(plugin.make(), tmp_path / "probe").shape == (2,)


def test_a_method_of_mixtures_alone_that_reaches_for_sources_fails(write_plugin, corpora, tmp_path):
    plugin, _ = entry(write_plugin, "mixture-only", "scenes[0].sources")
    assert "AccessError: a training mixture's sources are not granted" in trained(plugin, corpora, tmp_path)[1]


def test_a_method_that_needs_the_recogniser_listens_in_training(write_plugin, corpora, tmp_path):
    class Listener:
        def align(self, samples, fs, text):
            return f"{text}, {len(samples) / fs} s"

    learnt = "[data.recogniser.align(x.samples, data.fs, x.text) for x in data.speech()]"
    plugin, _ = entry(write_plugin, "annotated-separation", learnt, needs="'recogniser'")
    heard, error = trained(plugin, corpora, tmp_path, recogniser=Listener)
    assert error is None and heard.tolist() == ["said in train, 0.5 s"]


def test_the_conformance_suite_listens_in_training(write_plugin, tmp_path):
    learnt = "[x.end_s for x in data.recogniser.align(np.zeros(800), data.fs, 'so it is').words]"
    plugin, _ = entry(write_plugin, "annotated-separation", learnt, needs="'recogniser'")
    each_s = 800 / FS / len("so it is ")
    assert fit(plugin.make(), tmp_path / "probe").tolist() == pytest.approx([2 * each_s, 5 * each_s, 8 * each_s])


def test_a_method_that_does_not_need_the_recogniser_has_none(write_plugin, corpora, tmp_path):
    plugin, _ = entry(write_plugin, "annotated-separation", "data.recogniser.transcribe(np.zeros(9), 9)")
    assert "AccessError: data.recogniser is not granted" in trained(plugin, corpora, tmp_path, recogniser=object)[1]


def test_an_edit_of_the_recogniser_trains_those_again_that_listen(write_plugin):
    _, folder = entry(write_plugin, "annotated-separation", TOLD, needs="'recogniser'")
    chosen = {"plugins": [str(folder)], "methods": ["plugin", "blstm-psa"]}
    one, other = (
        Plan(load_suite("quick", chosen | {"recogniser": {"mode": mode}}), "quick")
        for mode in ("grammar", "language-model")
    )
    assert one.digests.train("plugin") != other.digests.train("plugin")
    assert one.digests.train("blstm-psa") == other.digests.train("blstm-psa")


def test_a_spatial_method_trains_where_there_are_several_microphones_in_rooms_heard_at_all(write_plugin):
    _, folder = entry(write_plugin, "separation", SPATIAL, needs="'array'")
    plan = Plan(load_suite("quick", {"plugins": [str(folder)], "methods": ["plugin", "blstm-psa"]}), "quick")
    conditions = plan.train_conditions("plugin")
    assert "tablet" in conditions and "stationary" not in conditions
    assert plan.rooms("tablet", "all") in plan.train_rooms("plugin")
    assert plan.rooms("tablet", "first") in plan.train_rooms("blstm-psa")
    banks = [bank for bank in plan.all_banks() if bank[0] == "tablet"]
    assert banks == [("tablet", "all"), ("tablet", "first")]
