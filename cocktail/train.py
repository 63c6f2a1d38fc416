"""Training one entry: what its paradigm allows it to see goes in, a model folder comes out.

The folder appears whole or not at all. A training that fails leaves the reason in it: the entry's cells then fail with
that reason, and the other entries go on.
"""

import errno
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cocktail.corpora.library import Library
from cocktail.cost import work
from cocktail.entry import from_spec
from cocktail.errors import AccessError, CocktailError
from cocktail.isolate import CallFailed, Worker
from cocktail.method import Recording, TrainingData
from cocktail.model import write_card
from cocktail.rng import rng


class CorpusTrainingData(TrainingData):
    """The train split of a suite's corpora, as far as a paradigm allows."""

    def __init__(self, speech: Library, noise: Library, fs: int, paradigm: str):
        self.fs = fs
        self._speech, self._noise, self._paradigm = speech, noise, paradigm

    def speech(self) -> Iterator[Recording]:
        """Isolated utterances; with transcripts for `annotated-source-model`."""
        self._require_isolated()
        with_text = self._paradigm == "annotated-source-model"
        for row in self._speech.select(split="train"):
            samples = self._speech.samples(row["utterance"], self.fs)
            yield Recording(samples, "speech", row["speaker"], row["text"] if with_text else None)

    def noise(self) -> Iterator[Recording]:
        """Isolated noise recordings."""
        self._require_isolated()
        for row in self._noise.select(split="train"):
            yield Recording(self._noise.samples(row["recording"], self.fs), row["kind"])

    def _require_isolated(self):
        if self._paradigm not in ("source-model", "annotated-source-model", "separation"):
            raise AccessError(f"isolated signals are not granted to the paradigm '{self._paradigm}'")


def train_entry(
    *, speech: str | Path, noise: str | Path, out: str | Path, spec: dict, seed: int, fs: int, limit_s: float
) -> None:
    """Fit an entry on the train split of the tables `speech` and `noise`; leave its folder at `out`."""
    out = Path(out)
    try:
        _train(out, speech, noise, spec, seed, fs, limit_s)
    except OSError as error:
        raise CocktailError(f"{out}: could not be written: {error.strerror or error}") from error


def _train(out, speech, noise, spec, seed, fs, limit_s):
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))

    def fit():
        method = from_spec(spec).make()
        data = CorpusTrainingData(Library(speech), Library(noise), fs, method.paradigm)
        return lambda: _fit(method, data, rng(seed, spec["name"], role="fit"), folder)

    try:
        failure = None
        with Worker(fit) as worker:
            try:
                disk_fault = worker(limit_s=limit_s)
                if disk_fault:
                    raise CocktailError(f"{out}: could not be written: {disk_fault}")
            except CallFailed as error:
                failure = f"training failed: {error}"
                print(failure, file=sys.stderr)
        write_card(folder, spec["name"], failure)
        shutil.rmtree(out, ignore_errors=True)
        folder.replace(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fit(method, data, generator, folder) -> str | None:
    """Fit; a full disk is no fault of the method and is returned, so that the job fails and a later run repeats it."""
    try:
        with work():
            method.fit(data, generator, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return error.strerror
        raise
    return None
