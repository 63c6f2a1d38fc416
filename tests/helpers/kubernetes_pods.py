"""As much of the API of Kubernetes as Snakemake's plugin calls; what it asks to be run in pods runs as processes here.

A pod's command runs in an empty folder of its own, with the environment that its secrets give it and the Python of the
tests, in which the project is installed as it is in the image: all else must come from the storage.
"""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Cluster:
    """A stand-in of a cluster; `folder` gets the kubeconfig that reaches it, and the pods' folders and outputs.

    `runs`: whether pods run; otherwise each of them fails at once. `installed`: folder of the project in the image.
    """

    def __init__(self, folder: Path, *, runs: bool, installed: Path):
        self.posted: list[dict] = []
        """Jobs, as they were posted."""
        self._folder, self._runs, self._installed = folder, runs, installed
        self._secrets: dict[str, dict[str, str]] = {}
        self._pods: dict[str, subprocess.Popen | None] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cluster": self}))

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{self._server.server_port}"}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        parts = {"clusters": [cluster], "users": [{"name": "u", "user": {}}], "contexts": [context]}
        configuration = {"apiVersion": "v1", "kind": "Config", "current-context": "x"} | parts
        self.kubeconfig.write_text(json.dumps(configuration))
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        for pod in filter(None, self._pods.values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pod.pid, signal.SIGKILL)
            pod.wait()

    @property
    def kubeconfig(self) -> Path:
        return self._folder / "kubeconfig"

    def outputs(self) -> str:
        """What pods printed."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*.output")))

    def keep_secret(self, secret: dict) -> None:
        values = (secret.get("data") or {}).items()
        decoded = {key: base64.b64decode(value).decode() for key, value in values}
        self._secrets[secret["metadata"]["name"]] = decoded

    def start(self, job: dict) -> None:
        """Take a job, and run its pod."""
        name = job["metadata"]["name"]
        self.posted.append(job)
        self._pods[name] = self._run(name, *job["spec"]["template"]["spec"]["containers"]) if self._runs else None

    def _run(self, name, container):
        secrets = ((variable["name"], variable["valueFrom"]["secretKeyRef"]) for variable in container.get("env") or ())
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(self._installed),
            "OMP_NUM_THREADS": "1",
            "HOME": str(self._folder),
            **{variable: self._secrets[where["name"]][where["key"]] for variable, where in secrets},
        }
        with (self._folder / f"{name}.output").open("w") as output:
            return subprocess.Popen(
                [*container["command"], *container["args"]],
                cwd=tempfile.mkdtemp(prefix="workdir-", dir=self._folder),
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def status(self, name: str) -> dict:
        """How a job stands, as Kubernetes says it."""
        pod = self._pods[name]
        code = 1 if pod is None else pod.poll()
        return {"active": 1} if code is None else {"failed": 1} if code else {"succeeded": 1}


class _Handler(BaseHTTPRequestHandler):
    cluster: Cluster

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/jobs"):
            self.cluster.start(body)
        elif self.path.endswith("/secrets"):
            self.cluster.keep_secret(body)
        self._answer(body, 201)

    def do_GET(self):
        *_, name, last = self.path.split("/")
        if last == "status":
            self._answer({"kind": "Job", "status": self.cluster.status(name)})
        else:
            self._answer({"kind": "PodList", "items": []})

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
