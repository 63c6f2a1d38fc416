"""Share of a quick run's CPU time that is no work: imports, Snakemake, files.

Work is what the jobs say of themselves in their logs (cocktail.runtime.accounting): corpora, rendering, training,
methods, metrics, bootstrap. The rest of the CPU time of the whole process tree is overhead.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cocktail.runtime.accounting import read_log


def main() -> None:
    """Run the quick suite in an empty folder and print the share."""
    with tempfile.TemporaryDirectory() as folder:
        before = sum(os.times()[2:4])
        command = [sys.executable, "-m", "cocktail", "run", "quick", "--cores", "2"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        total = sum(os.times()[2:4]) - before
        logs = [path.read_text() for path in Path(folder).glob("results/quick/logs/**/*.log")]
        work = sum(log.work_s + log.once_s for log in map(read_log, logs))
    print(f"overhead of a quick run: {100 * (1 - work / total):.1f} % of its CPU time is imports, Snakemake and files")


if __name__ == "__main__":
    main()
