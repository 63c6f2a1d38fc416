"""`cocktail tune`: an entry with other values of its fields, on development scenes."""

import click

from cocktail.cli._options import counted, methods_option, print_rows, say_low_rates, say_notes


@click.command(short_help="Run an entry with other values of its fields on development scenes, and compare.")
@click.argument("entry")
@click.option("--on", "suite", metavar="SUITE", required=True, help="The suite: a name, or a YAML file.")
@click.option(
    "--set", "settings", metavar="FIELD=VALUE,...", multiple=True, required=True,
    help="Values of a field, as in YAML (may be repeated: all combinations are run).",
)  # fmt: skip
@click.option("--metric", required=True, help="What is to become better, such as si_sdr; it alone is computed.")
@click.option("--conditions", metavar="NAME,...", multiple=True, help="Only these conditions.")
@click.option("--cores", type=click.IntRange(min=1), show_default="all", help="Jobs at a time.")
@click.option("--retry", is_flag=True, help="Try again what failed.")
@methods_option
def command(entry, suite, settings, metric, conditions, cores, retry, folders):
    """Run ENTRY with other values of its fields on development scenes, and say which values are best.

    The scenes are those of `cocktail run SUITE --split valid`; test scenes stay unseen. The whole grid of the values is
    run, and nothing is searched beyond it. Points of an entry that learns are trained, at the suite's size; those that
    differ in fields of calls alone share a training. Finished points are never computed again: call it once more after
    a stop, or with more values. The boards of the suite do not change.

    Printed are the metric's mean over conditions and the paired difference to the entry as it stands, each with its
    95 % interval, a plot, and the row for the methods.yaml. Whether the best is better is tested with a correction for
    the number of points.

    \b
      cocktail tune omlsa --on quick --set gain_floor_db=-30,-25,-20,-15 --metric si_sdr
      cocktail tune omlsa --on quick --set alpha=.9,.95 --set tracker=imcra,mmse-spp --metric stoi
      cocktail tune my-gate --on quick --set threshold_db=4,8 --metric stoi --methods ./mine
    """
    from cocktail import tables
    from cocktail.boards.scores import failures
    from cocktail.cli.run import explain
    from cocktail.recognition.recogniser import create
    from cocktail.report import tuning as report
    from cocktail.workflow.plan import plan_of
    from cocktail.workflow.snakemake import forget_failures, run, snakemake_command
    from cocktail.workflow.suite import suite_path
    from cocktail.workflow.tuning import parse, prepare

    path = suite_path(suite)
    chosen = [name for value in conditions for name in value.split(",") if name]
    sweep, overrides = prepare(path, entry, parse(settings), metric, conditions=chosen, plugins=folders)
    plan = plan_of(path, overrides=overrides)
    say_notes(plan)
    say_low_rates(plan.config)
    if "wer" in plan.metrics:
        create(plan.config["recogniser"])  # fetches a model once, and says now what is missing
    trained = [name for name in plan.trained if name in sweep.points or name in sweep.trainings]
    scenes = counted(len(plan.conditions) * plan.n_scenes(plan.split), "development scene")
    click.echo(f"{entry}: {counted(len(sweep.points), 'point')} on {scenes} of {', '.join(plan.conditions)}")
    if trained:
        click.echo(f"{counted(len(trained), 'training')} at the size '{plan.config['size']}', as far as not done yet")
    if retry:
        click.echo(f"{forget_failures(plan)} shards with failures will be tried again")
    command = snakemake_command(path, overrides, cores, (plan.board("leaderboard.csv"),))
    if run(command, plan) != 0:
        raise click.exceptions.Exit(explain(plan))
    points = report.points(plan.boards, entry, sweep.points, metric, list(plan.conditions))
    best = report.best(points, entry, metric)
    print_rows(_table(sweep, points, best, metric), f"{entry}: {metric}, mean over conditions", as_json=False)
    for row in failures(tables.read_table(plan.board("scores.parquet"))):
        if row["entry"] in sweep.points and row["condition"] in plan.conditions:
            where = f" in {row['count']} scenes" if row["count"] else ""
            click.echo(f"  {row['entry']}, {row['condition']}: {row['status']}{where}: {row['reason']}")
    picture = plan.boards / f"{metric}.png"
    report.plot(points, {name: sweep.values(name) for name in sweep.points}, sweep.fields, metric, entry, picture)
    click.echo(f"\nPlot: {picture}")
    _say(sweep, best, plan)


def _table(sweep, points, best, metric) -> list[dict]:
    """A row for each point."""
    from cocktail.report.figures import headed
    from cocktail.report.tuning import written

    title = headed(metric)
    rows = []
    for point in points:
        stands = point.name == sweep.entry.name
        said = ["best"] * (point is best) + ["as it stands"] * stands
        said += [f"{point.failed} scenes failed"] if point.failed else []
        mean, difference = _said(point.mean, metric), _said(point.difference, metric, sign="+")
        rows.append(
            dict(zip(sweep.fields, map(written, sweep.values(point.name)), strict=True))
            | {title: mean[0], "95 %": mean[1]}
            | {"difference": "" if stands else difference[0], "95 % of it": difference[1], "": ", ".join(said)}
        )
    return rows


def _said(number, metric, sign="") -> tuple[str, str]:
    """A figure, and its interval if it has one."""
    from cocktail.report.figures import digits

    if number is None:
        return "–", ""
    form = f"{sign}z,.{digits(metric)}f"
    return f"{number.value:{form}}", "" if number.low is None else f"{number.low:{form}} to {number.high:{form}}"


def _say(sweep, best, plan) -> None:
    """Whether the best point is better than the entry as it stands, and how to make the entry that."""
    from cocktail.report.tuning import written
    from cocktail.workflow.tuning import as_yaml, pasted, row

    name, setting = sweep.entry.name, dict(zip(sweep.fields, sweep.values(best.name), strict=True))
    if best.name == name:
        click.echo(f"No point is better than '{name}' as it stands.")
        return
    values = ", ".join(f"{field} {written(value)}" for field, value in setting.items())
    if best.apart:
        click.echo(f"Best: {values}; better than '{name}' as it stands (5 %, corrected for the number of points).")
    else:
        click.secho(f"Best: {values}, but not told apart from '{name}' as it stands.", fg="yellow")
    entry, as_wanted = pasted(plan, sweep.points[best.name], name, sweep.fields)
    click.echo(f"Its row, in {entry.plugin.path.parent / 'methods.yaml'}:")
    click.echo(f"  {as_yaml({name: row(entry)})}".rstrip())
    if not as_wanted:
        click.secho(
            f"'{name}' has other values by its size, or by the suite's `parameters`: change these.", fg="yellow"
        )
