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
from functools import partial

from cocktail.method import LearnedMethod, Workload


@dataclass(frozen=True)
class DeepClustering(LearnedMethod):
    """Binary masks from clusters of embeddings, one channel (microphone 1)."""

    task = "separate"
    paradigm = "separation"
    needs = frozenset({"n_sources", "gpu"})
    layers: int = 4
    units: int = 300
    """LSTM cells a layer, in each direction."""
    width: float = 1.0
    """Factor on `units`."""
    dimensions: int = 40
    """Of an embedding."""
    dropout: float = 0.5
    shift_ms: float = 8.0
    """Of the STFT, whose window is 32 ms."""
    every: int = 1
    """The loss looks at every so many frames."""
    short_s: float = 0.8
    """Length of the training segments to begin with."""
    segment_s: float = 3.2
    """Their length afterwards."""
    short_epochs: int = 100
    """Most epochs on short segments; 0 begins with the long ones."""
    epochs: int = 100
    """Most epochs on long ones."""
    steps: int = 500
    batch_size: int = 32
    learning_rate: float = 1e-3
    decay: float = 0.1
    """Learning rate at the end of a stage over that at its beginning."""
    augment: tuple[str, ...] = ()
    """Changes of the training speech, of cocktail.training.data.augment."""

    def fit(self, data, rng, folder):
        """Short segments, then long ones; leaves network.json and weights.pt."""
        from cocktail.nets import clustering, saved
        from cocktail.nets.segments import Segments, collate
        from cocktail.training.loop.loop import Schedule, train

        mixer, seed = data.mixer.augmented(self.augment), int(rng.integers(2**31))
        network = saved.seeded(
            clustering.EmbeddingNetwork, seed, fs=data.fs, shift_ms=self.shift_ms, layers=self.layers,
            units=max(round(self.width * self.units), 2), dimensions=self.dimensions, dropout=self.dropout,
        )  # fmt: skip
        stages = [("short", self.short_s, self.short_epochs), ("long", self.segment_s, self.epochs)]
        for stage, seconds, epochs in stages:
            if epochs:
                train(
                    network, partial(clustering.loss, every=self.every),
                    Segments(mixer.draw, round(seconds * data.fs)),
                    Schedule(epochs, self.steps, self.batch_size, self.learning_rate, self.decay),
                    folder=folder, seed=seed, device=data.device, stage=stage, collate=collate,
                )  # fmt: skip
        saved.save(network, folder)

    def workload(self):
        """Seconds of mixtures; multiplications of the recurrent layers in a second."""
        seconds = self.steps * self.batch_size * (self.short_epochs * self.short_s + self.epochs * self.segment_s)
        size = self.layers * (self.width * self.units) ** 2 / self.shift_ms
        return Workload(seconds, size, self.short_epochs + self.epochs)

    def load(self, folder):
        """cocktail.nets.clustering.EmbeddingNetwork."""
        from cocktail.nets import clustering, saved

        return saved.load(clustering.EmbeddingNetwork, folder)

    def size(self, model):
        """Weights of the network."""
        from cocktail.nets.saved import n_parameters

        return n_parameters(model)

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        from cocktail.nets.bands import separated
        from cocktail.nets.clustering import separate

        return separated(separate, mixture, view, view.rng)
