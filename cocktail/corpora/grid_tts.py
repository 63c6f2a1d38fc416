"""The embedded default corpus: GRID sentences spoken by eSpeak NG.

A speaker is a voice variant with its own pitch, liveliness, rate and length of the vocal tract. The tract is warped by
resampling: samples spoken at a rate r and played at w r have all formants w times higher. The pitch rises with them, as
it does with shorter tracts; the words come w times faster, so they are synthesised that much slower. Speakers and
sentences are disjoint over the splits, and an utterance depends on the seed and its name alone, not on how many others
there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cocktail import audio, tables
from cocktail.corpora import espeak, grid
from cocktail.rng import rng

DESCRIPTION = "GRID sentences spoken by eSpeak NG, synthesised on the spot (the default)"
KINDS = ("speech",)
SYNTHESIS = "eSpeak NG"

SPEAKERS = {"train": 40, "valid": 8, "test": 12}
UTTERANCES = {"train": 20, "valid": 6, "test": 20}

_COUNTS = {
    "type": "object",
    "properties": {split: {"type": "integer", "minimum": 0} for split in ("train", "valid", "test")},
    "additionalProperties": False,
}
OPTIONS = {
    "type": "object",
    "properties": {
        "adapter": {"const": "grid-tts"},
        "speakers": _COUNTS | {"description": f"Speakers in each split; default {SPEAKERS}."},
        "utterances": _COUNTS | {"description": f"Utterances of each speaker; default {UTTERANCES}."},
    },
    "required": ["adapter"],
    "additionalProperties": False,
}

VOICES = {
    "female": ("f1", "f2", "f3", "f5", "Annie", "belinda", "linda", "aunty"),
    "male": ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "Alex", "Denis", "Hugo", "sandro", "adam"),
}
"""Variants of eSpeak NG that an English recogniser understands; whispers, robots and strong accents are left out."""

PITCH = (35, 65)
PITCH_RANGE = (35, 65)
RATE_WPM = (120, 152)
"""Sentences last about 1.5 to 2.5 s."""
WARP = {"female": (0.92, 1.02), "male": (0.94, 1.06)}
"""Formants relative to the variant's own. Female ones have short tracts already, up to 1.35 times the default."""

SPOKEN = {"a": "[[eI]]"}
"""Letters that eSpeak NG would not read by their name."""

LEVEL_DB = -26.0
"""Level of every utterance, dB re full scale."""
SILENCE_DB = -40.0
"""Frames quieter than this, dB re the loudest frame, are cut from the ends."""
PAD_S = 0.05
FRAME_S = 0.01


@dataclass(frozen=True)
class Speaker:
    """One talker of the corpus."""

    name: str
    gender: str
    voice: str
    pitch: int
    pitch_range: int
    rate_wpm: int
    warp: float


def rows(options: dict, *, kind: str, seed: int, fs: int, speech=None) -> Iterator[dict]:
    """Rows of the SPEECH table (cocktail.tables), audio included."""
    speakers = SPEAKERS | options.get("speakers", {})
    utterances = UTTERANCES | options.get("utterances", {})
    for split in grid.SPLITS:
        for index in range(speakers[split]):
            talker = speaker(seed, split, index)
            for number in range(utterances[split]):
                yield _row(talker, split, number, seed, fs)


def speaker(seed: int, split: str, index: int) -> Speaker:
    """The speaker with a number in a split: even ones are female, odd ones male; variants take turns."""
    gender = ("female", "male")[index % 2]
    name = f"gtts-{split}-{gender[0]}{index // 2 + 1:02d}"
    order = rng(seed, "grid-tts", split, gender, role="voices").permutation(len(VOICES[gender]))
    draw = rng(seed, "grid-tts", name, role="speaker")
    return Speaker(
        name=name,
        gender=gender,
        voice=f"en-us+{VOICES[gender][order[index // 2 % len(order)]]}",
        pitch=int(draw.integers(*PITCH, endpoint=True)),
        pitch_range=int(draw.integers(*PITCH_RANGE, endpoint=True)),
        rate_wpm=int(draw.integers(*RATE_WPM, endpoint=True)),
        warp=round(float(draw.uniform(*WARP[gender])), 3),
    )


def utter(talker: Speaker, text: str, fs: int, seed: int = 0) -> np.ndarray:
    """(N,) samples of a sentence at `fs` Hz, trimmed and levelled."""
    spoken = " ".join(SPOKEN.get(word, word) for word in text.split())
    x, rate = espeak.speak(
        spoken,
        talker.voice,
        rate=round(talker.rate_wpm / talker.warp),
        pitch=talker.pitch,
        pitch_range=talker.pitch_range,
        seed=seed,
    )
    x = trim(audio.resample(x, rate * talker.warp, fs), fs)
    return x * 10 ** (LEVEL_DB / 20) / np.sqrt(np.mean(x**2))


def trim(x: np.ndarray, fs: int) -> np.ndarray:
    """Cut silence from both ends of (N,) samples and leave PAD_S seconds of it, digital where there was less."""
    size, pad = round(FRAME_S * fs), round(PAD_S * fs)
    frames = x[: len(x) // size * size].reshape(-1, size)
    power = np.mean(frames**2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (SILENCE_DB / 10))
    x = np.pad(x, pad)
    return x[loud[0] * size : (loud[-1] + 1) * size + 2 * pad]


def _row(talker, split, number, seed, fs):
    name = f"{talker.name}-{number:03d}"
    text = grid.draw(rng(seed, "grid-tts", name, role="sentence"), split)
    x = utter(talker, text, fs, seed=int(rng(seed, "grid-tts", name, role="aspiration").integers(2**31)))
    return {
        "utterance": name,
        "split": split,
        "speaker": talker.name,
        "gender": talker.gender,
        "text": text,
        "fs": fs,
        "n_samples": len(x),
        "audio": tables.pack(x, fs, name, "PCM_16"),
    }
