"""Dynamic mixing: fresh scenes of a suite's conditions, at microphone 1 or at all microphones, without end.

Talkers, levels, SNR, noise and rooms are distributed as in cocktail.scenes.drawing and rendered as in
cocktail.scenes.rendering, in single precision. Rooms come from a bank (cocktail.training.data.rooms).

Deviations from rendered scenes: where noise is silent during speech, another place in any recording of its kind is
drawn. Talkers stand still. Far sources of diffuse noise have one of a few sets of responses. At microphone 1 alone, the
noise is an excerpt of loops that were made once, and the peak is that of this microphone.
"""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from cocktail import levels
from cocktail.degradations.chain import degraded
from cocktail.degradations.drawing import draw_degradations
from cocktail.errors import CocktailError
from cocktail.method import TrainingMixture
from cocktail.rooms.responses import LATENCY
from cocktail.scenes.conditions import draw_levels
from cocktail.training.data import augment, perturb, sound
from cocktail.training.data.cache import Memory
from cocktail.training.data.holdout import Splits
from cocktail.training.data.noise import NoiseSource
from cocktail.training.data.perturb import NOISE
from cocktail.training.data.rooms import Rooms


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
    array: bool = False
    """Whether scenes are at all microphones of their condition, rather than at the first alone."""
    enrolment: bool = False
    """Whether scenes come with another utterance of their first talker."""
    mixtures_only: bool = False
    """Whether sources and noise are withheld."""
    texts: dict[str, str | None] | None = None
    """Utterance -> transcript, where scenes come with transcripts and speakers."""
    augment: tuple[str, ...] = ()
    """Names of cocktail.training.data.augment.NAMES, for the train split."""

    def augmented(self, names: tuple[str, ...]) -> "Mixer":
        """The same with these augmentations. Raises CocktailError for a name that is none."""
        augment.check(names)
        changed = replace(self, augment=tuple(names))
        vars(changed)["_surroundings"] = self._surroundings.perturbed(tuple(name for name in names if name in NOISE))
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
        self._surroundings.read_ahead()

    @functools.cached_property
    def _surroundings(self):
        return NoiseSource(self.conditions, self.noise, self.memory, self.fs, self.array)

    def draw(self, generator: np.random.Generator, split: str) -> TrainingMixture:
        """A scene of one of the conditions, each as likely, from the sounds of `train` or `valid`.

        Raises CocktailError where the corpus has too little for the condition.
        """
        names = sorted(self.conditions)
        name = names[generator.integers(len(names))]
        condition = self.conditions[name]
        utterances, voices, dry = self._talkers(name, split, generator)
        full, early = self._room(name, split, generator)
        kind = self._surroundings.kind(name, split, generator)
        point = self._point(kind, dry.shape[-1], full, generator)
        if full is None:
            sources = dry
            images = np.broadcast_to(dry[:, None], (len(dry), self._channels(name), dry.shape[1]))
        else:
            images, sources, point = sound.heard(dry, point, full, early if condition["reference"] == "early" else None)
        gains = sound.gains(images[:, 0], draw_levels(condition, generator), self.fs)
        images, sources = gains[:, None, None] * images, gains[:, None] * sources
        heard = images.sum(axis=0)
        noise = self._noise(kind, point, heard, full, generator)
        mixture = heard + noise
        if "degradations" in condition:
            done = draw_degradations(condition["degradations"], lambda role: generator, mixture.shape[-1], self.fs)
            mixture = np.stack([degraded(x, done, heard[0], self.fs, generator) for x in mixture]).astype(np.float32)
            noise = mixture - heard
        scale = generator.uniform(*levels.PEAK) / max(map(sound.peak, (mixture, images, noise, sources)))
        if "level" in self.augment and split == "train":
            scale *= 10 ** (generator.uniform(*augment.LEVEL_DB) / 20)
        granted = self._granted(name, scale * images, scale * sources, scale * noise, utterances, voices)
        if self.enrolment:
            another = self._another(name, utterances[0], split, generator)
            granted["enrolment"] = voices[0].saying(another, self.fs)
        mixture = scale * mixture
        return TrainingMixture(mixture if self.array else mixture[0], name, granted)

    def _granted(self, name, images, sources, noise, utterances, voices):
        """What is handed over besides the mixture."""
        granted = {"array": self._surroundings.microphones[name]} if self.array else {}
        if not self.mixtures_only:
            granted |= {"sources": sources, "noise": noise if self.array else noise[0]}
            granted |= {"images": images} if self.array else {}
        if self.texts is not None:
            granted["texts"] = tuple(self.texts[utterance.id] for utterance in utterances)
            granted["speakers"] = tuple(voice.speaker for voice in voices)
        return granted

    def _channels(self, name):
        """Microphones of a condition's scenes, D."""
        return len(self._surroundings.microphones[name])

    def _talkers(self, name, split, generator):
        """K utterances of different speakers, the voices that say them, and (K, N) dry speech.

        It begins together after the lead.
        """
        condition, speakers = self.conditions[name], self.speech[split]
        if len(speakers) < condition["talkers"]:
            raise CocktailError(
                f"{name}: needs {condition['talkers']} speakers, the corpus has {len(speakers)} of split {split!r}"
            )
        names = sorted(speakers)
        utterances, said = [], []
        chosen = generator.choice(len(names), condition["talkers"], replace=False)
        if self.enrolment:  # whoever says more than once comes first
            chosen = sorted(chosen, key=lambda i: len(speakers[names[i]]) == 1)
        for i in chosen:
            utterance = speakers[names[i]][generator.integers(len(speakers[names[i]]))]
            utterances.append(utterance)
            said.append(self.memory[utterance])
            if not said[-1].any():
                raise CocktailError(f"{name}: the utterance {utterance.id!r} is silent; remove it")
        voices = [augment.Voice(utterance.group) for utterance in utterances]
        if split == "train":
            # A talker's level is the condition's; `level` is applied to the whole mixture.
            changes = tuple(name for name in self.augment if name != "level")
            others = [name for i, name in enumerate(names) if i not in chosen]
            voices = [self._voice(voice.speaker, others, generator, changes) for voice in voices]
            said = [voice.saying(x, self.fs) for voice, x in zip(voices, said, strict=True)]
            said = [augment.augmented(x, self.fs, generator, changes) for x in said]
        lead = round(condition.get("lead_s", 0) * self.fs)
        n_samples = lead + max(map(len, said)) + round(condition.get("trail_s", 0) * self.fs)
        dry = np.zeros((len(said), n_samples), np.float32)
        for row, x in zip(dry, said, strict=True):
            row[lead : lead + len(x)] = x
        return utterances, voices, dry

    def _voice(self, speaker, others, generator, changes):
        """Of a talker of a train scene; with `conversion` for one half that of one of `others`, who is taken off it."""
        recorded = None
        if others and perturb.chosen(generator, "conversion", changes):
            speaker = others.pop(generator.integers(len(others)))
            sounds = self.speech["train"][speaker]
            recorded = self.memory[sounds[generator.integers(len(sounds))]]
        return augment.Voice(speaker, augment.warp(generator, changes), recorded)

    def _another(self, name, utterance, split, generator):
        """(N',) another utterance of the same speaker."""
        others = [other for other in self.speech[split][utterance.group] if other != utterance]
        if not others:
            raise CocktailError(f"{name}: no talker of a scene has a second utterance of split {split!r} to enrol with")
        return self.memory[others[generator.integers(len(others))]]

    def _room(self, name, split, generator):
        """Responses full (S, D, L) and early (K, M) of one room; None and None without."""
        if "room" not in self.conditions[name]:
            return None, None
        if name not in self.rooms:
            raise CocktailError(f"{name}: there is no bank of its rooms")
        rooms, wanted = self.rooms[name][split], self._channels(name)
        full, early = rooms.room(int(generator.integers(len(rooms))))
        if full.shape[1] != wanted:
            raise CocktailError(f"{name}: its bank of rooms has {full.shape[1]} microphones and not {wanted}")
        if wanted == 1 and split == "train" and perturb.chosen(generator, "responses", self.augment):
            factor = generator.uniform(*perturb.SIZE)
            full, early = (perturb.resized(each, factor, LATENCY) for each in (full, early))
        return full, early

    def _noise(self, kind, point, heard, full, generator):
        """(D, N) noise, at the scene's SNR over the samples where the talkers are active at microphone 1."""
        spec = self.conditions[kind.condition].get("noise")
        if spec is None:
            return np.zeros_like(heard)
        n_channels, n_samples = heard.shape
        where = levels.active(heard[0], self.fs)
        wanted = levels.power(heard[0], where) / 10 ** (generator.uniform(*spec["snr_db"]) / 10)
        for _ in range(levels.TRIES):
            noise = self._surroundings.field(kind, point, n_samples, generator)
            during = levels.power(noise[0], where)
            if during > levels.HEARD * levels.power(noise[0]):
                return np.broadcast_to(noise * math.sqrt(wanted / during), heard.shape)
            point = self._point(kind, n_samples, full, generator)
            if full is not None and point is not None:
                point = sound.convolved([point], [*full[-1]], [0] * n_channels, len(point))[:, -n_samples:]
        raise CocktailError(
            f"{kind.condition}: noise of the kind {kind.name!r} is silent while speech is active; remove it"
        )

    def _point(self, kind, n_samples, full, generator):
        """(N,), or (L - 1 + N,) for a room, of dry point noise; None where the condition has none."""
        preroll = 0 if full is None else full.shape[-1] - 1
        return self._surroundings.point(kind, preroll + n_samples, generator)
