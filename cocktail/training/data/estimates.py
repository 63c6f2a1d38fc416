"""Train scenes with what other entries made of them, for those that read them (`reads` in a row)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.errors import CocktailError
from cocktail.method import EstimatedMixture, Estimates, Recording
from cocktail.paradigms import ANNOTATIONS, SOURCES, sees
from cocktail.scenes.scene import condition_of
from cocktail.scenes.truth import Truth

HELD_OUT = 5
"""One scene in so many is for validation."""


@dataclass(frozen=True)
class EstimatedScenes:
    """Shards of train scenes. Scenes in which an entry failed are left out."""

    mixtures: Sequence[str | Path]
    """Of tables.MIXTURES."""
    references: Sequence[str | Path]
    """Of tables.REFERENCES, in the same order; none where the paradigm sees nothing of them."""
    estimates: Mapping[str, Sequence[str | Path]]
    """Entry -> files of tables.ESTIMATES, in the same order."""

    def check(self) -> None:
        """Raise CocktailError that names an entry which left too few scenes to learn from."""
        for name, paths in self.estimates.items():
            rows = [row for path in paths for row in tables.read_rows(path, ["status", "reason"])]
            reasons = [row["reason"] for row in rows if row["status"] != "ok"]
            if len(rows) - len(reasons) < HELD_OUT:
                first = f": {reasons[0]}" if reasons else ""
                raise CocktailError(
                    f"it reads '{name}', which finished {len(rows) - len(reasons)} of {len(rows)} train scenes{first}"
                )

    def of(self, split: str, *, paradigm: str, array: bool) -> Iterator[EstimatedMixture]:
        """Every fifth scene for `valid`, the others for `train`, with what a paradigm may see of them.

        `array`: at all microphones, otherwise at the first.
        """
        for row, truth, estimates in self._of_split(split):
            yield _mixture(row, truth, estimates, paradigm, array)

    def trials(self, split: str) -> Iterator[Recording]:
        """What each entry made of the labelled scenes of `train` or `valid`, split as in `of`."""
        for _, truth, estimates in self._of_split(split):
            if truth is not None and truth["label"] is not None:
                said = truth["speaker"][0], truth["text"][0], truth["label"]
                for row in estimates.values():
                    yield Recording(tables.unpack(row["estimate"][0])[0], "speech", *said)

    def _of_split(self, split):
        """Those of `_finished` that belong to `train` or to `valid`."""
        for number, rows in enumerate(self._finished()):
            if (number % HELD_OUT == HELD_OUT - 1) == (split == "valid"):
                yield rows

    def _finished(self):
        """Rows of the scenes that all entries finished: of the mixture, of its truth, and entry -> its estimate's."""
        for index, path in enumerate(self.mixtures):
            truths = tables.read_by_scene(self.references[index]) if self.references else {}
            made = {name: tables.read_by_scene(paths[index]) for name, paths in self.estimates.items()}
            for scene, row in tables.read_by_scene(path).items():
                rows = {name: by_scene[scene] for name, by_scene in made.items()}
                if all(each["status"] == "ok" for each in rows.values()):
                    yield row, truths.get(scene), rows


def _mixture(row, truth, estimates, paradigm, array):
    mixture = tables.unpack(row["mixture"]).astype(np.float32)
    granted = {"array": np.array(row["array"])} if array else {}
    if truth and sees(paradigm, SOURCES):
        true = Truth(truth)
        granted["sources"] = true.target.astype(np.float32)
        granted["noise"] = true.noise.astype(np.float32)[slice(None) if array else 0]
        granted |= {"images": true.images.astype(np.float32)} if array else {}
    if truth and sees(paradigm, ANNOTATIONS):
        granted |= {"texts": tuple(truth["text"]), "speakers": tuple(truth["speaker"])}
    made = Estimates({name: tables.unpack_all(each["estimate"]).astype(np.float32) for name, each in estimates.items()})
    return EstimatedMixture(mixture if array else mixture[0], condition_of(row["scene"]), granted, made)
