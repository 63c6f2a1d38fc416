"""What a suite's corpora offer to a training, as far as the entry's paradigm allows."""

import functools
from collections.abc import Iterator
from pathlib import Path

from cocktail.corpora.library import Library
from cocktail.errors import AccessError
from cocktail.method import Recording, TrainingData

ISOLATED = ("source-model", "annotated-source-model", "separation")


class CorpusTrainingData(TrainingData):
    """The train and valid splits of a suite's corpora.

    `conditions`: name -> definition of those that the entry trains on. `rooms`: condition -> file with its bank of
    room responses. `base`: the model of the entry that this one uses.
    """

    def __init__(
        self,
        speech: Library,
        noise: Library,
        *,
        fs: int,
        paradigm: str,
        seed: int = 0,
        device: str = "cpu",
        conditions: dict[str, dict] | None = None,
        rooms: dict[str, str | Path] | None = None,
        base=None,
    ):
        self.fs, self.device = fs, device
        self._speech, self._noise, self._paradigm, self._seed = speech, noise, paradigm, seed
        self._conditions, self._rooms, self._base = conditions or {}, rooms or {}, base

    def speech(self, split: str = "train") -> Iterator[Recording]:
        """Isolated utterances; with transcripts for `annotated-source-model`."""
        self._require(*ISOLATED)
        with_text = self._paradigm == "annotated-source-model"
        for row in self._speech.select(split=_seen(split)):
            samples = self._speech.samples(row["utterance"], self.fs)
            yield Recording(samples, "speech", row["speaker"], row["text"] if with_text else None)

    def noise(self, split: str = "train") -> Iterator[Recording]:
        """Isolated noise recordings."""
        self._require(*ISOLATED)
        for row in self._noise.select(split=_seen(split)):
            yield Recording(self._noise.samples(row["recording"], self.fs), row["kind"])

    @functools.cached_property
    def mixer(self):
        """cocktail.training.mixing.Mixer of the conditions trained on."""
        self._require("separation")
        from cocktail.training.mixing import Mixer

        return Mixer(self._conditions, self._speech, self._noise, self._rooms, fs=self.fs)

    @property
    def base(self):
        if self._base is None:
            raise AccessError("data.base: say `uses: ENTRY` in the entry's row of methods.yaml")
        return self._base

    def _require(self, *paradigms):
        if self._paradigm not in paradigms:
            raise AccessError(f"this is not granted to the paradigm '{self._paradigm}', only to {', '.join(paradigms)}")


def _seen(split):
    if split not in ("train", "valid"):
        raise AccessError(f"split '{split}': a training sees 'train' and 'valid'")
    return split
