"""Scenes that a publisher mixed: they are his mixtures, and their records say what is in them."""

import numpy as np
import published_trees as trees
import pytest
import soundfile

from cocktail import tables
from cocktail.corpora import adapters
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.scenes.scene import Scene
from cocktail.scenes.shard import make_shard, module_of
from cocktail.workflow.sources import source_digest
from cocktail.workflow.suite import load_suite

PAIRS = {
    "task": "enhance", "talkers": 1, "array": "single", "reference": "image", "given": True,
    "noise": {"field": "point", "kinds": ["bus"], "snr_db": [0, 15]},
}  # fmt: skip
TALKERS = {"task": "separate", "talkers": 2, "array": "single", "reference": "image", "given": True}


def shard(name, tmp_path, definition, indices, split="test", fs=48000, noise=None):
    """Rows of the two files of a shard, made from the tree of a corpus."""
    corpora = [tmp_path / "speech.parquet", tmp_path / "noise.parquet"]
    if not corpora[0].exists():
        getattr(trees, name.replace("-", "_"))(tmp_path)
        part = {"adapter": name, "path": str(tmp_path), "partial": True}
        adapters.build([part], "speech", corpora[0], seed=0, fs=fs)
        adapters.build([noise or part], "noise", corpora[1], seed=0, fs=fs)
    files = [tmp_path / "mixtures.parquet", tmp_path / "references.parquet"]
    make_shard(condition="theirs", definition=definition, split=split, indices=indices, seed=0, fs=fs,
               speech=corpora[0], noise=corpora[1], mixtures=files[0], references=files[1])  # fmt: skip
    return [tables.read_rows(file) for file in files]


def scene_of(row):
    return Scene.from_json(row["record"])


def test_a_scene_is_the_publishers_pair(tmp_path):
    seen, truth = shard("voicebank-demand", tmp_path, PAIRS, range(3))
    names = [scene_of(row).talkers[0].utterance for row in truth]
    assert sorted(names) == ["p232_001", "p232_002", "p257_001"]
    for name, mixture, reference in zip(names, seen, truth, strict=True):
        noisy, clean = (soundfile.read(tmp_path / f"{kind}_testset_wav/{name}.wav")[0] for kind in ("noisy", "clean"))
        np.testing.assert_allclose(tables.unpack(mixture["mixture"])[0], noisy, rtol=0, atol=1e-6)
        for column in ("images", "early", "direct"):
            np.testing.assert_allclose(tables.unpack(reference[column][0])[0], clean, rtol=0, atol=1e-6)
        np.testing.assert_allclose(tables.unpack(reference["noise"])[0], noisy - clean, rtol=0, atol=1e-6)
        assert reference["text"] == ["Please call Stella."]


def test_a_record_says_what_was_measured(tmp_path):
    _, truth = shard("voicebank-demand", tmp_path, PAIRS, [0])
    scene = scene_of(truth[0])
    clean, noise = tables.unpack(truth[0]["images"][0])[0], tables.unpack(truth[0]["noise"])[0]
    assert scene.noise.kind == "bus" and scene.noise.field == "given"
    assert scene.noise.snr_db == pytest.approx(10 * np.log10(np.mean(clean**2) / np.mean(noise**2)), abs=0.01)
    assert scene.talkers[0].level_db == pytest.approx(10 * np.log10(np.mean(clean**2)), abs=0.01)
    assert scene.strata() == {"noise": "bus", "snr_db": scene.noise.snr_db}
    assert scene == Scene.from_json(scene.to_json())


def test_talkers_add_up_to_the_publishers_mixture(tmp_path):
    noise = {"adapter": "synthetic", "kinds": ["white"], "seconds": 1}
    seen, truth = shard("wsj0-2mix", tmp_path, TALKERS, [0], fs=8000, noise=noise)
    (path,) = (tmp_path / "2speakers/wav8k/min/tt/mix").iterdir()
    np.testing.assert_allclose(tables.unpack(seen[0]["mixture"])[0], soundfile.read(path)[0], rtol=0, atol=2**-14)
    for k in (1, 2):
        talker = soundfile.read(path.parents[1] / f"s{k}" / path.name)[0]
        np.testing.assert_allclose(tables.unpack(truth[0]["images"][k - 1])[0], talker, rtol=0, atol=1e-6)
    assert truth[0]["speaker"] == ["wsj0-2mix-050", "wsj0-2mix-440"]
    assert scene_of(truth[0]).noise is None


@pytest.mark.parametrize("noisy", [False, True])
def test_talkers_with_the_publishers_noise_or_without(noisy, tmp_path):
    with_noise = {"noise": {"field": "point", "kinds": ["wham"], "snr_db": [-6, 3]}} if noisy else {}
    seen, truth = shard("librimix", tmp_path, TALKERS | with_noise, [0], fs=16000)
    folder = tmp_path / "Libri2Mix/wav16k/max/test"
    (name,) = (path.name for path in (folder / "mix_both").iterdir())
    parts = [soundfile.read(folder / of / name)[0] for of in ("s1", "s2", "noise")]
    expected = sum(parts) if noisy else parts[0] + parts[1]
    np.testing.assert_allclose(tables.unpack(seen[0]["mixture"])[0], expected, rtol=0, atol=1e-6)
    assert (scene_of(truth[0]).noise is not None) == noisy


def test_another_rate(tmp_path):
    seen, truth = shard("voicebank-demand", tmp_path, PAIRS, [0], fs=16000)
    assert seen[0]["fs"] == 16000
    x = tables.unpack(seen[0]["mixture"])[0]
    np.testing.assert_allclose(
        x, tables.unpack(truth[0]["images"][0])[0] + tables.unpack(truth[0]["noise"])[0], rtol=0, atol=1e-6
    )
    assert len(x) == scene_of(truth[0]).n_samples == round(trees.N_SAMPLES / 3)


def test_a_scene_is_the_same_in_any_shard(tmp_path):
    seen, _ = shard("voicebank-demand", tmp_path, PAIRS, range(3))
    again, _ = shard("voicebank-demand", tmp_path, PAIRS, [2])
    assert again == seen[2:]


def test_train_mixtures_are_those_of_its_parts(tmp_path):
    _, truth = shard("voicebank-demand", tmp_path, PAIRS, range(2), split="train")
    assert {scene_of(row).talkers[0].utterance for row in truth} == {"p226_001", "p227_002"}


def test_trainings_mix_its_isolated_signals_anew(tmp_path):
    from cocktail.training.data.corpus import CorpusTrainingData

    shard("voicebank-demand", tmp_path, PAIRS, [0], fs=16000)
    speech, noise = (Library(tmp_path / f"{kind}.parquet") for kind in ("speech", "noise"))
    data = CorpusTrainingData(speech, noise, fs=16000, paradigm="separation", conditions={"theirs": PAIRS})
    drawn = data.mixer.draw(np.random.default_rng(0), "train")
    np.testing.assert_allclose(drawn.mixture, drawn.sources.sum(axis=0) + drawn.noise, rtol=0, atol=1e-6)


def test_more_scenes_than_mixtures(tmp_path):
    with pytest.raises(CocktailError, match=r"hold 3 mixtures of the split test, and scene 3 is wanted: `scenes: 3`"):
        shard("voicebank-demand", tmp_path, PAIRS, range(4))


def test_isolated_signals_are_no_mixtures(tmp_path):
    with pytest.raises(CocktailError, match="hold 0 mixtures"):
        shard("chime3", tmp_path, PAIRS, [0], fs=16000)


def test_code_of_drawn_scenes_does_not_depend_on_it():
    assert (module_of(PAIRS), module_of({})) == ("cocktail.scenes.published", "cocktail.scenes.drawing")
    assert source_digest(module_of({})) != source_digest(module_of(PAIRS))


@pytest.mark.parametrize(
    "more", ["array: pair", "reference: early", "task: verify", "attacks: {train: [a], test: [a]}"]
)
def test_what_the_publisher_decides_cannot_be_asked_for(more, tmp_path):
    lines = {"task": "enhance", "talkers": 1, "array": "single", "reference": "image"}
    key, _, value = more.partition(": ")
    lines |= {key: value, "given": "true", "noise": "{field: point, kinds: [bus], snr_db: [0, 9]}"}
    definition = "".join(f"    {key}: {value}\n" for key, value in lines.items())
    (tmp_path / "mine.yaml").write_text(f"suite: mine\nconditions: [theirs]\ndefine:\n  theirs:\n{definition}")
    with pytest.raises(CocktailError, match="theirs"):
        load_suite(str(tmp_path / "mine.yaml"))
