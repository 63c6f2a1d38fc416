import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from cocktail import tables
from cocktail.corpora.library import Library
from cocktail.errors import AccessError, CocktailError
from cocktail.plugins.model import Card, load_model, read_card
from cocktail.plugins.registry import Registry
from cocktail.training.data.corpus import CorpusTrainingData
from cocktail.training.job import train_entry

FIT = """
    def fit(self, data, rng, folder):
        {body}

    def load(self, folder):
        return np.load(folder / "level.npy")
"""


@pytest.fixture
def corpora(tmp_path):
    random = np.random.default_rng(0)

    def cell(name, split, level):
        return tables.pack(random.uniform(-level, level, 1600), 16000, name)

    speech = [
        {"utterance": f"u{i}", "split": split, "speaker": f"s{i}", "text": "hello", "fs": 16000, "n_samples": 1600,
         "audio": cell(f"u{i}", split, 0.5)}
        for i, split in enumerate(["train", "train", "valid", "test"])
    ]  # fmt: skip
    noise = [
        {"recording": f"n{i}", "split": split, "kind": "white", "fs": 16000, "n_samples": 1600,
         "audio": cell(f"n{i}", split, 0.1)}
        for i, split in enumerate(["train", "valid", "test"])
    ]  # fmt: skip
    tables.write_rows(tmp_path / "speech.parquet", speech, tables.SPEECH)
    tables.write_rows(tmp_path / "noise.parquet", noise, tables.NOISE)
    return tmp_path / "speech.parquet", tmp_path / "noise.parquet"


HEARD = {"speech": [{"corpus": "a", "synthesis": None}], "noise": [], "conditions": ["b"], "snr_db": [0, 5]}


def train(corpora, folder, limit_s=20.0):
    spec = Registry([folder]).entry("plugin").spec()
    out = corpora[0].parent / "models" / "plugin"
    given = {"spec": spec, "suite": "s", "fs": 16000}
    train_entry(speech=corpora[0], noise=corpora[1], out=out, seed=1, limit_s=limit_s, trained_on=HEARD, **given)
    return out, given


def test_fit_sees_the_train_split_and_load_reads_what_it_left(corpora, write_plugin):
    body = "np.save(folder / 'level.npy', [sum(1 for _ in data.speech()), sum(1 for _ in data.noise())])"
    out, given = train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)))
    assert load_model(given["spec"], out, suite="s", fs=16000).tolist() == [2, 1]
    assert sorted(path.name for path in out.parent.iterdir()) == ["plugin"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [("raise ValueError('diverged')", "ValueError: diverged"), ("time.sleep(60)", r"took longer than 0\.5 s")],
)
def test_a_training_that_fails_leaves_its_reason(corpora, write_plugin, body, reason):
    plugins = write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body))
    out, given = train(corpora, plugins, limit_s=0.5)
    with pytest.raises(CocktailError, match=f"training failed: {reason}"):
        load_model(given["spec"], out, suite="s", fs=16000)


def test_a_full_disk_is_no_fault_of_the_method(corpora, write_plugin):
    body = "raise OSError(28, 'No space left on device')"
    with pytest.raises(CocktailError, match=r"plugin: could not be written: No space left on device"):
        train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)))
    assert not (corpora[0].parent / "models" / "plugin").exists()


def test_paradigms_decide_what_fit_may_see(corpora):
    libraries = Library(corpora[0]), Library(corpora[1])
    for paradigm, text in (("source-model", None), ("annotated-source-model", "hello"), ("separation", None)):
        recordings = list(CorpusTrainingData(*libraries, fs=16000, paradigm=paradigm).speech())
        assert [recording.text for recording in recordings] == [text, text]
        assert [recording.speaker for recording in recordings] == (["s0", "s1"] if text else [None, None])
    with pytest.raises(AccessError, match="'mixture-only'"):
        list(CorpusTrainingData(*libraries, fs=16000, paradigm="mixture-only").speech())


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(CocktailError, match="no trained model at"):
        read_card(tmp_path)


def test_the_model_of_another_suite_or_other_parameters_is_refused(corpora, write_plugin):
    body = "np.save(folder / 'level.npy', 1)"
    out, given = train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)))
    card = read_card(out)
    assert card == Card("plugin", "s", 16000, {}, None, HEARD)
    other = given["spec"] | {"parameters": {"gain": 2.0}}
    for spec, suite, fs, what in (
        (other, "s", 16000, r"trained for parameters {}, not {'gain': 2\.0}; train it again: cocktail run s"),
        (given["spec"], "t", 16000, "trained for suite 's', not 't'"),
        (given["spec"], "s", 8000, "trained for fs 16000, not 8000"),
    ):
        with pytest.raises(CocktailError, match=what):
            load_model(spec, out, suite=suite, fs=fs)


def test_a_model_is_that_of_all_values_that_calls_alone_read(corpora, write_plugin):
    options = {"base": "LearnedMethod", "attributes": "call_only = ('gain',)"}
    plugins = write_plugin("plugin", more=FIT.format(body="np.save(folder / 'level.npy', 1)"), **options)
    out, given = train(corpora, plugins)
    other = given["spec"] | {"name": "loud", "model": "plugin", "parameters": {"gain": 2.0}}
    assert load_model(other, out, suite="s", fs=16000) == 1
    with pytest.raises(CocktailError, match="trained for entry 'plugin', not 'loud'"):
        load_model(other | {"model": "loud"}, out, suite="s", fs=16000)


def test_an_interrupted_training_goes_on_and_another_one_begins_anew(corpora, write_plugin):
    body = """
        marks = folder / 'marks'
        marks.write_text((marks.read_text() if marks.exists() else '') + 'x')
        np.save(folder / 'level.npy', len(marks.read_text()))
        if len(marks.read_text()) < 3:
            raise OSError(28, 'No space left on device')
    """
    plugins = write_plugin(
        "plugin", base="LearnedMethod", more=FIT.format(body=textwrap.dedent(body).strip().replace("\n", "\n        "))
    )
    given = {"spec": Registry([plugins]).entry("plugin").spec(), "suite": "s", "fs": 16000}
    out = corpora[0].parent / "models" / "plugin"

    def attempt(identity):
        train_entry(speech=corpora[0], noise=corpora[1], out=out, seed=1, limit_s=20, identity=identity, **given)

    for identity in ("a", "b", "b"):  # the first leaves its mark to nobody
        with pytest.raises(CocktailError, match="No space left"):
            attempt(identity)
    attempt("b")
    assert load_model(given["spec"], out, suite="s", fs=16000) == 3
    assert sorted(path.name for path in out.parent.iterdir()) == ["plugin"]


def test_a_training_that_took_too_long_keeps_its_checkpoints_for_a_second_try(corpora, write_plugin):
    body = """
        if (folder / 'one.checkpoint.pt').exists():
            np.save(folder / 'level.npy', 2)
            return
        (folder / 'one.checkpoint.pt').write_text('half')
        time.sleep(60)
    """
    body = textwrap.dedent(body).strip().replace("\n", "\n        ")
    plugins = write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body))
    given = {"spec": Registry([plugins]).entry("plugin").spec(), "suite": "s", "fs": 16000}
    out = corpora[0].parent / "models" / "plugin"

    def attempt(limit_s):
        train_entry(speech=corpora[0], noise=corpora[1], out=out, seed=1, limit_s=limit_s, identity="a", **given)

    attempt(1)
    assert read_card(out).error.startswith("training failed: took longer")
    assert not list(out.glob("*.checkpoint.pt"))
    attempt(20)
    assert load_model(given["spec"], out, suite="s", fs=16000) == 2


def test_a_model_that_cannot_be_read_is_named(corpora, write_plugin):
    body = "(folder / 'level.npy').write_text('cut short')"
    out, given = train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)))
    with pytest.raises(CocktailError, match=r"the model at .*plugin cannot be read \(.*delete it and run again"):
        load_model(given["spec"], out, suite="s", fs=16000)
    (out / "model.json").write_text("{")
    with pytest.raises(CocktailError, match="no card of a model"):
        read_card(out)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: elsewhere a training outlives the job that began it")
def test_a_training_ends_with_the_job_that_began_it(corpora, write_plugin, tmp_path):
    body = "(folder / 'pid').write_text(str(__import__('os').getpid())); time.sleep(60)"
    plugins = write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body))
    given = {"spec": Registry([plugins]).entry("plugin").spec(), "suite": "s", "fs": 16000, "seed": 1}
    given |= {"speech": str(corpora[0]), "noise": str(corpora[1]), "out": str(tmp_path / "out"), "limit_s": 60.0}
    code = f"from cocktail.training.job import train_entry; train_entry(**{given!r}, identity='a')"
    with subprocess.Popen([sys.executable, "-c", code]) as job:
        mark = tmp_path / ".out.training" / "pid"
        wait_for(lambda: mark.exists() and mark.read_text())
        job.kill()
    training = Path("/proc") / mark.read_text()
    wait_for(lambda: not training.exists() or "State:\tZ" in (training / "status").read_text())


def wait_for(true, attempts=600):
    for _ in range(attempts):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")


def child(corpora, write_plugin, body, name="child", **others):
    """Trains a plugin on top of the model that `train` left."""
    spec = Registry([write_plugin(name, base="LearnedMethod", more=FIT.format(body=body))]).entry(name).spec()
    out = corpora[0].parent / "models" / name
    common = {"suite": "s", "fs": 16000, "limit_s": 20.0, "seed": 1}
    train_entry(speech=corpora[0], noise=corpora[1], out=out, spec=spec, **common, **others)
    return spec, out


@pytest.fixture
def parent(corpora, write_plugin):
    """{"spec", "model"} of an entry that has learnt the number 7."""
    body = "np.save(folder / 'level.npy', [7])"
    out, given = train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)))
    return {"spec": given["spec"], "model": str(out)}


def test_a_training_is_given_its_bases_by_role_and_the_folder_that_it_starts_from(corpora, write_plugin, parent):
    body = "np.save(folder / 'level.npy', [*data.bases['speech'], *np.load(data.start / 'level.npy')])"
    spec, out = child(corpora, write_plugin, body, bases={"speech": parent}, start=parent)
    assert load_model(spec, out, suite="s", fs=16000).tolist() == [7, 7]
    spec, out = child(corpora, write_plugin, "data.bases['noise']", "other", bases={"speech": parent})
    assert "there is no base 'noise': say `uses: {noise: ENTRY}`" in read_card(out).error


@pytest.mark.parametrize(("key", "said"), [("bases", "it uses"), ("start", "it starts from")])
def test_what_builds_on_a_failed_training_fails_with_its_reason(corpora, write_plugin, parent, key, said):
    Card("plugin", "s", 16000, {}, "training failed: ValueError: no sound").write(Path(parent["model"]))
    _, out = child(corpora, write_plugin, "pass", **{key: {"base": parent} if key == "bases" else parent})
    assert read_card(out).error == f"training failed: {said} 'plugin': training failed: ValueError: no sound"
