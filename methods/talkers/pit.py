"""Utterance-level permutation-invariant training: a network with three outputs for two or three talkers.

M. Kolbaek, D. Yu, Z.-H. Tan and J. Jensen, "Multi-talker speech separation with utterance-level permutation invariant
training of deep recurrent neural networks", IEEE/ACM TASLP 25(10), 2017: 3 x 896 bidirectional LSTM, shift 16 ms,
rectified masks, the non-negative phase-sensitive target; one model for two and three talkers, whose third output is
silent where there are two.

Deviations: 16 kHz; bins above 4 kHz have masks in bands of four. Features are logarithms, relative to the loudest bin
of the mixture, so that no gain matters. Adam instead of gradient descent, on mixtures drawn afresh. The number of
talkers is given, and the weakest outputs are dropped.
"""

from dataclasses import dataclass

from cocktail.method import LearnedMethod, Workload


@dataclass(frozen=True)
class Pit(LearnedMethod):
    """Masks from the outputs of a network, one channel (microphone 1)."""

    task = "separate"
    paradigm = "separation"
    needs = frozenset({"n_sources", "gpu"})
    outputs: int = 3
    """Most talkers."""
    layers: int = 3
    units: int = 896
    """LSTM cells a layer, in each direction."""
    width: float = 1.0
    """Factor on `units`."""
    dropout: float = 0.5
    shift_ms: float = 16.0
    """Of the STFT, whose window is 32 ms."""
    segment_s: float = 3.2
    epochs: int = 200
    steps: int = 500
    batch_size: int = 32
    learning_rate: float = 1e-3
    decay: float = 0.1
    """Learning rate at the end over that at its beginning."""
    augment: tuple[str, ...] = ()
    """Changes of the training speech, of cocktail.training.data.augment."""

    def fit(self, data, rng, folder):
        """Leaves network.json and weights.pt."""
        from cocktail.nets import pit, saved
        from cocktail.nets.segments import Segments, collate
        from cocktail.training.loop.loop import Schedule, train

        seed = int(rng.integers(2**31))
        network = saved.seeded(
            pit.PitNetwork, seed, fs=data.fs, shift_ms=self.shift_ms, outputs=self.outputs, layers=self.layers,
            units=max(round(self.width * self.units), 2), dropout=self.dropout,
        )  # fmt: skip
        train(
            network, pit.loss, Segments(data.mixer.augmented(self.augment).draw, round(self.segment_s * data.fs)),
            Schedule(self.epochs, self.steps, self.batch_size, self.learning_rate, self.decay),
            folder=folder, seed=seed, device=data.device, collate=collate,
        )  # fmt: skip
        saved.save(network, folder)

    def workload(self):
        """Seconds of mixtures; multiplications of the recurrent layers in a second."""
        seconds = self.epochs * self.steps * self.batch_size * self.segment_s
        return Workload(seconds, self.layers * (self.width * self.units) ** 2 / self.shift_ms, self.epochs)

    def load(self, folder):
        """cocktail.nets.pit.PitNetwork."""
        from cocktail.nets import pit, saved

        return saved.load(pit.PitNetwork, folder)

    def size(self, model):
        """Weights of the network."""
        from cocktail.nets.saved import n_parameters

        return n_parameters(model)

    def skip(self, info):
        """There must be an output for every talker."""
        return f"has {self.outputs} outputs" if info.n_sources > self.outputs else None

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        from cocktail.nets.bands import separated
        from cocktail.nets.pit import separate

        return separated(separate, mixture, view)
