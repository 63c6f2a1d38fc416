"""`cocktail plan`: what a run would do."""

from types import SimpleNamespace

import click

from cocktail.cli._options import json_option, print_rows


@click.command(short_help="Print the jobs of a suite, stage by stage.")
@click.argument("suite")
@click.option(
    "--methods", metavar="NAME,...|DIR", multiple=True, help="Only these entries; or ./DIR, a folder of plugins more."
)
@click.option("--conditions", metavar="NAME,...", multiple=True, help="Only these conditions.")
@json_option
def command(suite, methods, conditions, as_json):
    """Print the jobs of SUITE stage by stage, and the cells that have none, with the reason. Nothing is run.

    \b
      cocktail plan quick
      cocktail plan standard --methods omlsa --conditions tablet
    """
    from cocktail.cli.run import selection
    from cocktail.config import load_suite, suite_path
    from cocktail.plan import Plan

    path = suite_path(suite)
    plan = Plan(load_suite(str(path), selection(methods, conditions)), str(path))
    print_rows(_stages(plan), f"{plan.suite}: jobs, were nothing done yet", as_json)
    if plan.absent and not as_json:
        click.echo()
        print_rows([vars(cell) for cell in plan.absent], "Cells without jobs", as_json=False)


def _stages(plan) -> list[dict]:
    """How many jobs each stage has, and what they are about."""
    shards, cells = len(plan.shards), len(plan.cells)
    trained = [_trained(entry) for entry in map(plan.known.get, sorted(plan.trained))]
    scenes = plan.config["scenes"]
    needed = [plan.scenes_spoofs(SimpleNamespace(condition=name)) for name in plan.conditions]
    spoofs = any([*needed, *(plan.train_spoofs(SimpleNamespace(entry=name)) for name in plan.trained)])
    banks = {condition for entry in plan.trained for condition in plan.banks(entry)}
    rooms = f"{plan.config['rooms']} each for {', '.join(sorted(banks))}" if banks else "nobody trains in rooms"
    return [
        {"stage": "corpora", "jobs": 1 + spoofs, "of": "speech and noise" + ", spoofed speech" * spoofs},
        {"stage": "rooms", "jobs": len(banks), "of": rooms},
        {"stage": "scenes", "jobs": len(plan.conditions) * shards, "of": f"{len(plan.conditions) * scenes} scenes"},
        {"stage": "train", "jobs": len(trained), "of": ", ".join(trained) or "nothing to train"},
        {"stage": "process", "jobs": cells * shards, "of": f"{cells} cells x {scenes} scenes"},
        *_retraining(plan.retraining),
        {"stage": "score", "jobs": cells * shards, "of": f"{len(plan.metrics)} metrics each"},
        {"stage": "leaderboard", "jobs": 2, "of": "the boards, and MLflow"},
        {"stage": "claims", "jobs": 1, "of": f"{len(plan.comparisons())} comparisons"},
    ]


def _retraining(retraining) -> list[dict]:
    conditions = {condition for condition, _ in retraining.cells}
    jobs = (len(conditions) + len(retraining.cells)) * len(retraining.shards) + len(retraining.entries)
    of = f"a recogniser each for {', '.join(retraining.entries)}, on {retraining.scenes} scenes"
    return [{"stage": "retrain", "jobs": jobs, "of": of}] if jobs else []


def _trained(entry) -> str:
    return f"{entry.name} (uses {entry.uses})" if entry.uses else entry.name
