"""The profile for Kubernetes, on a stand-in of its API (kubernetes_pods): what pods ask for, and what they do."""

import shutil
import subprocess
import sys

import pytest
from kubernetes_pods import Cluster
from workflow_project import Project

from cocktail import tables

pytestmark = [pytest.mark.slow, pytest.mark.needs("rsync")]


def run_alone(rule, project, storage):
    """Run a rule whose inputs are there, and nothing else."""
    command = [
        *(sys.executable, "-m", "snakemake", "--configfile", "micro.yaml", "--cores", "1", "--jobs", "20"),
        *("--workflow-profile", "config/profiles/kubernetes", "--container-image", "IMAGE", "--retries", "0"),
        *("--default-storage-provider", "fs", "--default-storage-prefix", str(storage)),
        *("--forcerun", rule, "--until", rule, "--rerun-triggers", "mtime", "--seconds-between-status-checks", "1"),
    ]
    return subprocess.run(
        command, cwd=project.root, env=project.environment(), capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A function that starts a stand-in, which kubectl's configuration then names."""
    clusters = []

    def start(project, runs):
        (tmp_path / "pods").mkdir()
        clusters.append(Cluster(tmp_path / "pods", runs=runs, installed=project.root).__enter__())
        monkeypatch.setenv("KUBECONFIG", str(clusters[0].kubeconfig))
        return clusters[0]

    yield start
    for each in clusters:
        each.__exit__()


@pytest.fixture
def stored(finished, tmp_path):
    """A project, which jobs on GPUs are asked for in, and a storage that holds the results of the suite `micro`."""
    project, storage = Project(tmp_path), tmp_path / "storage"
    shutil.copy(project.work / "micro.yaml", project.root)
    profile = project.root / "config" / "profiles" / "kubernetes" / "config.yaml"
    profile.write_text(profile.read_text().replace("  train:\n", "  train:\n    gpu: 1\n", 1))
    shutil.copytree(finished.work / "results", storage / "results")
    return project, storage


def test_pods_have_the_memory_and_the_gpu_that_their_rule_asks_for(stored, cluster):
    failing = cluster(stored[0], runs=False)
    expected = {  # last rules first: Snakemake removes what a failed job should have made
        "score": {"memory": "4000M", "cpu": "1000m"},
        "process": {"memory": "4000M", "cpu": "1000m", "nvidia.com/gpu": "0"},
        "train": {"memory": "16000M", "cpu": "1000m", "nvidia.com/gpu": "1"},
        "corpora": {"memory": "8000M", "cpu": "1000m"},
    }
    for rule, limits in expected.items():
        failing.posted.clear()
        done = run_alone(rule, *stored)
        assert failing.posted and done.returncode == 1, done.stdout + done.stderr
        pod = failing.posted[0]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert f"--allowed-rules {rule} " in container["args"][1]
        assert container["image"] == "IMAGE" and pod["restartPolicy"] == "Never"
        assert container["resources"]["limits"] == limits | {"ephemeral-storage": "10000M"}
        assert container["resources"]["requests"]["memory"] == limits["memory"]


def test_boards_are_made_where_the_suite_was_started(stored, finished, cluster):
    project, storage = stored
    failing = cluster(project, runs=False)
    done = run_alone("leaderboard", project, storage)
    assert done.returncode == 0 and not failing.posted, done.stdout + done.stderr
    board = (project.root / "results" / "micro" / "leaderboard.csv").read_text()
    assert board == (finished.results / "leaderboard.csv").read_text()


def test_a_suite_runs_in_pods(finished, tmp_path, cluster):
    """Pods have what they need from the storage alone, and the scores are those of a run on one machine."""
    project, storage = Project(tmp_path), tmp_path / "storage"
    shutil.copy(project.work / "micro.yaml", project.root)
    project.work, project.results = project.root, project.root / "results" / "micro"
    project.edit_suite("scenes: 4", "scenes: 2")
    project.edit_suite("conditions: [stationary, two-talkers-array]", "conditions: [stationary]")
    project.edit_suite("oracle-irm, wiener, nmf-sparse, delay-and-sum", "nmf-sparse")
    pods = cluster(project, runs=True)
    options = ["--container-image", "IMAGE", "--jobs", "2", "--seconds-between-status-checks", "1"]
    options += ["--default-storage-provider", "fs", "--default-storage-prefix", str(storage)]
    done = project.cocktail("run", "micro.yaml", "--profile", "kubernetes", "--", *options, check=None)
    assert done.returncode == 0, done.stdout + done.stderr + project.log() + pods.outputs()
    assert len(pods.posted) == 1 + 1 + 1 + 2 * 2, "corpora, scenes, a training, two entries' estimates and scores"

    def scores(p):
        rows = tables.read_rows(p.results / "scores.parquet")
        return {
            (row["entry"], row["scene"], row["metric"]): row["value"]
            for row in rows
            if row["metric"] != "rtf" and row["status"] == "ok"
        }

    found, expected = scores(project), scores(finished)
    assert len(found) == 2 * 2 * 5, "entries, scenes, metrics: of two, the improvements too"
    assert found == {key: expected[key] for key in found}
