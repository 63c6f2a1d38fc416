"""Suites whose shards lie in a storage of Snakemake's: a folder that machines share, or a bucket."""

import json
import shutil
from pathlib import Path

import pytest

from cocktail import tables
from cocktail.errors import CocktailError
from cocktail.runtime.storage import linked
from cocktail.workflow.costs import measure
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

BOARDS = {"scores.parquet", "leaderboard.csv", "scenes.parquet", "entries.json", "claims.csv", "mlflow.json", "report"}
BUCKET = "shared-results"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """The folder of a suite, as the rules name it."""
    monkeypatch.chdir(tmp_path)
    folder = Path("results/mine")
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def brought(suite):
    """Where a storage's copies of its files lie for a job."""
    folder = Path("scratch/fs/shared") / suite
    folder.mkdir(parents=True)
    return folder


def test_what_was_brought_is_found_in_the_folder(suite, brought):
    shard, model = brought / "scores" / "a" / "000.parquet", brought / "models" / "net"
    shard.parent.mkdir(parents=True)
    shard.write_text("a shard")
    model.mkdir(parents=True)
    (model / "weights.pt").write_text("weights")
    with linked([shard, model.absolute()], suite):
        assert (suite / "scores" / "a" / "000.parquet").read_text() == "a shard"
        assert (suite / "models" / "net" / "weights.pt").read_text() == "weights"
    assert [path.name for path in suite.rglob("*") if not path.is_dir()] == []
    assert (model / "weights.pt").read_text() == "weights"


def test_results_at_an_absolute_path_are_found_too(suite, tmp_path):
    folder = tmp_path / "anywhere" / "mine"
    copy = Path("scratch/s3/bucket") / folder.relative_to("/") / "a.parquet"
    copy.parent.mkdir(parents=True)
    copy.write_text("brought")
    with linked([copy], folder):
        assert (folder / "a.parquet").read_text() == "brought"


def test_what_lies_in_the_folder_stays(suite, brought):
    (suite / "a.parquet").write_text("own")
    (brought / "a.parquet").write_text("brought")
    with linked([brought / "a.parquet", suite / "a.parquet"], suite):
        assert (suite / "a.parquet").read_text() == "own"
    assert (suite / "a.parquet").read_text() == "own"


def test_links_go_also_where_the_job_fails(suite, brought):
    (brought / "a.parquet").write_text("brought")
    (suite / "a.parquet").symlink_to("gone")  # of a job that was killed
    with pytest.raises(ValueError), linked([brought / "a.parquet"], suite):
        assert (suite / "a.parquet").read_text() == "brought"
        raise ValueError
    assert not (suite / "a.parquet").is_symlink()


def test_a_file_of_another_suite_is_an_error(suite):
    where = r"^scratch/results/other/a.parquet: not a file of the suite in results/mine$"
    with pytest.raises(CocktailError, match=where), linked(["scratch/results/other/a.parquet"], suite):
        pass


def test_what_the_page_needs_is_brought_where_there_is_a_storage():
    """With `keep: examples`, estimates are not: those that were dropped would be made again."""
    parts = {"conditions": ["stationary", "spoof-logical"], "methods": ["nmf-sparse"]}
    everything = Plan(load_suite("tiny", parts), "tiny")
    assert everything.brought(False) == []
    found = everything.brought(True)
    assert {everything.model("nmf-sparse"), everything.estimates("stationary", "nmf-sparse", "000")} < set(found)
    assert len(found) == len(set(found))
    examples = Plan(load_suite("tiny", parts | {"keep": "examples"}), "tiny")
    estimates = {examples.estimates(*cell, shard) for cell in examples.cells for shard in examples.shards}
    assert set(found) - set(examples.brought(True)) == estimates


SUITE_HERE = {
    "scenes: 4": "scenes: 2",
    "shard_size: 2": "shard_size: 1",
    "conditions: [stationary, two-talkers-array]": "conditions: [stationary]",
    "methods: [unprocessed, oracle-irm, wiener, nmf-sparse, delay-and-sum]": "methods: [unprocessed, nmf-sparse]",
}
"""A part of the micro suite: half of one condition's scenes, and a method that is trained."""


def scores(results: Path) -> dict[tuple, float]:
    """Scores by entry, scene, source and metric, but what a machine's speed decides."""
    rows = tables.read_rows(results / "scores.parquet")
    return {
        (row["entry"], row["scene"], row["source"], row["metric"]): row["value"]
        for row in rows
        if row["metric"] != "rtf" and row["status"] == "ok"
    }


def check(project, finished, kept: set[str]):
    """The boards lie below the working directory, the rest is `kept`; scores are those of a run without a storage."""
    local = {path.name for path in project.results.iterdir() if not path.name.startswith(".")}
    assert local >= BOARDS
    files = [path for path in project.results.glob("*/**/*.parquet") if path.parent.name != "downloads"]
    assert files == [], "shards lie in the storage alone"
    assert list((project.results / "report" / "sounds").iterdir()), "sounds were brought to the page"
    assert json.loads((project.results / "mlflow.json").read_text())["new"] > 0
    stages = {name.removeprefix("results/micro/").split("/")[0] for name in kept}
    assert stages >= {"corpora", "scenes", "models", "estimates", "scores", "logs"}
    found, expected = scores(project.results), scores(finished.results)
    assert len(found) == 2 * 2 * 5, "entries, scenes, metrics: of two, the improvements too"
    assert found == {key: expected[key] for key in found}


@pytest.fixture
def run(finished, tmp_path):
    """A function that runs a part of the micro suite in a storage, and returns its project."""
    project = object.__new__(type(finished))
    project.root, project.work = finished.root, tmp_path / "work"
    project.results = project.work / "results" / "micro"
    project.work.mkdir()
    shutil.copy(finished.work / "micro.yaml", project.work)
    for old, new in SUITE_HERE.items():
        project.edit_suite(old, new)
    options = ["--local-storage-prefix", str(tmp_path / "scratch")]
    options += ["--shared-fs-usage", "persistence", "software-deployment", "sources", "source-cache"]

    def run(provider, prefix):
        project.run("--", "--default-storage-provider", provider, "--default-storage-prefix", str(prefix), *options)
        return project

    return run


@pytest.mark.slow
@pytest.mark.needs("rsync")
def test_shards_lie_in_a_shared_folder(finished, run, tmp_path, monkeypatch):
    """A second run makes what is missing there, and nothing else; no shard stays in scratch. Costs are known there."""
    shared = tmp_path / "shared"
    project = run("fs", shared)
    check(project, finished, {str(path.relative_to(shared)) for path in shared.rglob("*") if path.is_file()})
    assert list((tmp_path / "scratch").rglob("*.parquet")) == []
    before = {path: path.stat().st_mtime_ns for path in shared.rglob("*.parquet")}
    victim = shared / "results" / "micro" / "scores" / "stationary" / "nmf-sparse" / "001.parquet"
    victim.unlink()
    (project.results / "leaderboard.csv").unlink()
    run("fs", shared)
    after = {path: path.stat().st_mtime_ns for path in shared.rglob("*.parquet")}
    assert {path for path in after if after[path] != before[path]} == {victim}
    assert len(scores(project.results)) == 2 * 2 * 5
    monkeypatch.chdir(shared)
    costs = measure(Plan(load_suite(str(project.work / "micro.yaml")), "micro.yaml")).costs
    jobs = {cost.rule: cost.jobs for cost in costs if cost.cpu_s > 0 and cost.n_bytes > 0}
    assert jobs == {"corpora": 1, "scenes": 2, "train": 1, "process": 2, "score": 2}


@pytest.mark.slow
def test_shards_lie_in_a_bucket(finished, run, monkeypatch):
    """S3, of a server on this machine; a second run has nothing to do."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        settings = {"endpoint_url": f"http://{host}:{port}"}
        monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ENDPOINT_URL", settings["endpoint_url"])
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        client = boto3.client("s3", region_name="us-east-1", **settings)
        client.create_bucket(Bucket=BUCKET)
        project = run("s3", f"s3://{BUCKET}/cocktail")
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        check(project, finished, {key["Key"].removeprefix("cocktail/") for page in pages for key in page["Contents"]})
        run("s3", f"s3://{BUCKET}/cocktail")
        assert "Nothing to be done" in project.log()
    finally:
        server.stop()
