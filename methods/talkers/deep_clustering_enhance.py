"""Deep clustering with a second network that repairs its estimates, trained end to end.

Y. Isik, J. Le Roux, Z. Chen, S. Watanabe and J. R. Hershey, "Single-channel multi-speaker separation using deep
clustering", Interspeech 2016. The second network sees the mixture with each first estimate in turn, and its masks share
every bin out among the talkers. It is trained for the permutation-free error of magnitudes: alone on top of the trained
network of deep clustering (`uses`), then together with it, through soft k-means.

Deviations: those of deep_clustering. The gradient goes through the last two soft iterations, which begin where k-means
ended.
"""

from dataclasses import dataclass

from cocktail.method import LearnedMethod, Workload


@dataclass(frozen=True)
class DeepClusteringEnhance(LearnedMethod):
    """Masks of a second stage, one channel (microphone 1)."""

    task = "separate"
    paradigm = "separation"
    needs = frozenset({"n_sources", "gpu"})
    layers: int = 2
    """Of the second network."""
    units: int = 300
    """Its LSTM cells a layer, in each direction."""
    width: float = 1.0
    """Factor on `units`."""
    dropout: float = 0.5
    segment_s: float = 3.2
    epochs: int = 100
    """Most epochs of the second network alone."""
    joint_epochs: int = 100
    """Most epochs of both."""
    steps: int = 500
    batch_size: int = 32
    learning_rate: float = 1e-3
    joint_learning_rate: float = 1e-4
    decay: float = 0.1
    """Learning rate at the end of a stage over that at its beginning."""
    augment: tuple[str, ...] = ()
    """Changes of the training speech, of cocktail.training.data.augment."""

    def fit(self, data, rng, folder):
        """The second network alone, then both; leaves network.json and weights.pt, which hold both."""
        from cocktail.nets import enhancement, saved
        from cocktail.nets.segments import Segments, collate
        from cocktail.training.loop.loop import Schedule, train

        mixer, seed = data.mixer.augmented(self.augment), int(rng.integers(2**31))
        network = saved.seeded(
            enhancement.EnhancementNetwork, seed, embedding=data.base.config, layers=self.layers,
            units=max(round(self.width * self.units), 2), dropout=self.dropout,
        )  # fmt: skip
        network.embedding.load_state_dict(data.base.state_dict())
        stages = [("second", False, self.epochs, self.learning_rate),
                  ("joint", True, self.joint_epochs, self.joint_learning_rate)]  # fmt: skip
        for stage, together, epochs, learning_rate in stages:
            network.embedding.requires_grad_(together)
            if epochs:
                train(
                    network, enhancement.loss, Segments(mixer.draw, round(self.segment_s * data.fs)),
                    Schedule(epochs, self.steps, self.batch_size, learning_rate, self.decay), folder=folder, seed=seed,
                    device=data.device, stage=stage, collate=collate,
                )  # fmt: skip
        saved.save(network, folder)

    def workload(self):
        """Seconds of mixtures; multiplications of the recurrent layers of the second network."""
        epochs = self.epochs + self.joint_epochs
        seconds = epochs * self.steps * self.batch_size * self.segment_s
        return Workload(seconds, self.layers * (self.width * self.units) ** 2, epochs)

    def load(self, folder):
        """cocktail.nets.enhancement.EnhancementNetwork."""
        from cocktail.nets import enhancement, saved

        return saved.load(enhancement.EnhancementNetwork, folder)

    def size(self, model):
        """Weights of both networks."""
        from cocktail.nets.saved import n_parameters

        return n_parameters(model)

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        from cocktail.nets.bands import separated
        from cocktail.nets.enhancement import separate

        return separated(separate, mixture, view, view.rng)
