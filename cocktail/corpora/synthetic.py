"""Synthesised noise. Realisations, and the talkers of the babble, are disjoint over the splits.

`variety: narrow`: nine kinds (cocktail.corpora.noises), the same in all splits. `variety: wide`: these in the test
alone, and the family of cocktail.corpora.family in training and validation, so that no kind of the test is known from
training; each recording is one of another machine, place and microphone (cocktail.corpora.channels).
"""

from collections.abc import Iterator

import numpy as np

from cocktail import tables
from cocktail.corpora import channels, family, noises
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError, require_known
from cocktail.levels import levelled
from cocktail.rng import rng

DESCRIPTION = "white, pink, car, hum, machine gun, hammer, street, music and babble, synthesised on the spot"
KINDS = ("noise",)
SYNTHESIS = "this program"

NARROW = (*noises.KINDS, "babble")
WIDE = tuple(family.KINDS)
NOISE_KINDS = {
    "narrow": dict.fromkeys(("train", "valid", "test"), NARROW),
    "wide": {"train": WIDE, "valid": WIDE, "test": NARROW},
}
"""Variety -> split -> kinds."""
RECORDINGS = {"narrow": {"train": 4, "valid": 1, "test": 3}, "wide": {"train": 32, "valid": 4, "test": 3}}
SECONDS = {"narrow": 20.0, "wide": 10.0}
"""Of a recording."""
BABBLE_TALKERS = (6, 10)
MAX_UTTERANCES = 12
"""Of each talker in babble: about half a minute of GRID."""

OPTIONS = {
    "type": "object",
    "properties": {
        "adapter": {"const": "synthetic"},
        "variety": {
            "description": "Of the noise: `narrow` (the default) or `wide`.",
            "enum": list(NOISE_KINDS),
        },
        "kinds": {
            "description": "Kinds of noise; default all of the variety.",
            "oneOf": [
                {"const": "all"},
                {"type": "array", "items": {"enum": [*NARROW, *WIDE]}, "minItems": 1, "uniqueItems": True},
            ],
        },
        "recordings": {
            "description": f"Recordings of each kind in each split; default {RECORDINGS['narrow']}, "
            f"or wide {RECORDINGS['wide']}.",
            "type": "object",
            "properties": {split: {"type": "integer", "minimum": 0} for split in ("train", "valid", "test")},
            "additionalProperties": False,
        },
        "seconds": {
            "description": f"Length of a recording; default {SECONDS['narrow']}, or wide {SECONDS['wide']}.",
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
LEVELS_DB = (-38.0, -18.0)
"""Those of the family's recordings."""
PEAK = 0.9


def rows(options: dict, *, kind: str, seed: int, fs: int, speech: Library | None = None) -> Iterator[dict]:
    """Rows of the NOISE table (cocktail.tables), audio included. Babble needs `speech`."""
    _check_kinds(options)
    n_samples = round(seconds(options) * fs)
    for noise, split, count in recordings(options):
        for number in range(count):
            name = f"{noise}-{split}-{number:02d}"
            made = synthesise(noise, name, split, n_samples, seed=seed, fs=fs, speech=speech)
            yield {
                "recording": name,
                "split": split,
                "kind": noise,
                "fs": fs,
                "n_samples": n_samples,
                "audio": tables.pack(made, fs, name, "PCM_16"),
            }


def recordings(options: dict) -> Iterator[tuple[str, str, int]]:
    """(kind, split, number of recordings) of a part of a suite's corpora."""
    variety = options.get("variety", "narrow")
    counts = RECORDINGS[variety] | options.get("recordings", {})
    kinds = options.get("kinds", "all")
    for noise in (*WIDE, *NARROW):
        for split, count in counts.items():
            if noise in NOISE_KINDS[variety][split] and (kinds == "all" or noise in kinds):
                yield noise, split, count


def _check_kinds(options):
    variety, kinds = options.get("variety", "narrow"), options.get("kinds", "all")
    known = set().union(*NOISE_KINDS[variety].values())
    require_known([] if kinds == "all" else kinds, known, f"kinds: noise of the variety {variety} has no")


def seconds(options: dict) -> float:
    """Length of each recording of a part."""
    return options.get("seconds", SECONDS[options.get("variety", "narrow")])


def synthesise(
    noise: str, name: str, split: str, n_samples: int, *, seed: int, fs: int, speech: Library | None
) -> np.ndarray:
    """(N,) samples of the recording `name`; it depends on the seed and that name (and for babble on `speech`) alone."""
    draw = rng(seed, "synthetic", name, role="noise")
    if noise in family.KINDS:
        x = family.KINDS[noise](draw, n_samples, fs)
        channel = rng(seed, "synthetic", name, role="channel")
        level_db = float(channel.uniform(*LEVELS_DB))
        return levelled(channels.recorded(channel, x, fs, channels.NOISE), level_db, PEAK)
    if noise == "babble":
        x = noises.babble(draw, n_samples, fs, _talkers(draw, split, fs, speech))
    else:
        x = noises.KINDS[noise](draw, n_samples, fs)
    return levelled(x, LEVEL_DB, PEAK)


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
