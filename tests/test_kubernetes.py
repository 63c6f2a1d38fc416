"""What the profile for Kubernetes asks its cluster for: the jobs that Snakemake posts to a stand-in of the API.

The stand-in takes every job and says that it failed. Results lie in a folder, by the storage plugin `fs`.
"""

import json
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from workflow_project import Project

pytestmark = pytest.mark.slow


class Api(BaseHTTPRequestHandler):
    """As much of the API of Kubernetes as the plugin calls."""

    posted: list[dict]

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/jobs"):
            self.posted.append(body)
        self._answer(body, 201)

    def do_GET(self):
        failed = {"kind": "Job", "status": {"failed": 1}}
        self._answer(failed if self.path.endswith("/status") else {"kind": "PodList", "items": []})

    def do_DELETE(self):
        self._answer({"kind": "Status", "status": "Success"})

    def _answer(self, body, code=200):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def api(tmp_path, monkeypatch):
    """The stand-in, which kubectl's configuration names; the jobs that were posted to it."""
    Recording = type("Recording", (Api,), {"posted": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), Recording) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        parts = {"clusters": [cluster], "users": [{"name": "u", "user": {}}], "contexts": [context]}
        configuration = {"apiVersion": "v1", "kind": "Config", "current-context": "x"} | parts
        (tmp_path / "kubeconfig").write_text(json.dumps(configuration))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        yield Recording.posted
        server.shutdown()


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
def stored(finished, tmp_path):
    """A project, which jobs on GPUs are asked for in, and a storage that holds the results of the suite `micro`."""
    project, storage = Project(tmp_path), tmp_path / "storage"
    shutil.copy(project.work / "micro.yaml", project.root)
    profile = project.root / "config" / "profiles" / "kubernetes" / "config.yaml"
    profile.write_text(profile.read_text().replace("  train:\n", "  train:\n    gpu: 1\n", 1))
    shutil.copytree(finished.work / "results", storage / "results")
    return project, storage


def test_pods_have_the_memory_and_the_gpu_that_their_rule_asks_for(stored, api):
    expected = {  # last rules first: Snakemake removes what a failed job should have made
        "score": {"memory": "4000M", "cpu": "1000m"},
        "process": {"memory": "4000M", "cpu": "1000m", "nvidia.com/gpu": "0"},
        "train": {"memory": "16000M", "cpu": "1000m", "nvidia.com/gpu": "1"},
        "corpora": {"memory": "8000M", "cpu": "1000m"},
    }
    for rule, limits in expected.items():
        api.clear()
        done = run_alone(rule, *stored)
        assert api and done.returncode == 1, done.stdout + done.stderr  # the stand-in's jobs fail
        pod = api[0]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert f"--allowed-rules {rule} " in container["args"][1]
        assert container["image"] == "IMAGE" and pod["restartPolicy"] == "Never"
        assert container["resources"]["limits"] == limits | {"ephemeral-storage": "10000M"}
        assert container["resources"]["requests"]["memory"] == limits["memory"]


def test_boards_are_made_where_the_suite_was_started(stored, finished, api):
    project, storage = stored
    done = run_alone("leaderboard", project, storage)
    assert done.returncode == 0 and not api, done.stdout + done.stderr
    board = (project.root / "results" / "micro" / "leaderboard.csv").read_text()
    assert board == (finished.results / "leaderboard.csv").read_text()
