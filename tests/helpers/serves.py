"""Run a command that serves pages until it is interrupted: python serves.py COMMAND ...; status 0 if a page came.

Whatever it starts is stopped with it. `--port 0` is replaced by a free port.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

PATIENCE_S = 120


def main(command):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(port) if before == "--port" else word for before, word in zip(["", *command], command, strict=False)]
    server = subprocess.Popen(command, start_new_session=True)
    try:
        return 0 if answers(f"http://127.0.0.1:{port}/", server) else 1
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def answers(url, server):
    """Whether the page is there before the server ends or patience does."""
    end = time.monotonic() + PATIENCE_S
    open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    while time.monotonic() < end and server.poll() is None:
        try:
            with open_url(url, timeout=5) as page:
                return page.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
