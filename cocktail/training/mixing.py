"""Dynamic mixing: fresh scenes of a suite's conditions, as a single microphone hears them, without end.

Talkers, levels, SNR, noise and rooms are distributed as in cocktail.scene and rendered as in cocktail.rendering, at
microphone 1 and in single precision. Rooms come from a bank (cocktail.training.rooms).
"""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from cocktail import levels
from cocktail.errors import CocktailError
from cocktail.holdout import Splits
from cocktail.method import TrainingMixture
from cocktail.rooms.arrays import positions
from cocktail.rooms.fields import TAPS, mixing_filters
from cocktail.training import augment
from cocktail.training.fft import convolved, mixed
from cocktail.training.memory import Memory
from cocktail.training.rooms import LATENCY, Rooms

PEAK = (0.5, 0.9)
"""The loudest sample of a scene, of full scale (cocktail.scene.PEAK)."""
HEARD = 0.01
"""Noise whose power during speech is below this share of its mean is drawn anew."""
TRIES = 8


@dataclass(frozen=True)
class Mixer:
    """Draws mixtures. Groups of noise kinds in the conditions are resolved."""

    conditions: dict[str, dict]
    speech: Splits
    """By speaker."""
    noise: Splits
    """By kind."""
    memory: Memory
    """cocktail.holdout.Sound -> samples; of noise, as a loop (cocktail.levels.loop)."""
    rooms: dict[str, dict[str, Rooms]]
    """Condition -> split -> its rooms, of the conditions that have any."""
    fs: int
    augment: tuple[str, ...] = ()
    """Names of cocktail.training.augment.AUGMENTATIONS, for the train split."""

    def augmented(self, names: tuple[str, ...]) -> "Mixer":
        """The same with these augmentations. Raises CocktailError for a name that is none."""
        augment.check(names)
        return replace(self, augment=tuple(names))

    def draw(self, generator: np.random.Generator, split: str) -> TrainingMixture:
        """A scene of one of the conditions, each as likely, from the sounds of `train` or `valid`.

        Raises CocktailError where the corpus has too little for the condition.
        """
        names = sorted(self.conditions)
        name = names[generator.integers(len(names))]
        condition = self.conditions[name]
        dry = self._talkers(name, split, generator)
        full, early = self._room(name, split, generator)
        images, sources = _images(dry, full, early if condition["reference"] == "early" else None)
        gains = _gains(images, condition.get("level_db", (0, 0)), self.fs, generator)
        images, sources = gains * images, gains * sources
        noise = self._noise(name, split, images.sum(axis=0), full, generator)
        mixture = images.sum(axis=0) + noise
        scale = generator.uniform(*PEAK) / max(float(np.abs(x).max()) for x in (mixture, images, noise, sources))
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

    def _noise(self, name, split, heard, full, generator):
        """(N,) noise at the scene's SNR over the samples where the talkers are active."""
        spec = self.conditions[name].get("noise")
        if spec is None:
            return np.zeros_like(heard)
        where = levels.active(heard, self.fs)
        wanted = levels.power(heard, where) / 10 ** (generator.uniform(*spec["snr_db"]) / 10)
        kind = None if spec["field"] == "sensor" else self._kind(name, spec, split, generator)
        for _ in range(TRIES):
            noise = self._field(name, split, kind, len(heard), full, generator)
            during = levels.power(noise, where)
            if during > HEARD * levels.power(noise):
                return noise * math.sqrt(wanted / during)
        raise CocktailError(f"{name}: noise of the kind {kind!r} is silent while speech is active; remove it")

    def _kind(self, name, spec, split, generator):
        present = [kind for kind in spec["kinds"] if kind in self.noise[split]]
        if not present:
            there = ", ".join(sorted(self.noise[split])) or "none"
            raise CocktailError(f"{name}: no noise of {', '.join(spec['kinds'])} to train with; the corpus has {there}")
        return present[generator.integers(len(present))]

    def _field(self, name, split, kind, n_samples, full, generator):
        """(N,) noise at any level: sensor noise, or the diffuse and the point part."""
        condition = self.conditions[name]
        spec = condition["noise"]
        if kind is None:
            return generator.standard_normal(n_samples, np.float32)
        loops = [self.memory[sound] for sound in self.noise[split][kind]]
        parts, total = spec["field"].split("+"), np.zeros(n_samples, np.float32)
        if "diffuse" in parts:
            filters = _diffuse_filters(tuple(map(tuple, positions(condition["array"]))), self.fs)
            total += _unit(_diffuse(_excerpts(loops, len(filters), n_samples, generator), filters))
        if "point" in parts:
            preroll = 0 if full is None else full.shape[-1] - 1
            point = _excerpts(loops, 1, n_samples, generator, preroll)[0]
            if full is not None:
                point = convolved([point], [full[-1]], [0], len(point))[0, preroll:]
            point_db = generator.uniform(*spec.get("point_db", (0, 0))) if len(parts) == 2 else 0.0
            total += 10 ** (point_db / 20) * _unit(point)
        return total


def _images(dry, full, early):
    """images (K, N) and sources (K, N), the early parts where `early` (K, M) is given, else the images."""
    if full is None:
        return dry, dry
    talkers = list(range(len(dry)))
    kernels = [*full[: len(dry)], *(() if early is None else early)]
    n_samples = dry.shape[-1]
    heard = convolved(list(dry), kernels, (talkers * 2)[: len(kernels)], n_samples + full.shape[-1] - 1)
    heard = heard[:, LATENCY : LATENCY + n_samples]
    return heard[: len(dry)], heard[-len(dry) :]


def _gains(images, level_db, fs, generator):
    """(K, 1): what brings each image's active speech to a level drawn from the range, float32."""
    wanted = generator.uniform(*level_db, size=len(images))
    found = [levels.power(image, levels.active(image, fs)) for image in images]
    return (10 ** (wanted / 20) / np.sqrt(found)).astype(np.float32)[:, None]


def _excerpts(loops, n, n_samples, generator, preroll=0):
    """`n` excerpts, (preroll + N,) each: of different recordings as long as there are any, then of far parts."""
    order, offset = generator.permutation(len(loops)), generator.random(len(loops))
    turns = -(-n // len(loops))
    starts = [(order[i % len(loops)], (offset[order[i % len(loops)]] + i // len(loops)) / turns) for i in range(n)]
    return [
        levels.wrapped(loops[which], int(share * len(loops[which])) - preroll, preroll + n_samples)
        for which, share in starts
    ]


def _diffuse(excerpts, filters):
    """Independent excerpts as a diffuse field at microphone 1."""
    if len(filters) == 1:
        return excerpts[0]
    n_samples = len(excerpts[0])
    field = mixed([_unit(x) for x in excerpts], list(filters), n_samples + TAPS - 1)
    return field[TAPS // 2 : TAPS // 2 + n_samples]


@functools.cache
def _diffuse_filters(array, fs):
    """(D, TAPS): from D independent signals to microphone 1 of an array, positions as tuples."""
    return mixing_filters(np.array(array), fs)[0].astype(np.float32)


def _unit(x):
    """Scaled to power 1; silence is left as it is."""
    return x / max(math.sqrt(levels.power(x)), 1e-12)
