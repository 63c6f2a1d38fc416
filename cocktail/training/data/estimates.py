"""Training a recogniser on what an entry made of training scenes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.errors import CocktailError
from cocktail.method import Recording, TrainingData
from cocktail.training.job import fit_entry

HELD_OUT = 5
"""One scene in so many is for validation."""


class EnhancedSpeech(TrainingData):
    """Estimates of scenes with one talker each, with what was said. There is no noise to add: it is in them.

    `estimates`, `references`: Parquet files of tables.ESTIMATES and REFERENCES. `start`: folder of the model to begin
    with. Scenes in which the method failed are left out; raises CocktailError where that leaves too few.
    """

    def __init__(
        self, estimates: Sequence, references: Sequence, *, fs: int, device: str = "cpu", bases=None, start=None
    ):
        self.fs, self.device, self.start = fs, device, start
        truths = {row["scene"]: row for path in references for row in tables.read_rows(path)}
        made = [row for path in estimates for row in tables.read_rows(path) if row["status"] == "ok"]
        if len(made) < HELD_OUT:
            raise CocktailError(f"only {len(made)} of {len(truths)} training scenes were processed")
        self._rows = [(row["estimate"][0], truths[row["scene"]]) for row in made]

    def speech(self, split: str = "train") -> Iterator[Recording]:
        """The estimates: every fifth one of `valid`, the others of `train`."""
        for number, (estimate, truth) in enumerate(self._rows):
            if (number % HELD_OUT == HELD_OUT - 1) == (split == "valid"):
                samples = tables.unpack(estimate)[0].astype(np.float32)
                yield Recording(samples, "speech", truth["speaker"][0], truth["text"][0])

    def noise(self, split: str = "train") -> Iterator[Recording]:
        return iter(())


def retrain(*, estimates: Sequence[str | Path], references: Sequence[str | Path], **options) -> None:
    """Fit a recogniser on estimates; see cocktail.training.job.fit_entry for `options`."""

    def data(method, **granted):
        return EnhancedSpeech(estimates, references, **granted)

    fit_entry(data, **options)
