"""The embedded default corpus: GRID sentences spoken by eSpeak NG.

A speaker is a voice variant with its own pitch, liveliness, rate and length of the vocal tract. The tract is warped by
resampling: samples spoken at a rate r and played at w r have all formants w times higher. The pitch rises with them, as
it does with shorter tracts; the words come w times faster, so they are synthesised that much slower. Speakers and
sentences are disjoint over the splits, and an utterance depends on the seed and its name alone, not on how many others
there are.

`variety: wide` widens training and validation, and leaves the test as it is: voices of more pitches, rates and tracts,
with a spectral tilt and breath of their own; half of what they say is not GRID but everyday words
(cocktail.corpora.words), for GRID has few of the sounds of English; and every utterance is recorded over a channel of
its own (cocktail.corpora.channels).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cocktail import audio, tables
from cocktail.corpora import channels, espeak, grid, words
from cocktail.dsp.shaping import coloured, equalised
from cocktail.levels import levelled
from cocktail.rng import rng

DESCRIPTION = "GRID sentences spoken by eSpeak NG, synthesised on the spot (the default)"
KINDS = ("speech",)
SYNTHESIS = "eSpeak NG"

SPEAKERS = {"narrow": {"train": 40, "valid": 8, "test": 12}, "wide": {"train": 96, "valid": 12, "test": 12}}
UTTERANCES = {"narrow": {"train": 20, "valid": 6, "test": 20}, "wide": {"train": 10, "valid": 6, "test": 20}}
"""Variety -> split -> how many, the latter of each speaker."""

_COUNTS = {
    "type": "object",
    "properties": {split: {"type": "integer", "minimum": 0} for split in ("train", "valid", "test")},
    "additionalProperties": False,
}
OPTIONS = {
    "type": "object",
    "properties": {
        "adapter": {"const": "grid-tts"},
        "variety": {"description": "Of the voices: `narrow` (the default) or `wide`.", "enum": list(SPEAKERS)},
        "speakers": _COUNTS
        | {"description": f"Speakers in each split; default {SPEAKERS['narrow']}, or wide {SPEAKERS['wide']}."},
        "utterances": _COUNTS
        | {"description": f"Of each speaker; default {UTTERANCES['narrow']}, or wide {UTTERANCES['wide']}."},
    },
    "required": ["adapter"],
    "additionalProperties": False,
}

VOICES = {
    "female": ("f1", "f2", "f3", "f5", "Annie", "belinda", "linda", "aunty"),
    "male": ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "Alex", "Denis", "Hugo", "sandro", "adam"),
}
"""Variants of eSpeak NG that an English recogniser understands; whispers, robots and strong accents are left out."""


@dataclass(frozen=True)
class Voices:
    """What the speakers of a split are drawn from, each value uniformly."""

    pitch: tuple[int, int] = (35, 65)
    pitch_range: tuple[int, int] = (35, 65)
    rate_wpm: tuple[int, int] = (120, 152)
    """Sentences last about 1.5 to 2.5 s."""
    warp: dict[str, tuple[float, float]] = field(default_factory=lambda: {"female": (0.92, 1.02), "male": (0.94, 1.06)})
    """Formants relative to the variant's own. Female ones have short tracts already, up to 1.35 times the default."""
    tilt_db: tuple[float, float] = (0.0, 0.0)
    """Of the spectrum, dB an octave."""
    breath_db: tuple[float, float] | None = None
    """Level of noise that follows the voice, re its level."""


NARROW = Voices()
WIDE = Voices(
    pitch=(15, 85), pitch_range=(20, 90), rate_wpm=(100, 152), warp={"female": (0.85, 1.08), "male": (0.86, 1.15)},
    tilt_db=(-3.0, 3.0), breath_db=(-35.0, -12.0),
)  # fmt: skip
OTHER_WORDS = 0.5
"""Share of the wide variety's sentences that are not of GRID."""

SPOKEN = {"a": "[[eI]]"}
"""Letters that eSpeak NG would not read by their name."""

LEVEL_DB = -26.0
"""Level of every utterance, dB re full scale."""
LEVELS_DB, PEAK = (-36.0, -20.0), 0.9
"""Those of the wide variety, unless a peak would pass PEAK."""
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
    tilt_db: float = 0.0
    breath_db: float | None = None


def rows(options: dict, *, kind: str, seed: int, fs: int, speech=None) -> Iterator[dict]:
    """Rows of the SPEECH table (cocktail.tables), audio included."""
    for split, n_speakers, n_utterances in counts(options):
        wide = options.get("variety") == "wide" and split != "test"
        for index in range(n_speakers):
            talker = speaker(seed, split, index, WIDE if wide else NARROW)
            for number in range(n_utterances):
                yield _row(talker, split, number, seed, fs, wide)


def counts(options: dict) -> Iterator[tuple[str, int, int]]:
    """(split, speakers, utterances of each) of a part of a suite's corpora."""
    variety = options.get("variety", "narrow")
    speakers = SPEAKERS[variety] | options.get("speakers", {})
    utterances = UTTERANCES[variety] | options.get("utterances", {})
    yield from ((split, speakers[split], utterances[split]) for split in grid.SPLITS)


def speaker(seed: int, split: str, index: int, voices: Voices = NARROW) -> Speaker:
    """The speaker with a number in a split: even ones are female, odd ones male; variants take turns."""
    gender = ("female", "male")[index % 2]
    name = f"gtts-{split}-{gender[0]}{index // 2 + 1:02d}"
    order = rng(seed, "grid-tts", split, gender, role="voices").permutation(len(VOICES[gender]))
    draw = rng(seed, "grid-tts", name, role="speaker")
    return Speaker(
        name=name,
        gender=gender,
        voice=f"en-us+{VOICES[gender][order[index // 2 % len(order)]]}",
        pitch=int(draw.integers(*voices.pitch, endpoint=True)),
        pitch_range=int(draw.integers(*voices.pitch_range, endpoint=True)),
        rate_wpm=int(draw.integers(*voices.rate_wpm, endpoint=True)),
        warp=round(float(draw.uniform(*voices.warp[gender])), 3),
        tilt_db=round(float(draw.uniform(*voices.tilt_db)), 2),
        breath_db=voices.breath_db and round(float(draw.uniform(*voices.breath_db)), 1),
    )


def utter(talker: Speaker, text: str, fs: int, seed: int = 0) -> np.ndarray:
    """(N,) samples of a sentence at `fs` Hz, trimmed and levelled. `seed`: of breath and aspiration."""
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
    if talker.tilt_db:
        x = tilted(x, fs, talker.tilt_db)
    if talker.breath_db is not None:
        x = breathy(x, fs, talker.breath_db, rng(seed, role="breath"))
    return x * 10 ** (LEVEL_DB / 20) / np.sqrt(np.mean(x**2))


def tilted(x: np.ndarray, fs: int, tilt_db: float) -> np.ndarray:
    """(N,) with a spectrum that rises by `tilt_db` an octave between 125 Hz and half the rate."""
    return equalised(x, fs, lambda f: np.maximum(f, 125.0) ** (tilt_db / (20 * np.log10(2))))


def breathy(x: np.ndarray, fs: int, breath_db: float, generator: np.random.Generator) -> np.ndarray:
    """(N,) with noise above 1 kHz that is as loud as the voice, less `breath_db`, in every 20 ms."""
    from scipy.ndimage import uniform_filter1d

    envelope = np.sqrt(np.maximum(uniform_filter1d(x**2, round(0.02 * fs)), 0.0))  # running sums may round below 0
    breath = coloured(generator, len(x), fs, lambda f: 1 / (1 + (1000 / np.maximum(f, 1.0)) ** 2))
    return x + 10 ** (breath_db / 20) * envelope * breath / np.sqrt(np.mean(breath**2))


def trim(x: np.ndarray, fs: int) -> np.ndarray:
    """Cut silence from both ends of (N,) samples and leave PAD_S seconds of it, digital where there was less."""
    size, pad = round(FRAME_S * fs), round(PAD_S * fs)
    frames = x[: len(x) // size * size].reshape(-1, size)
    power = np.mean(frames**2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (SILENCE_DB / 10))
    x = np.pad(x, pad)
    return x[loud[0] * size : (loud[-1] + 1) * size + 2 * pad]


def _row(talker, split, number, seed, fs, wide):
    name = f"{talker.name}-{number:03d}"
    draw = rng(seed, "grid-tts", name, role="sentence")
    text = words.draw(draw) if wide and draw.random() < OTHER_WORDS else grid.draw(draw, split)
    x = utter(talker, text, fs, seed=int(rng(seed, "grid-tts", name, role="aspiration").integers(2**31)))
    if wide:
        channel = rng(seed, "grid-tts", name, role="channel")
        level_db = float(channel.uniform(*LEVELS_DB))
        x = levelled(channels.recorded(channel, x, fs, channels.SPEECH), level_db, PEAK)
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
