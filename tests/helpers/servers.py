"""Starting a server in a test: a free port, and waiting until it answers."""

import socket
import time

import pytest


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(ready, process, what):
    """Until `ready()`, or the process has ended."""
    for _ in range(600):
        if ready():
            return
        assert process.poll() is None, f"{what} ended with {process.returncode}"
        time.sleep(0.2)
    pytest.fail(f"{what} did not start")
