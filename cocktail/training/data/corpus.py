"""What a suite's corpora offer to a training, as far as the entry's paradigm allows."""

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cocktail import levels
from cocktail.corpora.library import Library
from cocktail.errors import AccessError
from cocktail.method import Bases, EstimatedMixture, Recording, TrainingData
from cocktail.paradigms import ANNOTATIONS, ISOLATED, MIXTURES, SOURCES, require, sees
from cocktail.training.data.estimates import EstimatedScenes
from cocktail.training.data.holdout import noise_splits, speech_splits


class CorpusTrainingData(TrainingData):
    """The train and valid splits of a suite's corpora.

    `array`: whether mixtures are at all microphones; `enrolment`: whether they come with another utterance of their
    first talker. `conditions`: name -> definition of those that the entry trains on. `rooms`: condition -> file with
    its bank of room responses, at these microphones. `spoofs`: the table of spoofed speech, if a condition has any.
    `recogniser`: for a method that needs one. `bases`: role -> model of the entry that this one uses in it; `start`:
    folder of the model that it starts from; `estimated`: train scenes with what the entries that it reads made of them.
    """

    def __init__(
        self,
        speech: Library,
        noise: Library,
        *,
        fs: int,
        paradigm: str,
        array: bool = False,
        enrolment: bool = False,
        seed: int = 0,
        device: str = "cpu",
        conditions: dict[str, dict] | None = None,
        rooms: dict[str, str | Path] | None = None,
        spoofs: Library | None = None,
        recogniser: Any = None,
        bases: Bases | None = None,
        start: Path | None = None,
        estimated: EstimatedScenes | None = None,
    ):
        self.fs, self.device = fs, device
        self._speech, self._noise, self._seed = speech, noise, seed
        self._paradigm, self._array, self._enrolment = paradigm, array, enrolment
        self._conditions, self._rooms = conditions or {}, rooms or {}
        self._bases, self.start = Bases(bases or {}), start
        self._spoofs, self._recogniser, self._estimated = spoofs, recogniser, estimated
        self.reads = tuple(estimated.estimates) if estimated else ()

    def speech(self, split: str = "train") -> Iterator[Recording]:
        """Isolated utterances; with speakers and transcripts where the paradigm allows annotations."""
        require(self._paradigm, ISOLATED)
        labelled = sees(self._paradigm, ANNOTATIONS)
        chosen = {sound.id for sounds in self._speakers[_seen(split)].values() for sound in sounds}
        for row in self._speech.rows:
            if row["utterance"] not in chosen:
                continue
            samples = self._speech.samples(row["utterance"], self.fs)
            yield Recording(samples, "speech", *((row["speaker"], row["text"]) if labelled else ()))

    def noise(self, split: str = "train") -> Iterator[Recording]:
        """Isolated noise recordings."""
        require(self._paradigm, ISOLATED)
        for kind, sounds in self._kinds[_seen(split)].items():
            for sound in sounds:
                yield Recording(sound.cut(self._noise.samples(sound.id, self.fs)), kind)

    @functools.cached_property
    def mixer(self):
        """cocktail.training.data.mixer.Mixer of the conditions trained on."""
        require(self._paradigm, MIXTURES)
        from cocktail.training.data.cache import Memory
        from cocktail.training.data.mixer import Mixer
        from cocktail.training.data.rooms import read_rooms

        mixer = Mixer(
            conditions=self._conditions,
            speech=self._speakers,
            noise=self._kinds,
            memory=Memory(self._sound),
            rooms={name: read_rooms(path) for name, path in self._rooms.items()},
            fs=self.fs,
            array=self._array,
            enrolment=self._enrolment,
            mixtures_only=not sees(self._paradigm, SOURCES),
            texts=self._texts if sees(self._paradigm, ANNOTATIONS) else None,
        )
        if self.device != "cpu":  # many processes will draw, each of which would otherwise keep sounds of its own
            mixer.read_ahead()
        return mixer

    def trials(self, split: str, n: int) -> Iterator[Recording]:
        """Labelled scenes of the conditions with attacks that the entry trains on, which take turns; of an entry that
        reads others, what these made of them.
        """
        require(self._paradigm, ANNOTATIONS)
        if self._estimated is not None:
            return itertools.islice(self._estimated.trials(_seen(split)), n)
        from cocktail.training.data.trials import trials

        corpora = {"speech": self._speech, "noise": self._noise, "spoofs": self._spoofs}
        return trials(self._conditions, _seen(split), n, seed=self._seed, fs=self.fs, **corpora)

    def _sound(self, sound):
        """(N,) samples of a sound of the mixer; of noise, as a loop."""
        library = self._speech if sound.of == "speech" else self._noise
        samples = sound.cut(library.samples(sound.id, self.fs))
        return samples if sound.of == "speech" else levels.loop(samples, self.fs)

    @property
    def _texts(self):
        """Utterance -> transcript."""
        return {row["utterance"]: row["text"] for row in self._speech.rows}

    @functools.cached_property
    def _speakers(self):
        """Split -> speaker -> utterances."""
        rows = [(row["utterance"], row["speaker"], row["split"]) for row in self._speech.rows]
        return speech_splits(rows)

    @functools.cached_property
    def _kinds(self):
        """Split -> kind -> recordings of noise."""
        rows = [(row["recording"], row["kind"], row["split"]) for row in self._noise.rows]
        return noise_splits(rows)

    def estimates(self, split: str = "train") -> Iterator[EstimatedMixture]:
        """Train scenes with what the entries read made of them."""
        if self._estimated is None:
            raise AccessError("data.estimates: say `reads: [ENTRY]` in the entry's row of methods.yaml")
        return self._estimated.of(_seen(split), paradigm=self._paradigm, array=self._array)

    @property
    def bases(self) -> Bases:
        """Role -> model of the entry that this one uses in it."""
        return self._bases


def _seen(split):
    if split not in ("train", "valid"):
        raise AccessError(f"split '{split}': a training sees 'train' and 'valid'")
    return split
