"""Which entries of a suite are estimates of other programs: they lie with the results, as one of the run's inputs."""

from pathlib import Path

from cocktail.plugins.entry import Entry, Plugin

FOLDER = "imported"
"""In results/<suite>: a folder for each entry, a Parquet file for each condition (cocktail.processing.imported)."""
PLUGIN = Plugin("imported", Path(__file__).with_name("estimates.py"))


def imported_entries(results: Path) -> dict[str, Entry]:
    """Entries that `cocktail import` left in `results`, results/<suite>."""
    entries = {}
    for folder in sorted(path for path in (results / FOLDER).glob("[!.]*") if path.is_dir()):
        conditions = sorted(path.stem for path in folder.glob("*.parquet"))
        entries[folder.name] = Entry(folder.name, PLUGIN, {"conditions": conditions}, str(folder))
    return entries
