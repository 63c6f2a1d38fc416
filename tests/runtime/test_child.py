"""Commands that end with the block that they run in."""

import signal
import subprocess
import sys

import pytest
from processes import gone

from cocktail.runtime.child import child

COMMAND = """
import signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
inner = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
inner.stdout.readline()
print(inner.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_command_and_a_process_of_it_that_does_not_hear(number):
    before = signal.getsignal(number)
    with (
        pytest.raises(KeyboardInterrupt),
        child(
            [sys.executable, "-c", COMMAND], patience_s=0.5, stdout=subprocess.PIPE, start_new_session=True
        ) as process,
    ):
        inner = int(process.stdout.readline())
        signal.raise_signal(number)
    assert process.returncode == -signal.SIGTERM and gone(inner)
    assert signal.getsignal(number) is before


def test_the_command_hears_the_signal_that_was_chosen():
    heard = (
        "import time\ntry:\n print('on', flush=True)\n time.sleep(60)\nexcept KeyboardInterrupt: raise SystemExit(7)"
    )
    options = {"end": signal.SIGINT, "patience_s": 10.0, "stdout": subprocess.PIPE}
    with child([sys.executable, "-c", heard], **options) as process:
        process.stdout.readline()
    assert process.returncode == 7


def test_a_command_of_this_session_has_heard_ctrl_c_and_is_only_waited_for():
    waits = "import time; print('on', flush=True); time.sleep(0.5); raise SystemExit(4)"
    with (
        pytest.raises(KeyboardInterrupt),
        child([sys.executable, "-c", waits], patience_s=30.0, stdout=subprocess.PIPE) as process,
    ):
        process.stdout.readline()
        signal.raise_signal(signal.SIGINT)
    assert process.returncode == 4


def test_a_command_that_has_ended_keeps_its_status():
    with child([sys.executable, "-c", "raise SystemExit(3)"], patience_s=1.0) as process:
        process.wait()
    assert process.returncode == 3
