"""Training of the CTC recogniser on isolated speech: at three speeds, in rooms, in noise, with pauses around it.

Speeds: T. Ko, V. Peddinti, D. Povey and S. Khudanpur, "Audio augmentation for speech recognition", Interspeech 2015.
Rooms: noise that decays exponentially, the model of J. D. Polack, "La transmission de l'énergie sonore dans les
salles", thesis, Université du Maine, 1988.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.signal
import torch
from torch.nn.functional import ctc_loss

from cocktail import levels
from cocktail.errors import CocktailError
from cocktail.nets.ctc import Ctc
from cocktail.recognition.ctc import BLANK, Language

SPEEDS = ((1, 1), (10, 9), (10, 11))
"""Resampling ratios: as spoken, 0.9 times as fast, 1.1 times as fast."""
NOISY, ROOMY = 0.8, 0.3
"""Shares of the utterances."""
SNR_DB = (-5.0, 20.0)
T60_S = (0.1, 0.5)
DIRECT_DB = (-3.0, 12.0)
"""Direct sound over reverberation."""
LEAD_S, TRAIL_S = (0.0, 0.6), (0.0, 0.4)


@dataclass(frozen=True)
class Utterance:
    """What was said."""

    samples: np.ndarray
    """(N,) float32."""
    symbols: np.ndarray
    """(S,) indices of its text."""


def utterances(recordings: Iterable, language: Language) -> list[Utterance]:
    """Those of some cocktail.method.Recording whose transcript the language can spell."""
    spelt = ((x.samples, language.spell(x.text or "")) for x in recordings)
    return [Utterance(np.asarray(samples, np.float32), symbols) for samples, symbols in spelt if symbols is not None]


class Examples:
    """Draws utterances, varied anew each time: {"samples": (N,), "symbols": (S,)}.

    `speech`: split -> utterances, spelt in `language`. `noise`: split -> recordings (N,), without which the utterances
    are left as they are. Raises CocktailError where a split has no utterance.
    """

    def __init__(
        self, speech: dict[str, list[Utterance]], noise: dict[str, Sequence[np.ndarray]], language: Language, fs: int
    ):  # fmt: skip
        for split, spoken in speech.items():
            if not spoken:
                raise CocktailError(f"a recogniser is trained on transcripts; the split '{split}' has none")
        self.speech, self.language, self.fs = speech, language, fs
        looped = {split: [levels.loop(np.asarray(x, np.float32), fs) for x in noise[split]] for split in noise}
        self.noise = {split: [x for x in looped[split] if levels.power(x) > 0] for split in looped}

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """One example of `train` or `valid`."""
        chosen = self.speech[split][generator.integers(len(self.speech[split]))]
        samples = self._varied(chosen.samples, generator, split) if self.noise[split] else chosen.samples
        return {"samples": samples, "symbols": chosen.symbols}

    def _varied(self, x, generator, split):
        up, down = SPEEDS[generator.integers(len(SPEEDS))] if split == "train" else SPEEDS[0]
        x = x if up == down else scipy.signal.resample_poly(x, up, down).astype(np.float32)
        if generator.random() < ROOMY:
            x = reverberant(x, self.fs, generator)
        level = levels.power(x, levels.active(x, self.fs))
        x = np.pad(x, [int(generator.uniform(*pause) * self.fs) for pause in (LEAD_S, TRAIL_S)])
        if generator.random() < NOISY:
            looped = self.noise[split][generator.integers(len(self.noise[split]))]
            noise = levels.wrapped(looped, int(generator.integers(len(looped))), len(x))
            snr = 10 ** (generator.uniform(*SNR_DB) / 10)
            x = x + noise * np.float32(np.sqrt(level / (snr * max(levels.power(noise), 1e-12))))
        return x


def reverberant(x: np.ndarray, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) -> (N,) as heard in a room of Polack's model, the direct sound unchanged."""
    t60_s, direct = generator.uniform(*T60_S), 10 ** (generator.uniform(*DIRECT_DB) / 20)
    t = np.arange(1, round(t60_s * fs)) / fs
    tail = generator.standard_normal(len(t)) * 10 ** (-3 * t / t60_s)
    tail /= direct * np.sqrt(np.sum(tail**2))
    return scipy.signal.fftconvolve(x, np.concatenate([[1.0], tail]).astype(np.float32))[: len(x)]


def loss(network: Ctc, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """CTC loss a symbol, mean over a batch of `samples` (B, N), `symbols` (B, S), and the length of each."""
    return symbol_loss(*network(batch["samples"], batch["samples_length"]), batch)


def symbol_loss(posteriors: torch.Tensor, frames: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """CTC loss a symbol of log posteriors (B, T, symbols), `frames` (B,) of which count, for the texts of a batch."""
    posteriors, *texts = (x.cpu() for x in (posteriors, batch["symbols"], frames, batch["symbols_length"]))
    # On the CPU, because on a GPU its gradient is not repeatable. A text too long for its frames has no path: it counts
    # 0 and has no gradient.
    return ctc_loss(posteriors.transpose(0, 1), *texts, BLANK, zero_infinity=True)
