"""Discriminative and deep NMF: iterations of sparse NMF as layers of a network, the last of them trained to separate.

F. Weninger, J. Le Roux, J. R. Hershey and S. Watanabe, "Discriminative NMF and its application to single-channel source
separation", Interspeech 2014; J. Le Roux, J. R. Hershey and F. Weninger, "Deep NMF for speech separation", ICASSP 2015.
Bases start as those of the entry that this one `uses`.

Deviations: the papers' multiplicative back-propagation, which splits every gradient into two parts, is replaced by
steps of Adam on the logarithms of the bases, which stay positive as well. One frame of context instead of nine, and
bases as many as the entry that is used has. The error is relative to the power of each mixture.
"""

from dataclasses import dataclass

from cocktail.errors import CocktailError
from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class NmfDeep(SeparationNetwork):
    """Shares of speech by an unfolded network, one channel (microphone 1)."""

    roles = {"bases": "enhance"}  # noqa: RUF012
    least = {"iterations": 1, "trained": 1, "sparsity": 0}  # noqa: RUF012
    iterations: int = 25
    """Updates of the activations, the trained ones among them."""
    trained: int = 1
    """Layers at the end whose bases are trained; 1: those of the reconstruction, which is discriminative NMF."""
    sparsity: float = 5.0
    """mu."""
    window: int = 1024
    """Samples of the STFT window, as that of the entry that is used."""
    hop: int = 256
    learning_rate: float = 1e-2

    def __post_init__(self):
        if self.trained > self.iterations + 1:
            what = f"{self.iterations} iterations and the reconstruction"
            raise CocktailError(f"trained: {self.trained} layers of {what}; give at most {self.iterations + 1}")

    def facts(self, data, examples):
        speech, noise = (data.bases["bases"][name] for name in ("speech", "noise"))
        return {"speech": speech.shape[1], "noise": noise.shape[1]}

    def network(self, fs, speech=100, noise=200):
        from cocktail.nets.unfolded_nmf import UnfoldedNmf

        return UnfoldedNmf(
            bins=self.window // 2 + 1, speech=speech, noise=noise, iterations=self.iterations, trained=self.trained,
            sparsity=self.sparsity,
        )  # fmt: skip

    def initialise(self, network, data, examples, rng):
        import torch

        network.begin(*(torch.as_tensor(data.bases["bases"][name]) for name in ("speech", "noise")))

    def objective(self, network, batch):
        from cocktail.nets.unfolded_nmf import loss

        return loss(network, batch, self.window, self.hop)

    def separate(self, network, mixture, view):
        from cocktail import stft
        from cocktail.nets.unfolded_nmf import magnitudes

        Y, V = magnitudes(mixture[None], self.window, self.hop)
        return stft.istft(network(V) * Y, mixture.shape[-1], self.window, self.hop)
