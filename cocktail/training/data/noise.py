"""Noise of training scenes: point sources, diffuse fields, sensor noise, at microphone 1 or at all microphones."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from cocktail.errors import CocktailError
from cocktail.rng import rng
from cocktail.rooms.arrays import positions
from cocktail.rooms.fields import preroll
from cocktail.training.data import perturb, sound
from cocktail.training.data.cache import Memory
from cocktail.training.data.holdout import Splits

FIELDS, FIELD_S, FIELDS_MEMORY = 4, 30, 2**28
"""Loops of diffuse noise made for each condition and kind, their greatest length, the bytes that they may take."""
SURROUNDINGS = 8
"""Sets of responses of far sources to an array, of which one is drawn for a scene."""


class Kind(NamedTuple):
    """A kind of noise, for a condition, of a split."""

    condition: str
    split: str
    name: str | None
    """None for sensor noise, and where there is no noise."""


@dataclass(frozen=True)
class NoiseSource:
    """Draws the noise of the conditions. Fields as those of cocktail.training.data.mixer.Mixer."""

    conditions: dict[str, dict]
    noise: Splits
    memory: Memory
    fs: int
    array: bool
    perturb: tuple[str, ...] = ()
    """Names of cocktail.training.data.perturb.NOISE, for the train split."""

    def perturbed(self, names: tuple[str, ...]) -> "NoiseSource":
        """The same with these perturbations; what is in memory is shared."""
        changed = replace(self, perturb=names)
        vars(changed)["_loops"] = self._loops
        return changed

    @functools.cached_property
    def microphones(self) -> dict[str, np.ndarray]:
        """Condition -> (D, 3): all its microphones, or the first."""
        last = None if self.array else 1
        return {name: positions(condition["array"])[:last] for name, condition in self.conditions.items()}

    def kind(self, condition: str, split: str, generator: np.random.Generator) -> Kind:
        """A kind that the condition names and the corpus has. Raises CocktailError where it has none of them."""
        spec, sounds = self.conditions[condition].get("noise"), self.noise[split]
        if spec is None or spec["field"] == "sensor":
            return Kind(condition, split, None)
        present = [kind for kind in spec["kinds"] if kind in sounds]
        if not present:
            wanted, there = ", ".join(spec["kinds"]), ", ".join(sorted(sounds)) or "none"
            raise CocktailError(f"{condition}: no noise of {wanted} to train with; the corpus has {there}")
        return Kind(condition, split, present[generator.integers(len(present))])

    def point(self, kind: Kind, n_samples: int, generator: np.random.Generator) -> np.ndarray | None:
        """(N,) of dry point noise; None where the condition has none."""
        if kind.name is None or "point" not in self.conditions[kind.condition]["noise"]["field"]:
            return None
        x = self._excerpt(self._any(kind, generator), kind, n_samples, generator)
        if kind.split == "train" and perturb.chosen(generator, "noise-mix", self.perturb):
            other = self.kind(kind.condition, kind.split, generator)
            second = sound.unit(self._excerpt(self._any(other, generator), other, n_samples, generator))
            x = sound.unit(x) + np.float32(10 ** (generator.uniform(*perturb.MIX_DB) / 20)) * second
        return x

    def _any(self, kind, generator):
        """The loop of one of the recordings of a kind."""
        sounds = self.noise[kind.split][kind.name]
        return self.memory[sounds[generator.integers(len(sounds))]]

    def _excerpt(self, loop, kind, n_samples, generator):
        """(N,) from a random place of a loop, perturbed."""
        names = self.perturb if kind.split == "train" else ()
        rate = 1.0
        if perturb.chosen(generator, "noise-rate", names):
            rate = np.exp(generator.uniform(*np.log(perturb.RATE)))
        x = sound.anywhere(loop, round(rate * n_samples), generator)
        x = perturb.played(x, n_samples)
        for name, change in (("noise-frequency", perturb.shifted), ("noise-equaliser", perturb.equalised)):
            if perturb.chosen(generator, name, names):
                x = change(x, self.fs, generator)
        return x

    def field(self, kind: Kind, point: np.ndarray | None, n_samples: int, generator: np.random.Generator) -> np.ndarray:
        """(D, N) noise at any level: sensor noise, or the diffuse part and `point`; (1, N) if alike everywhere.

        `point`: the point noise as it is heard, (D, N), or (N,) if it is alike everywhere; None where there is none.
        """
        spec = self.conditions[kind.condition]["noise"]
        if kind.name is None:
            shape = len(self.microphones[kind.condition]), n_samples
            return generator.standard_normal(shape, np.float32)
        if point is not None:
            point = np.atleast_2d(point)
        if "diffuse" not in spec["field"]:
            return point
        diffuse = sound.unit(self._diffuse(kind, n_samples, generator))
        if point is None:
            return diffuse
        return diffuse + 10 ** (generator.uniform(*spec.get("point_db", (0, 0))) / 20) * sound.unit(point)

    def read_ahead(self) -> None:
        """Make the loops of diffuse noise that memory holds."""
        if not self.array:
            self._loops.fill((kind, number) for kind in self._diffuse_kinds() for number in range(FIELDS))

    def _diffuse_kinds(self) -> Iterator[Kind]:
        for name, condition in self.conditions.items():
            if "diffuse" in condition.get("noise", {}).get("field", ""):
                for split, present in self.noise.items():
                    yield from (Kind(name, split, kind) for kind in condition["noise"]["kinds"] if kind in present)

    def _diffuse(self, kind, n_samples, generator):
        """(D, N): fresh excerpts, far sources around the array; at one microphone, a part of a loop of these."""
        microphones = self.microphones[kind.condition]
        if len(microphones) == 1:
            loop = self._loops[kind, int(generator.integers(FIELDS))]
            return self._excerpt(loop, kind, n_samples, generator)[None]
        recordings = self._recordings(kind, len(microphones), generator)
        excerpts = sound.excerpts(recordings, len(microphones), preroll(self.fs) + n_samples, generator)
        return sound.diffuse(excerpts, microphones, self.fs, int(generator.integers(SURROUNDINGS)))

    @functools.cached_property
    def _loops(self):
        """(kind, number) -> a loop of diffuse noise at microphone 1."""
        return Memory(self._loop, FIELDS_MEMORY)

    def _loop(self, key):
        """Excerpts of as many recordings as there are microphones, heard once: each draw takes another part of it."""
        kind, number = key
        microphones = positions(self.conditions[kind.condition]["array"])
        generator = rng(0, *kind, number, role="diffuse")
        recordings = self._recordings(kind, len(microphones), generator)
        n_samples = min(max(map(len, recordings)), FIELD_S * self.fs)
        excerpts = sound.excerpts(recordings, len(microphones), n_samples, generator)
        return excerpts[0] if len(microphones) == 1 else sound.diffuse_loop(excerpts, microphones, self.fs, number)

    def _recordings(self, kind, n, generator):
        """Loops of `n` different recordings, or of all if there are fewer."""
        sounds = self.noise[kind.split][kind.name]
        return [self.memory[sounds[i]] for i in generator.permutation(len(sounds))[:n]]
