"""`cocktail leaderboard`: the tables of a suite that has run."""

from pathlib import Path

import click

from cocktail.errors import CocktailError


@click.command(short_help="Print the leaderboards of a suite that has run.")
@click.argument("suite", default="quick")
@click.option("--condition", help="Only this condition's board.")
@click.option("--metric", help="Sort by this metric, and show it first.")
def command(suite, condition, metric):
    """Print the leaderboards of SUITE, one for each condition, with ranks, intervals and what failed.

    \b
      cocktail leaderboard
      cocktail leaderboard quick --condition stationary --metric pesq_wb
    """
    from cocktail.config import load_suite
    from cocktail.report.terminal import show_suite

    config = load_suite(suite)
    folder = Path(config["results"]) / config["suite"]
    if not (folder / "leaderboard.csv").is_file():
        raise CocktailError(f"{folder}: no leaderboard yet; `cocktail run {suite}` first")
    show_suite(folder, condition=condition, metric=metric)
