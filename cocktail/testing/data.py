"""Training data for the conformance probes: seconds of synthetic sound, granted as a suite grants its corpora."""

import functools
from collections.abc import Iterator

import numpy as np

from cocktail.errors import AccessError
from cocktail.method import Recording, TrainingData
from cocktail.paradigms import ANNOTATIONS, ISOLATED, SOURCES, require, sees
from cocktail.rng import rng
from cocktail.testing.signals import pink_noise, speech_like

SPEAKERS = {"train": 6, "valid": 2}
UTTERANCES = 2
KINDS = {"pink": pink_noise, "white": lambda n, generator: generator.standard_normal(n)}
RECORDINGS = 2
"""Of each kind of noise in each split."""
TRIALS = 16
RMS = 0.05
SENTENCES = ("bin blue at a one now", "set red by b two again", "lay green in c three please")

_NOISE = {"field": "point", "kinds": list(KINDS), "snr_db": [0, 10]}
CONDITIONS = {
    "enhance": [{"task": "enhance", "talkers": 1, "array": "single", "reference": "image", "noise": _NOISE}],
    "separate": [
        {"task": "separate", "talkers": k, "array": "single", "reference": "image", "level_db": [-2.5, 2.5]}
        for k in (2, 3)
    ],
}


class TinyData(TrainingData):
    """What a method of this paradigm and of these tasks may learn from. `base`: the model that it builds on."""

    def __init__(
        self,
        paradigm: str,
        tasks: tuple[str, ...] = ("enhance",),
        *,
        fs: int = 16000,
        seconds: float = 2.0,
        device: str = "cpu",
        base=None,
    ):
        self.fs, self.device = fs, device
        self._paradigm, self._tasks, self._base = paradigm, tasks, base
        self._n = round(seconds * fs)

    def speech(self, split: str = "train") -> Iterator[Recording]:
        """A few utterances of each speaker; with transcripts where the paradigm allows annotations."""
        require(self._paradigm, ISOLATED)
        annotated = sees(self._paradigm, ANNOTATIONS)
        for k in range(SPEAKERS[split]):
            for number in range(UTTERANCES):
                text = SENTENCES[(k + number) % len(SENTENCES)] if annotated else None
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
        require(self._paradigm, SOURCES)
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
        conditions = [x for task in self._tasks for x in CONDITIONS.get(task, ())] or CONDITIONS["enhance"]
        return Mixer(
            conditions={f"probe-{i}": condition for i, condition in enumerate(conditions)},
            speech=speech_splits(speech),
            noise=noise_splits(noise),
            memory=Memory(self._sound),
            rooms={},
            fs=self.fs,
        )

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

    @property
    def base(self):
        if self._base is None:
            raise AccessError("data.base: the method was probed without an entry that it `uses`")
        return self._base

    def _sound(self, sound):
        split, group, number = sound.id.split("/")
        if sound.of == "speech":
            return self._utterance(split, int(group), int(number))
        return self._noise(split, group, int(number))

    def _utterance(self, split, speaker, number):
        return _levelled(speech_like(self._n, self.fs, rng(0, speaker, number, role=f"{split} speech")))

    def _noise(self, split, kind, number):
        return _levelled(KINDS[kind](self._n, rng(0, kind, number, role=f"{split} noise")))


def _levelled(x):
    return RMS * x / np.sqrt(np.mean(x**2))
