"""`cocktail import`: estimates of another program become an entry of a suite."""

from pathlib import Path

import click


@click.command(short_help="Take in estimates that another program made.")
@click.argument("suite")
@click.argument("name")
@click.argument("source", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Over an earlier import of that name.")
@click.option("--shifted", is_flag=True, help="Also where most files are shifted against their mixtures.")
def command(suite, name, source, replace, shifted):
    """Make an entry NAME of SUITE from the estimates in DIR, made by any program on any machine.

    DIR holds manifest.csv, as `cocktail export` wrote it with --blind, and the WAV files that it names: for each scene
    one file a talker, CONDITION/SCENE_k.wav, of one channel (the talker at microphone 1), with the rate and the length
    of the mixture. The mixtures may lie there too. Everything is checked before anything is taken in.

    The next run scores the entry, and its boards show it in the family `imported`. What it cost is not measured. It
    stays with the results (results/SUITE/imported/NAME). Where a scene changes, its estimates are stale, and the boards
    say so.

    \b
      cocktail export quick scenes there --blind --condition stationary
      cocktail import quick my-matlab there
      cocktail run quick --methods my-matlab
    """
    from cocktail.workflow.imports import import_estimates
    from cocktail.workflow.plan import plan_of

    counts, shifts = import_estimates(plan_of(suite), name, source, replace=replace, shifted=shifted)
    for each in shifts:
        click.secho(f"Note: {each}.", fg="yellow", err=True)
    scenes = ", ".join(f"{condition} ({count} scenes)" for condition, count in counts.items())
    click.echo(f"{name}: {scenes}. To score it: cocktail run {suite} --methods {name}")
