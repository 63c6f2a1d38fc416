"""A trained model as MLflow serves it: `mlflow.pyfunc.load_model(address).predict(waveform)`.

MLflow keeps of a model a folder with the model's own files, those of the model that it builds on, and the
plugins that read them; this package must be installed where it is loaded. `pack` makes that folder; `_load_pyfunc`,
which MLflow calls, reads it.
"""

import json
import shutil
from pathlib import Path

import numpy as np

from cocktail import ROOT
from cocktail.errors import CocktailError
from cocktail.plugins.entry import from_spec
from cocktail.tasks import TASKS

CARD = "served.json"
PIECE_S = 120.0
"""Longest piece of a waveform that is processed at once."""


def pack(folder: Path, *, trained: dict, suite: str, fs: int) -> None:
    """Fill `folder` with what `_load_pyfunc` needs. `trained`: of Plan.trained_models."""
    bases = {role: _copied(base, folder, f"bases/{role}") for role, base in trained["bases"].items()}
    card = {"suite": suite, "fs": fs, "own": _copied(trained, folder, "model"), "bases": bases}
    (folder / CARD).write_text(json.dumps(card, indent=1) + "\n")


def _copied(trained, folder, place) -> dict:
    """Copy a model to `place` and its plugin beside it; {"spec", "model"} with paths relative to `folder`."""
    spec, plugin = trained["spec"], Path("plugins") / f"{trained['spec']['plugin']}.py"
    (folder / "plugins").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / spec["path"], folder / plugin)
    shutil.copytree(trained["model"], folder / place)
    return {"spec": spec | {"path": str(plugin)}, "model": place}


def _found(copied: dict, folder: Path) -> dict:
    """What `_copied` said, with paths of today."""
    spec = copied["spec"] | {"path": str(folder.resolve() / copied["spec"]["path"])}
    return {"spec": spec, "model": folder / copied["model"]}


def _load_pyfunc(path: str) -> "Served":
    return Served(Path(path))


class Served:
    """A model of `folder`, which `pack` filled, ready to run."""

    def __init__(self, folder: Path):
        from cocktail.processing.runner import Setup, shared_grants

        card = json.loads((folder / CARD).read_text())
        self._fs = card["fs"]
        own = _found(card["own"], folder)
        bases = {role: _found(base, folder) for role, base in card["bases"].items()}
        setup = Setup(spec=own["spec"], suite=card["suite"], seed=0, model=own["model"], bases=bases)
        self._name, self._method = setup.spec["name"], from_spec(setup.spec).make()
        self._shared = shared_grants(self._method, setup, self._fs)

    def predict(self, waveform: np.ndarray, params: dict | None = None) -> np.ndarray:
        """waveform (N,) at one microphone -> estimates (K, N) of the talkers.

        By task, instead: a detector gives its score (1,), higher for bona fide speech; a verifier an embedding (E,); a
        recogniser its text (1,). `params`: `fs`, the waveform's rate in Hz [the model's]; `talkers`, K.
        """
        params = params or {}
        fs = int(params.get("fs", self._fs))
        if waveform.ndim != 1 or not waveform.size or not np.isfinite(waveform).all():
            raise CocktailError(f"'{self._name}': expected a waveform (N,) of finite samples, got {waveform.shape}")
        recording = waveform[None].astype(float)
        if self._method.answer().signals:
            count = int(params.get("talkers", talkers(self._method.tasks())))
            return self._signals(recording, fs, count).astype(np.float32)
        from cocktail import audio

        result = self._method(audio.resample(recording, fs, self._fs), self._view(0, 1))
        return np.atleast_1d(np.asarray(result))

    def _signals(self, recording, fs, count):
        from cocktail.processing.recording import process_recording

        def estimate(piece, number):
            made = self._method(piece.copy(), self._view(number, count))
            return self._method.answer().check(made, count, piece.shape[-1])

        return process_recording(recording, fs, estimate, fs=self._fs, piece_s=PIECE_S)

    def _view(self, number, count):
        from cocktail.method import View
        from cocktail.rng import rng

        offered = self._shared | {"n_sources": count}
        generator = rng(0, number, self._name, role="method")
        return View.of(self._method, offered, fs=self._fs, rng=generator)


def talkers(tasks: tuple[str, ...]) -> int:
    """Talkers that a method estimates by default: one, or two where it can only separate."""
    return min(TASKS[task].talkers for task in tasks)
