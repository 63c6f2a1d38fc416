"""`cocktail run`: the whole benchmark, or a part of it."""

import os
import shutil
from pathlib import Path

import click

from cocktail.cli._options import (
    counted,
    metrics_of,
    said_split,
    say_detection,
    say_low_rates,
    say_narrow,
    say_notes,
    split_option,
)
from cocktail.workflow.files import TEST


@click.command(
    short_help="Run a suite: scenes, methods, scores, leaderboards.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("suite")
@click.option("--cores", type=click.IntRange(min=1), show_default="all", help="Jobs at a time.")
@click.option("--profile", metavar="NAME|DIR", default="default", help="Where jobs run: slurm, kubernetes; see docs.")
@click.option(
    "--methods", metavar="NAME,...|DIR", multiple=True, help="Only these entries; ./DIR adds a folder of plugins."
)
@click.option("--conditions", metavar="NAME,...", multiple=True, help="Only these conditions.")
@split_option
@click.option("--strict", is_flag=True, help="Exit with 1 when any cell failed.")
@click.option("--retry", is_flag=True, help="Try again what failed.")
@click.argument("snakemake_arguments", nargs=-1, type=click.UNPROCESSED)
def command(suite, cores, profile, methods, conditions, split, strict, retry, snakemake_arguments):
    """Run SUITE: draw and render its scenes, run and score every method, and print the leaderboards.

    SUITE is a name (`cocktail list suites`) or a YAML file. Finished results are never computed again: after a crash,
    an edit or a new method, run again, and only what is missing or changed is computed. A failed cell is finished too;
    --retry tries it again. Further arguments go to Snakemake.

    With --methods and --conditions, these alone are computed and shown. The boards of the suite stay whole: they hold
    what earlier runs left, with the new figures. `unprocessed` always runs, since improvements are measured from it.

    With --split valid, scenes are made of the speakers and noise recordings that are kept for development, and have
    boards of their own, in results/SUITE/valid: tune on these, and leave the test for the end.

    \b
      cocktail run quick
      cocktail run quick --methods omlsa,nmf-sparse --conditions stationary
      cocktail run quick --methods ./my_methods        with that folder's plugins (a path has a slash)
      cocktail run quick --methods my-gate --split valid
      cocktail run my-suite.yaml --cores 8 --strict
      cocktail run standard --profile slurm            on a cluster (docs/cluster.md)
      cocktail run quick -- --dry-run                  what would run, and why

    Exit status: 0 when the boards are complete, also where cells failed (their count is printed); 1 with --strict if
    any did, or when a job broke; 2 for an error in the configuration.
    """
    from cocktail.recognition.recogniser import create, remark
    from cocktail.workflow import partial
    from cocktail.workflow.costs import FILE, measure
    from cocktail.workflow.files import PARTIAL
    from cocktail.workflow.plan import plan_of
    from cocktail.workflow.snakemake import forget_failures, run, snakemake_command
    from cocktail.workflow.suite import suite_path

    path = suite_path(suite)
    overrides = selection(path, methods, conditions, split)
    plan = plan_of(path, overrides=overrides)
    say_notes(plan)
    say_low_rates(plan.config)
    plan.comparisons()  # a misspelt claim should be reported before hours of work
    first = plan.untrained_scores()
    arguments = snakemake_command(path, overrides, cores, snakemake_arguments, profile, first)
    if {"-n", "--dry-run", "--dryrun"} & set(snakemake_arguments):
        os.execv(arguments[0], arguments)
    if "wer" in plan.metrics:
        create(plan.config["recogniser"])  # fetches a model once, and says now what is missing
        if note := remark(plan.config["recogniser"]):
            click.secho(note, fg="yellow")
    if retry:
        click.echo(f"{plan.suite}: {forget_failures(plan)} shards with failures will be tried again")
    jobs = len(plan.cells) * len(plan.shards)
    on = f", split {split}" if split != TEST else ""
    click.echo(
        f"{plan.suite}{on}: {counted(len(plan.conditions), 'condition')}, "
        f"{counted(len(plan.entries), 'entry', 'entries')}, {counted(jobs, 'shard')} to score"
    )
    page = plan.boards / PARTIAL / "report" / "index.html"
    click.echo(f"Boards while it runs: cocktail leaderboard {suite}{said_split(split)}, or {page}")
    click.echo(f"How far it is: cocktail status {suite}{said_split(split)}")
    meanwhile = partial.pages_meanwhile(path, overrides)
    try:
        status = run(arguments, plan, profile, meanwhile=meanwhile)
    except KeyboardInterrupt:
        click.secho("Ended by a signal. What was finished is kept; the same command goes on from there.", err=True)
        raise click.exceptions.Exit(130) from None
    if status != 0:
        raise click.exceptions.Exit(explain(plan))
    shutil.rmtree(plan.boards / PARTIAL, ignore_errors=True)
    # For `cocktail plan` of other suites; a storage keeps the records elsewhere.
    if plan.whole and split == TEST and (measured := measure(plan)).costs:
        measured.write(plan.path(FILE))
    status = show(plan, suite, strict)
    raise click.exceptions.Exit(max(status, said_unlogged(plan.folder, suite, strict) if split == TEST else 0))


def selection(path, methods, conditions, split: str = TEST) -> dict:
    """What the options say over the suite in the file `path`: names choose, folders (what has a slash) add."""
    from cocktail.workflow.suite import load_suite

    given = [item for value in methods for item in value.split(",") if item]
    folders = [str(Path(item).resolve()) for item in given if os.sep in item]
    names = [item for item in given if os.sep not in item]
    chosen = [item for value in conditions for item in value.split(",") if item]
    plugins = [*load_suite(str(path))["plugins"], *folders] if folders else []
    only = {key: value for key, value in {"methods": names, "conditions": chosen}.items() if value}
    overrides = {"plugins": plugins, "only": only, "split": split}
    return {key: value for key, value in overrides.items() if value}


def show(plan, suite: str, strict: bool) -> int:
    """Print the boards of what ran, and how to see more of the `suite`; the exit status."""
    from cocktail.boards.verdicts import read_verdicts
    from cocktail.report.claims import show as show_claims
    from cocktail.report.published import show_suite as show_published
    from cocktail.report.terminal import show_suite

    part = {} if plan.whole else {"conditions": plan.conditions, "entries": plan.entries}
    failed = show_suite(plan.boards, split=plan.split, **part)
    if plan.whole and plan.split == TEST:
        show_published(plan.config, plan.folder)
        show_claims(read_verdicts(plan.path("claims.csv")), everything=False)
    say_detection(plan.config, metrics_of(plan.boards, plan.conditions))
    say_narrow(plan.config)
    click.echo(f"\nTo look and listen, in a browser: {plan.boards}/report/index.html")
    click.echo(f"Boards: {plan.boards}/leaderboard.csv   every score: {plan.boards}/scores.parquet")
    if not plan.whole:
        click.echo(f"All entries, with these figures among them: cocktail leaderboard {suite}{said_split(plan.split)}")
    click.echo(f"Claims that were not run, and why: cocktail claims {suite}{said_split(plan.split)}")
    if plan.split == TEST:
        click.echo(f"Everything in MLflow: cocktail ui {suite}")
    if failed:
        click.secho(f"{failed} cells failed; their reasons stand under the boards.", fg="yellow", err=True)
    return int(bool(failed and strict))


def said_unlogged(folder: Path, suite: str, strict: bool) -> int:
    """Say that MLflow could not be reached, if so; the exit status."""
    from cocktail.tracking.receipt import receipt

    unlogged = "error" in receipt(folder)
    if unlogged:
        click.secho(
            f"MLflow could not be reached: cocktail log {suite}   logs the results later.", fg="yellow", err=True
        )
    return int(unlogged and strict)


def explain(plan) -> int:
    """Say why Snakemake ended without the boards; the exit status."""
    from cocktail.runtime.log import NEWS, PROGRESS

    log = plan.run_log
    lines = log.read_text().splitlines() if log.exists() else []
    lines = [line for line in lines if not line.startswith(PROGRESS)]
    click.secho(f"The run did not finish; what was finished is kept. Log: {log}", fg="red", err=True)
    if not any(line.startswith(NEWS) for line in lines):  # their messages were shown during the run
        for line in lines[-20:]:
            click.echo(f"  {line}", err=True)
    free = shutil.disk_usage(plan.folder).free
    if free < 100e6:
        click.secho(f"  {plan.folder}: the disk is full ({free / 1e6:.0f} MB free); make room and run again.", err=True)
    return 1
