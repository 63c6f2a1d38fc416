"""The table of spoofed speech after an attack: what changes in it, and what does not."""

import json

import numpy as np
import pytest

from cocktail import tables
from cocktail.corpora.grid_tts import LEVEL_DB
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.plugins.model import Card
from cocktail.processing.adversary import attack

FS = 16000
PLUGIN = '''"""Turns speech around, and refuses what is called so."""

from dataclasses import dataclass

from cocktail.method import LearnedMethod


@dataclass(frozen=True)
class Around(LearnedMethod):
    """One utterance."""

    task = "attack"

    def load(self, folder):
        return (folder / "gain").read_text()

    def __call__(self, mixture, view):
        return float(view.model) * mixture[:, ::-1]
'''


def spoofs(path):
    rows = [
        {
            "utterance": f"lpc-{split}-0", "attack": "lpc", "split": split, "speaker": f"{split}-1", "gender": None,
            "text": "so", "fs": FS, "n_samples": 800, "cutoff_hz": None,
            "audio": tables.pack(0.1 * np.sin(np.arange(800.0) ** 1.2 / 9), FS, "x", "PCM_16"),
        }
        for split in ("train", "test")
    ]  # fmt: skip
    tables.write_rows(path, rows, tables.SPOOFS)


def attacked(folder, gain="2"):
    plugin, model = folder / "around.py", folder / "model"
    plugin.write_text(PLUGIN)
    model.mkdir(exist_ok=True)
    (model / "gain").write_text(gain)
    Card("around", "small", FS, {}).write(model)
    spoofs(folder / "spoofs.parquet")
    spec = {"name": "around", "plugin": "around", "path": str(plugin), "parameters": {}}
    attack(
        spoofs=folder / "spoofs.parquet", model=model, out=folder / "out.parquet", spec=json.loads(json.dumps(spec)),
        suite="small", seed=1, fs=FS,
    )  # fmt: skip
    return Library(folder / "spoofs.parquet"), Library(folder / "out.parquet")


def test_every_utterance_is_changed_and_nothing_else(tmp_path):
    before, after = attacked(tmp_path)
    assert after.rows == before.rows
    for row in before.rows:
        x, y = (library.samples(row["utterance"], FS) for library in (before, after))
        assert np.corrcoef(x[::-1], y)[0, 1] > 0.9999
        assert 10 * np.log10(np.mean(y**2)) == pytest.approx(LEVEL_DB, abs=0.1)


def test_an_attack_that_fails_is_an_error_that_names_the_utterance(tmp_path):
    with pytest.raises(CocktailError, match="around: the attack on lpc-train-0 failed: returned 800 samples that are"):
        attacked(tmp_path, gain="nan")
