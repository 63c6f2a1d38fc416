"""What many methods made of a mixture, fused: a network says which of them to trust where.

J. Le Roux, S. Watanabe and J. R. Hershey, "Ensemble learning for speech enhancement", WASPAA 2013: the outputs of the
members, stacked, are the features of a learner. E. Vincent, H. Erdogan and J. Le Roux, "Data-driven approaches to
speech enhancement and separation", tutorial at Interspeech 2016: that learner is a network.

Shapes: B scenes, M members, F bins, G mel filters, T frames. An expert is what gives a mask between 0 and 1: the
members, then silence (0) and the mixture (1), M + 2 in all.
"""

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.dsp.mel import filterbank
from cocktail.errors import CocktailError
from cocktail.nets import losses
from cocktail.nets.mask_training import spectra, weights
from cocktail.nets.masks import FLOOR, INPUT_NOISE, MELS, inside, overall_level
from cocktail.nets.trunks import Recurrent

UNTRUSTED = -4.0
"""Where the logarithms of the weights of silence and of the mixture start; those of members start at 0."""


class FusionNetwork(nn.Module):
    """Spectra of a mixture and of its estimates -> a mask: in every bin a weighted mean of the experts' masks.

    The weights are those of mel filters, spread over the bins. Untrained, they are nearly even over the members.
    """

    def __init__(self, *, members: list[str], units: int, layers: int, fs: int):
        """`units` LSTM cells of a layer in both directions together."""
        super().__init__()
        self.members, self.fs = tuple(members), fs
        filters = torch.as_tensor(filterbank(MELS, fs, stft.SIZE), dtype=torch.float32)
        self.register_buffer("filters", filters, persistent=False)
        seen = filters + 1e-6  # the outermost bins are hardly seen by any filter
        self.register_buffer("share", (seen / seen.sum(0)).T.contiguous(), persistent=False)
        inputs, experts = 1 + len(members), len(members) + 2
        self.register_buffer("mean", torch.zeros(inputs, 1, MELS))
        self.register_buffer("deviation", torch.ones(inputs, 1, MELS))
        self.trunk = Recurrent(inputs * MELS, units, layers, bidirectional=True)
        self.output = nn.Linear(self.trunk.width, experts * MELS)
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            self.output.bias.zero_()
            self.output.bias[-2 * MELS :] = UNTRUSTED

    def logarithms(self, mixture, estimates, lengths=None):
        """Complex (B, F, T) and (B, M, F, T) -> log-mel magnitudes at the mixture's level, (B, 1 + M, T, G)."""
        magnitude = torch.cat([mixture[:, None], estimates], 1).abs()
        level = overall_level(magnitude[:, 0], lengths)[:, None]
        return torch.log(self.filters @ (magnitude / level) + FLOOR).mT

    def forward(self, mixture, estimates, lengths=None):
        """Complex spectra (B, F, T) and (B, M, F, T) of any level -> mask (B, F, T) between 0 and 1."""
        features = (self.logarithms(mixture, estimates, lengths) - self.mean) / self.deviation
        if self.training:
            features = features + INPUT_NOISE * torch.randn_like(features)
        features = features.movedim(1, 2).flatten(2)
        if lengths is not None:
            features = features * inside(lengths, mixture.abs())[..., None]
        trust = self.output(self.trunk(features, lengths)).unflatten(-1, (-1, MELS)).softmax(2)  # (B, T, M + 2, G)
        trust = self.share @ trust.movedim(1, 3)  # (B, M + 2, F, T), still one in all
        members, _, mixed = trust.split([len(self.members), 1, 1], 1)
        return (members * member_masks(mixture, estimates)).sum(1) + mixed[:, 0]

    @torch.no_grad()
    def set_statistics(self, examples) -> None:
        """Normalise the features by those of some examples of `Scenes`."""
        logs = []
        for example in examples:
            made = (stft.stft(torch.as_tensor(example[name])[None]) for name in ("mixture", "estimates"))
            logs.append(self.logarithms(*(X[..., : int(example["frames"])] for X in made))[0])
        found = torch.cat(logs, 1)
        self.mean.copy_(found.mean(1, keepdim=True))
        self.deviation.copy_(found.std(1, keepdim=True).clamp_min(1e-3))

    @torch.no_grad()
    def enhance(self, mixture, estimates):
        """Signals (N,) and (M, N) -> (N,)."""
        Y = stft.stft(mixture[None])
        return stft.istft(self(Y, stft.stft(estimates[None])) * Y, mixture.shape[-1])[0]


def member_masks(mixture, estimates):
    """The phase-sensitive masks that make estimates (B, M, F, T) of a mixture (B, F, T), kept between 0 and 1."""
    mixture = mixture[:, None]
    power = mixture.abs().square().clamp_min(torch.finfo(mixture.real.dtype).tiny)
    return ((estimates * mixture.conj()).real / power).clamp(0, 1)


class Scenes:
    """Draws segments of `n_samples` of train scenes with what the members made of them.

    Raises CocktailError where a split has no scene that all members finished, or nothing is read.
    """

    def __init__(self, data, n_samples: int):
        """`data`: cocktail.method.TrainingData with `estimates`."""
        if not data.reads:
            raise CocktailError("a fusion has members: say `reads: [ENTRY, ...]` in the entry's row of methods.yaml")
        self.members, self.n_samples = list(data.reads), n_samples
        self.signals = {split: [self._signals(x) for x in data.estimates(split)] for split in ("train", "valid")}
        for split, scenes in self.signals.items():
            if not scenes:
                raise CocktailError(f"no scene of the split '{split}' was finished by all of {', '.join(self.members)}")

    def _signals(self, scene):
        """(2 + M, N): mixture, target, estimates; in half precision, for there are many."""
        made = [scene.estimates[name][0] for name in self.members]
        signals = np.stack([scene.mixture, scene.sources[0], *made])
        return (signals / (np.abs(scene.mixture).max() or 1.0)).astype(np.float16)

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixture, target (n_samples,), estimates (M, n_samples), frames ()}: the first `frames` frames count."""
        signals = self.signals[split][generator.integers(len(self.signals[split]))]
        start = int(generator.integers(max(signals.shape[1] - self.n_samples, 0) + 1))
        cut = signals[:, start : start + self.n_samples].astype(np.float32)
        frames = np.array(stft.n_frames(cut.shape[1]))
        cut = np.pad(cut, ((0, 0), (0, self.n_samples - cut.shape[1])))
        return {"mixture": cut[0], "target": cut[1], "estimates": cut[2:], "frames": frames}


def loss(network: FusionNetwork, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """PSA of the fused mask."""
    mixture, target, level, lengths = spectra(batch)
    mask = network(mixture, stft.stft(batch["estimates"]) / level[:, None], lengths)
    return losses.psa(mask=mask, mixture=mixture, target=target, weight=weights(mixture, lengths))
