"""`cocktail status`: how far the run of a suite is."""

import json
from datetime import datetime

import click

from cocktail.cli._options import json_option, said_split, split_option
from cocktail.errors import CocktailError
from cocktail.workflow.files import TEST


@click.command(short_help="Say how far the run of a suite is, and how long the rest takes.")
@click.argument("suite", default="quick")
@split_option
@json_option
def command(suite, split, as_json):
    """Say how far the last run of SUITE is: jobs, the share of the work that they are, and how long the rest will take.

    A job counts for what one of its kind cost in earlier runs. The run itself shows the same: on a terminal as a bar,
    elsewhere on a line now and then. With --split valid, it is the last run on development scenes.

    \b
      cocktail status quick
      cocktail status quick --split valid
      cocktail status my-suite.yaml --json
    """
    state = status(suite, split)
    click.echo(json.dumps(state, indent=2) if as_json else _text(state))


def status(suite: str, split: str) -> dict:
    """What is known of the last run, JSON-like. Raises CocktailError where the suite has not run."""
    from cocktail.runtime.log import PROGRESS
    from cocktail.workflow.forecast import costs_a_job
    from cocktail.workflow.plan import plan_of
    from cocktail.workflow.progress import NOTHING, Progress
    from cocktail.workflow.snakemake import at_work

    plan = plan_of(suite, split=split)
    log = plan.run_log
    if not log.is_file():
        raise CocktailError(f"{log}: no such file; `cocktail run {suite}{said_split(split)}` first")
    lines = log.read_text(encoding="utf-8").splitlines()
    progress = Progress(lambda: costs_a_job(plan)).read_all(lines)
    busy = at_work(plan.folder)
    running = busy == log.resolve()
    until = datetime.now() if running else datetime.fromtimestamp(log.stat().st_mtime)
    elapsed = until - (progress.begun or until)
    left = progress.left(elapsed) if running else None
    whole = progress.done == progress.jobs and (progress.jobs or any(line.startswith(NOTHING) for line in lines))
    state = "finished" if whole else "stopped"
    text = "nothing was left to do" if whole else "no job yet"
    said = [line.removeprefix(PROGRESS) for line in lines if line.startswith(PROGRESS)] if running else []
    return {
        "suite": plan.suite,
        "split": split,
        "state": "at work" if running else state,
        "jobs_done": progress.done,
        "jobs": progress.jobs,
        "share_of_work": round(progress.share, 4),
        "elapsed_s": round(elapsed.total_seconds()),
        "left_s": None if left is None else round(left.total_seconds()),
        "training": said[-1] if said else None,
        "text": progress.line(elapsed, running=running) if progress.jobs else text,
        "log": str(log),
        "other_at_work": str(busy) if busy and not running else None,
    }


def _text(state) -> str:
    """The state in a few lines."""
    on = "" if state["split"] == TEST else f", split {state['split']}"
    lines = [f"{state['suite']}{on}: {state['state']}, {state['text']}", state["training"]]
    if state["state"] == "stopped":
        lines.append(f"What was finished is kept, and a run goes on from there. Log: {state['log']}")
    if state["other_at_work"]:
        lines.append(f"Another run of this suite is at work: {state['other_at_work']}")
    return "\n".join(filter(None, lines))
