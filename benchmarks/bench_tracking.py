"""Logging a large suite in MLflow, 100 entries x 12 conditions: how long the first time, and again without a change.

The suite is drawn by chance; its sounds are there for the examples, which every run gets. The store is SQLite in a
folder of its own. `--entries N` makes a smaller suite, `--scenes N` a larger one.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from cocktail import ROOT
from cocktail.tracking.log import log_suite

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
from page_suite import Suite

MAX_FIRST_S, MAX_AGAIN_S = 60.0, 10.0


def timed(results: Path):
    """Log, and say how long that took: what was logged, seconds, and seconds of this process's work."""
    clock, work = time.perf_counter(), time.process_time()
    done = log_suite(suite="large", results=results, tracking_uri=f"sqlite:///{results / 'mlflow.db'}", commit="abc")
    return done, time.perf_counter() - clock, time.process_time() - work


def main() -> int:
    """Print both times; 1 where one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100)
    parser.add_argument("--scenes", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        results = Path(temporary)
        size = {"entries": options.entries, "conditions": 12, "scenes": options.scenes}
        Suite(results / "large", seconds=2.4, full=True, **size).write()
        _, first, first_work = timed(results)
        done, again, again_work = timed(results)
        files = [path.stat().st_size for path in (results / "mlartifacts").rglob("*") if path.is_file()]
    print(f"{done.same} results, {len(files)} files, {sum(files) / 1e6:.0f} MB: first logged in {first:.1f} s (limit "
          f"{MAX_FIRST_S:.0f} s; {first_work:.1f} s of CPU), again in {again:.1f} s (limit {MAX_AGAIN_S:.0f} s; "
          f"{again_work:.1f} s of CPU)")  # fmt: skip
    return int(done.new > 0 or first >= MAX_FIRST_S or again >= MAX_AGAIN_S)


if __name__ == "__main__":
    raise SystemExit(main())
