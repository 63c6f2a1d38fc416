"""The logical attacks by name: what an attacker does with what he has, speech in, speech out.

After the design of ASVspoof 2019 (X. Wang et al., Computer Speech & Language 64, 2020): text-to-speech, voice
conversion, and the waveform generators that stand behind both.

Deviations: nothing is trained. `vocoder`, `vocoder-coded`, `griffin-lim` and `lpc` resynthesise what the speaker did
say, which is a bound for a system that would predict the same features. Text-to-speech is eSpeak NG with a voice that
no speaker of grid-tts has, or with its Klatt synthesiser, at the pitch of the claimed speaker.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cocktail import audio
from cocktail.corpora import espeak, grid_tts
from cocktail.spoofing import conversion, inversion, world


@dataclass(frozen=True)
class Claim:
    """What an attacker has: of the speaker whom he claims to be, and of another one."""

    speaker: np.ndarray
    """(N,) an utterance of the claimed speaker."""
    text: str | None
    """What it says, if known."""
    gender: str | None
    f0_hz: float
    """Median pitch of the claimed speaker."""
    other: np.ndarray
    """(M,) an utterance of another speaker."""
    other_text: str | None
    fs: int


Generator = np.random.Generator

VOICES = {
    "female": ("f4", "anika", "Alicia", "Andrea", "steph", "grandma"),
    "male": ("m8", "Gene", "Lee", "Michael", "quincy", "victor"),
}
"""Variants of eSpeak NG that no speaker of grid-tts has."""
KLATT = ("klatt", "klatt2", "klatt3", "klatt4")
RATE_WPM = (120, 150)
PITCH = 50
TUNING = (0.8, 1.25)
"""Limits of the factor by which a synthetic voice is brought to the claimed pitch."""
CODED = 24
"""Coefficients of the mel-cepstrum in `vocoder-coded`."""


def text_to_speech(claim: Claim, rng: Generator) -> np.ndarray:
    """eSpeak NG with a voice of the claimed gender."""
    return _speak(claim, rng, VOICES.get(claim.gender or "", (*VOICES["female"], *VOICES["male"])))


def klatt(claim: Claim, rng: Generator) -> np.ndarray:
    """eSpeak NG with its Klatt synthesiser."""
    return _speak(claim, rng, KLATT)


def vocoder(claim: Claim, rng: Generator) -> np.ndarray:
    """Analysis and resynthesis by WORLD."""
    return world.synthesise(world.analyse(claim.speaker, claim.fs))


def vocoder_coded(claim: Claim, rng: Generator) -> np.ndarray:
    """WORLD through a mel-cepstrum, as statistical parametric synthesis has it."""
    return world.synthesise(world.analyse(claim.speaker, claim.fs).coded(CODED))


def griffin_lim(claim: Claim, rng: Generator) -> np.ndarray:
    """Inversion of a mel spectrogram."""
    return inversion.griffin_lim(claim.speaker, claim.fs, rng)


def lpc(claim: Claim, rng: Generator) -> np.ndarray:
    """Linear predictive vocoder."""
    return inversion.linear_prediction(claim.speaker, claim.fs, rng)


def convert(claim: Claim, rng: Generator) -> np.ndarray:
    """The other speaker's utterance with the claimed voice, at the claimed rate where both texts are known."""
    slower = 1.0
    if claim.text and claim.other_text:
        slower = len(claim.speaker) / len(claim.text) / (len(claim.other) / len(claim.other_text))
    return conversion.convert(claim.other, claim.speaker, claim.fs, slower=slower)


@dataclass(frozen=True)
class Attack:
    """`make(claim, rng)` -> (N,) samples. `reads`: needs the text. `says_other`: says the other utterance's text."""

    make: Callable[[Claim, Generator], np.ndarray]
    reads: bool = False
    says_other: bool = False


ATTACKS = {
    "tts": Attack(text_to_speech, reads=True),
    "vocoder": Attack(vocoder),
    "griffin-lim": Attack(griffin_lim),
    "conversion": Attack(convert, says_other=True),
    "tts-klatt": Attack(klatt, reads=True),
    "vocoder-coded": Attack(vocoder_coded),
    "lpc": Attack(lpc),
}


def _speak(claim, rng, voices):
    """The claimed text in one of the voices, brought to the claimed pitch by resampling, the rate kept.

    The pitch of a first rendering decides: variants differ in what the same setting sounds like.
    """
    voice = f"en-us+{voices[rng.integers(len(voices))]}"
    rate, seed = int(rng.integers(*RATE_WPM)), int(rng.integers(2**31))
    words = " ".join(grid_tts.SPOKEN.get(word, word) for word in claim.text.lower().split())

    def spoken(tune):
        x, fs = espeak.speak(words, voice, rate=round(rate / tune), pitch=PITCH, seed=seed)
        return audio.resample(x, fs * tune, claim.fs)

    f0 = world.pitch(spoken(1.0), claim.fs)
    tune = claim.f0_hz / np.median(f0[f0 > 0]) if (f0 > 0).any() and claim.f0_hz > 0 else 1.0
    return spoken(round(float(np.clip(tune, *TUNING)), 3))
