"""A suite through sbatch, on real daemons of SLURM: nodes that fail, jobs that take too much, and the board then."""

import subprocess

import pytest
from slurm_cluster import Cluster
from workflow_project import Project

from cocktail import tables

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("slurm"),
    pytest.mark.xdist_group("workflow"),
    pytest.mark.timeout(1800),
]

METHOD = '''
"""{name}."""
from dataclasses import dataclass
from cocktail.method import Method


@dataclass(frozen=True)
class Taking(Method):
    def __call__(self, mixture, view):
        {body}
        return mixture[:1]
'''


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


class SlurmProject(Project):
    """A project whose suite runs on the cluster, by the profile `slurm`."""

    def __init__(self, folder, cluster):
        super().__init__(folder)
        self.cluster = cluster

    def environment(self):
        partitions = self.root / "config" / "profiles" / "slurm" / "partitions.yaml"
        return super().environment() | self.cluster.environment | {"SNAKEMAKE_SLURM_PARTITIONS": str(partitions)}

    def run_command(self, *arguments):
        # This cluster has no accounting, and no time to lose.
        polled = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1")
        return self.command("run", "micro.yaml", "--profile", "slurm", *arguments, "--", *polled, "--latency-wait", "5")

    def run(self, *arguments, check=0):
        return self.cocktail(*self.run_command(*arguments)[3:], check=check)


@pytest.fixture(scope="module")
def disturbed(cluster, tmp_path_factory):
    """The micro suite while one node is drained and the other one goes down; the project, and the jobs of the run."""
    project = SlurmProject(tmp_path_factory.mktemp("run"), cluster)
    training = project.root / "config" / "profiles" / "slurm" / "config.yaml"
    training.write_text(training.read_text().replace("  train:\n", "  train:\n    gpu: 1\n", 1))
    assert "gpu: 1" in training.read_text()
    output = (project.work / "output").open("w")
    with subprocess.Popen(
        project.run_command(), cwd=project.work, env=project.environment(), stdout=output, stderr=output
    ) as process:

        def wait_for(estimates):
            found = project.results.glob("estimates/*/test/*/*.parquet")
            assert process.poll() is None, (project.work / "output").read_text() + project.log()
            return len(list(found)) >= estimates

        def runs_on(node):
            return any(job["JobState"] == "RUNNING" and job["NodeList"] == node for job in cluster.jobs())

        cluster.wait(lambda: wait_for(2), "the first estimates", limit_s=600)
        cluster.set_state("n2", "drain")
        cluster.wait(lambda: cluster.states()["n2"] == "DRAINED", "n2 drained", limit_s=200)
        drained = [job["JobId"] for job in cluster.jobs() if job["NodeList"] == "n2"]
        cluster.wait(lambda: wait_for(5), "estimates without n2", limit_s=200)
        still = [job["JobId"] for job in cluster.jobs() if job["NodeList"] == "n2"]
        cluster.wait(lambda: runs_on("n1"), "a job on n1", limit_s=200)
        cluster.set_state("n1", "down")
        cluster.set_state("n2", "resume")
        cluster.set_state("n1", "resume")
        status = process.wait(timeout=1200)
    assert status == 0, (project.work / "output").read_text() + project.log()
    assert drained == still, "a job was started on a drained node"
    return project, cluster.jobs()


def test_nodes_that_drain_and_fail_do_not_spoil_the_board(disturbed, finished):
    """The board is that of a run on one machine; jobs of the node that went down ran again elsewhere."""
    project, jobs = disturbed

    def figures(p):
        return [row for row in p.board() if row["metric"] != "rtf"]

    assert figures(project) == figures(finished)
    assert len(figures(project)) > 20 and "failed" not in {row["status"] for row in _scores(project)}
    assert any(int(job["Restarts"]) > 0 for job in jobs)
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert project.pending() == set()


def test_each_job_gets_the_partition_memory_and_time_that_its_rule_asks_for(disturbed):
    _, jobs = disturbed
    training = [job for job in jobs if job["Comment"].startswith("rule_train_")]
    others = [job for job in jobs if job not in training]
    assert [(job["Partition"], job["NodeList"], job["TresPerJob"]) for job in training] == [("gpu", "n3", "gres:gpu:1")]
    assert (training[0]["MinMemoryNode"], training[0]["TimeLimit"]) == ("16000M", "12:00:00")
    assert {job["Partition"] for job in others} == {"cpu"} and not any("TresPerJob" in job for job in others)
    processing = [job for job in others if job["Comment"].startswith("rule_process_")]
    assert {(job["MinMemoryNode"], job["TimeLimit"]) for job in processing} == {("4000M", "01:00:00")}


def test_what_takes_more_than_its_job_has_is_a_failed_row_with_that_reason(disturbed):
    """Methods end with their job's memory and time; what the scheduler itself ends is tried again, then given up."""
    project, _ = disturbed
    profile = project.root / "config" / "profiles" / "slurm" / "config.yaml"
    profile.write_text(profile.read_text() + "  process:\n    mem_mb: 2000\n    runtime: 2\n")
    plugins = project.work / "taking"
    plugins.mkdir()
    bodies = {
        "memory": "bytearray(1300 * 2**20)",
        "time": "import time; time.sleep(3600)",
        "together": "import subprocess, sys; [x.wait() for x in [subprocess.Popen([sys.executable, '-c', "
        "'x = bytes(range(256)) * 2800000; import time; time.sleep(30)']) for _ in range(3)]]",
    }
    for name, body in bodies.items():
        (plugins / f"{name}.py").write_text(METHOD.format(name=name, body=body))
    entries = ("--methods", "memory,time,together,wiener")
    done = project.run("--methods", str(plugins), *entries, "--conditions", "stationary")
    assert "Error in rule process:" in done.stdout and "SLURM status is: 'FAILED'" in done.stdout
    slurm_logs = (project.work / ".snakemake" / "slurm_logs" / "rule_process").glob("stationary_test_together_*/*.log")
    ended = ["exceeded memory limit" in path.read_text() for path in slurm_logs]
    assert ended == [True] * 4  # 2 shards, twice each; of the tries that give up, which end well, nothing is kept
    reasons = {row["entry"]: row["reason"] for row in _scores(project) if row["status"] == "failed"}
    assert reasons == {
        "memory": "method-failed: needs more memory than the job's 1000 MB (mem_mb less 1000)",
        "time": "method-failed: the job's time was over (runtime=2 minutes)",
        "together": "method-failed: the scheduler ended its job 2 times (mem_mb=2000, runtime=2)",
    }
    finished_scenes = {row["entry"]: row["n_ok"] for row in project.board() if row["metric"] == "si_sdr"}
    failed = {entry: n for entry, n in finished_scenes.items() if n != "4"}
    assert failed == {"memory": "0", "time": "0", "together": "0"} and "wiener" in finished_scenes


def _scores(project):
    return tables.read_rows(project.results / "scores.parquet")
