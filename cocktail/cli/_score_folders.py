"""`cocktail score` of folders: files of one name belong together."""

from cocktail.audio import SUFFIXES, sounds_in
from cocktail.cli._options import counted
from cocktail.cli.score import score
from cocktail.errors import CocktailError, few


def score_folders(references, estimates, mixture=None, metrics=()) -> list[dict]:
    """Rows as of `score`, with `file`, of every name in folders of references, estimates and, possibly, mixtures.

    Raises CocktailError where the folders hold different names, or files do not belong together.
    """
    folders = [*references, *estimates, *([mixture] if mixture else [])]
    for path in folders:
        if not path.is_dir():
            raise CocktailError(f"{path}: not a folder: give folders alone, or files alone")
    names = sounds_in(references[0])
    if not names:
        raise CocktailError(f"{references[0]}: no {' or '.join(SUFFIXES)} files")
    for path in folders[1:]:
        present = sounds_in(path)
        for here, there, which in ((path, references[0], names - present), (references[0], path, present - names)):
            if which:
                raise CocktailError(
                    f"{here}: {counted(len(which), 'file')} of {there} without one of the same name here: "
                    f"{few(sorted(which))}"
                )
    return [
        {"file": name} | row
        for name in sorted(names)
        for row in score(
            [path / name for path in references],
            [path / name for path in estimates],
            mixture and mixture / name,
            metrics=metrics,
        )
    ]


def show_means(rows) -> None:
    """A line a metric: its mean over files and talkers, and how many of them have a value."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, side in (("metric", "left"), ("mean", "right"), ("unit", "left"), ("n", "right")):
        table.add_column(name, justify=side, no_wrap=name == "metric")
    for metric in dict.fromkeys(row["metric"] for row in rows):
        of = [row for row in rows if row["metric"] == metric]
        values = [row["value"] for row in of if row["value"] is not None]
        mean = f"{sum(values) / len(values):.3f}" if values else of[0]["reason"]
        table.add_row(metric, mean, of[0]["unit"], f"{len(values)}/{len(of)}")
    Console(highlight=False).print(table)
