"""A network that has heard nothing but clean speech says which bins hold it.

J. Heymann, L. Drude, A. Chinaev and R. Haeb-Umbach, "BLSTM supported GEV beamformer front-end for the 3rd CHiME
challenge", ASRU 2015: a bidirectional LSTM learns binary masks by cross-entropy. The variant that needs no noise to
learn from: the loudest bins of an utterance, which make up 99 % of its power, are speech.

Deviations: the network is that of blstm-psa, where the paper's has one recurrent layer and one mask each for speech and
noise. Mixtures are at one level.
"""

from dataclasses import dataclass

from cocktail.nets.one_talker import STATISTICS
from cocktail.nets.separation import SignalNetwork


@dataclass(frozen=True)
class CleanMask(SignalNetwork):
    """One talker, one channel (microphone 1)."""

    paradigm = "source-model"
    share: float = 0.99
    """Of an utterance's power that the bins of its mask have."""
    units: int = 384
    """A layer's cells in both directions together."""
    layers: int = 2
    segment_s: float = 4.0

    def network(self, fs):
        from cocktail.nets import masks

        return masks.build(
            fs=fs, cell="blstm", units=self.scaled(self.units), layers=self.layers, context=0, running=False
        )

    def examples(self, data, stage):
        from cocktail.nets.clean_speech import Utterances

        return Utterances.of(data, round(stage.segment_s * data.fs), self.share)

    def initialise(self, network, data, examples, rng):
        from cocktail.nets.mask_training import set_statistics

        set_statistics(network, examples, STATISTICS, rng)

    def objective(self, network, batch):
        from cocktail.nets.clean_speech import loss

        return loss(network, batch)

    def output(self, network, samples, view):
        return network.enhance(samples[None], view.fs, view.device).double().cpu().numpy()
