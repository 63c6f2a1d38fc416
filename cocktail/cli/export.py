"""`cocktail export`: scenes or estimates as a folder of audio files."""

from pathlib import Path

import click

from cocktail.cli._options import said_split, split_option, write_audio
from cocktail.errors import CocktailError, require_known
from cocktail.workflow.files import TEST

NO_ENTRIES = "--entry chooses among estimates; scenes have none"


@click.command(short_help="Write scenes or estimates as a folder of WAV files.")
@click.argument("suite")
@click.argument("what", type=click.Choice(["scenes", "estimates"]))
@click.argument("target", metavar="DEST", type=click.Path(file_okay=False, path_type=Path))
@click.option("--condition", "conditions", multiple=True, help="Only this condition (may be repeated).")
@click.option("--entry", "entries", multiple=True, help="Only this method's estimates (may be repeated).")
@click.option("--blind", is_flag=True, help="Scenes: the mixtures alone, and a list of them for other programs.")
@split_option
def command(suite, what, target, conditions, entries, blind, split):
    """Write the scenes or the estimates of a suite that has run as 32-bit float WAV files under DEST.

    Scenes: CONDITION/SCENE/mixture.wav, noise.wav, and for each talker k image_k.wav, early_k.wav and direct_k.wav.
    Estimates: CONDITION/ENTRY/SCENE_k.wav.

    With --blind, scenes are their mixtures alone, of the conditions whose talkers are to be estimated. manifest.csv has
    a row a scene, with the files that another program is to make of it. `cocktail import` takes them in.

    \b
      cocktail export quick scenes /tmp/scenes --condition stationary
      cocktail export quick scenes /tmp/blind --blind
      cocktail export quick estimates /tmp/heard --entry omlsa --entry unprocessed
      cocktail export quick scenes /tmp/development --split valid
    """
    if blind and what != "scenes":
        raise CocktailError("--blind leaves the truth out of scenes; estimates have none")
    if blind and entries:
        raise CocktailError(NO_ENTRIES)
    if blind and split != TEST:
        raise CocktailError(
            "--blind is for `cocktail import`, which takes estimates of test scenes; "
            "leave it out for development scenes, and compare files by `cocktail score`"
        )
    if blind:
        count = export_blind(suite, target, conditions)
    else:
        count = export(suite, what, target, conditions, entries, split)
    click.echo(f"{count} files under {target}")


def export(suite, what, target, conditions=(), entries=(), split=TEST) -> int:
    """Write the files; returns their number. Raises CocktailError where the suite has no results of that kind."""
    from cocktail.workflow.suite import load_suite

    if what == "scenes" and entries:
        raise CocktailError(NO_ENTRIES)
    config = load_suite(suite)
    root = Path(config["results"]) / config["suite"] / what
    write = _write_scenes if what == "scenes" else _write_estimates
    folders = _choose(root, conditions, split, f"cocktail run {suite}{said_split(split)}")
    _require_entries(folders, entries, root)
    return sum(write(folder, target / folder.parent.name, entries) for folder in folders)


def export_blind(suite, target, conditions=()) -> int:
    """Write the mixtures of a suite's scenes and manifest.csv; returns the number of files.

    Conditions that have not run are left out with a note. Raises CocktailError where they are asked for.
    """
    from cocktail.workflow.imports import exportable, rendered, scenes_of
    from cocktail.workflow.manifest import write_manifest
    from cocktail.workflow.plan import plan_of

    plan, items = plan_of(suite), []
    chosen = exportable(plan, conditions)
    absent = [condition for condition in chosen if not rendered(plan, condition)]
    if absent and (conditions or absent == chosen):
        raise CocktailError(f"{suite}: no scenes yet of {', '.join(absent)}; `cocktail run {suite}` first")
    if absent:
        click.secho(f"Note: no scenes yet of {', '.join(absent)}, which are left out.", fg="yellow", err=True)
    for condition in [condition for condition in chosen if condition not in absent]:
        for item, mixture in scenes_of(plan, condition):
            write_audio(target / item.mixture, mixture, item.fs)
            items.append(item)
    write_manifest(items, target)
    return len(items) + 1


def _choose(root: Path, names, split, command) -> list[Path]:
    """The folders of a split's scenes of the conditions that are named, or of all. `command` makes them."""
    folders = {path.parent.name: path for path in sorted(root.glob(f"*/{split}"))}
    if not folders:
        raise CocktailError(f"{root}: nothing of the split {split} there yet; `{command}` first")
    require_known(names, folders, f"{root}: no condition")
    return [folders[name] for name in names or folders]


def _require_entries(folders, entries, root):
    """A method need not apply to every condition, but to one of those asked for."""
    known = {path.name for folder in folders for path in folder.glob("*")}
    require_known(entries, known, f"{root}: no method")


def _write_scenes(folder, target, _entries) -> int:
    from cocktail import tables

    count = 0
    for path in sorted(folder.glob("*.mixtures.parquet")):
        truths = tables.read_by_scene(path.with_name(path.name.replace("mixtures", "references")))
        for row in tables.read_rows(path):
            truth = truths[row["scene"]]
            cells = {"mixture": row["mixture"], "noise": truth["noise"]}
            for kind, name in (("images", "image"), ("early", "early"), ("direct", "direct")):
                cells |= {f"{name}_{k}": cell for k, cell in enumerate(truth[kind] or (), start=1)}
            count += _write(cells, target / row["scene"], row["fs"])
    return count


def _write_estimates(folder, target, entries) -> int:
    from cocktail import tables

    count = 0
    for path in sorted(folder.glob("*/*.parquet")):
        entry = path.parent.name
        if entries and entry not in entries:
            continue
        for row in tables.read_rows(path, ["scene", "estimate"]):
            cells = {f"{row['scene']}_{k}": cell for k, cell in enumerate(row["estimate"] or (), start=1)}
            count += _write(cells, target / entry) if cells else 0
    return count


def _write(cells, folder, fs=None) -> int:
    """Write audio cells under their names; the rate is what each file says."""
    from cocktail import audio

    for name, cell in cells.items():
        x, rate = audio.decode(cell["bytes"], cell["path"])
        write_audio(folder / f"{name}.wav", x, fs or rate)
    return len(cells)
