"""The base class of networks that turn a mixture's waveform into those of its talkers."""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class WaveformNetwork(SeparationNetwork):
    """A plugin gives `network`, a module (B, N) -> (B, `outputs`, N) that follows the level of its input.

    It is trained for SI-SDR under the best permutation, and each estimate is scaled to where it is nearest to the
    mixture. That takes the whole of it: a causal network is trained for SNR, which knows scales.
    """

    outputs: int = 2
    """Talkers."""
    segment_s: float = 4.0

    def objective(self, network, batch):
        from cocktail.nets import waveforms

        measure = waveforms.snr if self.causal else waveforms.si_sdr
        return waveforms.loss(network(batch["mixture"]), batch["sources"], measure)

    def separate(self, network, mixture, view):
        from cocktail.nets.waveforms import levelled

        estimates = network(mixture[None])[0]
        return estimates if self.causal else levelled(estimates, mixture)

    def skip(self, info):
        """There must be as many talkers as outputs."""
        return None if info.n_sources == self.outputs else f"has {self.outputs} outputs"
