"""`cocktail log`: the results of a suite into MLflow."""

from pathlib import Path

import click

from cocktail.cli._options import methods_option, say_notes


@click.command(short_help="Log the results of a suite that has run in MLflow.")
@click.argument("suite", default="quick")
@methods_option
def command(suite, folders):
    """Log boards, trainings and models of SUITE in MLflow, as `cocktail run` does at its end.

    For results that could not be logged when the suite ran, or for another store. The store is the one that
    MLFLOW_TRACKING_URI names, or mlflow.db beside the results. What is logged already is not sent again.
    The plugins that the run took are found again.

    \b
      cocktail log quick
      MLFLOW_TRACKING_URI=https://mlflow.example.org cocktail log quick
    """
    from cocktail.errors import CocktailError
    from cocktail.tracking.log import track
    from cocktail.tracking.receipt import RECEIPT, receipt, settled_state
    from cocktail.workflow.plan import plan_of

    plan = plan_of(suite, folders)
    say_notes(plan)
    out, state = Path(plan.path(RECEIPT)), settled_state(plan.folder)
    track(folder=plan.folder, out=out, suite_digest=plan.digests.suite(), trained=plan.trained_models(), state=state)
    done = receipt(plan.folder)
    if "error" in done:
        raise CocktailError(done["error"])
    click.echo(f"{done['uri']}: {done['new']} new runs, {done['same']} were logged already.")
