"""Training data for the conformance probes: seconds of synthetic sound, granted as a suite grants its corpora."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cocktail.method import EstimatedMixture, Estimates, Recording
from cocktail.paradigms import ANNOTATIONS, SOURCES, require, sees
from cocktail.rng import rng
from cocktail.rooms.arrays import circular
from cocktail.rooms.responses import LATENCY
from cocktail.testing.signals import ARRAY_RADIUS_M, make_scene, pink_noise, speech_like
from cocktail.training.data.corpus import CorpusTrainingData
from cocktail.training.data.rooms import Rooms

SPEAKERS = {"train": 6, "valid": 3}
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


@dataclass(frozen=True)
class Sounds:
    """What a training reads of a cocktail.corpora.library.Library, of sounds that are made when they are asked for."""

    rows: list[dict]
    make: Callable[[str, str, int], np.ndarray]
    """(split, speaker or kind, number) -> (N,)."""

    def samples(self, id: str, fs: int) -> np.ndarray:
        """(N,) of a row called `split/speaker or kind/number`."""
        split, group, number = id.split("/")
        return self.make(split, group, int(number))


class TinyData(CorpusTrainingData):
    """What a method of this paradigm and of these tasks may learn from.

    `channels`: microphones of its mixtures, if it needs an array. `talkers`: whether it takes mixtures of so many.
    `members`: entry that is read -> its cocktail.testing.bench.Bench. `granted`: `enrolment`,
    `device`, `recogniser`, `bases` and `start`, as of CorpusTrainingData.
    """

    def __init__(
        self,
        paradigm: str,
        tasks: tuple[str, ...] = ("enhance",),
        *,
        channels: int | None = None,
        talkers: Callable[[int], bool] = bool,
        fs: int = 16000,
        seconds: float = 2.0,
        members: Mapping[str, Any] | None = None,
        **granted,
    ):
        self._channels, self._n, self._members = channels, round(seconds * fs), dict(members or {})
        speech = [
            {"utterance": f"{split}/{k}/{number}", "speaker": f"{split}-{k}", "split": split, "text": _text(k, number)}
            for split, speakers in SPEAKERS.items()
            for k in range(speakers)
            for number in range(UTTERANCES)
        ]
        noise = [
            {"recording": f"{split}/{kind}/{number}", "kind": kind, "split": split}
            for kind in KINDS
            for split in SPEAKERS
            for number in range(RECORDINGS)
        ]
        place = {"array": "single"}
        if channels:
            place = {"array": circular(channels, ARRAY_RADIUS_M).tolist(), "room": {}}
        simplest = [x for task in tasks for x in CONDITIONS.get(task, ()) if talkers(x["talkers"])]
        simplest = simplest or CONDITIONS["enhance"]
        conditions = {f"probe-{i}": condition | place for i, condition in enumerate(simplest)}
        super().__init__(
            Sounds(speech, self._utterance), Sounds(noise, self._recording), fs=fs, paradigm=paradigm,
            array=channels is not None, conditions=conditions, **granted,
        )  # fmt: skip
        self.reads = tuple(self._members)

    @functools.cached_property
    def mixer(self):
        """cocktail.training.data.mixer.Mixer of the simplest conditions of the method's tasks."""
        rooms = {name: self._rooms_of(x["talkers"] + 1) for name, x in self._conditions.items()} if self._array else {}
        return replace(super().mixer, rooms=rooms)

    def _rooms_of(self, n_sources):
        """Split -> rooms whose sounds reach each microphone at a time of their own, with a decaying tail."""
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

    def _utterance(self, split, speaker, number):
        return _levelled(speech_like(self._n, self.fs, rng(0, int(speaker), number, role=f"{split} speech")))

    def _recording(self, split, kind, number):
        return _levelled(KINDS[kind](self._n, rng(0, kind, number, role=f"{split} noise")))


def _text(speaker, number):
    return SENTENCES[(speaker + number) % len(SENTENCES)]


def _levelled(x):
    return RMS * x / np.sqrt(np.mean(x**2))
