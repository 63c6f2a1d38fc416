"""Whisper, or any model of its kind, with weights from a folder; needs the extra `whisper` (transformers).

A. Radford et al., "Robust speech recognition via large-scale weak supervision", ICML 2023. The folder is what
`save_pretrained` of transformers writes: configuration, weights, tokeniser, feature extractor. Nothing is downloaded.

Decoding is greedy, in English, without time stamps.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cocktail import audio
from cocktail.errors import CocktailError
from cocktail.recognition.alignment import Alignment
from cocktail.recognition.recogniser import normalise

FS = 16000
FINGERPRINT_BYTES = 2**20
"""Of every file, this much goes into the card's digest, with its name and size."""


def create(folder: str) -> "Whisper":
    """The recogniser whose model lies in `folder`. Raises CocktailError where there is none, or no transformers."""
    if find_spec("transformers") is None:
        raise CocktailError("the recogniser 'whisper' needs transformers: pip install 'cocktailbench[whisper]'")
    path = Path(folder).expanduser()
    if not (path / "config.json").is_file():
        raise CocktailError(
            f"recogniser.folder: no model at {path}: it must hold config.json, weights, and the files of the tokeniser "
            "and of the feature extractor, as `save_pretrained` of transformers writes them"
        )
    return Whisper(path)


@dataclass(frozen=True)
class Whisper:
    """A cocktail.recognition.recogniser.Recogniser."""

    folder: Path

    @property
    def card(self) -> dict[str, Any]:
        """Backend, version, and a digest of the model's files."""
        model = {"version": version("transformers"), "model": self._fingerprint}
        return {"backend": "whisper", "search": "greedy", **model}

    def transcribe(self, samples: np.ndarray, fs: int) -> str:
        """samples (N,) at `fs` Hz -> words; silence gives the empty text. Raises on samples not finite."""
        if not np.isfinite(samples).all():
            raise CocktailError("speech to recognise must be finite")
        x = audio.resample(np.asarray(samples, dtype=float), fs, FS)
        if not np.any(x):
            return ""
        import torch

        extract, tokenizer, model = self._parts
        features = extract(x.astype(np.float32), sampling_rate=FS, return_tensors="pt").input_features
        language = {"language": "en", "task": "transcribe"} if _multilingual(model) else {}
        with torch.no_grad():
            tokens = model.generate(features, do_sample=False, num_beams=1, **language)
        return normalise(tokenizer.decode(tokens[0], skip_special_tokens=True))

    def align(self, samples: np.ndarray, fs: int, text: str) -> Alignment:
        """Raises CocktailError: Whisper has no model of when a given text was said."""
        raise CocktailError("the recogniser 'whisper' aligns no text: choose the backend 'pocketsphinx'")

    @cached_property
    def _parts(self):
        """Feature extractor, tokeniser, network."""
        from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizer

        classes = WhisperFeatureExtractor, WhisperTokenizer, WhisperForConditionalGeneration
        try:
            extract, tokenizer, model = (each.from_pretrained(self.folder, local_files_only=True) for each in classes)
        except (OSError, ValueError) as error:
            raise CocktailError(f"recogniser.folder: {self.folder} holds no whole model: {error}") from error
        return extract, tokenizer, model.eval()

    @cached_property
    def _fingerprint(self):
        content = hashlib.sha256()
        for path in sorted(path for path in self.folder.iterdir() if path.is_file()):
            with path.open("rb") as file:
                content.update(f"{path.name} {path.stat().st_size} ".encode() + file.read(FINGERPRINT_BYTES))
        return content.hexdigest()[:12]


def _multilingual(model):
    return getattr(model.generation_config, "is_multilingual", False)
