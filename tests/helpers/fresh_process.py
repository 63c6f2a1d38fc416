"""Calls in a Python of their own, which holds nothing of what pytest's process does."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def in_fresh_process(function, *arguments):
    """What `function(*arguments)` returns there. They are pickled: functions of a module, not lambdas."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
