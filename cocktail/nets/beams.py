"""Beamformers that are parts of a network, and the network that masks what they let through.

T. N. Sainath et al., "Multichannel signal processing with deep neural networks for automatic speech recognition",
IEEE/ACM TASLP 25(5), 2017: filters of every microphone, summed, one set for each look direction, learnt from samples.
X. Xiao et al., "Deep beamforming networks for multi-channel speech recognition", ICASSP 2016: correlations of all pairs
of microphones go in, the weights of a beamformer come out.

Shapes: B scenes, D microphones, N samples, P beams, F bins, T frames, W windows.
"""

import itertools
import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.dsp.mel import filterbank
from cocktail.dsp.spatial import cues
from cocktail.dsp.spatial.directions import sphere
from cocktail.nets import losses
from cocktail.nets.mask_training import spectra, weights
from cocktail.nets.masks import BINS, FLOOR, MELS, array_level
from cocktail.nets.standardised import Standardised
from cocktail.nets.trunks import Recurrent


class FilterAndSum(nn.Module):
    """Filters of finite length on samples: one for each microphone in each of `beams` look directions."""

    def __init__(self, *, microphones: int, beams: int, taps: int):
        """`taps`: an odd number; the middle one is that of no delay."""
        super().__init__()
        self.beams = beams
        self.filters = nn.Parameter(torch.zeros(beams, microphones, taps))
        self._start(np.zeros((beams, microphones), int))

    def look(self, array: np.ndarray, fs: float) -> None:
        """Begin with delay and sum towards directions all around; array (D, 3) in metres."""
        ahead_s = sphere(self.beams) @ (array - array[0]).T / SOUND_SPEED  # (P, D): how much earlier than microphone 1
        self._start(np.round(ahead_s * fs).astype(int))

    @torch.no_grad()
    def _start(self, ahead):
        """Impulses that undo that each microphone is `ahead` (P, D) samples, as far as filters reach."""
        n_beams, n_mics, taps = self.filters.shape
        at = (taps // 2 - ahead).clip(0, taps - 1)
        self.filters.zero_()
        self.filters[np.arange(n_beams)[:, None], np.arange(n_mics), at] = 1 / n_mics

    def forward(self, mixture: torch.Tensor) -> torch.Tensor:
        """(B, D, N) -> beams (B, P, F, T)."""
        return stft.stft(nn.functional.conv1d(mixture, self.filters, padding=self.filters.shape[-1] // 2))


class AdaptiveBeam(nn.Module):
    """Weights of one beam for a whole scene, as its correlations have it; untrained, nearly those of microphone 1."""

    beams = 1

    def __init__(self, *, microphones: int, lags: int, window: int, units: int, layers: int):
        """`lags`: of correlations, in samples to either side; `window`: frames that are correlated together."""
        super().__init__()
        self.microphones, self.lags, self.window = microphones, lags, window
        self.register_buffer("pairs", torch.triu_indices(microphones, microphones, 1), persistent=False)
        sizes = [self.pairs.shape[1] * (2 * lags + 1), *[units] * layers]
        parts = [part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), nn.Sigmoid())]
        self.hidden = nn.Sequential(*parts)
        self.output = nn.Linear(sizes[-1], 2 * microphones * BINS)
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            self.output.bias.zero_()
            self.output.bias[:BINS] = 1.0

    def forward(self, mixture: torch.Tensor) -> torch.Tensor:
        """(B, D, N) -> beams (B, 1, F, T), w^H x."""
        X = stft.stft(mixture)
        return (self.weights(X).conj()[..., None] * X).sum(1, keepdim=True)

    def weights(self, X: torch.Tensor) -> torch.Tensor:
        """(B, D, F, T) -> w (B, D, F) complex: the mean over windows, each as often as it is loud."""
        correlations, loudness = self.correlations(X)
        share = loudness / loudness.sum(-1, keepdim=True).clamp_min(torch.finfo(loudness.dtype).tiny)
        # The output is linear: the mean of what it says of the windows is what it says of their mean.
        w = self.output((self.hidden(correlations) * share[..., None]).sum(1))
        return torch.complex(*w.unflatten(-1, (2, self.microphones, BINS)).unbind(1))

    def correlations(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """PHAT-weighted correlations of all pairs in windows (B, W, I), and how loud these are (B, W).

        Frames count by the square root of their power, so that silence and padding tell nothing. Correlations are in
        units of about the deviation that they have in a frame of independent noise.
        """
        X = nn.functional.pad(X, (0, -X.shape[-1] % self.window))
        loudness = X.abs().square().mean((1, 2)).sqrt()
        phases = cues.whitened(X, *self.pairs) * loudness[:, None, None]
        phases, loudness = (x.unflatten(-1, (-1, self.window)).sum(-1) for x in (phases, loudness))
        r = cues.cross_correlation(phases.mT, self.lags)  # (B, pairs, W, lags)
        total = loudness.clamp_min(torch.finfo(loudness.dtype).tiny)
        return math.sqrt(stft.SIZE) * r.movedim(1, 2).flatten(2) / total[..., None], loudness


class MaskedBeams(nn.Module):
    """A front end that makes beams, and a recurrent network that gives each a mask: the estimate is their sum.

    In every bin the masks of all beams and the share of silence sum to one.
    """

    def __init__(self, front: FilterAndSum | AdaptiveBeam, *, units: int, layers: int, fs: int):
        """`units`: LSTM cells of a layer, in both directions together."""
        super().__init__()
        self.front, self.fs = front, fs
        filters = torch.as_tensor(filterbank(MELS, fs, stft.SIZE), dtype=torch.float32)
        self.register_buffer("filters", filters, persistent=False)
        self.standardised = Standardised(front.beams * MELS)
        self.trunk = Recurrent(front.beams * MELS, units, layers, bidirectional=True)
        self.output = nn.Linear(self.trunk.width, front.beams * BINS)

    def forward(self, mixture: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Mixtures (B, D, N) of any level -> spectra of the talker (B, F, T); `lengths` (B,) frames count."""
        level = array_level(stft.stft(mixture), lengths)
        beams = self.front(mixture / level[..., 0])
        features = self.standardised(self._features(beams), lengths)
        scores = self.output(self.trunk(features, lengths)).unflatten(-1, (-1, BINS)).permute(0, 2, 3, 1)
        masks = torch.cat([scores, torch.zeros_like(scores[:, :1])], 1).softmax(1)[:, :-1]  # (B, P, F, T)
        return level[:, 0] * (masks * beams).sum(1)

    @torch.no_grad()
    def set_statistics(self, mixtures: Iterable[torch.Tensor]) -> None:
        """Standardise the features by those of the beams of some mixtures (D, N)."""
        levelled = (x / array_level(stft.stft(x[None]))[0, 0, 0] for x in mixtures)
        self.standardised.set_statistics(self._features(self.front(x[None]))[0] for x in levelled)

    def _features(self, beams):
        """Log-mel magnitudes, (B, T, P G)."""
        return torch.log(self.filters @ beams.abs() + FLOOR).flatten(1, 2).mT


def loss(network: MaskedBeams, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean square error of the spectra at microphone 1, for mixtures of unit level."""
    _, target, level, lengths = spectra(batch | {"mixture": batch["mixture"][:, 0]})
    error = network(batch["mixture"], lengths) / level - target
    return losses.weighted_mean(error.abs().square(), weights(target, lengths))
