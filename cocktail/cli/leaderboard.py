"""`cocktail leaderboard`: the tables of a suite that has run, or of what is finished."""

import click

from cocktail.cli._options import metrics_of, said_split, say_detection, say_narrow, split_option
from cocktail.errors import CocktailError, nearest
from cocktail.workflow.files import TEST


@click.command(short_help="Print the leaderboards of a suite, also while it runs.")
@click.argument("suite", default="quick")
@click.option("--condition", help="Only this condition's board.")
@click.option("--metric", help="Sort by this metric, and show it first.")
@click.option("--wide", is_flag=True, help="Also intervals about other kinds of noise and speakers than these.")
@click.option("--by", metavar="WHAT", help="The metric by snr_db, noise, t60_s ... of the scenes (scenes.parquet).")
@split_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: a row an entry in a condition, a column a metric.")
@click.option("--page", is_flag=True, help="Write the page of what is finished, without sounds, and print its place.")
def command(suite, condition, metric, wide, by, split, as_csv, page):
    """Print the leaderboards of SUITE, one for each condition, with ranks, intervals and what failed.

    Where scores are newer than the boards, as while a run is at work or after one was stopped, the boards are made of
    what is finished, marked as partial, with what is still to come. The files of the run stay as they are.

    Intervals (±) are over scenes: they hold for these kinds of noise and these speakers alone. With --wide, a second
    interval of the metric that ranks resamples kinds of noise and speakers: it is about others, too. Of fewer than
    three there is none.

    On a published corpus, what others published on it stands below the boards, beside ours (config/published).
    With --by, print one metric [si_sdr] by what was drawn for the scenes: snr_db, noise, t60_s, distance_m, level_db,
    genders, movement, degradation or overlap.

    \b
      cocktail leaderboard
      cocktail leaderboard quick --condition stationary --metric pesq_wb
      cocktail leaderboard quick --wide
      cocktail leaderboard quick --metric wer --by snr_db
      cocktail leaderboard quick --split valid  of development scenes
      cocktail leaderboard quick --csv > quick.csv
      cocktail leaderboard quick --page         while it runs; the run makes one now and then, too
    """
    from cocktail.workflow.partial import boards, write_page
    from cocktail.workflow.plan import plan_of
    from cocktail.workflow.suite import load_suite

    if wide and (by or as_csv or page):
        raise CocktailError("--wide is about the boards on the terminal; leave out --by, --csv and --page")
    if page:
        click.echo(write_page(plan_of(suite, split=split)))
        return
    config = load_suite(suite, {"split": split})
    with boards(suite, split) as folder:
        if not (folder / "leaderboard.csv").is_file():
            raise CocktailError(f"{folder}: no leaderboard yet; `cocktail run {suite}{said_split(split)}` first")
        if as_csv:
            click.echo(_pivoted(folder, condition, metric), nl=False)
        else:
            _show(folder, config, condition, metric, wide, by)


def _pivoted(folder, condition, metric) -> str:
    """The figures of leaderboard.csv as CSV with a column for each metric, or for one."""
    import pandas

    board = pandas.read_csv(folder / "leaderboard.csv")
    for column, wanted in {"condition": condition, "metric": metric}.items():
        if wanted is not None and wanted not in set(board[column]):
            raise CocktailError(f"the leaderboard has no {column} '{wanted}'{nearest(wanted, set(board[column]))}")
        board = board[board[column] == (wanted or board[column])]
    return board.pivot(index=["condition", "entry"], columns="metric", values="value").to_csv()


def _show(folder, config, condition, metric, wide, by):
    from cocktail import tables
    from cocktail.boards.wide import Boards
    from cocktail.report.published import show_suite as show_published
    from cocktail.report.terminal import show_suite
    from cocktail.workflow.suite import resampling

    if by is None:
        scores, scenes = folder / "scores.parquet", folder / "scenes.parquet"
        intervals = Boards(tables.read_table(scores), tables.read_rows(scenes), **resampling(config)) if wide else None
        show_suite(folder, split=config["split"], condition=condition, metric=metric, wide=intervals)
        if config["split"] == TEST:
            show_published(config, folder, condition=condition, metric=metric)
        say_detection(config, metrics_of(folder, [condition] if condition else None))
    else:
        _show_strata(folder, config, condition, metric or "si_sdr", by)
        say_detection(config, [metric or "si_sdr"])
    say_narrow(config)


def _show_strata(folder, config, condition, metric, by):
    from cocktail import tables
    from cocktail.boards.strata import by_stratum
    from cocktail.report.strata import show
    from cocktail.workflow.suite import resampling

    scores, scenes = (tables.read_table(folder / f"{name}.parquet") for name in ("scores", "scenes"))
    rows = by_stratum(scores, scenes, metric=metric, by=by, condition=condition, **resampling(config))
    show(rows, metric=metric, by=by)
