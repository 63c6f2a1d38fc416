"""PocketSphinx with the English model of its package: by a grammar, or by the language model for open text.

D. Huggins-Daines et al., "PocketSphinx: a free, real-time continuous speech recognition system for hand-held devices",
ICASSP 2006. The signal is brought to one level and a faint noise is added first: digital silence between words, which
synthesised speech and masks leave, ruins the log-spectral features.
"""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cocktail import audio
from cocktail.digest import digest
from cocktail.errors import CocktailError
from cocktail.recognition import grid
from cocktail.recognition.recogniser import normalise
from cocktail.rng import rng

FS = 16000
LEVEL_DB = -26.0
"""Level of the signal before recognition, dB re full scale, so that a gain changes no word."""
DITHER_DB = {"grammar": -30.0, "language-model": -40.0}
"""Level of the white noise added, dB re the signal. Open text is recorded speech as a rule, and rooms have a floor."""
FRONT_END = {"cmn": "batch", "samprate": FS}
"""Cepstral means of the utterance itself: the default ("live") carries them from one utterance to the next."""
OPEN_SEARCH = {"maxhmmpf": 3000, "fwdflat": False}
"""Active models a frame and no second pass: noisy speech in half the time, and on LibriSpeech no more errors."""
GRAMMARS = {"grid": grid}


def create(mode: str = "grammar", grammar: str = "grid") -> "PocketSphinx":
    """A recogniser of sentences of `grammar` or, with `mode` "language-model", of open English."""
    if grammar not in GRAMMARS:
        raise CocktailError(f"no grammar {grammar!r}; there are {', '.join(GRAMMARS)}")
    if mode not in ("grammar", "language-model"):
        raise CocktailError(f"mode {mode!r} is neither grammar nor language-model")
    return PocketSphinx(None if mode == "language-model" else grammar)


@dataclass(frozen=True)
class PocketSphinx:
    """A cocktail.recognition.recogniser.Recogniser."""

    grammar: str | None
    """A name of GRAMMARS; None for the language model."""

    @property
    def mode(self) -> str:
        """`grammar` or `language-model`."""
        return "grammar" if self.grammar else "language-model"

    @property
    def settings(self) -> dict[str, Any]:
        """What the decoder is told of front end and search."""
        return FRONT_END if self.grammar else FRONT_END | OPEN_SEARCH

    @property
    def card(self) -> dict[str, Any]:
        """Backend, version, search with its settings, level of the dither: all that decides which words are found."""
        language = GRAMMARS.get(self.grammar)
        return {
            "backend": "pocketsphinx",
            "version": version("pocketsphinx"),
            "model": "en-us",
            "search": f"grammar {self.grammar}" if self.grammar else "language model en-us",
            "level_db": LEVEL_DB,
            "dither_db": DITHER_DB[self.mode],
            "settings": self.settings,
            "language": language and digest(language.dictionary(), language.grammar()),
        }

    def transcribe(self, samples: np.ndarray, fs: int) -> str:
        """samples (N,) at `fs` Hz -> words; the empty text where nothing was found. Raises on samples not finite."""
        if not np.isfinite(samples).all():
            raise CocktailError("speech to recognise must be finite")
        x = audio.resample(np.asarray(samples, dtype=float), fs, FS)
        rms = np.sqrt(np.mean(x**2)) if x.size else 0.0
        if rms == 0.0:
            return ""
        dither = rng(0, role="dither").standard_normal(len(x))
        x = 10 ** (LEVEL_DB / 20) * (x / rms + 10 ** (DITHER_DB[self.mode] / 20) * dither)
        return self._decode(np.round(np.clip(x, -1, 1) * 32767).astype("<i2").tobytes())

    def _decode(self, data):
        self._decoder.start_utt()
        self._decoder.process_raw(data, no_search=False, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return normalise(found.hypstr) if found else ""

    @cached_property
    def _decoder(self):
        import pocketsphinx

        settings = self.settings | {"loglevel": "FATAL"}
        if self.grammar is None:
            return pocketsphinx.Decoder(**settings)
        with tempfile.TemporaryDirectory() as folder:
            words, rules = Path(folder) / "words.dict", Path(folder) / "grammar.jsgf"
            words.write_text(GRAMMARS[self.grammar].dictionary())
            rules.write_text(GRAMMARS[self.grammar].grammar())
            return pocketsphinx.Decoder(lm=None, dict=str(words), jsgf=str(rules), **settings)
