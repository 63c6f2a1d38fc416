"""Results whose shards lie in a storage of Snakemake's (a shared folder, a bucket) and not below the working directory.

Snakemake brings what a job names as its input, and takes away the copy afterwards. Jobs of shards work on what they are
handed. Those that make the boards, the page and MLflow's runs look through a suite's folder: for as long as they run,
what was brought is linked to where it would lie there.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cocktail.errors import CocktailError


@contextlib.contextmanager
def linked(paths: Iterable[str | Path], folder: str | Path) -> Iterator[None]:
    """Within the block, files and folders of the suite in `folder` that were brought to `paths` are found in it.

    Where something lies in `folder` already, it stays. Raises CocktailError for a path that is not of that suite.
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
    """The part of a brought path that is relative to the suite's folder, whose own path comes last in what precedes."""
    wanted = tuple(part for part in folder.parts if part != folder.anchor)
    for start in range(len(path.parts) - len(wanted), -1, -1):
        if path.parts[start : start + len(wanted)] == wanted:
            return Path(*path.parts[start + len(wanted) :])
    raise CocktailError(f"{path}: not a file of the suite in {folder}")
