"""Deep clustering with a second network that repairs its estimates, trained end to end.

Y. Isik, J. Le Roux, Z. Chen, S. Watanabe and J. R. Hershey, "Single-channel multi-speaker separation using deep
clustering", Interspeech 2016. The second network sees the mixture with each first estimate in turn, and its masks share
every bin out among the talkers. It is trained for the permutation-free error of magnitudes: alone on top of the trained
network of deep clustering (`uses`), then together with it, through soft k-means.

Deviations: those of deep_clustering. The squared error is divided by the power of each mixture, so that loud ones count
no more than others. The gradient goes through the last two soft iterations, which begin where k-means
ended.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class DeepClusteringEnhance(SeparationNetwork):
    """Masks of a second stage, one channel (microphone 1)."""

    task = "separate"
    roles = {"base": "separate"}  # noqa: RUF012
    needs = frozenset({"n_sources", "gpu"})
    layers: int = 2
    """Of the second network."""
    units: int = 300
    """Its LSTM cells a layer, in each direction."""
    dropout: float = 0.5
    epochs: int = 100
    """Most epochs of the second network alone."""
    joint_epochs: int = 100
    """Most epochs of both."""
    joint_learning_rate: float = 1e-4

    def facts(self, data, examples):
        return {"embedding": data.bases["base"].config}

    def network(self, fs, embedding=None):
        from cocktail.nets.clustering import EmbeddingNetwork
        from cocktail.nets.enhancement import EnhancementNetwork

        units = self.scaled(self.units)
        embedding = embedding or EmbeddingNetwork(fs=fs, layers=self.layers, units=units).config
        return EnhancementNetwork(embedding=embedding, layers=self.layers, units=units, dropout=self.dropout)

    def stages(self):
        joint = self.stage("joint", epochs=self.joint_epochs, learning_rate=self.joint_learning_rate)
        return [self.stage("second"), joint]

    def initialise(self, network, data, examples, rng):
        network.embedding.load_state_dict(data.bases["base"].state_dict())

    def prepare(self, network, stage):
        network.embedding.requires_grad_(stage.name == "joint")

    def objective(self, network, batch):
        from cocktail.nets.enhancement import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        from cocktail.nets.enhancement import separate

        return separate(network, mixture, view.n_sources, view.rng)
