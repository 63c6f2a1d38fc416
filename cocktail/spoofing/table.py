"""The table of spoofed speech: every attack, in every split, against speakers of that split.

Attacks get no cue that a recording would not give: they are trimmed, levelled and quantised as the utterances of
grid-tts are; digital silence and level are then hidden by the noise and the levels of the conditions.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.corpora.grid_tts import LEVEL_DB, trim
from cocktail.corpora.library import Library
from cocktail.levels import levelled
from cocktail.rng import rng
from cocktail.spoofing.attacks import ATTACKS, Claim
from cocktail.spoofing.world import pitch

PITCH_UTTERANCES = 2
"""Utterances of a speaker that the median pitch is taken from."""
PEAK = 0.95
"""Largest sample: a spoof with high peaks is made less loud rather than clipped."""


def build(speech: Library, counts: dict[str, dict[str, int]], path: str | Path, *, seed: int, fs: int) -> None:
    """Write the SPOOFS table (cocktail.tables) of `counts` {split: {attack: number}}.

    An attack is left out of a split that has fewer than two speakers with what it needs: transcripts, if it reads them.
    """
    tables.write_rows(path, rows(speech, counts, seed=seed, fs=fs), tables.SPOOFS)


def rows(speech: Library, counts: dict[str, dict[str, int]], *, seed: int, fs: int) -> Iterator[dict]:
    """Rows of the SPOOFS table; each depends on the seed, its name and the speech alone."""
    for split, attacks in counts.items():
        for attack, number in attacks.items():
            wanted = [row for row in speech.select(split=split) if row["text"] or not ATTACKS[attack].reads]
            speakers = sorted({row["speaker"] for row in wanted})
            if len(speakers) < 2:
                what = "with transcripts " if ATTACKS[attack].reads else ""
                print(f"{attack} is left out of the split '{split}': it has {len(speakers)} speakers {what}and not two")
                continue
            for index in range(number):
                name = f"{attack}-{split}-{index:04d}"
                said, other = _pair(rng(seed, "spoof", name, role="claim"), wanted, speakers)
                x = _spoof(speech, ATTACKS[attack], said, other, fs, rng(seed, "spoof", name, role="attack"))
                yield {
                    "utterance": name,
                    "attack": attack,
                    "split": split,
                    "speaker": said["speaker"],
                    "gender": said["gender"],
                    "text": other["text"] if ATTACKS[attack].says_other else said["text"],
                    "fs": fs,
                    "n_samples": len(x),
                    "audio": tables.pack(x, fs, name, "PCM_16"),
                }


def _spoof(speech, attack, said, other, fs, draw):
    """(N,) samples of an attack on the speaker of the row `said`; the row `other` lends another voice and words."""
    claim = Claim(
        speaker=speech.samples(said["utterance"], fs),
        text=said["text"],
        gender=said["gender"],
        f0_hz=_median_pitch(speech, said["speaker"], fs),
        other=speech.samples(other["utterance"], fs),
        other_text=other["text"],
        fs=fs,
    )
    return finished(attack.make(claim, draw), fs)


def finished(x: np.ndarray, fs: int) -> np.ndarray:
    """(N,) trimmed and levelled as grid-tts utterances are."""
    return levelled(trim(x, fs), LEVEL_DB, PEAK)


def _pair(draw, rows, speakers):
    """An utterance of a speaker, all equally likely, and one of another speaker, of the same gender if there is one."""
    said = claimed(draw, rows, speakers)
    others = [row for row in rows if row["speaker"] != said["speaker"]]
    return said, _one_of(draw, [row for row in others if row["gender"] == said["gender"]] or others)


def claimed(draw: np.random.Generator, rows: list[dict], speakers: list[str]) -> dict:
    """An utterance of one of the speakers, all equally likely."""
    speaker = speakers[draw.integers(len(speakers))]
    return _one_of(draw, [row for row in rows if row["speaker"] == speaker])


def _one_of(draw, rows):
    return rows[draw.integers(len(rows))]


@functools.lru_cache(maxsize=256)
def _median_pitch(speech, speaker, fs) -> float:
    """Median pitch of a speaker in Hz; 0 where no frame is voiced."""
    first = speech.select(speaker=speaker)[:PITCH_UTTERANCES]
    f0 = np.concatenate([pitch(speech.samples(row["utterance"], fs), fs) for row in first])
    return float(np.median(f0[f0 > 0])) if (f0 > 0).any() else 0.0
