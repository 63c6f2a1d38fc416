"""The truth of a scene, as its shard stores it."""

import functools

import numpy as np

from cocktail import tables
from cocktail.method import References
from cocktail.scenes.scene import Scene


class Truth:
    """A row of tables.REFERENCES, of which a signal is decoded when it is first asked for.

    K talkers, D microphones, N samples. COLUMNS are those that `target` needs.
    """

    COLUMNS = ("scene", "reference", "images", "early")

    def __init__(self, row: dict):
        self._row = row

    @functools.cached_property
    def scene(self) -> Scene:
        """All that was drawn for the scene."""
        return Scene.from_json(self._row["record"])

    @functools.cached_property
    def images(self) -> np.ndarray:
        """(K, D, N): each talker at every microphone, with its reverberation."""
        return np.stack([tables.unpack(cell) for cell in self._row["images"]])

    @functools.cached_property
    def noise(self) -> np.ndarray:
        """(D, N): everything that is no talker."""
        return tables.unpack(self._row["noise"])

    @functools.cached_property
    def target(self) -> np.ndarray:
        """(K, N): what an estimate is scored against, at microphone 1: the images, or the early part of them."""
        if self._row["reference"] == "early":
            return np.stack([tables.unpack(cell)[0] for cell in self._row["early"]])
        return self.images[:, 0]

    def references(self, part: slice = slice(None)) -> References:
        """What methods that see the truth are granted, of a part of the samples."""
        return References(self.target[:, part], self.images[..., part], self.noise[:, part])
