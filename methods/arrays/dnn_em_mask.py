"""DNN-EM with one mask network: it says the power of speech and noise, expectation maximisation where they come from.

A. A. Nugraha, A. Liutkus and E. Vincent, "Multichannel audio source separation with deep neural networks", IEEE/ACM
Trans. Audio, Speech, Language Process. 24(9), 2016. v_j start as what the network makes of the delay-and-sum output,
R_j as the identity; an iteration is 20 updates of R_j under fixed v_j, then new v_j from the network. The output is the
multichannel Wiener filter's at microphone 1.

Deviations: the paper trains a network an iteration, from the powers of the posterior to those of the truth, as the
plugin dnn_em does. Here the mask network that the entry `uses` serves all iterations. It knows speech in noise at one
microphone, and such is what it is shown: the delay-and-sum output first, then that of the MVDR beamformer of the
current R_j. Its mask m is taken as a Wiener gain and splits the power of the beam: v_1 = m |b|^2, and (1 - m) |b|^2
goes to v_2, from the first iteration on added to the noise's power by the posterior, which all microphones tell. The
beam of the start is steered by SRP-PHAT.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.method import Method
from cocktail.plugins.bases import offering


@dataclass(frozen=True)
class DnnEmMask(Method):
    """One talker and all else."""

    paradigm = "separation"
    roles = {"base": "enhance"}  # noqa: RUF012
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
        from cocktail.dsp.spatial import stacks

        if not views:
            return []
        arrays, fs, device = [view.array for view in views], views[0].fs, views[0].device
        model = offering(views[0].bases, "mask_of", "blstm-psa")
        portions = stacks.portions(mixtures, arrays, fs, device)
        return [y for scenes in portions for y in scenes.signals(self._talkers(scenes, model, fs, device))]

    def _talkers(self, scenes, model, fs, device):
        """STFTs of the talkers at microphone 1, (B, F, T)."""
        import torch

        from cocktail.dsp.spatial import dnn_em

        x, frames = scenes.x, scenes.frames

        def spectra(talker, noise):
            return torch.stack([talker, noise], 1).clamp_min(dnn_em.FLOOR) * scenes.present

        beams = stft.istft(scenes.beams, scenes.lengths.max())
        mask = model.mask(beams, fs, device, scenes.lengths)
        power = stft.stft(torch.as_tensor(beams, device=device, dtype=torch.float32)).abs() ** 2
        v = spectra(mask * power, (1 - mask) * power)
        R = dnn_em.identity(x)
        for _ in range(self.iterations):
            R = dnn_em.update_covariances(x, v, R, updates=self.updates, weighted=self.weighted)
            sources = dnn_em.posterior(x, v, R)
            mask = model.mask_of(sources.beam, frames)
            power = sources.beam.abs() ** 2
            v = spectra(mask * power, (1 - mask) * power + sources.powers[:, 1])
        return dnn_em.posterior(x, v, R).first[:, 0]
