"""Where the files of one suite lie; results/README.md lists them for readers."""

import contextlib
import json
from pathlib import Path

from cocktail.plugins.imported.entries import FOLDER

TEST, TRAIN = SPLITS = "test", "train"
"""Splits of which scenes are made."""
ENTRIES = "entries.json"
"""What is known of the entries of the boards beside it."""
PARTIAL = "partial"
"""In results/<suite>: the page while a run is at work, and its tables. The end of the run removes it."""


class Files:
    """Paths below `folder`, the results of one suite."""

    folder: Path

    def path(self, *parts: str) -> str:
        """A file of the suite's results."""
        return str(self.folder.joinpath(*parts))

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

    def rooms(self, condition: str, microphones: str) -> str:
        """A bank of room responses at the `first` microphone or at `all`."""
        return self.path("rooms", microphones, f"{condition}.npz")

    def mixtures(self, condition: str, shard: str, split: str = TEST) -> str:
        """A shard of scenes, as methods see them."""
        return self.path("scenes", condition, split, f"{shard}.mixtures.parquet")

    def references(self, condition: str, shard: str, split: str = TEST) -> str:
        """The truth of a shard of scenes."""
        return self.path("scenes", condition, split, f"{shard}.references.parquet")

    def model(self, entry: str) -> str:
        """The folder of a trained model."""
        return self.path("models", entry)

    def estimates(self, condition: str, entry: str, shard: str, split: str = TEST) -> str:
        """What an entry made of a shard of scenes."""
        return self.path("estimates", condition, split, entry, f"{shard}.parquet")

    def imported(self, condition: str, entry: str) -> str:
        """What another program made of a condition's scenes."""
        return self.path(FOLDER, entry, f"{condition}.parquet")

    def scores(self, condition: str, entry: str, shard: str) -> str:
        """The scores of a shard of estimates."""
        return self.path("scores", condition, entry, f"{shard}.parquet")


def plugins_of_run(results: Path) -> dict[str, Path]:
    """Entry -> folder of its plugin, of those that the last run of a suite took from elsewhere than methods/.

    Its `results` say so: what is known of its entries. A run that is at work, or was stopped, has left that in PARTIAL.
    """
    found: dict[str, Path] = {}
    for table in (results / ENTRIES, results / PARTIAL / ENTRIES):
        with contextlib.suppress(OSError, ValueError):  # none, or one that a run must be able to make anew
            cards = json.loads(table.read_text(encoding="utf-8"))
            found |= {card["entry"]: Path(card["folder"]) for card in cards if "folder" in card}
    return found
