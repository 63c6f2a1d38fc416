"""Training data for the conformance probes: seconds of synthetic sound, granted as a suite grants its corpora."""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cocktail.method import Bases, EstimatedMixture, Estimates, Recording, TrainingData
from cocktail.paradigms import ANNOTATIONS, ISOLATED, MIXTURES, SOURCES, require, sees
from cocktail.rng import rng
from cocktail.testing.signals import ARRAY_RADIUS_M, make_scene, pink_noise, speech_like

SPEAKERS = {"train": 6, "valid": 2}
UTTERANCES = 2
KINDS = {"pink": pink_noise, "white": lambda n, generator: generator.standard_normal(n)}
RECORDINGS = 2
"""Of each kind of noise in each split."""
TRIALS = 16
RMS = 0.05
SENTENCES = ("bin blue at a one now", "set red by b two again", "lay green in c three please")

ROOMS, REVERBERANT_S = 4, 0.05
"""Rooms of each split and how long they sound, where mixtures are at several microphones."""

_NOISE = {"field": "point", "kinds": list(KINDS), "snr_db": [0, 10]}
CONDITIONS = {
    "enhance": [{"task": "enhance", "talkers": 1, "reference": "image", "noise": _NOISE}],
    "separate": [{"task": "separate", "talkers": k, "reference": "image", "level_db": [-2.5, 2.5]} for k in (2, 3)],
}


class TinyData(TrainingData):
    """What a method of this paradigm and of these tasks may learn from.

    `channels`: microphones of its mixtures, if it needs an array. `recogniser`, `bases`, `start`: as of TrainingData.
    `members`: entry that is read -> its cocktail.testing.bench.Bench.
    """

    def __init__(
        self,
        paradigm: str,
        tasks: tuple[str, ...] = ("enhance",),
        *,
        channels: int | None = None,
        fs: int = 16000,
        seconds: float = 2.0,
        device: str = "cpu",
        recogniser: Any = None,
        bases: Bases | None = None,
        start: Path | None = None,
        members: Mapping[str, Any] | None = None,
    ):
        self.fs, self.device, self._channels = fs, device, channels
        self._paradigm, self._tasks = paradigm, tasks
        self._bases, self.start = Bases(bases or {}), start
        self._recogniser = recogniser
        self._members = dict(members or {})
        self.reads = tuple(self._members)
        self._n = round(seconds * fs)

    def speech(self, split: str = "train") -> Iterator[Recording]:
        """A few utterances of each speaker; with transcripts where the paradigm allows annotations."""
        require(self._paradigm, ISOLATED)
        annotated = sees(self._paradigm, ANNOTATIONS)
        for k in range(SPEAKERS[split]):
            for number in range(UTTERANCES):
                text = _text(k, number) if annotated else None
                yield Recording(self._utterance(split, k, number), "speech", f"{split}-{k}", text)

    def noise(self, split: str = "train") -> Iterator[Recording]:
        """Two recordings of each kind."""
        require(self._paradigm, ISOLATED)
        for kind in KINDS:
            for number in range(RECORDINGS):
                yield Recording(self._noise(split, kind, number), kind)

    @functools.cached_property
    def mixer(self):
        """cocktail.training.data.mixer.Mixer of the simplest conditions of the method's tasks."""
        require(self._paradigm, MIXTURES)
        from cocktail.rooms.arrays import circular
        from cocktail.training.data.cache import Memory
        from cocktail.training.data.holdout import noise_splits, speech_splits
        from cocktail.training.data.mixer import Mixer

        speech = [
            (f"{split}/{k}/{number}", f"{split}-{k}", split)
            for split in SPEAKERS
            for k in range(SPEAKERS[split])
            for number in range(UTTERANCES)
        ]
        speech += [("valid/2/0", "valid-2", "valid")]  # a third speaker, for three talkers to validate with
        numbered = [(split, number) for split in SPEAKERS for number in range(RECORDINGS)]
        noise = [(f"{split}/{kind}/{number}", kind, split) for kind in KINDS for split, number in numbered]
        simplest = [x for task in self._tasks for x in CONDITIONS.get(task, ())] or CONDITIONS["enhance"]
        place = {"array": "single"}
        if self._channels:
            place = {"array": circular(self._channels, ARRAY_RADIUS_M).tolist(), "room": {}}
        conditions = {f"probe-{i}": condition | place for i, condition in enumerate(simplest)}
        annotated = sees(self._paradigm, ANNOTATIONS)
        return Mixer(
            conditions=conditions,
            speech=speech_splits(speech),
            noise=noise_splits(noise),
            memory=Memory(self._sound),
            rooms={name: self._rooms(x["talkers"] + 1) for name, x in conditions.items()} if self._channels else {},
            fs=self.fs,
            array=self._channels is not None,
            mixtures_only=not sees(self._paradigm, SOURCES),
            texts={id: _text(*map(int, id.split("/")[1:])) for id, *_ in speech} if annotated else None,
        )

    def _rooms(self, n_sources):
        """Split -> rooms whose sounds reach each microphone at a time of their own, with a decaying tail."""
        from cocktail.rooms.responses import LATENCY
        from cocktail.training.data.rooms import Rooms

        n_taps = LATENCY + round(REVERBERANT_S * self.fs)
        rooms = {}
        for split in SPEAKERS:
            generator = rng(0, split, role="rooms")
            full = generator.standard_normal((ROOMS, n_sources, self._channels, n_taps)).astype(np.float32)
            full *= 0.1 * 10 ** (-3 * np.arange(n_taps) / n_taps)
            full[..., :LATENCY] = 0
            arrival = LATENCY + generator.integers(0, 8, full.shape[:-1])
            np.put_along_axis(full, arrival[..., None], 1.0, axis=-1)
            rooms[split] = Rooms(full, full[:, :, 0], np.full(ROOMS, n_taps))
        return rooms

    def trials(self, split: str, n: int) -> Iterator[Recording]:
        """At most 16: bona fide ones, and attacks that lack what is above 3 kHz."""
        require(self._paradigm, ANNOTATIONS)
        for k in range(min(n, TRIALS)):
            samples = self._utterance(f"{split} trial", k, 0)
            if k % 2:
                spectrum = np.fft.rfft(samples)
                spectrum[np.fft.rfftfreq(self._n, 1 / self.fs) > 3000] *= 0.03
                samples = np.fft.irfft(spectrum, self._n)
            yield Recording(samples, "speech", f"speaker-{k % 6}", label="low-pass" if k % 2 else "bonafide")

    def estimates(self, split: str = "train") -> Iterator[EstimatedMixture]:
        """A few scenes of one talker, with what the entries read make of them."""
        for k in range(SPEAKERS[split]):
            scene = make_scene(n_sources=1, channels=self._channels or 2, seconds=self._n / self.fs, fs=self.fs, seed=k)
            made = Estimates({name: member.run_unchecked(scene) for name, member in self._members.items()})
            at = slice(None) if self._channels else 0
            granted = {"array": scene.array} if self._channels else {}
            if sees(self._paradigm, SOURCES):
                granted |= {"sources": scene.references.target, "noise": scene.references.noise[at]}
                granted |= {"images": scene.references.images} if self._channels else {}
            if sees(self._paradigm, ANNOTATIONS):
                granted |= {"texts": (_text(k, 0),), "speakers": (f"{split}-{k}",)}
            yield EstimatedMixture(scene.mixture[at], "probe", granted, made)

    @property
    def bases(self) -> Bases:
        """Models of the entries that the method uses."""
        return self._bases

    def _sound(self, sound):
        split, group, number = sound.id.split("/")
        if sound.of == "speech":
            return self._utterance(split, int(group), int(number))
        return self._noise(split, group, int(number))

    def _utterance(self, split, speaker, number):
        return _levelled(speech_like(self._n, self.fs, rng(0, speaker, number, role=f"{split} speech")))

    def _noise(self, split, kind, number):
        return _levelled(KINDS[kind](self._n, rng(0, kind, number, role=f"{split} noise")))


def _text(speaker, number):
    return SENTENCES[(speaker + number) % len(SENTENCES)]


def _levelled(x):
    return RMS * x / np.sqrt(np.mean(x**2))
