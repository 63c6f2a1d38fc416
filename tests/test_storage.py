"""Suites whose shards lie in a storage of Snakemake's: a folder that machines share, or a bucket."""

import json
import shutil
from pathlib import Path

import pytest

from cocktail.errors import CocktailError
from cocktail.storage import linked

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


def board(results: Path) -> list[str]:
    """The board without what a machine's speed decides."""
    return [line for line in (results / "leaderboard.csv").read_text().splitlines() if ",rtf," not in line]


def check_boards(project, kept: set[str]):
    """The boards lie below the working directory, `kept` elsewhere, and nothing is left to do."""
    local = {path.name for path in project.results.iterdir() if not path.name.startswith(".")}
    assert local >= BOARDS
    files = [path for path in project.results.rglob("*.parquet") if path.parent != project.results]
    assert files == [], "shards lie in the storage alone"
    assert list((project.results / "report" / "sounds").iterdir()), "sounds were brought to the page"
    logged = json.loads((project.results / "mlflow.json").read_text())
    assert logged["new"] > 0, logged
    stages = {name.removeprefix("results/micro/").split("/")[0] for name in kept}
    assert stages >= {"corpora", "scenes", "models", "estimates", "scores"}


@pytest.fixture
def elsewhere(finished, tmp_path):
    """The micro project without results; returns it, and a function that runs it in a storage."""
    project = object.__new__(type(finished))
    project.root, project.work = finished.root, tmp_path / "work"
    project.results = project.work / "results" / "micro"
    project.work.mkdir()
    shutil.copy(finished.work / "micro.yaml", project.work)
    options = ["--local-storage-prefix", str(tmp_path / "scratch")]
    options += ["--shared-fs-usage", "persistence", "software-deployment", "sources", "source-cache"]

    def run(*storage):
        return project.run("--", *storage, *options)

    return project, run


@pytest.mark.slow
def test_shards_lie_in_a_shared_folder(finished, elsewhere, tmp_path):
    """The boards are those of a run without a storage; a second run has nothing to do; no shard is left in scratch."""
    assert shutil.which("rsync"), (
        "rsync is missing: the storage plugin fs copies with it (Debian: apt-get install rsync)"
    )
    project, run = elsewhere
    shared = tmp_path / "shared"
    storage = ["--default-storage-provider", "fs", "--default-storage-prefix", str(shared)]
    run(*storage)
    check_boards(project, {str(path.relative_to(shared)) for path in shared.rglob("*") if path.is_file()})
    assert board(project.results) == board(finished.results)
    assert list((tmp_path / "scratch").rglob("*.parquet")) == []
    before = {path: path.stat().st_mtime_ns for path in shared.rglob("*.parquet")}
    run(*storage)
    assert "Nothing to be done" in project.log()
    victim = next(iter(sorted(shared.glob("results/micro/scores/stationary/wiener/*.parquet"))))
    victim.unlink()
    (project.results / "leaderboard.csv").unlink()
    run(*storage)
    after = {path: path.stat().st_mtime_ns for path in shared.rglob("*.parquet")}
    assert {path for path in after if after[path] != before[path]} == {victim}
    assert board(project.results) == board(finished.results)


@pytest.mark.slow
def test_shards_lie_in_a_bucket(finished, elsewhere, monkeypatch):
    """S3, of a server on this machine."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ENDPOINT_URL", f"http://{host}:{port}")
        monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", "key")
        monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_SECRET_KEY", "secret")
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=BUCKET)
        project, run = elsewhere
        storage = ["--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}/cocktail"]
        run(*storage)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        kept = {found["Key"].removeprefix("cocktail/") for page in pages for found in page["Contents"]}
        check_boards(project, kept)
        assert board(project.results) == board(finished.results)
        run(*storage)
        assert "Nothing to be done" in project.log()
    finally:
        server.stop()
