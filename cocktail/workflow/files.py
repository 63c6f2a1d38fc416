"""Where the files of one suite lie; results/README.md lists them for readers."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from cocktail.plugins.imported.entries import FOLDER

TEST, VALID, TRAIN = SPLITS = "test", "valid", "train"
"""Splits of which scenes are made. Methods learn from those of `train`. Boards are of `test`, or of `valid`, the
development scenes, so that nobody tunes a method on the test."""
SCORED = TEST, VALID
ENTRIES = "entries.json"
"""What is known of the entries of the boards beside it."""
PARTIAL = "partial"
"""Beside the boards: the page while a run is at work, and its tables. The end of the run removes it."""
TUNE = "tune"
"""Key of the configuration that names the entry of a sweep, and the folder of the boards of sweeps."""


def board_folder(config: dict) -> Path:
    """Folder of the scores and boards of a suite: its own for test scenes, one in it for development scenes.

    Those of a sweep (cocktail.workflow.tuning) lie apart from both.
    """
    folder, split = Path(config["results"]) / config["suite"], config["split"]
    if TUNE in config:
        return folder / TUNE / config[TUNE]
    return folder if split == TEST else folder / split


def existing(paths: Iterable[str]) -> list[str]:
    """Those that are there."""
    return [path for path in paths if Path(path).exists()]


class Files:
    """Paths below `folder`, the results of one suite."""

    folder: Path
    boards: Path
    """Of the scores and boards: `board_folder`."""
    split: str
    """Whose scenes are scored."""

    def path(self, *parts: str) -> str:
        """A file of the suite's results."""
        return str(self.folder.joinpath(*parts))

    def board(self, *parts: str) -> str:
        """A file of the boards."""
        return str(self.boards.joinpath(*parts))

    @property
    def run_log(self) -> Path:
        """What Snakemake said in the last run that made these boards."""
        return self.boards / "logs" / "snakemake.log"

    @property
    def speech(self) -> str:
        """The table of isolated speech."""
        return self.path("corpora", "speech.parquet")

    @property
    def noise(self) -> str:
        """The table of isolated noise."""
        return self.path("corpora", "noise.parquet")

    @property
    def spoofs(self) -> str:
        """The table of spoofed speech."""
        return self.path("corpora", "spoofs.parquet")

    def attacked(self, entry: str) -> str:
        """The table of spoofed speech after an adversary's attack."""
        return self.path("corpora", "attacked", f"{entry}.parquet")

    def forged(self, entry: str) -> str:
        """The table of spoofed speech that an attacker makes of genuine speech."""
        return self.path("corpora", "forged", f"{entry}.parquet")

    def rooms(self, condition: str, microphones: str) -> str:
        """A bank of room responses at the `first` microphone or at `all`."""
        return self.path("rooms", microphones, f"{condition}.npz")

    def mixtures(self, condition: str, shard: str, split: str | None = None) -> str:
        """A shard of scenes, as methods see them."""
        return self.path("scenes", condition, split or self.split, f"{shard}.mixtures.parquet")

    def references(self, condition: str, shard: str, split: str | None = None) -> str:
        """The truth of a shard of scenes."""
        return self.path("scenes", condition, split or self.split, f"{shard}.references.parquet")

    def model(self, entry: str) -> str:
        """The folder of a trained model."""
        return self.path("models", entry)

    def estimates(self, condition: str, entry: str, shard: str, split: str | None = None) -> str:
        """What an entry made of a shard of scenes."""
        return self.path("estimates", condition, split or self.split, entry, f"{shard}.parquet")

    def imported(self, condition: str, entry: str) -> str:
        """What another program made of a condition's scenes."""
        return self.path(FOLDER, entry, f"{condition}.parquet")

    def scores(self, condition: str, entry: str, shard: str) -> str:
        """The scores of a shard of estimates."""
        return self.board("scores", condition, entry, f"{shard}.parquet")


def plugins_of_run(results: Path) -> dict[str, Path]:
    """Entry -> folder of its plugin, of those that the last run of a suite took from elsewhere than methods/.

    Its `results` say so: what is known of its entries. A run that is at work, or was stopped, has left that in PARTIAL.
    """
    folders: dict[str, Path] = {}
    boards = results, results / VALID
    for table in (place / ENTRIES for folder in boards for place in (folder, folder / PARTIAL)):
        with contextlib.suppress(OSError, ValueError):  # none, or one that a run must be able to make anew
            cards = json.loads(table.read_text(encoding="utf-8"))
            folders |= {card["entry"]: Path(card["folder"]) for card in cards if "folder" in card}
    return folders
