"""What `cocktail plan` foretells against what a run then costs: CPU time and bytes, from a suite of a quarter the size.

Both suites run here, one after the other; the larger has four times the scenes, epochs of training and rooms, and a
network of another width besides. Where `make run` has finished here, what the shipped costs foretell of `quick` is set
against what it took, too.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from cocktail.workflow.costs import FILE, SHIPPED, Costs, read_costs
from cocktail.workflow.forecast import estimate
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

SUITE = """
suite: {name}
scenes: {scenes}
shard_size: 4
rooms: {rooms}
conditions: [stationary, tablet]
methods: [unprocessed, oracle-irm, omlsa, nmf-sparse, dnn-msa, blstm-msa, mask-mvdr, blstm-psa, delay-and-sum]
metrics: [si_sdr, pesq_wb, stoi, wer]
parameters:
  mask_network: {{width: 0.25, segment_s: 2.4, batch_size: 10, epochs_mel: {epochs}, epochs: {epochs}, steps: 20}}
  dnn-msa: {{width: {width}}}
"""
SMALL = {"scenes": 4, "rooms": 10, "epochs": 2, "width": 0.1}
RIGHT = 0.5, 2.0
LARGE = {"scenes": 16, "rooms": 40, "epochs": 8, "width": 0.2}


def main() -> int:
    """Print the ratios, of all jobs and by stage; 1 where those of all jobs are not right."""
    print(of_quick())
    with tempfile.TemporaryDirectory() as folder:
        small = run(Path(folder), "small", SMALL)
        large = run(Path(folder), "large", LARGE)
        path = str(Path(folder) / "large.yaml")
        foretold = estimate(Plan(load_suite(path), path), [small])
    unknown = [each.group.name for each in foretold if each.basis is None]
    if unknown:
        sys.exit(f"no basis: {', '.join(unknown)}")
    by_rule = {
        rule: ratio([each.cpu_s for each in foretold if each.group.rule == rule], large, rule)
        for rule in ("train", "process", "score")
    }
    time = sum(each.cpu_s for each in foretold) / large.seconds
    size = sum(each.n_bytes for each in foretold) / sum(cost.n_bytes for cost in large.costs)
    print(
        f"plan: CPU time {time:.2f} of what the run took "
        f"({', '.join(f'{rule} {value:.2f}' for rule, value in by_rule.items())}), bytes {size:.2f} of what it left; "
        f"right is {RIGHT[0]} to {RIGHT[1]}"
    )
    return int(not all(RIGHT[0] <= value <= RIGHT[1] for value in (time, size)))


def of_quick() -> str:
    """What `cocktail plan quick` says on a machine where nothing has run yet, and what the run took."""
    plan = Plan(load_suite("quick"), "quick")
    shipped = read_costs(SHIPPED / "quick.json")
    foretold = sum(each.cpu_s for each in estimate(plan, [shipped])) / 3600
    said = f"plan of quick: {foretold:.2f} CPU-hours, from {shipped.machine}"
    took = Path(plan.path(FILE))
    if not took.is_file():
        return f"{said}; what it takes is not known here: no {took} (`make run` leaves it)"
    costs = read_costs(took)
    return f"{said}; it took {costs.seconds / 3600:.2f} on {costs.machine}, ratio {foretold * 3600 / costs.seconds:.2f}"


def run(folder: Path, name: str, sizes: dict) -> Costs:
    """Run a suite and return what it cost."""
    (folder / f"{name}.yaml").write_text(SUITE.format(name=name, **sizes))
    command = [sys.executable, "-m", "cocktail", "run", f"{name}.yaml", "--cores", "2"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return read_costs(folder / "results" / name / FILE)


def ratio(foretold: list[float], large: Costs, rule: str) -> float:
    """Foretold over true CPU time of a stage."""
    return sum(foretold) / sum(cost.cpu_s for cost in large.costs if cost.rule == rule)


if __name__ == "__main__":
    raise SystemExit(main())
