"""Spatial DNN: a mask of one channel from its spectrum and from cues of where sounds come from, several or single.

Y. Jiang, D. Wang, R. Liu and Z. Feng, "Binaural classification for reverberant speech segregation using deep neural
networks", IEEE/ACM TASLP 22(12), 2014: differences of level between the ears, their cross-correlation at lags up to
1 ms, and features of one ear tell a network whether a bin is the talker's. S. Araki, T. Hayashi, M. Delcroix,
M. Fujimoto, K. Takeda and T. Nakatani, "Exploring multi-channel features for denoising-autoencoder-based speech
enhancement", ICASSP 2015: cosine and sine of the difference of phase, and a signal that was enhanced before, in one
network for all bands. An entry with single cues has the same network and the same spectrum of microphone 1.

Deviations: mel filters in place of a gammatone bank, and log-mel magnitudes in place of cepstra of one. One network for
all bands, as in the second paper, is trained for the binary mask, as in the first, and its probabilities are the mask.
Microphone 1 is compared with each of the others, where the papers have two. The enhanced signal is that of delay and
sum, which the correlations with microphone 1 steer. Layers and context are those of the networks of one channel.
"""

from dataclasses import dataclass
from typing import Literal

from cocktail.nets.array_network import ArrayNetwork


@dataclass(frozen=True)
class SpatialDnn(ArrayNetwork):
    """One talker, at microphone 1 of the array of its training."""

    cues: tuple[str, ...] = ("ild", "ipd", "correlation", "beam")
    """Beside the spectrum: see cocktail/nets/spatial_mask.py."""
    loss: Literal["ma", "msa", "psa", "ibm"] = "ibm"
    units: int = 1024
    """Rectifiers of a layer."""
    layers: int = 3
    context: int = 3
    """Frames on either side."""

    def network(self, fs):
        from cocktail.nets.spatial_mask import SpatialMaskNetwork

        return SpatialMaskNetwork(
            seen=self.cues, microphones=self.microphones, units=self.scaled(self.units), layers=self.layers,
            context=self.context, fs=fs,
        )  # fmt: skip

    def objective(self, network, batch):
        from cocktail.nets import mask_training
        from cocktail.stft import stft

        mixture, target, _, lengths = mask_training.spectra(batch | {"mixture": batch["mixture"][:, 0]})
        mask = network(stft(batch["mixture"]), lengths)
        weight = mask_training.weights(mixture, lengths)
        return mask_training.SPECTRAL[self.loss](mask=mask, mixture=mixture, target=target, weight=weight)

    def separate(self, network, mixture, view):
        from cocktail.stft import istft, stft

        X = stft(mixture[None])
        return istft(network(X) * X[:, 0], mixture.shape[-1])
