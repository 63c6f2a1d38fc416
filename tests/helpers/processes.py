"""What became of a process."""

import time
from pathlib import Path


def gone(pid: int) -> bool:
    """Whether a process ends within five seconds; one whose parent is gone is reaped by another one."""
    for _ in range(100):
        try:
            if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False
