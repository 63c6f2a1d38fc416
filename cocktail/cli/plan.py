"""`cocktail plan`: what a run would do, and what it would cost."""

import click

from cocktail.cli._options import json_option, print_rows, say_low_rates, say_notes, split_option
from cocktail.workflow.files import SPLITS, TEST, TRAIN

STAGES = {
    "corpora": ("corpora", "spoofs", "adversary", "attacker"),
    "rooms": ("rooms",),
    "scenes": ("scenes",),
    "train": ("train",),
    "process": ("process",),
    "score": ("score",),
    "leaderboard": ("leaderboard", "track"),
    "claims": ("claims",),
    "report": ("report",),
}
"""Row of the table -> rules, as cocktail.workflow.job_groups names them."""


@click.command(short_help="Print the jobs of a suite, stage by stage, and what they would cost.")
@click.argument("suite")
@click.option(
    "--methods", metavar="NAME,...|DIR", multiple=True, help="Only these entries; ./DIR adds a folder of plugins."
)
@click.option("--conditions", metavar="NAME,...", multiple=True, help="Only these conditions.")
@split_option
@click.option(
    "--like",
    metavar="SUITE|FILE",
    multiple=True,
    help="Forecast from the measured costs of this suite, or of a costs.json.",
)
@json_option
def command(suite, methods, conditions, split, like, as_json):
    """Print the jobs of SUITE stage by stage, with CPU-hours, GPU-hours and gigabytes on disk, and the cells that have
    no jobs, with the reason. Nothing is run.

    Costs are measured ones: of this suite if it ran here, of other suites in the folder of results, or those that the
    project ships, in this order; or those that --like names. They are scaled by scenes, utterances, rooms and cells;
    trainings by epochs, steps and the size of the network, as if none stopped early. Jobs without measured costs are
    listed and not in the sums. Gigabytes are those of the suite's folder before `keep: examples` drops estimates,
    without MLflow's store.

    \b
      cocktail plan quick
      cocktail plan standard --methods omlsa --conditions tablet
      cocktail plan quick --split valid         the same methods on development scenes
      cocktail plan full --like sample.yaml     a suite that ran: few steps of large networks
      COCKTAIL_DEVICE=cuda cocktail plan full   for a machine with GPUs
    """
    from cocktail.cli.run import selection
    from cocktail.workflow.costs import known_costs
    from cocktail.workflow.forecast import estimate
    from cocktail.workflow.plan import plan_of
    from cocktail.workflow.suite import suite_path

    path = suite_path(suite)
    plan = plan_of(path, overrides=selection(path, methods, conditions, split))
    say_notes(plan)
    say_low_rates(plan.config)
    known = [_named(name) for name in like] or known_costs(plan)
    estimates = estimate(plan, known)
    on = f", split {split}" if split != TEST else ""
    print_rows(_stages(plan, estimates), f"{plan.suite}{on}: jobs, were nothing done yet", as_json)
    if as_json:
        return
    _remarks(plan, estimates, known)
    if plan.absent:
        click.echo()
        print_rows(_absent(plan), "Cells without jobs", as_json=False)


def _named(name: str):
    """Costs of a suite that ran here, or of a file."""
    from cocktail.errors import CocktailError
    from cocktail.workflow.costs import measure, read_costs
    from cocktail.workflow.plan import plan_of

    if name.endswith(".json"):
        return read_costs(name)
    costs = measure(plan_of(name))
    if not costs.costs:
        raise CocktailError(f"--like {name}: it has not run here; run it first, or give the costs.json of another run")
    return costs


def _stages(plan, estimates) -> list[dict]:
    """One row for each stage (jobs, what they do, their cost and its source), and the sum."""
    rows = []
    for stage, rules in STAGES.items():
        of_stage = [each for each in estimates if each.group.rule in rules]
        jobs = sum(len(each.group.jobs) for each in of_stage)
        if jobs or stage in ("rooms", "train"):
            rows.append({"stage": stage, "jobs": jobs, "of": _about(plan, stage)} | _cost(of_stage))
    total = {"stage": "all", "jobs": sum(row["jobs"] for row in rows), "of": ""} | _cost(estimates)
    return [*rows, total | {"basis": ""}]


def _cost(estimates) -> dict:
    known = [each for each in estimates if each.basis]
    scaled = any(not each.exact for each in known)
    sources = ", ".join(dict.fromkeys(name for each in known for name in each.basis.split(", ")))
    return {
        "cpu_hours": _rounded(sum(each.cpu_s for each in known if not each.at_cpu_speed) / 3600),
        "gpu_hours": _rounded(sum(each.gpu_s for each in known) / 3600),
        "gb": _rounded(sum(each.n_bytes for each in known) / 1e9),
        "unknown_jobs": sum(len(each.group.jobs) for each in estimates if not each.basis),
        "basis": f"{sources}, scaled" if scaled else sources,
    }


def _absent(plan) -> list[dict]:
    """A row for each condition and reason."""
    entries: dict[tuple[str, str, str], list[str]] = {}
    for cell in plan.absent:
        entries.setdefault((cell.condition, cell.status, cell.reason), []).append(cell.entry)
    return [
        {"condition": condition, "status": status, "reason": reason, "entries": names}
        for (condition, status, reason), names in entries.items()
    ]


def _rounded(value: float) -> float:
    """Two significant digits; no decimals from 10 on."""
    return float(f"{value:.2g}") if value < 100 else round(value)


def _about(plan, stage) -> str:
    """What the jobs of a stage do."""
    cells, scenes = len(plan.cells), plan.config["scenes"]
    banks = [name if where == "first" else f"{name} (all microphones)" for name, where in plan.all_banks()]
    trained = ", ".join(_trained(plan.known[name]) for name in sorted(plan.trained))
    return {
        "corpora": "speech and noise; spoofed speech where a condition has any",
        "rooms": f"{plan.config['rooms']} each for {', '.join(banks)}" if banks else "no entry trains in rooms",
        "scenes": " and ".join(_scenes(plan)),
        "train": trained or "nothing to train",
        "process": f"{cells} cells x {scenes} scenes" + _train_cells(plan),
        "score": f"{len(plan.metrics)} metrics each",
        "leaderboard": "the boards, and MLflow" if plan.split == TEST else "the boards",
        "claims": f"{len(plan.comparisons())} comparisons",
        "report": "the page",
    }[stage]


def _scenes(plan) -> list[str]:
    """How many scenes of each split there are."""
    sizes = {split: len(plan.rendered(split)) * plan.n_scenes(split) for split in SPLITS}
    return [f"{size} {split} scenes" for split, size in sizes.items() if size]


def _train_cells(plan) -> str:
    cells = len(plan.estimated(TRAIN))
    return f", {cells} x {plan.n_scenes(TRAIN)} train scenes" if cells else ""


def _trained(entry) -> str:
    from cocktail.workflow.selection import VERBS

    said = "; ".join(f"{VERBS[key]} {names}" for key, names in entry.said().items())
    return f"{entry.name} ({said})" if said else entry.name


def _remarks(plan, estimates, known) -> None:
    """Which machines were measured, what the figures leave out, and what the word errors will be worth."""
    from cocktail.errors import few
    from cocktail.recognition.recogniser import remark

    used = {name for each in estimates if each.basis for name in each.basis.split(", ")}
    measured = dict.fromkeys(_measured(plan, costs) for costs in known if costs.suite in used)
    for line in measured:
        click.echo(line)
    if any(each.at_cpu_speed for each in estimates):
        click.echo(
            "GPU-hours are at the speed of the measured CPU: an upper bound. Run a few steps on the GPU, then --like."
        )
    unknown = [each for each in estimates if not each.basis]
    if unknown:
        click.secho(
            f"Without measured costs, not in the sums ({sum(len(each.group.jobs) for each in unknown)} jobs):",
            fg="yellow",
        )
        reasons = {}
        for each in unknown:
            reasons.setdefault(f"{each.group.rule}: {each.reason}", []).append(each.group.name)
        for reason, names in reasons.items():
            click.echo(f"  {reason} ({few(names, 3)})")
    if "wer" in plan.metrics and (note := remark(plan.config["recogniser"])):
        click.secho(note, fg="yellow")


def _measured(plan, costs) -> str:
    """What was measured, and on which machine."""
    other = "" if costs.corpora == plan.config["corpora"] else " It has other corpora, and so other lengths of scenes."
    return f"Measured: {costs.suite} on {costs.machine}, {costs.seconds / 3600:.2g} CPU-hours.{other}"
