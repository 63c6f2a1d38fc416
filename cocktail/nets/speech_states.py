"""What a recogniser hears, as states of speech in time, and what clean speech looks like on average in each of them.

H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-sensitive and recognition-boosted speech separation using
deep recurrent neural networks", ICASSP 2015: the states of the one-best path, each as its mean feature vector over
clean speech.

Deviations: a recogniser of characters has no states of phones. A state is a character at its place in its word, while
it is said, or the blanks that follow until the next one; one that was seldom heard is that character in any word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from cocktail import stft
from cocktail.errors import CocktailError
from cocktail.nets.ctc import WEIGHT, Ctc
from cocktail.nets.masks import MELS, LogMel
from cocktail.recognition.alignment import best_path
from cocktail.recognition.ctc import decode
from cocktail.recognition.recogniser import normalise

UNKNOWN = "?"
"""State number 0, where nothing was heard; its mean is that of normalised features, 0."""
BEFORE = ""
"""State before the first character."""
AFTER = "+"
"""Behind the name of a character: the blanks that follow it."""
SELDOM = 50
"""Frames below which a character at its place in a word is taken for the character in any word."""
LEAST = 1e-30
"""Least posterior."""


@dataclass(frozen=True)
class SpeechStates:
    """States and their mean log-mel vectors."""

    names: tuple[str, ...]
    logs: np.ndarray
    """(states, MELS) means of the logarithms of cocktail.nets.masks.LogMel; of UNKNOWN, 0."""

    @classmethod
    def learn(cls, recordings: Iterable, recogniser: Ctc, fs: int, most: int) -> "SpeechStates":
        """From the first `most` cocktail.method.Recording whose transcript the recogniser can align.

        Raises CocktailError where there is none.
        """
        features = LogMel(fs, running=False)
        totals: dict[str, np.ndarray] = {}
        heard = ((x.samples, path_names(recogniser, x.samples, fs, x.text)) for x in recordings if x.text)
        for samples, names in islice((x for x in heard if x[1]), most):
            magnitude = stft.stft(torch.as_tensor(np.asarray(samples, np.float32))[None]).abs()
            logs = features.logarithms(magnitude)[0].numpy()
            frames = np.concatenate([logs, np.ones((len(logs), 1), np.float32)], axis=1)
            for frame, (specific, general) in zip(frames, names, strict=True):
                for name in {specific, general}:
                    totals[name] = totals.get(name, 0) + frame
        if not totals:
            raise CocktailError("no train utterance has a transcript that the recogniser could align")
        kept = sorted(name for name, total in totals.items() if "/" not in name or total[-1] >= SELDOM)
        means = [totals[name][:-1] / totals[name][-1] for name in kept]
        return cls((UNKNOWN, *kept), np.stack([np.zeros(MELS), *means]).astype(np.float32))


def numbers(index: dict[str, int], recogniser: Ctc, samples: np.ndarray, fs: int) -> np.ndarray:
    """What the recogniser hears in samples (N,): the number of the state in each frame of the STFT, (T,).

    `index`: name -> number. All are 0, UNKNOWN, where it hears nothing, or a text that does not fit into the samples.
    """
    names = path_names(recogniser, samples, fs)
    if not names:
        return np.zeros(stft.n_frames(len(samples)), int)
    return np.array([index.get(specific, index.get(general, 0)) for specific, general in names])


def path_names(recogniser: Ctc, samples: np.ndarray, fs: int, text: str | None = None) -> list[tuple[str, str]]:
    """Each frame of the STFT of samples (N,) -> names of its state: of a character in its word, and in any word.

    The path is that of `text`, or of the words that the recogniser hears; empty where there is none.
    """
    if not np.any(samples):
        return []
    log_posteriors = np.log(np.maximum(recogniser.posteriors(samples, fs), LEAST))
    if text is None:
        text = decode(log_posteriors, recogniser.language, weight=WEIGHT)
    symbols = recogniser.language.spell(text)
    if symbols is None:
        return []
    try:
        path = best_path(log_posteriors, symbols)
    except CocktailError:  # a text too long for the samples
        return []
    words = normalise(text).split()
    specific = [f"{word}/{i}" for word in words for i in range(len(word) + 1)]
    general = [character for word in words for character in f"{word} "]
    last = np.maximum.accumulate(path)  # number of the character that was said last, -1 before the first
    named = [
        (BEFORE, BEFORE) if k < 0 else (f"{specific[k]}{AFTER * blank}", f"{general[k]}{AFTER * blank}")
        for k, blank in zip(last.tolist(), (path < 0).tolist(), strict=True)
    ]
    starts = [recogniser.frame_start_s(t) for t in range(len(path))]
    centres = ((np.arange(stft.n_frames(len(samples))) + 1) * stft.HOP - stft.SIZE / 2) / fs
    frames = np.clip(np.searchsorted(starts, centres, side="right") - 1, 0, len(path) - 1)
    return [named[t] for t in frames]
