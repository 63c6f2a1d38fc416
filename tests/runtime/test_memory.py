"""The peak is of this process: it grows with what is held, and knows nothing of the parent's."""

import subprocess
import sys

import numpy as np


def printed(*statements: str) -> list[int]:
    program = "; ".join(["import numpy as np", "from cocktail.runtime import memory", *statements])
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return [int(word) for word in result.stdout.split()]


def test_peak_grows_with_what_is_held_and_stays():
    before, after = printed("print(memory.peak())", "np.ones(25_000_000)", "print(memory.peak())")
    assert 190e6 < after - before < 250e6


def test_what_the_parent_holds_does_not_count():
    held = np.ones(40_000_000)
    assert printed("print(memory.peak())")[0] < held.nbytes / 2
