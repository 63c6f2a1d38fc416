"""The benchmark on a GPU: `python -m benchmarks.gpu.run`, in the folder that benchmarks.gpu.prepare made.

Four parts in the order of their value: training, agreement of devices, ratios to one core, separation of voices that
were not heard. Figures are written after every entry, so that a run that is cut leaves what it has. At the end of its
time the process ends whatever it is doing.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # or every process that mixes would start a thread for each core

import torch

from benchmarks.gpu import agreement, learning, meter, ratios, separation
from benchmarks.gpu.node import Clock, Node
from cocktail import ROOT
from cocktail.runtime.device import single_precision

SECONDS = 470.0
"""Of the whole run: eight minutes, less what the start of the process takes."""
BUDGETS = {"training": 120.0, "agreement": 75.0, "ratios": 40.0}
"""Most seconds of a part; the last one, `separation`, has what is left."""
END_S = 5.0
"""Before the end of the time, the last part should have ended by itself."""
PARTS = {"training": learning.part, "agreement": agreement.part, "ratios": ratios.part, "separation": separation.part}


class Report:
    """The figures, written whole after every change."""

    def __init__(self, path: Path, **facts):
        self.figures, self._path, self._lock = facts | {"parts": {}, "finished": False}, path, threading.Lock()
        self._clock = Clock(0)

    def write(self) -> None:
        """Write beside the file, then rename."""
        with self._lock:
            self.figures["seconds"] = self._clock.spent_s
            temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            temporary.write_text(json.dumps(self.figures, indent=1) + "\n")
            temporary.replace(self._path)


def run(node: Node, report: Report, seconds: float, parts: dict, budgets: dict, **options) -> None:
    """Every part within its time; what goes wrong in one is noted, and the next one goes on."""
    whole = Clock(seconds - END_S)
    for name, part in parts.items():
        figures: dict = {}
        report.figures["parts"][name] = figures
        clock = Clock(min(budgets.get(name, whole.left_s), whole.left_s))
        try:
            clock.check()
            part(node, clock, figures, report.write, **options.get(name, {}))
        except Exception as error:
            traceback.print_exc()
            figures["error"] = f"{type(error).__name__}: {error}"
        print(f"{name}: {clock.spent_s:.0f} s", file=sys.stderr, flush=True)
        report.write()
    report.figures["finished"] = True
    report.write()


def stop_at_last(report: Report, seconds: float) -> None:
    """End the process after so many seconds, the figures written."""

    def end():
        time.sleep(seconds)
        report.figures["stopped"] = f"after {seconds:g} s"
        report.write()
        os._exit(3)

    threading.Thread(target=end, daemon=True).start()


def main(arguments=None) -> int:
    """Run the parts; status 1 where one has an error or the devices disagree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.run", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("figures.json"), help="file for the figures")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu: a dry run")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="after which the process ends, whatever it does")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run")
    given = parser.parse_args(arguments)
    if given.device == "cuda" and not torch.cuda.is_available():
        print("torch finds no GPU here; --device cpu is a dry run", file=sys.stderr)
        return 2
    single_precision()
    meter.spare_shared_memory(meter.shared_memory_gb())
    work = Path(tempfile.mkdtemp(prefix="cocktail-gpu-"))
    node = Node(ROOT, work, given.device)
    facts = {"commit": node.jobs["commit"], "started": datetime.now(UTC).isoformat(timespec="seconds")}
    report = Report(given.out, **facts, **meter.machine(given.device))
    report.write()
    stop_at_last(report, given.seconds)
    scale = given.seconds / SECONDS
    smaller = min(scale, 1.0)
    options = {"ratios": {"small": smaller}, "separation": {"test_s": smaller * separation.TEST_S}}
    try:
        run(node, report, given.seconds, {name: PARTS[name] for name in given.parts},
            {name: scale * seconds for name, seconds in BUDGETS.items()}, **options)  # fmt: skip
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return int(bool(faults(report.figures)))


def faults(figures: dict) -> list[str]:
    """What went wrong, in words."""
    texts = []
    for part, entries in figures["parts"].items():
        for name, entry in {"": entries, **entries}.items():
            where = f"{part} {name}".strip()
            if isinstance(entry, dict) and "error" in entry:
                texts.append(f"{where}: {entry['error']}")
            if isinstance(entry, dict) and entry.get("agrees") is False:
                texts.append(f"{where}: devices are {entry['difference']:.2g} {entry['unit']} apart")
    return texts


if __name__ == "__main__":
    sys.exit(main())
