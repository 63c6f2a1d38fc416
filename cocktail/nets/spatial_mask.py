"""A network that sees one microphone's spectrum, and cues of where sounds come from, and says where the talker is.

Y. Jiang, D. Wang, R. Liu and Z. Feng, "Binaural classification for reverberant speech segregation using deep neural
networks", IEEE/ACM TASLP 22(12), 2014; S. Araki, T. Hayashi, M. Delcroix, M. Fujimoto, K. Takeda and T. Nakatani,
"Exploring multi-channel features for denoising-autoencoder-based speech enhancement", ICASSP 2015.

Shapes: B scenes, D microphones, F bins, G mel filters, T frames, I features.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from cocktail import stft
from cocktail.dsp.mel import filterbank
from cocktail.dsp.spatial import cues
from cocktail.errors import require_known
from cocktail.nets.masks import BINS, FLOOR, MELS, array_level
from cocktail.nets.standardised import Standardised
from cocktail.nets.trunks import Spliced

LAG_S = 1e-3
"""The largest delay between two microphones that is looked at."""


class SpatialMaskNetwork(nn.Module):
    """Log-mel magnitudes of microphone 1 and the cues that are asked for, hidden layers, and a sigmoid mask.

    Cues: `ild` and `ipd`, differences of level and phase in mel filters; `correlation`, PHAT-weighted, of every frame;
    `beam`, log-mel magnitudes of delay and sum. All but the beam are between microphone 1 and each of the others.
    """

    def __init__(self, *, seen: Sequence[str], microphones: int, units: int, layers: int, context: int, fs: int):
        """`seen`: names of cues. `context`: frames on either side. Raises CocktailError for a cue that is none."""
        super().__init__()
        self.seen, self.fs, self.lags = tuple(seen), fs, round(LAG_S * fs)
        others = microphones - 1
        widths = {
            "ild": others * MELS, "ipd": 2 * others * MELS, "correlation": others * (2 * self.lags + 1), "beam": MELS
        }  # fmt: skip
        require_known(self.seen, widths, "cues: unknown cue")
        filters = torch.as_tensor(filterbank(MELS, fs, stft.SIZE), dtype=torch.float32)
        self.register_buffer("filters", filters, persistent=False)
        inputs = MELS + sum(widths[name] for name in self.seen)
        self.standardised = Standardised(inputs)
        self.trunk = Spliced(inputs, units, layers, context)
        self.output = nn.Linear(units, BINS)

    def forward(self, X: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Spectra (B, D, F, T) of any level -> masks (B, F, T) of microphone 1; `lengths` (B,) frames count."""
        features = self.standardised(self.features(X, lengths), lengths)
        return torch.sigmoid(self.output(self.trunk(features, lengths))).mT

    @torch.no_grad()
    def set_statistics(self, mixtures: Iterable[torch.Tensor]) -> None:
        """Standardise the features by those of some mixtures (D, N)."""
        self.standardised.set_statistics(self.features(stft.stft(mixture[None]))[0] for mixture in mixtures)

    def features(self, X: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """(B, D, F, T) -> (B, T, I), as they are."""
        X = X / array_level(X, lengths)
        parts = [self._log_mel(X[:, 0]), *(getattr(self, f"_{name}")(X) for name in self.seen)]
        return torch.cat(parts, 1).mT

    def _log_mel(self, X):
        return torch.log(self.filters @ X.abs() + FLOOR)

    def _ild(self, X):
        return cues.level_differences(X, self.filters).flatten(1, 2)

    def _ipd(self, X):
        return torch.view_as_real(cues.phase_differences(X, self.filters)).movedim(-1, 1).flatten(1, 3)

    def _correlation(self, X):
        others = torch.arange(1, X.shape[1], device=X.device)
        phases = cues.whitened(X, torch.zeros_like(others), others)
        return cues.cross_correlation(phases.mT, self.lags).mT.flatten(1, 2)

    def _beam(self, X):
        return self._log_mel(cues.delay_and_sum(X, self.lags))
