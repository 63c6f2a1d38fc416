"""`cocktail status`: how far the run of a suite is."""

import json
from datetime import datetime

import click

from cocktail.cli._options import json_option, results_folder
from cocktail.errors import CocktailError


@click.command(short_help="Say how far the run of a suite is, and how long the rest takes.")
@click.argument("suite", default="quick")
@json_option
def command(suite, as_json):
    """Say how far the last run of SUITE is: jobs, the share of the work that they are, and how long the rest will take.

    A job counts for what one of its kind cost in earlier runs. The run itself shows the same: on a terminal as a bar,
    elsewhere on a line now and then.

    \b
      cocktail status quick
      cocktail status my-suite.yaml --json
    """
    state = status(suite)
    click.echo(json.dumps(state, indent=2) if as_json else _text(state))


def status(suite: str) -> dict:
    """What is known of the last run, JSON-like. Raises CocktailError where the suite has not run."""
    from cocktail.runtime.log import PROGRESS
    from cocktail.workflow.forecast import costs_a_job
    from cocktail.workflow.plan import plan_of
    from cocktail.workflow.progress import NOTHING, Progress
    from cocktail.workflow.snakemake import at_work

    folder = results_folder(suite)
    log = folder / "logs" / "snakemake.log"
    if not log.is_file():
        raise CocktailError(f"{log}: no such file; `cocktail run {suite}` first")
    plan = plan_of(suite)
    lines = log.read_text(encoding="utf-8").splitlines()
    progress = Progress(lambda: costs_a_job(plan)).read_all(lines)
    running = at_work(folder)
    until = datetime.now() if running else datetime.fromtimestamp(log.stat().st_mtime)
    elapsed = until - (progress.begun or until)
    left = progress.left(elapsed) if running else None
    whole = progress.done == progress.jobs and (progress.jobs or any(line.startswith(NOTHING) for line in lines))
    said = [line.removeprefix(PROGRESS) for line in lines if line.startswith(PROGRESS)] if running else []
    return {
        "suite": plan.suite,
        "state": "at work" if running else "finished" if whole else "stopped",
        "jobs_done": progress.done,
        "jobs": progress.jobs,
        "share_of_work": round(progress.share, 4),
        "elapsed_s": round(elapsed.total_seconds()),
        "left_s": None if left is None else round(left.total_seconds()),
        "training": said[-1] if said else None,
        "text": progress.line(elapsed, running=running)
        if progress.jobs
        else "nothing was left to do"
        if whole
        else "no job yet",
        "log": str(log),
    }


def _text(state) -> str:
    """The state in a few lines."""
    lines = [f"{state['suite']}: {state['state']}, {state['text']}", state["training"]]
    if state["state"] == "stopped":
        lines.append(f"What was finished is kept, and a run goes on from there. Log: {state['log']}")
    return "\n".join(filter(None, lines))
