"""`cocktail leaderboard`: the tables of a suite that has run."""

from pathlib import Path

import click

from cocktail.errors import CocktailError


@click.command(short_help="Print the leaderboards of a suite that has run.")
@click.argument("suite", default="quick")
@click.option("--condition", help="Only this condition's board.")
@click.option("--metric", help="Sort by this metric, and show it first.")
@click.option("--by", metavar="WHAT", help="The metric by snr_db, noise, t60_s ... of the scenes (scenes.parquet).")
def command(suite, condition, metric, by):
    """Print the leaderboards of SUITE, one for each condition, with ranks, intervals and what failed.

    On a published corpus, what others published on it stands below the boards, beside ours (config/published).
    With --by, print one metric [si_sdr] by what was drawn for the scenes: snr_db, noise, t60_s, distance_m, level_db or
    genders.

    \b
      cocktail leaderboard
      cocktail leaderboard quick --condition stationary --metric pesq_wb
      cocktail leaderboard quick --metric wer --by snr_db
    """
    from cocktail.report.published import show_suite as show_published
    from cocktail.report.terminal import show_suite
    from cocktail.workflow.suite import load_suite

    config = load_suite(suite)
    folder = Path(config["results"]) / config["suite"]
    if not (folder / "leaderboard.csv").is_file():
        raise CocktailError(f"{folder}: no leaderboard yet; `cocktail run {suite}` first")
    if by is None:
        show_suite(folder, condition=condition, metric=metric)
        show_published(config, folder, condition=condition, metric=metric)
    else:
        _show_strata(folder, config, condition, metric or "si_sdr", by)


def _show_strata(folder, config, condition, metric, by):
    from cocktail import tables
    from cocktail.boards.strata import by_stratum
    from cocktail.report.strata import show

    scores, scenes = (tables.read_table(folder / f"{name}.parquet") for name in ("scores", "scenes"))
    settings = {name: config[name] for name in ("seed", "resamples")}
    show(by_stratum(scores, scenes, metric=metric, by=by, condition=condition, **settings), metric=metric, by=by)
