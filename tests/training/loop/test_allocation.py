"""Freed memory is reused: page faults are counted, in a process of their own, with and without."""

import os
import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from cocktail.training.loop.memory import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
faults = []
for _ in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    held = [np.ones(2**18) for _ in range(16)]  # 2 MiB each, as activations are: below the threshold of an own mapping
    del held
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(faults[-1])
"""


def _faults(how, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", COUNT, how], env=environment | variables, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's parameters")
def test_memory_that_is_freed_is_not_asked_for_again():
    pages = 16 * 2**21 // 4096
    assert _faults("kept") < pages / 20
    assert _faults("default") > pages / 2  # else this setting has no use any more


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's parameters")
def test_the_users_setting_is_respected():
    pages = 16 * 2**21 // 4096
    assert _faults("kept", MALLOC_TRIM_THRESHOLD_="131072", MALLOC_MMAP_THRESHOLD_="131072") > pages / 2
