"""A corpus made of seeded noise, for tests of scenes: speech-like bursts by a few speakers, and noise of every kind."""

import zlib
from pathlib import Path

import numpy as np
import yaml

from cocktail.scenes.conditions import resolved
from cocktail.spoofing.names import LOGICAL, attackers

FS = 16000
KINDS = ("white", "pink", "car", "hum", "machine-gun", "hammer", "street", "music", "babble")
SPLITS = {"train": 6, "valid": 2, "test": 6}
CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config" / "conditions.yaml").read_text())
CONDITIONS = {name: resolved(spec, CONFIG["noise_groups"]) for name, spec in CONFIG["conditions"].items()}


class MadeLibrary:
    """As cocktail.corpora.library.Library, with samples made on demand."""

    def __init__(self, rows, make):
        self.rows, self._make = rows, make

    def select(self, split=None, **equal):
        wanted = equal if split is None else {"split": split, **equal}
        return [
            row
            for row in self.rows
            if all(row[key] in value if isinstance(value, list) else row[key] == value for key, value in wanted.items())
        ]

    def samples(self, id, fs):
        return self._make(id, fs)


def utterance_seconds(id):
    return 1.0 + zlib.crc32(id.encode()) % 1000 / 1000


def speech_samples(id, fs):
    """Noise in syllables, with pauses between them, at a level of its own."""
    generator = np.random.default_rng(zlib.crc32(id.encode()))
    n = int(utterance_seconds(id) * fs)
    syllables = np.repeat(generator.choice([0.0, 1e-4, 0.3, 1.0], size=40), n // 40 + 1)[:n]
    return generator.uniform(0.01, 0.2) * syllables * generator.standard_normal(n)


def noise_samples(id, fs):
    return 0.05 * np.random.default_rng(zlib.crc32(id.encode())).standard_normal(8 * fs)


def speech():
    rows = [
        {
            "utterance": f"{split}-{speaker}-{i}",
            "split": split,
            "speaker": f"{split}-{speaker}",
            "gender": "fm"[speaker % 2],
            "text": f"say {i}",
            "fs": FS,
            "n_samples": int(utterance_seconds(f"{split}-{speaker}-{i}") * FS),
        }
        for split, speakers in SPLITS.items()
        for speaker in range(speakers)
        for i in range(4)
    ]
    return with_closed(MadeLibrary(rows, speech_samples))


def with_closed(library):
    """The library with utterances of train speakers that are kept for closed sets."""
    kept = [row for row in library.rows if row["split"] == "train" and row["utterance"].endswith(("-2", "-3"))]
    more = [row | {"utterance": f"{row['utterance']}-kept", "split": "closed"} for row in kept]
    return MadeLibrary(library.rows + more, speech_samples)


def spoofs():
    """The utterances of `speech` once over for every attack, of the same speakers."""
    rows = [
        row | {"utterance": f"{attack}-{row['utterance']}", "attack": attack}
        for row in speech().rows
        for attack in (*LOGICAL, *attackers(CONDITIONS.values()))
    ]
    for row in rows:
        row["n_samples"] = int(utterance_seconds(row["utterance"]) * FS)
    return MadeLibrary(rows, speech_samples)


def noise(make=noise_samples):
    rows = [
        {"recording": f"{split}-{kind}-{i}", "split": split, "kind": kind, "fs": FS, "n_samples": 8 * FS}
        for split in SPLITS
        for kind in KINDS
        for i in range(2)
    ]
    return MadeLibrary(rows, make)
