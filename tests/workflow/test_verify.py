"""`cocktail verify` on a small run: silent where nothing was touched, and exact about what was."""

import dataclasses

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from cocktail import audio, cli, tables
from cocktail.metrics.catalogue import METRICS
from cocktail.workflow import verify, verify_tables
from cocktail.workflow.plan import plan_of

pytestmark = pytest.mark.slow

SUITE = {
    "suite": "small",
    "scenes": 1,
    "shard_size": 1,
    "resamples": 100,
    "conditions": ["stationary", "two-talkers"],
    "methods": ["unprocessed", "spectral-subtraction"],
    "metrics": ["si_sdr", "sdr", "stoi", "wer", "rtf"],
    "corpora": {
        "speech": [
            {
                "adapter": "grid-tts",
                "speakers": {"train": 8, "valid": 8, "test": 8},
                "utterances": {"train": 1, "valid": 1, "test": 1},
            }
        ],
        "noise": [{"adapter": "synthetic", "recordings": {"train": 1, "valid": 1, "test": 1}, "seconds": 8}],
    },
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which the suite small.yaml has run."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "small.yaml").write_text(yaml.safe_dump(SUITE))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = CliRunner().invoke(cli.main, ["run", "small.yaml", "--cores", "2"])
        log = folder / "results" / "small" / "logs" / "snakemake.log"
        assert result.exit_code == 0, (result.output, log.read_text() if log.exists() else "")
    return folder


@pytest.fixture
def here(finished, monkeypatch):
    monkeypatch.chdir(finished)
    return finished / "results" / "small"


@pytest.fixture
def tampered(here):
    """A function that edits the rows of a file of the results; the file is put back after the test."""
    saved = {}

    def tamper(path, schema, edit):
        path = here / path
        saved[path] = path.read_bytes()
        rows = tables.read_rows(path)
        edit(rows)
        tables.write_rows(path, rows, schema)

    yield tamper
    for path, content in saved.items():
        path.write_bytes(content)


@pytest.fixture
def edited(here):
    """A function that replaces text in a file of the results; the file is put back after the test."""
    saved = {}

    def edit(name, old, new):
        path = here / name
        saved[path] = text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    yield edit
    for path, text in saved.items():
        path.write_text(text)


def differences():
    """What `verify` finds on all shards, by file."""
    return {name: found for name, found in verify.verify(plan_of("small.yaml"), sample=100) if found}


def test_untouched_results_verify(here):
    result = CliRunner().invoke(cli.main, ["verify", "small.yaml", "--sample", "100"])
    assert result.exit_code == 0, result.output
    assert "12 checks, 0 found differences" in result.output


def test_a_sample_is_drawn_by_its_seed(here):
    drawn = [[name for name, _ in verify.verify(plan_of("small.yaml"), sample=1, seed=seed)] for seed in (3, 3)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 3  # scenes; scores; the same by other packages


def test_a_changed_sample_is_found(tampered):
    def louder(rows):
        row = rows[0]
        samples = tables.unpack(row["mixture"])
        samples[0, 500] += 1e-4
        row["mixture"] = tables.pack(samples, row["fs"], "mixture")

    path = "scenes/stationary/test/000.mixtures.parquet"
    tampered(path, tables.MIXTURES, louder)
    found = differences()[path]
    assert any("mixture differs by up to 0.0001 of full scale" in text for text in found)


def test_a_changed_record_is_found(tampered):
    path = "scenes/two-talkers/test/000.references.parquet"
    tampered(path, tables.REFERENCES, lambda rows: rows[0].update(text=["bin red by c nine again", rows[0]["text"][1]]))
    (found,) = differences()["scenes/two-talkers/test/000.mixtures.parquet"]
    assert "text was ['bin red by c nine again'" in found


def test_changed_scores_are_found(tampered):
    path = "scores/stationary/spectral-subtraction/000.parquet"
    tampered(path, tables.SCORES, lambda rows: rows[0].update(value=rows[0]["value"] + 0.01))
    (found,) = differences()[path]
    assert found.startswith("stationary-test-00000, talker 1, si_sdr: ")
    assert found.endswith("computed")


def test_a_score_that_the_reference_packages_do_not_give_is_found(tampered):
    path = "scores/stationary/spectral-subtraction/000.parquet"

    def edit(rows):
        row = next(row for row in rows if row["metric"] == "stoi")
        row["value"] += 0.01

    tampered(path, tables.SCORES, edit)
    (found,) = differences()[f"{path} by mir_eval and pystoi"]
    assert found.startswith("stationary-test-00000, talker 1, stoi: ")
    assert found.endswith("by pystoi")


def test_another_definition_is_found(tampered):
    path = "scores/stationary/unprocessed/000.parquet"
    tampered(path, tables.SCORES, lambda rows: rows[0].update(card="0" * 12))
    (found,) = differences()[path]
    assert "definition 000000000000, now " in found


def test_a_difference_is_status_1(tampered):
    tampered(
        "scores/stationary/unprocessed/000.parquet",
        tables.SCORES,
        lambda rows: rows[0].update(value=None, status="failed"),
    )
    result = CliRunner().invoke(cli.main, ["verify", "small.yaml", "--sample", "100"])
    assert result.exit_code == 1
    assert "12 checks, 2 found differences" in result.output, "the shard, and the table that was made of it"


def of_all():
    """What the checks of all results find, by check."""
    return {name: found for name, found in verify_tables.verify_tables(plan_of("small.yaml")) if found}


def test_a_score_outside_of_the_sample_is_found_in_the_table(tampered):
    path = "scores/two-talkers/unprocessed/000.parquet"
    tampered(path, tables.SCORES, lambda rows: next(row for row in rows if row["metric"] == "wer").update(value=0.5))
    found = of_all()["tables follow from the scores"]
    assert any(
        text.startswith("scores.parquet: two-talkers-test-00000, unprocessed, talker 1, wer: value ")
        and text.endswith(", in its shard 0.5")
        for text in found
    )


def test_a_board_that_does_not_follow_from_the_scores_is_found(here, edited):
    edited("leaderboard.csv", "stationary,spectral-subtraction,stoi,0.", "stationary,spectral-subtraction,stoi,0.9")
    (found,) = of_all()["tables follow from the scores"]
    assert found.startswith("leaderboard.csv: stationary, spectral-subtraction, stoi: value 0.9")
    assert ", should be 0." in found


def test_a_verdict_that_does_not_follow_from_the_scores_is_found(here, edited):
    edited("claims.csv", "omlsa-does-not-help-words,not run", "omlsa-does-not-help-words,holds")
    (found,) = of_all()["tables follow from the scores"]
    assert found.startswith("claims.csv: omlsa-does-not-help-words, ")
    assert found.endswith("verdict holds, should be not run")


def test_a_changed_version_of_a_metric_is_found_and_named(here, monkeypatch):
    stored = METRICS["stoi"].digest
    monkeypatch.setitem(METRICS, "stoi", dataclasses.replace(METRICS["stoi"], version="next"))
    (found, gain) = of_all()["metrics have today's definitions"]
    assert found == f"stoi: 4 scores by the definition {stored}, today's is {METRICS['stoi'].digest}"
    assert gain.startswith("stoi_i: 4 scores")


def test_another_recogniser_is_another_definition_of_wer(here, edited):
    edited(
        "../../small.yaml",
        "suite: small\n",
        "suite: small\nrecogniser: {backend: pocketsphinx, mode: language-model}\n",
    )
    (found,) = of_all()["metrics have today's definitions"]
    assert found.startswith("wer: 4 scores by the definition ")


def test_a_missing_scene_is_found_and_named(tampered):
    path = "scenes/stationary/test/000.mixtures.parquet"
    tampered(path, tables.MIXTURES, lambda rows: rows.clear())
    assert of_all() == {"scenes are complete": [f"{path}: no scene stationary-test-00000"]}


def test_missing_scores_are_found_and_named(tampered):
    path = "scores/stationary/unprocessed/000.parquet"
    tampered(path, tables.SCORES, lambda rows: rows.remove(next(row for row in rows if row["metric"] == "stoi")))
    found = of_all()
    assert found["tables follow from the scores"]
    (board,) = (text for text in found["tables follow from the scores"] if "unprocessed, talker 1, stoi:" in text)
    assert board.endswith("not in the shards")


def test_a_file_that_is_gone_is_found_and_named(tampered, here):
    path = "scenes/two-talkers/test/000.references.parquet"
    tampered(path, tables.REFERENCES, lambda rows: None)
    (here / path).unlink()
    assert of_all()["scenes are complete"] == [f"{path}: no such file; it should hold two-talkers-test-00000"]
    assert any("no such file" in text for found in differences().values() for text in found)


def test_leaderboard_of_a_run(here):
    result = CliRunner().invoke(
        cli.main, ["leaderboard", "small.yaml", "--condition", "stationary", "--metric", "stoi"]
    )
    assert result.exit_code == 0, result.output
    assert "spectral-subtraction" in result.output
    assert "two-talkers" not in result.output


def test_export_gives_back_what_was_rendered(here, tmp_path):
    result = CliRunner().invoke(cli.main, ["export", "small.yaml", "scenes", str(tmp_path)])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "two-talkers" / "two-talkers-test-00000"
    parts = [audio.read(folder / name)[0] for name in ("image_1.wav", "image_2.wav", "noise.wav")]
    np.testing.assert_allclose(sum(parts), audio.read(folder / "mixture.wav")[0], atol=1e-4)
