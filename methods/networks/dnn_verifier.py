"""A network verifies estimates of speech and noise, which are changed until it agrees and both fit the mixture.

E. M. Grais, M. U. Sen and H. Erdogan, "Deep neural networks for single channel source separation", ICASSP 2014. A DNN
learns to tell spectra of isolated speech from those of isolated noise, whatever their level. On a mixture, sparse NMF
(`uses`) begins; then L-BFGS makes an energy small of which each estimate's misfit with the network is a part, the
distance of their weighted sum from the mixture, and what is negative in spectra and gains. The share of speech that
comes out is the mask.

Deviations: single frames of the STFT of the NMF in place of stacked ones. The energy is relative to the mixture's power
in each frame. The share is one of magnitudes, as in nmf-sparse. Weights of the energy, layers and units are the
project's own, as are Adam, hyperbolic tangents and the noise that the network hears in training. L-BFGS starts from the
NMF's shares of the mixture: of models whose sum is not the mixture it would hand out the rest by the gains of whole
frames, which costs 1.1 dB SI-SDR even where any estimate pleases the network.

The network adds little to the NMF: at the size `small` 0.09 dB SI-SDR (5.30 for 5.21 dB, 20 scenes of `nonstationary`).
Small changes please it, without noise in training 2 % of the mixture's amplitude; and true noise of recordings that it
does not know displeases it more than what the NMF takes for noise (a misfit of 0.18 for 0.08).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cocktail.nets.separation import SignalNetwork


@dataclass(frozen=True)
class DnnVerifier(SignalNetwork):
    """One talker, one channel (microphone 1)."""

    paradigm = "source-model"
    roles = {"bases": "enhance"}  # noqa: RUF012
    call_only: ClassVar[tuple[str, ...]] = ("sum_weight", "sign_weight", "iterations", "sparsity", "start_iterations")
    units: int = 100
    layers: int = 3
    frames: int = 20000
    """Frames of speech, and of each kind of noise, to learn from."""
    draw: int = 32
    """Frames of speech in an example, and as many of noise."""
    epochs: int = 30
    steps: int = 200
    sum_weight: float = 5.0
    """lambda: weight of the sum's distance from the mixture."""
    sign_weight: float = 3.0
    """beta: weight of what is negative."""
    iterations: int = 20
    """Of L-BFGS."""
    start_iterations: int = 25
    """Of the NMF."""
    sparsity: float = 5.0
    """mu of the NMF on a scene."""

    def network(self, fs):
        from cocktail.dsp.nmf.enhancer import NmfEnhancer
        from cocktail.nets.verifier import Verifier

        bins = NmfEnhancer.window // 2 + 1
        return Verifier(bins=bins, units=self.scaled(self.units), layers=self.layers, fs=fs)

    def examples(self, data, stage):
        from cocktail.nets.verifier import Frames

        return Frames(data, self.frames, self.draw)

    def objective(self, network, batch):
        from cocktail.nets.verifier import loss

        return loss(network, batch)

    def output(self, network, samples, view):
        import torch

        from cocktail import stft
        from cocktail.dsp.nmf import models
        from cocktail.dsp.nmf.enhancer import NmfEnhancer
        from cocktail.nets.verifier import Energy, speech_share

        nmf, bases = NmfEnhancer(), view.bases["bases"]
        Y = stft.stft(samples, nmf.window, nmf.hop)
        V = nmf.mixture_spectrogram(Y)
        begun = models.supervised(
            [V], bases["speech"], bases["noise"], mu=self.sparsity, divergence="kl", iterations=self.start_iterations,
            device=view.device,
        )[0]  # fmt: skip
        energy = Energy(network.double(), self.sum_weight, self.sign_weight)
        start = (torch.as_tensor(part, dtype=torch.float64, device=view.device) for part in (*begun, V))
        share = speech_share(energy, *start, self.iterations).cpu().numpy()
        return np.asarray(stft.istft(share * Y, len(samples), nmf.window, nmf.hop))[None]
