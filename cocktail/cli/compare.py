"""`cocktail compare`: two results, entry by entry, or two entries of one result."""

from pathlib import Path

import click

from cocktail.cli._options import json_option, results_folder, said_split, say_development, split_option


@click.command(short_help="Compare two results entry by entry, or two entries, with intervals of the differences.")
@click.argument("a", metavar="RESULTS")
@click.argument("b", metavar="RESULTS|ENTRY")
@click.argument("entry", metavar="[ENTRY]", required=False)
@click.option("--condition", "conditions", multiple=True, help="Only this condition (may be repeated).")
@click.option("--entry", "entries", multiple=True, help="Of two results: only this entry (may be repeated).")
@click.option("--metric", "metrics", multiple=True, help="This metric (may be repeated), or `all`; by default a few.")
@click.option("--everything", is_flag=True, help="Of two results: also show what is equal in both.")
@click.option("--wide", is_flag=True, help="Also intervals about other kinds of noise and speakers than these.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
@split_option
@json_option
def command(a, b, entry, conditions, entries, metrics, everything, wide, as_csv, split, as_json):
    """Compare two results A and B: how much better is B, entry by entry, and is the difference real?

    Or compare two entries A and B of one result, condition by condition: how much better is B?

    RESULTS is a suite that has run, or a folder of results, such as a copy of those of another commit. Where both sides
    have the same scenes, as two entries of one run have, differences are taken scene by scene. A difference is B less A
    with its 95 % interval, and the last column says whether B is better.

    Both are over scenes: they hold for these kinds of noise and these speakers alone. With --wide, a second interval
    resamples kinds of noise and speakers: it is about others, too. Of fewer than three there is none.

    Of two results, the entries of both are ranked on each side: a suite whose order does not carry over to another one
    misleads. An entry climbs or falls so many places from A to B. Of the pairs that both sides tell apart, some may be
    reversed; --csv and --json name who overtakes whom.

    \b
      cocktail compare quick my-gate omlsa      is OMLSA better than mine?
      cp -r results/quick /tmp/before
      cocktail compare /tmp/before quick        what has changed since?
      cocktail compare quick my-gate omlsa --wide
      cocktail compare quick standard --condition stationary --metric si_sdr
      cocktail compare quick real --csv > ranks.csv
    """
    import json
    import sys

    from cocktail import tables
    from cocktail.boards.compare import COLUMNS, compare, compare_entries, read
    from cocktail.errors import CocktailError
    from cocktail.report.compare import show
    from cocktail.report.terminal import SHOWN

    if as_csv and as_json:
        raise CocktailError("--csv and --json: choose one")
    if entry is not None and entries:
        raise CocktailError("--entry chooses among the entries of two results; here the two entries are given")
    say_development(split)
    sides = [read(results_folder(side, split), side) for side in ((a, b) if entry is None else (a,))]
    metrics = () if "all" in metrics else metrics or _known(SHOWN, sides, None if entry is None else (b, entry))
    chosen = {"conditions": conditions, "metrics": metrics, "wider": wide}
    if entry is None:
        rows, names = compare(*sides, entries=entries, **chosen), (a, b)
    else:
        _require_run(sides[0], (b, entry), a, split)
        rows, names = compare_entries(*sides, b, entry, **chosen), (b, entry)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif as_csv:
        tables.dump_csv(sys.stdout, rows, list(rows[0]) if rows else COLUMNS)
    else:
        show(rows, names=names, of_entries=entry is not None, everything=everything)


def _require_run(results, entries, suite, split):
    """Say how an entry that is nowhere on the boards of a suite, and no misspelt name, comes there."""
    from cocktail.errors import CocktailError, nearest

    there = results.scores["entry"].unique().to_pylist()
    for name in entries:
        if name not in there and not nearest(name, there) and not Path(suite).is_dir():
            cure = f"`cocktail run {suite} --methods {name}{said_split(split)}` first"
            raise CocktailError(f"{suite}: its boards have no entry '{name}'; {cure}")


def _known(metrics, sides, entries):
    """Names that either side has, or one of two entries."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tables = [side.scores for side in sides]
    if entries is not None:
        tables = [table.filter(pc.is_in(table["entry"], pa.array(entries, pa.string()))) for table in tables]
    known = set().union(*(table["metric"].unique().to_pylist() for table in tables))
    return tuple(metric for metric in metrics if metric in known)
