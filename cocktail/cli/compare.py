"""`cocktail compare`: two results, entry by entry."""

import click

from cocktail.cli._options import json_option, results_folder


@click.command(short_help="Compare two results entry by entry, with intervals of the differences.")
@click.argument("a")
@click.argument("b")
@click.option("--condition", "conditions", multiple=True, help="Only this condition (may be repeated).")
@click.option("--entry", "entries", multiple=True, help="Only this entry (may be repeated).")
@click.option("--metric", "metrics", multiple=True, help="This metric (may be repeated), or `all`; by default a few.")
@click.option("--everything", is_flag=True, help="Also show what is equal in both.")
@json_option
def command(a, b, conditions, entries, metrics, everything, as_json):
    """Compare the results A and B: how much better is B, entry by entry, and is the difference real?

    A and B are suites that have run, or folders of results, such as a copy of those of another commit. Where both
    have the same scenes, differences are taken scene by scene.

    \b
      cp -r results/quick /tmp/before
      cocktail compare /tmp/before quick
      cocktail compare quick standard --condition stationary --metric si_sdr
    """
    import json

    from cocktail.boards.compare import compare, read
    from cocktail.report.compare import show
    from cocktail.report.terminal import SHOWN

    sides = [read(results_folder(side), side) for side in (a, b)]
    chosen = () if "all" in metrics else metrics or _known(SHOWN, sides)
    rows = compare(*sides, conditions=conditions, entries=entries, metrics=chosen)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        show(rows, names=(a, b), everything=everything)


def _known(metrics, sides):
    """Names that either side has."""
    known = set().union(*(side.scores["metric"].unique().to_pylist() for side in sides))
    return tuple(metric for metric in metrics if metric in known)
