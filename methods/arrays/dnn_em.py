"""DNN-EM: a network says the power of speech and noise, expectation maximisation where they come from.

A. A. Nugraha, A. Liutkus and E. Vincent, "Multichannel audio source separation with deep neural networks", IEEE/ACM
Trans. Audio, Speech, Language Process. 24(9), 2016. v_j start as what the network makes of the delay-and-sum output,
R_j as the identity; an iteration is 20 updates of R_j under fixed v_j, then new v_j from the network. The output is the
multichannel Wiener filter's at microphone 1.

Deviations: the paper trains a network an iteration, from the powers of the posterior to those of the truth. Here one
mask network serves all. It knows speech in noise at one microphone, and such is what it is shown: the delay-and-sum
output first, then that of the MVDR beamformer of the current R_j. Its mask m is taken as a Wiener gain and splits the
power of the beam: v_1 = m |b|^2, and (1 - m) |b|^2 goes to v_2, from the first iteration on added to the noise's power
by the posterior, which all microphones tell. The beam of the start is steered by SRP-PHAT.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.blocks import SCENES_EM
from cocktail.dsp.spatial import directions
from cocktail.method import Method, finite

FLOOR = 1e-5
"""Least power v_j, the mean power of the mixture's STFT being 1."""


@dataclass(frozen=True)
class DnnEm(Method):
    """One talker and all else."""

    paradigm = "separation"
    needs = frozenset({"array", "gpu"})
    iterations: int = 3
    """0 leaves R_j = I: the mask of the delay-and-sum output on microphone 1."""
    updates: int = 20
    """Of R_j, in an iteration."""
    weighted: bool = True
    """Whether frames count by their power in the updates of R_j, as in the paper; otherwise plain EM."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N) at microphone 1."""
        return self.batch([mixture], [view])[0]

    def batch(self, mixtures, views):
        """Scenes of one array, in stacks."""
        size = SCENES_EM[views[0].device] if views else 1
        starts = range(0, len(mixtures), size)
        return [y for i in starts for y in self._stack(mixtures[i : i + size], views[i : i + size])]

    def _stack(self, mixtures, views):
        """Some scenes together, padded to the longest."""
        import torch

        from cocktail.dsp.spatial import dnn_em

        model, fs, device = views[0].bases["base"], views[0].fs, views[0].device
        padded, lengths, scale = _normalised(mixtures)
        frames = stft.n_frames(lengths)
        beams = np.stack([_beam(x, view) for x, view in zip(padded, views, strict=True)])
        x = torch.as_tensor(stft.stft(padded).swapaxes(1, 2), dtype=torch.complex64, device=device)
        present = torch.as_tensor(np.arange(x.shape[-1]) < frames[:, None], device=device)[:, None, None]

        def spectra(talker, noise):
            return torch.stack([talker, noise], 1).clamp_min(FLOOR) * present

        mask = model.mask(beams, fs, device, lengths)
        power = stft.stft(torch.as_tensor(beams, device=device, dtype=torch.float32)).abs() ** 2
        v = spectra(mask * power, (1 - mask) * power)
        R = dnn_em.identity(x)
        for _ in range(self.iterations):
            R = dnn_em.update_covariances(x, v, R, updates=self.updates, weighted=self.weighted)
            sources = dnn_em.posterior(x, v, R)
            mask = model.mask_of(sources.beam, frames)
            power = sources.beam.abs() ** 2
            v = spectra(mask * power, (1 - mask) * power + sources.powers[:, 1])
        talker = dnn_em.posterior(x, v, R).first[:, 0]
        estimates = scale[:, None] * stft.istft(talker, lengths.max()).double().cpu().numpy()
        return [estimate[None, :n] for estimate, n in zip(estimates, lengths, strict=True)]


def _normalised(mixtures):
    """Mixtures (D, N) padded to one length, of unit power in each STFT: (B, D, N), their lengths, what to scale by."""
    lengths = np.array([mixture.shape[-1] for mixture in mixtures])
    padded = np.zeros((len(mixtures), len(mixtures[0]), lengths.max()))
    for row, mixture in zip(padded, mixtures, strict=True):
        row[:, : mixture.shape[-1]] = finite(mixture)
    power = np.sum(padded**2, (1, 2)) / lengths / len(mixtures[0])
    scale = np.sqrt(np.where(power > 0, power, 1) * stft.SIZE / 2)  # the energy of the window is SIZE / 2
    return padded / scale[:, None, None], lengths, scale


def _beam(x, view):
    """(D, N) -> (N,): delay and sum towards the strongest direction, aligned to microphone 1."""
    f_hz = directions.frequencies(stft.SIZE, view.fs)
    return stft.istft(directions.delay_and_sum(stft.stft(x), view.array, f_hz)[0], x.shape[-1])
