"""Calling a stranger's function in a process of its own, with a time limit: whatever it does, the caller goes on."""

import contextlib
import multiprocessing
import os
import traceback
from collections.abc import Callable
from typing import Any

from cocktail.errors import CocktailError


class CallFailed(Exception):
    """The call raised, overran its time limit, or took its process down; the message is the reason."""


class Worker:
    """A forked process that answers calls of one function until a call kills it; the next call then starts another.

    `start()` runs in the process and returns the function. Forking keeps what the parent has imported and read.
    """

    def __init__(self, start: Callable[[], Callable[..., Any]]):
        self._start = start
        self._process = None

    def __call__(self, *arguments, limit_s: float) -> Any:
        """What the function returns. Raises CallFailed after `limit_s` seconds at the latest."""
        if self._process is None:
            self._launch()
        try:
            self._pipe.send(arguments)
            if not self._pipe.poll(limit_s):
                raise CallFailed(f"took longer than {limit_s:g} s")
            succeeded, result = self._pipe.recv()
        except CallFailed:
            self.close()
            raise
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
        self._process = context.Process(target=_serve, args=(self._pipe, theirs, self._start), daemon=True)
        self._process.start()
        theirs.close()


def _serve(parents_end, pipe, start):
    parents_end.close()  # or this process would outlive its parent, waiting on a pipe that it holds open itself
    function = None
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            arguments = pipe.recv()
            try:
                function = function or start()
                answer = True, function(*arguments)
            except BaseException as error:  # a stranger's code, SystemExit included: the reason goes to the caller
                traceback.print_exc()
                name = "" if type(error) is CocktailError else f"{type(error).__name__}: "
                answer = False, f"{name}{error}".rstrip(": ")
            pipe.send(answer)
    os._exit(0)
