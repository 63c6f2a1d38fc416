import os
import signal
import subprocess
import sys
import time

import pytest

from cocktail.errors import CocktailError
from cocktail.runtime import worker
from cocktail.runtime.worker import CallFailed, Worker


def act(action, value=None):
    if action == "raise":
        raise ValueError(value)
    if action == "complain":
        raise CocktailError(value)
    if action == "sleep":
        time.sleep(60)
    if action == "exit":
        raise SystemExit(value)
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "pid":
        return os.getpid()
    return value


@pytest.fixture
def process():
    with Worker(lambda: act) as process:
        yield process


def test_answers_from_one_other_process(process):
    assert process("echo", [1, 2], limit_s=10) == [1, 2]
    assert process("pid", limit_s=10) == process("pid", limit_s=10) != os.getpid()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("raise", "no such thing"), "ValueError: no such thing"),
        (("complain", "too short"), "^too short$"),
        (("exit", 3), "SystemExit: 3"),
        (("die",), "signal 9"),
    ],
)
def test_each_way_to_fail_has_its_reason_and_the_next_call_works(process, call, reason):
    with pytest.raises(CallFailed, match=reason):
        process(*call, limit_s=10)
    assert process("echo", 5, limit_s=10) == 5


def test_a_call_that_overruns_is_killed(process):
    pid = process("pid", limit_s=10)
    with pytest.raises(CallFailed, match=r"longer than 0\.2 s"):
        process("sleep", limit_s=0.2)
    assert process("pid", limit_s=10) != pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_call_may_have_children_of_its_own():
    import multiprocessing

    def start():
        def call():
            with multiprocessing.get_context("fork").Pool(1) as pool:
                return pool.map(abs, [-3])

        return call

    with Worker(start) as process:
        assert process(limit_s=20) == [3]


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        ("\x1b[2Jred", r"ValueError: \x1b[2Jred"),
        ("b\udce9b\u00e9", "ValueError: b\\udce9b\u00e9"),
        ("two\nlines", "ValueError: two\nlines"),
        ("x" * 20000, "ValueError: " + "x" * 488 + " ... (the whole is in the job's log)"),
    ],
)
def test_a_reason_can_be_printed_and_stored(raised, reason):
    def fail():
        raise ValueError(raised)

    with Worker(lambda: fail) as process, pytest.raises(CallFailed) as error:
        process(limit_s=10)
    assert str(error.value) == reason and str(error.value).encode()


def test_a_call_may_spawn_processes_in_a_script_that_cannot_run_twice(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, os\n"
        "if os.environ.pop('FIRST', None) is None: raise NameError('run twice')\n"
        "from cocktail.runtime.worker import Worker\n"
        "def start():\n"
        "    def call():\n"
        "        with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "            return pool.map(abs, [-3])\n"
        "    return call\n"
        "with Worker(start) as process:\n"
        "    print(process(limit_s=60))\n"
    )
    done = subprocess.run(
        [sys.executable, script], env=os.environ | {"FIRST": "1"}, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stdout) == (0, "[3]\n"), done.stderr[-2000:]


def test_a_start_that_hangs_fails_every_call_once(monkeypatch):
    monkeypatch.setattr(worker, "START_LIMIT_S", 0.2)
    with Worker(lambda: time.sleep(60)) as process:
        for _ in range(2):
            with pytest.raises(CallFailed, match=r"longer than 0\.2 s"):
                process(limit_s=50)


def test_a_start_that_fails_is_a_failed_call():
    def start():
        raise ImportError("no module named gone")

    with Worker(start) as process, pytest.raises(CallFailed, match="ImportError: no module named gone"):
        process("echo", limit_s=10)
