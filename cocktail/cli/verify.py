"""`cocktail verify`: whether the results of a suite are complete and can be reproduced."""

import sys

import click

from cocktail.cli._options import methods_option, say_notes


@click.command(short_help="Re-render and re-score a sample of the results; say what differs.")
@click.argument("suite")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Shards of scenes, and shards of scores, drawn at random.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draw.")
@methods_option
def command(suite, sample, seed, folders):
    """Check the results of SUITE, re-render and re-score a random sample of them, and say what differs.

    Of all results: is a scene or a score missing, has the definition of a metric changed, do the leaderboard and the
    verdicts follow from the scores? Of the sample: a scene must come out as stored, within 1e-6 of full scale; a score
    within 1e-6 of its size and with the same definition (the digest of the metric's card). Costs of a run, such as
    `rtf`, are not repeated. Of each shard, mir_eval and pystoi judge three scenes besides: SDR, SIR and SAR within
    0.01 dB, STOI and ESTOI within 0.001. The plugins that the run took are found again. Exits with 1 when anything
    differs.

    \b
      cocktail verify quick
      cocktail verify quick --sample 20 --seed 1
    """
    import itertools

    from cocktail.workflow.plan import plan_of
    from cocktail.workflow.verify import verify
    from cocktail.workflow.verify_tables import verify_tables

    plan = plan_of(suite, folders)
    say_notes(plan)
    count, faults = 0, 0
    for name, differences in itertools.chain(verify_tables(plan), verify(plan, sample, seed)):
        count += 1
        faults += bool(differences)
        click.secho(f"{'✗' if differences else '✓'} {name}", fg="red" if differences else "green")
        for difference in differences:
            click.echo(f"    {difference}")
    click.echo(f"{count} checks, {faults} found differences")
    sys.exit(int(bool(faults)))
