"""Whisper on faster-whisper (CTranslate2): int8 weights, on the CPU; needs the extra `whisper`.

A. Radford et al., "Robust speech recognition via large-scale weak supervision", ICML 2023. Texts are compared after
that paper's normalisers (its appendix C): the one for English, or the one for other languages, which keeps marks here
(in many scripts they are vowels).

Decoding is greedy. Up to 30 s are one window, without time stamps; a longer recording is heard window by window, each
from the last time stamp of the one before. A window that Whisper takes for no speech gives no words. Deviation: no
window is decoded again at a higher temperature, since that draws at random.

Utterances are heard one by one. Batches are no faster on a CPU: the encoder, which fills every window up to 30 s, takes
most of the time and all of a core (tiny.en: 0.062 times real time one by one, 0.074 in batches of 8).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cocktail import audio
from cocktail.digest import files_digest
from cocktail.errors import CocktailError, nearest
from cocktail.recognition.alignment import Alignment
from cocktail.recognition.recogniser import Recogniser

FS = 16000
WINDOW_S = 30
"""What the encoder hears at once, filled with silence."""
MAX_TOKENS = 224
"""Of a window's text, as in Whisper's own decoder."""
NO_SPEECH = {"probability": 0.6, "log_probability": -1.0}
"""A window holds no speech where that is more likely than this, and its text less likely a token (Whisper's own)."""
FILES = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*")
"""What a model in CTranslate2's format is made of; `model.bin`, `config.json` and `tokenizer.json` must be there."""
FINGERPRINT_BYTES = 2**20
"""Of every file, this much goes into the card's digest, with its name and size."""


def create(model: str, language: str | None = None) -> "Whisper":
    """The recogniser with a `model` that is named, as `tiny.en`, or lies in that folder.

    A named one is looked for in faster-whisper's cache and fetched where it is not there. `language`: code of ISO 639;
    None where Whisper is to detect that of each recording. Raises CocktailError where there is no such model, it cannot
    be fetched, or faster-whisper is missing.
    """
    if find_spec("faster_whisper") is None:
        raise CocktailError("the recogniser 'whisper' needs faster-whisper: pip install 'cocktailbench[whisper]'")
    folder = Path(model).expanduser()
    return Whisper(folder if folder.is_dir() else _fetched(model), language)


def _fetched(name) -> Path:
    """The folder of a model that is known by its name."""
    from faster_whisper.utils import available_models, download_model

    if name not in available_models():
        known = ", ".join(available_models())
        raise CocktailError(
            f"recogniser.model: {name} is neither a folder nor the name of a model{nearest(name, available_models())} "
            f"(names: {known})"
        )
    for local in (True, False):
        try:
            return Path(download_model(name, local_files_only=local))
        except Exception as error:  # of the hub's client, its network, or its cache
            reason = error
    raise CocktailError(
        f"recogniser.model: {name} could not be fetched ({type(reason).__name__}: {reason}); "
        "name a folder that holds it"
    ) from reason


@dataclass(frozen=True)
class Whisper(Recogniser):
    """A cocktail.recognition.recogniser.Recogniser."""

    folder: Path
    language: str | None = None

    def __post_init__(self):
        lacking = [name for name in FILES[:2] + FILES[3:4] if not (self.folder / name).is_file()]
        if lacking:
            raise CocktailError(
                f"recogniser.model: no model of CTranslate2 at {self.folder}: {', '.join(lacking)} not found "
                "(ct2-transformers-converter makes one of other formats)"
            )

    @property
    def card(self) -> dict[str, Any]:
        """Versions, a digest of the model's files, the language, and the search: all that decides the words."""
        return {
            "backend": "whisper",
            "versions": {name: version(name) for name in ("faster-whisper", "ctranslate2", "whisper-normalizer")},
            "model": self._fingerprint,
            "language": self.language,
            "search": {"beam": 1, "compute": "int8", "max_tokens": MAX_TOKENS, "no_speech": NO_SPEECH},
        }

    def transcribe(self, samples: np.ndarray, fs: int) -> str:
        """samples (N,) at `fs` Hz -> text as Whisper writes it; silence gives the empty text.

        Raises CocktailError on samples that are not finite.
        """
        if not np.isfinite(samples).all():
            raise CocktailError("speech to recognise must be finite")
        x = audio.resample(np.asarray(samples, dtype=float), fs, FS)
        peak = np.abs(x).max(initial=0.0)
        if peak == 0.0:
            return ""
        segments, _ = self._model.transcribe(
            (x / peak).astype(np.float32),  # at full scale: a gain changes no word
            language=self.language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=len(x) <= WINDOW_S * FS,
            max_new_tokens=MAX_TOKENS,
            no_speech_threshold=NO_SPEECH["probability"],
            log_prob_threshold=NO_SPEECH["log_probability"],
        )
        return " ".join(segment.text.strip() for segment in segments)

    def normalise(self, text: str) -> str:
        """Whisper's normalisation of English (numbers, spellings, contractions), or that of other languages."""
        return self._rule(text).strip()

    def align(self, samples: np.ndarray, fs: int, text: str) -> Alignment:
        """Raises CocktailError: Whisper has no model of when a given text was said."""
        raise CocktailError("the recogniser 'whisper' aligns no text: choose the backend 'pocketsphinx'")

    @cached_property
    def _model(self):
        from faster_whisper import WhisperModel

        try:
            model = WhisperModel(str(self.folder), device="cpu", compute_type="int8", cpu_threads=1)
        except Exception as error:  # a file that is cut short or foreign may raise anything
            raise CocktailError(f"recogniser.model: the model at {self.folder} cannot be read: {error}") from error
        if self.language not in (None, *model.supported_languages):
            raise CocktailError(f"recogniser.model: the model at {self.folder} has no language '{self.language}'")
        return model

    @cached_property
    def _rule(self) -> Callable[[str], str]:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer

        return EnglishTextNormalizer() if self.language == "en" else BasicTextNormalizer(preserve_marks=True)

    @cached_property
    def _fingerprint(self):
        files = sorted(path for pattern in FILES for path in self.folder.glob(pattern))
        return files_digest(((path.name, path) for path in files), at_most=FINGERPRINT_BYTES)
