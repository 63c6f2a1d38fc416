"""`cocktail claims`: which claims of the literature hold in a suite that has run."""

import click

from cocktail.cli._options import json_option, said_split, say_development, split_option
from cocktail.errors import CocktailError


@click.command(short_help="Print which claims of the literature hold, which fail, and which cannot be judged.")
@click.argument("suite", default="quick")
@click.option("--wide", is_flag=True, help="Also intervals about other kinds of noise and speakers than these.")
@split_option
@json_option
def command(suite, wide, split, as_json):
    """Print the verdict on every claim of config/claims.yaml in SUITE, with the difference that it rests on.

    A difference is positive where the claim is right. It holds where the 95 % interval lies above 0, fails where it
    lies below, is not distinguishable in between; or it was not run, with the reason. Where a claim says that one is no
    worse than another, it is judged against its margin below 0. Verdicts are about the noises and speakers of SUITE;
    the wider intervals of --wide are about others, too. While a run is at work, they rest on what is finished.

    \b
      cocktail claims
      cocktail claims --wide
      cocktail claims quick --split valid       on development scenes
      cocktail claims standard --json
    """
    import json

    from cocktail.boards.pending import read_pending
    from cocktail.boards.verdicts import read_verdicts
    from cocktail.report.claims import show
    from cocktail.report.partial import summary
    from cocktail.workflow.partial import boards

    with boards(suite, split) as folder:
        if not (folder / "claims.csv").is_file():
            raise CocktailError(f"{folder}: no claim was judged yet; `cocktail run {suite}{said_split(split)}` first")
        rows, pending = read_verdicts(folder / "claims.csv"), read_pending(folder)
    say_development(split)
    if pending is not None:
        click.secho(summary(pending), fg="yellow", err=True)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        show(rows, wide=wide)
