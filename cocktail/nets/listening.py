"""Mask networks that also learn from what was said: through a recogniser, or beside one that shares their layers.

Z.-Q. Wang and D. Wang, "A joint training framework for robust automatic speech recognition", IEEE/ACM TASLP 24(4),
2016; Z. Chen, S. Watanabe, H. Erdogan and J. R. Hershey, "Speech enhancement and recognition using multi-task learning
of long short-term memory recurrent neural networks", Interspeech 2015.

A batch is whole scenes with transcripts: {mixture, target (B, N), symbols (B, S), frames (B,)}, shorter ones followed
by zeros, and `mixture_length` and `symbols_length` (B,).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.errors import CocktailError
from cocktail.nets import losses
from cocktail.nets.ctc import Ctc
from cocktail.nets.ctc_training import symbol_loss
from cocktail.nets.mask_training import spectra, weights
from cocktail.nets.masks import MELS, LogMel, MaskNetwork
from cocktail.nets.trunks import Recurrent
from cocktail.recognition.ctc import Language

TRIES = 100
"""Draws in which a scene with a transcript is looked for."""
POOLED = 4
"""Frames of the mask, 8 ms each, to one of symbols."""


@dataclass(frozen=True)
class TranscribedScenes:
    """Whole training scenes of one talker with what is said in them."""

    draw: Callable
    """(generator, split) -> cocktail.method.TrainingMixture with `texts`."""
    language: Language

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixture, target (N,), symbols (S,), frames ()}; raises CocktailError where no text can be spelt."""
        for _ in range(TRIES):
            scene = self.draw(generator, split)
            symbols = self.language.spell(scene.texts[0] or "")
            if symbols is not None:
                frames = np.array(stft.n_frames(len(scene.mixture)))
                return {"mixture": scene.mixture, "target": scene.sources[0], "symbols": symbols, "frames": frames}
        raise CocktailError(f"none of {TRIES} scenes of the split '{split}' has a transcript that can be spelt")


class JointNetwork(MaskNetwork):
    """A BLSTM mask network that a recogniser listens to while it is trained."""

    def __init__(self, *, units: int, layers: int, fs: int):
        """`units` LSTM cells of a layer in both directions together."""
        super().__init__(LogMel(fs, running=False), Recurrent(MELS, units, layers, bidirectional=True), fs)
        self.recogniser: Ctc | None = None

    def listen(self, recogniser: Ctc | None) -> None:
        """Attach a recogniser, which will not change; or none, to be used."""
        self.recogniser = recogniser and recogniser.requires_grad_(False)

    def train(self, mode: bool = True) -> "JointNetwork":
        """As of any module, but the recogniser listens as it will in use."""
        super().train(mode)
        if self.recogniser is not None:
            self.recogniser.eval()
            for layer in self.recogniser.modules():
                if isinstance(layer, nn.LSTM):  # without dropout; cuDNN has gradients in the mode of training alone
                    layer.train()
        return self


class MultiTaskNetwork(MaskNetwork):
    """A BLSTM mask network whose layers also feed a recogniser of symbols."""

    def __init__(self, *, symbols: int, units: int, layers: int, fs: int):
        """`symbols` of the recogniser; `units` as of JointNetwork."""
        super().__init__(LogMel(fs, running=False), Recurrent(MELS, units, layers, bidirectional=True), fs)
        self.symbols = nn.Linear(self.trunk.width, symbols)

    def both(self, magnitude, lengths=None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Magnitudes (B, F, T) -> mask (B, F, T), log posteriors (B, T', symbols), and which of T' (B,) count."""
        hidden = self.trunk(self.features(magnitude, lengths), lengths)
        if lengths is None:
            lengths = torch.full((len(hidden),), hidden.shape[1], device=hidden.device)
        filled = nn.functional.pad(hidden, (0, 0, 0, -hidden.shape[1] % POOLED))
        pooled = filled.unflatten(1, (-1, POOLED)).mean(2)
        frames = (lengths + POOLED - 1) // POOLED
        return torch.sigmoid(self.output(hidden)).mT, self.symbols(pooled).log_softmax(-1), frames


def joint_loss(network: JointNetwork, batch: dict[str, torch.Tensor], weight: float) -> torch.Tensor:
    """CTC loss of the recogniser for what the mask makes of the mixture, and `weight` times PSA."""
    mixture, target, level, lengths = spectra(batch)
    mask = network(mixture.abs(), lengths)
    speech = stft.istft(mask * mixture * level, batch["mixture"].shape[-1])
    heard = symbol_loss(*network.recogniser(speech, batch["mixture_length"]), batch).to(mask.device)
    return heard + weight * losses.psa(mask=mask, mixture=mixture, target=target, weight=weights(mixture, lengths))


def multi_task_loss(network: MultiTaskNetwork, batch: dict[str, torch.Tensor], weight: float) -> torch.Tensor:
    """PSA, and `weight` times the CTC loss of the symbols."""
    mixture, target, _, lengths = spectra(batch)
    mask, *heard = network.both(mixture.abs(), lengths)
    enhanced = losses.psa(mask=mask, mixture=mixture, target=target, weight=weights(mixture, lengths))
    return enhanced + weight * symbol_loss(*heard, batch).to(mask.device)
