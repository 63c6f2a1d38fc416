"""Deep clustering: a network embeds every time-frequency bin, k-means finds the talkers.

J. R. Hershey, Z. Chen, J. Le Roux and S. Watanabe, "Deep clustering: discriminative embeddings for segmentation and
separation", ICASSP 2016; of size and training as in Y. Isik, J. Le Roux, Z. Chen, S. Watanabe and J. R. Hershey,
"Single-channel multi-speaker separation using deep clustering", Interspeech 2016: 4 x 300 bidirectional LSTM, 40
dimensions, segments of 100 frames, then of 400. One model serves any number of talkers.

Deviations: 16 kHz; bins above 4 kHz are embedded in bands of four. Features are relative to the loudest bin of the
mixture, so that no gain matters. Adam instead of gradient descent with momentum, on mixtures drawn afresh; dropout
between layers, none inside them. Suites with little time to train take every n-th frame into the loss (`every`).
"""

from dataclasses import dataclass

from cocktail.nets.embedding_method import EmbeddingMethod


@dataclass(frozen=True)
class DeepClustering(EmbeddingMethod):
    """Binary masks from clusters of embeddings, one channel (microphone 1)."""

    least = {"every": 1}  # noqa: RUF012
    every: int = 1
    """The loss looks at every so many frames."""

    def network(self, fs):
        from cocktail.nets.clustering import EmbeddingNetwork

        return EmbeddingNetwork(fs=fs, **self.sizes())

    def objective(self, network, batch):
        from cocktail.nets.clustering import loss

        return loss(network, batch, every=self.every)

    def separate(self, network, mixture, view):
        from cocktail.nets.clustering import separate

        return separate(network, mixture, view.n_sources, view.rng)
