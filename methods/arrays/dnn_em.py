"""DNN-EM: networks say the power of speech and noise, expectation maximisation where they come from.

A. A. Nugraha, A. Liutkus and E. Vincent, "Multichannel audio source separation with deep neural networks", IEEE/ACM
Trans. Audio, Speech, Language Process. 24(9), 2016. The first network tells v_j from the delay-and-sum output; then
R_j, the identity to begin with, are updated 20 times under fixed v_j. A second network tells new v_j from the powers of
the posterior, R_j are updated again, and so on with a third. The output is the multichannel Wiener filter's at
microphone 1. Networks see a frame with two neighbours on either side, decorrelated by principal components, one for
each bin; they have three hidden layers of two rectifiers for each bin. They are trained one after the other, each on
what EM with those before it gives in training scenes: an entry trains the last of its networks, and `uses` the entries
of the others in the roles `first` and `second`.

Deviations: those of cocktail/nets/source_spectra.py. The paper trains on the utterances of CHiME-3; here on 2,000
scenes of the mixer. Adam in place of ADADELTA, all layers together, no penalty on weights. The paper compares the five
costs; the divergence of Kullback and Leibler is the default. Context and sizes of layers are from memory and could not
be checked. Windows of 32 ms, and every mixture at one level. The beam is steered by SRP-PHAT. A talker is what all
microphones hear of it, its reverberation included, also where the early part alone is scored.
"""

from dataclasses import dataclass
from typing import Literal

from cocktail.nets.network_method import NetworkMethod
from cocktail.stft import HOP, SIZE

BINS = SIZE // 2 + 1
FRAMES = 10_000
"""From which principal components are found, at most."""


@dataclass(frozen=True)
class DnnEm(NetworkMethod):
    """One talker and all else; one network for each of the stages."""

    paradigm = "separation"
    needs = frozenset({"array", "gpu"})
    call_only = ("refine",)
    cost: Literal["is", "kl", "cauchy", "phase-sensitive", "mse"] = "kl"
    spatial_updates: int = 20
    """Of R_j after each network."""
    refine: bool = True
    """Whether the last network is followed by updates of R_j as well."""
    weighted: bool = True
    """Whether frames count by their power in the updates of R_j, as in the paper; otherwise plain EM."""
    context: int = 2
    """Neighbours of a frame on either side."""
    layers: int = 3
    units: int = 2 * BINS
    scenes: int = 2000
    """Training scenes that EM is run on."""
    segment_s: float = 0.64
    """Length of a training example."""

    def network(self, fs, spectra=1):
        from cocktail.nets.source_spectra import SpectraNetwork

        return SpectraNetwork(
            bins=BINS, spectra=spectra, context=self.context, components=BINS, layers=self.layers,
            units=self.scaled(self.units),
        )  # fmt: skip

    def facts(self, data, examples):
        return {"spectra": 2 if data.bases else 1}

    def examples(self, data, stage):
        from cocktail.nets.em_training import excerpts, given

        earlier = [network.to(data.device) for network in _in_order(data.bases)]
        return excerpts(
            data.mixer.draw,
            lambda stack: given(stack, earlier, updates=self.spatial_updates, weighted=self.weighted),
            scenes=self.scenes, frames=round(stage.segment_s * data.fs / HOP), fs=data.fs,
            device=data.device,
        )  # fmt: skip

    def initialise(self, network, data, examples, rng):
        import torch

        drawn = [examples(rng, "train")["inputs"] for _ in range(max(FRAMES // examples.frames, 1))]
        network.set_statistics([torch.from_numpy(x) for x in drawn])

    def objective(self, network, batch):
        from cocktail.nets.source_spectra import cost

        names = ("target", "mixture", "along")
        return cost(self.cost, estimate=network(batch["inputs"]), **{name: batch[name] for name in names})

    def batch(self, mixtures, views):
        """Scenes of one array, in stacks."""
        from cocktail.dsp.spatial import stacks
        from cocktail.method import require_rate

        if not views:
            return []
        fs, device, model = views[0].fs, views[0].device, views[0].model
        require_rate(fs, model.fs)
        networks = [network.to(device) for network in (*_in_order(views[0].bases), model)]
        portions = stacks.portions(mixtures, [view.array for view in views], fs, device)
        return [y for scenes in portions for y in scenes.signals(self._talkers(scenes, networks))]

    def _talkers(self, scenes, networks):
        """STFTs of the talkers at microphone 1, (B, F, T)."""
        import torch

        from cocktail.dsp.spatial import dnn_em
        from cocktail.nets.em_training import given

        start = given(scenes, [], updates=0, weighted=self.weighted)
        counts = [self.spatial_updates] * (len(networks) - 1) + [self.spatial_updates if self.refine else 0]
        with torch.no_grad():
            sources = dnn_em.alternate(scenes.x, start, scenes.present, networks, counts, weighted=self.weighted)
        return sources.first[:, 0]


def _in_order(bases):
    """Networks of the entries that this one uses."""
    return [bases[role] for role in ("first", "second") if role in bases]
