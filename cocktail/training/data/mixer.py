"""Dynamic mixing: fresh scenes of a suite's conditions, as a single microphone hears them, without end.

Talkers, levels, SNR, noise and rooms are distributed as in cocktail.scenes.drawing and rendered as in
cocktail.scenes.rendering, at microphone 1 and in single precision. Rooms come from a bank
(cocktail.training.data.rooms).

Deviations from rendered scenes: diffuse noise is an excerpt of loops that were mixed once to the coherence of the
array; the peak is that of microphone 1 alone; a scene that is taken up by silent noise begins elsewhere in it.
"""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from cocktail import levels
from cocktail.errors import CocktailError
from cocktail.method import TrainingMixture
from cocktail.rng import rng
from cocktail.rooms.arrays import positions
from cocktail.training.data import augment, sound
from cocktail.training.data.cache import Memory
from cocktail.training.data.holdout import Splits
from cocktail.training.data.rooms import Rooms
from cocktail.training.data.sound import convolved

PEAK = (0.5, 0.9)
"""The loudest sample of a scene, of full scale (cocktail.scenes.drawing.PEAK)."""
HEARD = 0.01
"""Noise whose power during speech is below this share of its mean is drawn anew."""
TRIES = 8
FIELDS, FIELD_S, FIELDS_MEMORY = 4, 30, 2**28
"""Loops of diffuse noise made for each condition and kind, their greatest length, the bytes that they may take."""


@dataclass(frozen=True)
class Mixer:
    """Draws mixtures. Groups of noise kinds in the conditions are resolved."""

    conditions: dict[str, dict]
    speech: Splits
    """By speaker."""
    noise: Splits
    """By kind."""
    memory: Memory
    """cocktail.training.data.holdout.Sound -> samples; of noise, as a loop (cocktail.levels.loop)."""
    rooms: dict[str, dict[str, Rooms]]
    """Condition -> split -> its rooms, of the conditions that have any."""
    fs: int
    augment: tuple[str, ...] = ()
    """Names of cocktail.training.data.augment.AUGMENTATIONS, for the train split."""

    def augmented(self, names: tuple[str, ...]) -> "Mixer":
        """The same with these augmentations. Raises CocktailError for a name that is none."""
        augment.check(names)
        changed = replace(self, augment=tuple(names))
        vars(changed)["_fields"] = self._fields  # noise is not augmented
        return changed

    def read_ahead(self) -> None:
        """Read the sounds, and make the diffuse noise, that memory holds: processes that are forked later share them.

        Noise comes first: there are fewer recordings, and each is drawn more often.
        """
        self.memory.fill(
            sound
            for groups in (self.noise, self.speech)
            for split in groups.values()
            for sounds in split.values()
            for sound in sounds
        )
        self._fields.fill(
            (name, split, kind, number)
            for name, condition in self.conditions.items()
            if "diffuse" in condition.get("noise", {}).get("field", "")
            for split, present in self.noise.items()
            for kind in condition["noise"]["kinds"]
            if kind in present
            for number in range(FIELDS)
        )

    def draw(self, generator: np.random.Generator, split: str) -> TrainingMixture:
        """A scene of one of the conditions, each as likely, from the sounds of `train` or `valid`.

        Raises CocktailError where the corpus has too little for the condition.
        """
        names = sorted(self.conditions)
        name = names[generator.integers(len(names))]
        condition = self.conditions[name]
        dry = self._talkers(name, split, generator)
        full, early = self._room(name, split, generator)
        kind = self._kind(name, split, generator)
        point = self._point(name, split, kind, dry.shape[-1], full, generator)
        if full is None:
            images = sources = dry
        else:
            images, sources, point = sound.heard(dry, point, full, early if condition["reference"] == "early" else None)
        gains = sound.gains(images, condition.get("level_db", (0, 0)), self.fs, generator)
        images, sources = gains * images, gains * sources
        heard = images.sum(axis=0)
        noise = self._noise(name, split, kind, point, heard, full, generator)
        mixture = heard + noise
        scale = generator.uniform(*PEAK) / max(map(sound.peak, (mixture, images, noise, sources)))
        if "level" in self.augment and split == "train":
            scale *= 10 ** (generator.uniform(*augment.LEVEL_DB) / 20)
        return TrainingMixture(scale * mixture, scale * sources, scale * noise, name)

    def _talkers(self, name, split, generator):
        """(K, N) dry speech of different speakers, who begin together after the lead."""
        condition, speakers = self.conditions[name], self.speech[split]
        if len(speakers) < condition["talkers"]:
            raise CocktailError(
                f"{name}: needs {condition['talkers']} speakers, the corpus has {len(speakers)} of split {split!r}"
            )
        names = sorted(speakers)
        said = []
        for i in generator.choice(len(names), condition["talkers"], replace=False):
            utterance = speakers[names[i]][generator.integers(len(speakers[names[i]]))]
            said.append(self.memory[utterance])
            if not said[-1].any():
                raise CocktailError(f"{name}: the utterance {utterance.id!r} is silent; remove it")
        if split == "train":
            # A talker's level is the condition's; `level` is applied to the whole mixture.
            names = tuple(name for name in self.augment if name != "level")
            said = [augment.augmented(x, self.fs, generator, names) for x in said]
        lead = round(condition.get("lead_s", 0) * self.fs)
        n_samples = lead + max(map(len, said)) + round(condition.get("trail_s", 0) * self.fs)
        dry = np.zeros((len(said), n_samples), np.float32)
        for row, x in zip(dry, said, strict=True):
            row[lead : lead + len(x)] = x
        return dry

    def _room(self, name, split, generator):
        """Responses full (S, L) and early (K, M) of one room; None and None without."""
        if "room" not in self.conditions[name]:
            return None, None
        if name not in self.rooms:
            raise CocktailError(f"{name}: there is no bank of its rooms")
        rooms = self.rooms[name][split]
        return rooms.room(int(generator.integers(len(rooms))))

    def _noise(self, name, split, kind, point, heard, full, generator):
        """(N,) noise at the scene's SNR over the samples where the talkers are active."""
        spec = self.conditions[name].get("noise")
        if spec is None:
            return np.zeros_like(heard)
        where = levels.active(heard, self.fs)
        wanted = levels.power(heard, where) / 10 ** (generator.uniform(*spec["snr_db"]) / 10)
        for _ in range(TRIES):
            noise = self._field(name, split, kind, point, len(heard), generator)
            during = levels.power(noise, where)
            if during > HEARD * levels.power(noise):
                return noise * math.sqrt(wanted / during)
            point = self._point(name, split, kind, len(heard), full, generator)
            if full is not None and point is not None:
                point = convolved([point], [full[-1]], [0], len(point))[0, -len(heard) :]
        raise CocktailError(f"{name}: noise of the kind {kind!r} is silent while speech is active; remove it")

    def _kind(self, name, split, generator):
        """A kind of noise that there is; None where the condition names none."""
        spec = self.conditions[name].get("noise")
        if spec is None or spec["field"] == "sensor":
            return None
        present = [kind for kind in spec["kinds"] if kind in self.noise[split]]
        if not present:
            there = ", ".join(sorted(self.noise[split])) or "none"
            raise CocktailError(f"{name}: no noise of {', '.join(spec['kinds'])} to train with; the corpus has {there}")
        return present[generator.integers(len(present))]

    def _point(self, name, split, kind, n_samples, full, generator):
        """(N,), or (L - 1 + N,) for a room, of dry point noise; None where the condition has none."""
        if kind is None or "point" not in self.conditions[name]["noise"]["field"]:
            return None
        sounds = self.noise[split][kind]
        loop = self.memory[sounds[generator.integers(len(sounds))]]
        preroll = 0 if full is None else full.shape[-1] - 1
        return sound.anywhere(loop, preroll + n_samples, generator)

    def _field(self, name, split, kind, point, n_samples, generator):
        """(N,) noise at any level: sensor noise, or the diffuse and the point part."""
        spec = self.conditions[name]["noise"]
        if kind is None:
            return generator.standard_normal(n_samples, np.float32)
        if "diffuse" not in spec["field"]:
            return point
        diffuse = sound.unit(
            sound.anywhere(self._fields[name, split, kind, int(generator.integers(FIELDS))], n_samples, generator)
        )
        if point is None:
            return diffuse
        return diffuse + 10 ** (generator.uniform(*spec.get("point_db", (0, 0))) / 20) * sound.unit(point)

    @functools.cached_property
    def _fields(self):
        """(condition, split, kind, number) -> a loop of diffuse noise at microphone 1."""
        return Memory(self._diffuse, FIELDS_MEMORY)

    def _diffuse(self, key):
        """Excerpts of as many recordings as there are microphones, mixed once: each draw takes another part of it."""
        name, split, kind, _ = key
        microphones = positions(self.conditions[name]["array"])
        sounds = self.noise[split][kind]
        generator = rng(0, *key, role="diffuse")
        chosen = [sounds[i] for i in generator.permutation(len(sounds))[: len(microphones)]]
        loops = [self.memory[x] for x in chosen]
        n_samples = min(max(map(len, loops)), FIELD_S * self.fs)
        excerpts = sound.excerpts(loops, len(microphones), n_samples, generator)
        return excerpts[0] if len(microphones) == 1 else sound.at_first(excerpts, microphones, self.fs)
