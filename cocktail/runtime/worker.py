"""Calling a function of a plugin in a process of its own, with a time limit: whatever it does, the caller goes on.

The limits of the caller's job hold as well (cocktail.runtime.limits).
"""

import contextlib
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cocktail.errors import AccessError, CocktailError, printable
from cocktail.runtime import limits


class CallFailed(Exception):
    """The call raised, overran its time limit, or took its process down; the message is the reason."""


class Interrupted(CallFailed):
    """The call overran its time limit, or the tries of its job are used up."""


PR_SET_PDEATHSIG = 1
WHOLE = "the whole is in the job's log"
START_LIMIT_S = 300.0
"""Time limit in seconds for `start`: imports and reading a model are slow on a busy machine."""


class Worker:
    """A forked process that answers calls of one function until a call kills it; the next call then starts another.

    `start()` runs in the process and returns the function; where it fails, every call fails with its reason. Forking
    keeps what the parent has imported and read.
    """

    def __init__(self, start: Callable[[], Callable[..., Any]]):
        self._start = start
        self._process = None
        self._start_failure = None

    def __call__(self, *arguments, limit_s: float) -> Any:
        """What the function returns. Raises CallFailed after `limit_s` seconds at the latest."""
        if self._start_failure:
            raise CallFailed(self._start_failure)
        if reason := limits.current().given_up:
            raise Interrupted(reason)
        if self._process is None:
            self._launch()
            try:
                self._answer(START_LIMIT_S)
            except CallFailed as error:
                self._start_failure = str(error)
                raise
        with contextlib.suppress(ConnectionError):  # where the process has just ended, the answer says how
            self._pipe.send(arguments)
        return self._answer(limit_s)

    def _answer(self, limit_s):
        job = limits.current()
        left_s = job.left_s()
        cut = left_s is not None and left_s < limit_s
        try:
            if not self._pipe.poll(left_s if cut else limit_s):
                self.close()
                reason = f"the job's time was over (runtime={job.runtime_min} minutes)"
                raise Interrupted(reason if cut else f"took longer than {limit_s:g} s")
            succeeded, result = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            self.close()
            raise CallFailed(f"its process ended with {f'signal {-code}' if code < 0 else f'status {code}'}") from None
        if not succeeded:
            raise CallFailed(result)
        return result

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join()
            self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _launch(self):
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        # No daemon: a method may have children of its own, such as loaders of data.
        self._process = context.Process(target=_serve, args=(self._pipe, theirs, self._start, os.getpid()))
        self._process.start()
        theirs.close()


def _serve(parents_end, pipe, start, parent):
    parents_end.close()  # or this process would outlive its parent, waiting on a pipe that it holds open itself
    _end_with(parent)
    # Python started anew by `spawn` would run the main file again: Snakemake's script, which cannot run twice.
    vars(sys.modules["__main__"]).pop("__file__", None)
    _bound_memory(limits.current().memory_mb)
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        answer = _attempt(start)
        function = answer[1] if answer[0] else None
        pipe.send((True, None) if answer[0] else answer)
        while function:
            pipe.send(_attempt(function, *pipe.recv()))
    os._exit(0)


def _end_with(parent: int) -> None:
    """Have the system kill this process when its parent ends, also in the middle of a call. Only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it had ended before
            os._exit(1)


def _bound_memory(limit_mb: int | None) -> None:
    """Have allocations fail beyond a limit, in this process and in those that it starts."""
    if limit_mb is not None:
        limit = limit_mb * 2**20 + _unused()
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def _unused() -> int:
    """Bytes that libraries have set aside and not used, which Linux counts as allocated: pyarrow takes 1 GB at once."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    sizes = dict(line.split(":", 1) for line in lines)
    allocated, resident = (int(sizes.get(name, "0").split()[0]) for name in ("VmData", "RssAnon"))
    return 1024 * max(allocated - resident, 0)


def _attempt(function, *arguments):
    """(True, result), or (False, reason)."""
    try:
        return True, function(*arguments)
    except BaseException as error:  # a plugin may raise anything, SystemExit included: the reason goes to the caller
        traceback.print_exc()
        if _of_memory(error) and (limit_mb := limits.current().memory_mb):
            reason = f"needs more memory than the job's {limit_mb} MB (mem_mb less {limits.AROUND_MB})"
            return False, printable(f"{reason}: {error}".rstrip(": "), WHOLE)
        name = (
            "" if isinstance(error, CocktailError) and type(error) is not AccessError else f"{type(error).__name__}: "
        )
        return False, printable(f"{name}{error}".rstrip(": "), WHOLE)


def _of_memory(error: BaseException) -> bool:
    """Whether an allocation failed; PyTorch has no exception of its own for its allocator on the CPU."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))
