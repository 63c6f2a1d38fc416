"""Synthesised noise of nine kinds. Realisations, and the talkers of the babble, are disjoint over the splits."""

from collections.abc import Iterator

import numpy as np

from cocktail import tables
from cocktail.corpora import noises
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.levels import levelled
from cocktail.rng import rng

DESCRIPTION = "white, pink, car, hum, machine gun, hammer, street, music and babble, synthesised on the spot"
KINDS = ("noise",)
SYNTHESIS = "this program"

NOISE_KINDS = (*noises.KINDS, "babble")
RECORDINGS = {"train": 4, "valid": 1, "test": 3}
SECONDS = 20.0
BABBLE_TALKERS = (6, 10)
MAX_UTTERANCES = 12
"""Of each talker in babble: about half a minute of GRID."""

OPTIONS = {
    "type": "object",
    "properties": {
        "adapter": {"const": "synthetic"},
        "kinds": {
            "description": "Kinds of noise; default all.",
            "oneOf": [
                {"const": "all"},
                {"type": "array", "items": {"enum": list(NOISE_KINDS)}, "minItems": 1, "uniqueItems": True},
            ],
        },
        "recordings": {
            "description": f"Recordings of each kind in each split; default {RECORDINGS}.",
            "type": "object",
            "properties": {split: {"type": "integer", "minimum": 0} for split in RECORDINGS},
            "additionalProperties": False,
        },
        "seconds": {
            "description": f"Length of a recording; default {SECONDS}.",
            "type": "number",
            "minimum": 1,
            "maximum": 600,
        },
    },
    "required": ["adapter"],
    "additionalProperties": False,
}

LEVEL_DB = -26.0
"""Level of every recording, dB re full scale, unless its peak would pass PEAK."""
PEAK = 0.9


def rows(options: dict, *, kind: str, seed: int, fs: int, speech: Library | None = None) -> Iterator[dict]:
    """Rows of the NOISE table (cocktail.tables), audio included. Babble needs `speech`."""
    kinds = options.get("kinds", "all")
    recordings = RECORDINGS | options.get("recordings", {})
    n_samples = round(options.get("seconds", SECONDS) * fs)
    for noise in NOISE_KINDS if kinds == "all" else kinds:
        for split, count in recordings.items():
            for number in range(count):
                name = f"{noise}-{split}-{number:02d}"
                made = synthesise(noise, name, split, n_samples, seed=seed, fs=fs, speech=speech)
                x = levelled(made, LEVEL_DB, PEAK)
                yield {
                    "recording": name,
                    "split": split,
                    "kind": noise,
                    "fs": fs,
                    "n_samples": n_samples,
                    "audio": tables.pack(x, fs, name, "PCM_16"),
                }


def synthesise(
    noise: str, name: str, split: str, n_samples: int, *, seed: int, fs: int, speech: Library | None
) -> np.ndarray:
    """(N,) samples of the recording `name`; it depends on the seed and that name (and for babble on `speech`) alone."""
    draw = rng(seed, "synthetic", name, role="noise")
    if noise == "babble":
        return noises.babble(draw, n_samples, fs, _talkers(draw, split, fs, speech))
    return noises.KINDS[noise](draw, n_samples, fs)


def _talkers(draw, split, fs, speech):
    """Utterances, (N,) each, of some speakers of `split`."""
    if speech is None:
        raise CocktailError(
            "noise of the kind babble is made of speech: give the suite a speech corpus, or name other kinds"
        )
    by_speaker: dict[str, list[str]] = {}
    for row in speech.select(split=split):
        by_speaker.setdefault(row["speaker"], []).append(row["utterance"])
    low, high = BABBLE_TALKERS
    if len(by_speaker) < low:
        raise CocktailError(
            f"babble takes at least {low} speakers, and the {split} split of {speech.path} has {len(by_speaker)}: "
            "name the other kinds, without babble"
        )
    count = min(int(draw.integers(low, high, endpoint=True)), len(by_speaker))
    chosen = draw.choice(sorted(by_speaker), count, replace=False)
    return [[speech.samples(utterance, fs) for utterance in by_speaker[speaker][:MAX_UTTERANCES]] for speaker in chosen]
