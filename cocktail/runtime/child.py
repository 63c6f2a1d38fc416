"""A command that ends, with all its processes, when the block ends that it runs in, however that ends."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence

import psutil

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Signals that end the block: of a service manager or a scheduler, of a terminal that closes, of Ctrl-C."""


@contextlib.contextmanager
def child(
    command: Sequence[str], *, end: signal.Signals = signal.SIGTERM, patience_s: float, **options
) -> Iterator[subprocess.Popen]:
    """Start a command; `options` go to Popen. Call it in the main thread.

    Any of ENDING raises KeyboardInterrupt in the block. When the block ends, the signal `end` goes to the command and
    the processes below it, and what has not ended after `patience_s` seconds is killed. Of Ctrl-C a command has heard
    already, unless it has a session of its own.
    """
    heard = []

    def interrupt(number, frame):
        heard.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING}
    try:
        with subprocess.Popen(command, **options) as process:
            try:
                yield process
            finally:
                for number in ENDING:
                    signal.signal(number, signal.SIG_IGN)
                told = heard == [signal.SIGINT] and not options.get("start_new_session")
                _end(process, None if told else end, patience_s)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process, number, patience_s):
    """End a command and all below it; `number`: the signal that asks for it, None where they have been asked."""
    try:
        command = psutil.Process(process.pid)
        below = command.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for one in (command, *below) if number else ():
        with contextlib.suppress(psutil.NoSuchProcess):
            one.send_signal(number)
    deadline = time.monotonic() + patience_s
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience_s)
    left = psutil.wait_procs(below, timeout=max(0.0, deadline - time.monotonic()))[1]
    for one in (command, *left) if process.returncode is None else left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
