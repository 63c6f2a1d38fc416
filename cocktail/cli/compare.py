"""`cocktail compare`: two results, entry by entry, or two entries of one result."""

import click

from cocktail.cli._options import json_option, results_folder, split_option


@click.command(short_help="Compare two results entry by entry, or two entries, with intervals of the differences.")
@click.argument("a", metavar="RESULTS")
@click.argument("b", metavar="{RESULTS |")
@click.argument("entry", metavar="ENTRY ENTRY}", required=False)
@click.option("--condition", "conditions", multiple=True, help="Only this condition (may be repeated).")
@click.option("--entry", "entries", multiple=True, help="Of two results: only this entry (may be repeated).")
@click.option("--metric", "metrics", multiple=True, help="This metric (may be repeated), or `all`; by default a few.")
@click.option("--everything", is_flag=True, help="Of two results: also show what is equal in both.")
@split_option
@json_option
def command(a, b, entry, conditions, entries, metrics, everything, split, as_json):
    """Compare two results A and B: how much better is B, entry by entry, and is the difference real?

    Or compare two entries A and B of one result, condition by condition: how much better is B?

    RESULTS is a suite that has run, or a folder of results, such as a copy of those of another commit. Where both sides
    have the same scenes, as two entries of one run have, differences are taken scene by scene. A difference is B less A
    with its 95 % interval, and the last column says whether B is better.

    \b
      cocktail compare quick my-gate omlsa      is OMLSA better than mine?
      cp -r results/quick /tmp/before
      cocktail compare /tmp/before quick        what has changed since?
      cocktail compare quick standard --condition stationary --metric si_sdr
    """
    import json

    from cocktail.boards.compare import compare, compare_entries, read
    from cocktail.errors import CocktailError
    from cocktail.report.compare import show
    from cocktail.report.terminal import SHOWN

    if entry is not None and entries:
        raise CocktailError("--entry chooses among the entries of two results; here the two entries are given")
    sides = [read(results_folder(side, split), side) for side in ((a, b) if entry is None else (a,))]
    chosen = {"conditions": conditions, "metrics": () if "all" in metrics else metrics or _known(SHOWN, sides)}
    if entry is None:
        rows, names = compare(*sides, entries=entries, **chosen), (a, b)
    else:
        rows, names = compare_entries(*sides, b, entry, **chosen), (b, entry)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        show(rows, names=names, of_entries=entry is not None, everything=everything)


def _known(metrics, sides):
    """Names that either side has."""
    known = set().union(*(side.scores["metric"].unique().to_pylist() for side in sides))
    return tuple(metric for metric in metrics if metric in known)
