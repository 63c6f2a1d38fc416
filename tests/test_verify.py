"""`cocktail verify` on a small run: silent where nothing was touched, and exact about what was."""

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from cocktail import audio, cli, store, verify

pytestmark = pytest.mark.slow

SUITE = {
    "suite": "small",
    "scenes": 1,
    "shard_size": 1,
    "resamples": 100,
    "conditions": ["stationary", "two-talkers"],
    "methods": ["unprocessed", "spectral-subtraction"],
    "metrics": ["si_sdr", "stoi", "wer", "rtf"],
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
        rows = store.read_rows(path)
        edit(rows[0])
        store.write_rows(path, rows, schema)

    yield tamper
    for path, content in saved.items():
        path.write_bytes(content)


def differences():
    """What `verify` finds on all shards, by file."""
    return {name: found for name, found in verify.verify("small.yaml", sample=100) if found}


def test_untouched_results_verify(here):
    result = CliRunner().invoke(cli.main, ["verify", "small.yaml", "--sample", "100"])
    assert result.exit_code == 0, result.output
    assert "5 shards verified, 0 differ" in result.output


def test_a_sample_is_drawn_by_its_seed(here):
    drawn = [[name for name, _ in verify.verify("small.yaml", sample=1, seed=seed)] for seed in (3, 3)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 2


def test_a_changed_sample_is_found(tampered):
    def louder(row):
        samples = store.unpack(row["mixture"])
        samples[0, 500] += 1e-4
        row["mixture"] = store.pack(samples, row["fs"], "mixture")

    path = "scenes/stationary/test/000.mixtures.parquet"
    tampered(path, store.MIXTURES, louder)
    found = differences()[path]
    assert any("mixture differs by up to 0.0001 of full scale" in text for text in found)


def test_a_changed_record_is_found(tampered):
    path = "scenes/two-talkers/test/000.references.parquet"
    tampered(path, store.REFERENCES, lambda row: row.update(text=["bin red by c nine again", row["text"][1]]))
    (found,) = differences()["scenes/two-talkers/test/000.mixtures.parquet"]
    assert "text was ['bin red by c nine again'" in found


def test_changed_scores_are_found(tampered):
    path = "scores/stationary/spectral-subtraction/000.parquet"
    tampered(path, store.SCORES, lambda row: row.update(value=row["value"] + 0.01))
    (found,) = differences()[path]
    assert found.startswith("stationary-test-00000, talker 1, si_sdr: ")
    assert found.endswith("computed")


def test_another_definition_is_found(tampered):
    path = "scores/stationary/unprocessed/000.parquet"
    tampered(path, store.SCORES, lambda row: row.update(card="0" * 12))
    (found,) = differences()[path]
    assert "definition 000000000000, now " in found


def test_a_difference_is_status_1(tampered):
    tampered(
        "scores/stationary/unprocessed/000.parquet", store.SCORES, lambda row: row.update(value=None, status="failed")
    )
    result = CliRunner().invoke(cli.main, ["verify", "small.yaml", "--sample", "100"])
    assert result.exit_code == 1
    assert "5 shards verified, 1 differ" in result.output


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
