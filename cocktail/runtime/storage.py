"""Results whose shards lie in a storage of Snakemake's (a shared folder, a bucket) and not below the working directory.

Snakemake copies a job's inputs to the machine, and deletes the copies afterwards. Jobs of shards work on the paths that
they are given. Those that make the boards, the page and MLflow's runs read a suite's folder: while they run, the copies
are linked to their places in it.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cocktail.errors import CocktailError


@contextlib.contextmanager
def linked(paths: Iterable[str | Path], folder: str | Path) -> Iterator[None]:
    """In the block, files and folders of a suite that were copied to `paths` are linked to their places in `folder`.

    What lies in `folder` already stays. Raises CocktailError for a path that is not of that suite.
    """
    made = []
    try:
        for path in map(Path, paths):
            place = Path(folder) / _below(path, Path(folder))
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)  # the link of a job that was killed
                place.symlink_to(path.absolute())
                made.append(place)
        yield
    finally:
        for place in made:
            if place.is_symlink():
                place.unlink()


def _below(path: Path, folder: Path) -> Path:
    """The part of a copy's path below the suite's folder, whose own path ends what comes before it."""
    wanted = tuple(part for part in folder.parts if part != folder.anchor)
    for start in range(len(path.parts) - len(wanted), -1, -1):
        if path.parts[start : start + len(wanted)] == wanted:
            return Path(*path.parts[start + len(wanted) :])
    raise CocktailError(f"{path}: not a file of the suite in {folder}")
