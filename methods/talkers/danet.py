"""Deep attractor network: embeddings trained through the masks that the talkers' mean embeddings make.

Z. Chen, Y. Luo and N. Mesgarani, "Deep attractor network for single-microphone speaker separation", ICASSP 2017: 4 x
300 bidirectional LSTM, 20 dimensions, attractors from the true dominance of bins in training and from k-means in use.
One model serves any number of talkers.

Deviations: those of deep_clustering in rate, bands, features and training. Bins count towards attractors that are
within 40 dB of the loudest one. The squared error of magnitudes is divided by the power of each mixture, so that loud
ones count no more than others.
"""

from dataclasses import dataclass

from cocktail.nets.embedding_method import EmbeddingMethod


@dataclass(frozen=True)
class Danet(EmbeddingMethod):
    """Soft masks from attractors, one channel (microphone 1)."""

    dimensions: int = 20

    def network(self, fs):
        from cocktail.nets.attractors import AttractorNetwork

        return AttractorNetwork(fs=fs, **self.sizes())

    def objective(self, network, batch):
        from cocktail.nets.attractors import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        from cocktail.nets.attractors import separate

        return separate(network, mixture, view.n_sources, view.rng)
