"""Memory of this process."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak() -> int:
    """Largest resident size of this process so far, in bytes.

    On Linux the kernel's VmHWM: getrusage counts what the parent held when it started this process.
    """
    if STATUS.exists():
        kilobytes = next(line.split()[1] for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(kilobytes) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
