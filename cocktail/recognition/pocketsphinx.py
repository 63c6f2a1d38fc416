"""PocketSphinx with the English model of its package: by a grammar, or by the language model for open text.

D. Huggins-Daines et al., "PocketSphinx: a free, real-time continuous speech recognition system for hand-held devices",
ICASSP 2006. The signal is brought to one level and a faint noise is added first: digital silence between words, which
synthesised speech and masks leave, ruins the log-spectral features.
"""

import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cocktail import audio
from cocktail.digest import digest
from cocktail.errors import CocktailError
from cocktail.recognition import grid
from cocktail.recognition.alignment import Alignment, Segment
from cocktail.recognition.recogniser import Recogniser, normalise
from cocktail.rng import rng

FS = 16000
FRAME_S = 0.01
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
class PocketSphinx(Recogniser):
    """A cocktail.recognition.recogniser.Recogniser."""

    grammar: str | None
    """A name of GRAMMARS; None for the language model."""

    @property
    def mode(self) -> str:
        """`grammar` or `language-model`."""
        return "grammar" if self.grammar else "language-model"

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the decoder's front end and search."""
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
        data = self._prepared(samples, fs)
        if data is None:
            return ""
        _search(self._decoder, data)
        hypothesis = self._decoder.hyp()
        return normalise(hypothesis.hypstr) if hypothesis else ""

    def align(self, samples: np.ndarray, fs: int, text: str) -> Alignment:
        """When the words of `text` and their phones were said in samples (N,) at `fs` Hz, in steps of 10 ms.

        Words are aligned first, then the phones of each. Raises CocktailError on samples that are silent or not finite,
        and where a word has no pronunciation or the text takes longer than the samples.
        """
        data, text = self._prepared(samples, fs), normalise(text)
        if data is None or not text:
            raise CocktailError("alignment takes speech and a text; one of them is empty")
        decoder = self._made(grammar=False)  # a used one carries something over to its next alignment
        try:
            decoder.set_align_text(text)
            _search(decoder, data)
            decoder.set_alignment()
            _search(decoder, data)
            units = decoder.get_alignment()
            words, phones = (
                [Segment(x.name, x.start * FRAME_S, (x.start + x.duration) * FRAME_S) for x in level()]
                for level in (units.words, units.phones)
            )
        except (RuntimeError, AttributeError) as error:  # which of its words have no pronunciation, it does not say
            raise CocktailError(f"the text {text!r} cannot be aligned: are all its words in the dictionary?") from error
        return Alignment(
            tuple(replace(x, label=x.label.partition("(")[0]) for x in words if x.label[0] != "<"),
            tuple(x for x in phones if x.label != "SIL"),
        )

    def _prepared(self, samples, fs) -> bytes | None:
        """Samples as PocketSphinx takes them: at one level, with the dither; None where they are silent."""
        if not np.isfinite(samples).all():
            raise CocktailError("speech to recognise must be finite")
        x = audio.resample(np.asarray(samples, dtype=float), fs, FS)
        rms = np.sqrt(np.mean(x**2)) if x.size else 0.0
        if rms == 0.0:
            return None
        dither = rng(0, role="dither").standard_normal(len(x))
        x = 10 ** (LEVEL_DB / 20) * (x / rms + 10 ** (DITHER_DB[self.mode] / 20) * dither)
        return np.round(np.clip(x, -1, 1) * 32767).astype("<i2").tobytes()

    @cached_property
    def _decoder(self):
        return self._made(grammar=True)

    def _made(self, grammar):
        """A decoder; for alignment without a `grammar` or language model, as the text takes its place."""
        import pocketsphinx

        settings = self.settings | {"loglevel": "FATAL"}
        if self.grammar is None:
            return pocketsphinx.Decoder(**settings | ({} if grammar else {"lm": None}))
        with tempfile.TemporaryDirectory() as folder:
            words, rules = Path(folder) / "words.dict", Path(folder) / "grammar.jsgf"
            words.write_text(GRAMMARS[self.grammar].dictionary())
            rules.write_text(GRAMMARS[self.grammar].grammar())
            jsgf = {"jsgf": str(rules)} if grammar else {}
            return pocketsphinx.Decoder(lm=None, dict=str(words), **jsgf, **settings)


def _search(decoder, data):
    decoder.start_utt()
    decoder.process_raw(data, no_search=False, full_utt=True)
    decoder.end_utt()
