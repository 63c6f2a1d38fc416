"""What trained models offer to entries that use them (`uses` in a row; `view.bases`, `data.bases`).

A model is what `load` of its plugin returns. A method that uses one names the protocol that it asks for.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from cocktail.errors import CocktailError


def offering(bases: Mapping[str, Any], function: str, such_as: str, role: str = "base") -> Any:
    """The model in a role, of which a `function` of these protocols is asked.

    Raises CocktailError where it has none; `such_as` names entries that are right.
    """
    model = bases[role]
    if not callable(getattr(model, function, None)):
        raise CocktailError(f"the model in the role '{role}' has no `{function}`; use an entry such as {such_as}")
    return model


def median_mask(view: Any, mixture: np.ndarray) -> np.ndarray:
    """(F, T): the median over microphones of the talker's shares in mixture (D, N), by the model in the role `base`.

    Raises CocktailError where that model has no such masks.
    """
    masks = offering(view.bases, "mask", "blstm-psa").mask(mixture, view.fs, view.device)
    return np.median(masks.cpu().numpy().astype(float), axis=0)


@runtime_checkable
class MaskEstimator(Protocol):
    """Finds where in time and frequency the talker is, such as `mask_network`."""

    def mask(self, mixture: Any, fs: int, device: str = "cpu") -> Any:
        """mixture (D, N) at `fs` Hz -> tensor (D, F, T) on `device`: the talker's share of the STFT, in [0, 1]."""
        ...

    def enhance(self, mixture: Any, fs: int, device: str = "cpu") -> Any:
        """mixture (D, N) at `fs` Hz -> tensor (D, N) on `device`: the talker, by the mask."""
        ...


@runtime_checkable
class Enhancer(Protocol):
    """Takes the noise off a talker, by a mask or otherwise, such as `mask_network` and `conv_tasnet_enhance`."""

    def enhance(self, mixture: Any, fs: int, device: str = "cpu") -> Any:
        """mixture (D, N) at `fs` Hz -> tensor (D, N) on `device`: the talker."""
        ...


@runtime_checkable
class SpectralSeparator(Protocol):
    """Shares the bins of an STFT out among talkers, such as `deep_clustering_enhance`."""

    bands: Any
    """Whose `window` and `hop`, in samples, are those of the STFT."""

    def spectra(self, mixture: Any, n_sources: int, generator: np.random.Generator) -> Any:
        """mixture (N,), a tensor at the rate of the training, -> (K, F, T): its STFT under the masks of K talkers."""
        ...


@runtime_checkable
class Detector(Protocol):
    """Tells bona fide speech from spoofed, such as `lcnn`."""

    def judge(self, samples: np.ndarray, fs: int) -> float:
        """(N,) at `fs` Hz -> one number, higher for bona fide speech."""
        ...


@runtime_checkable
class DifferentiableDetector(Protocol):
    """A detector that can be attacked by its gradients, such as `lcnn`."""

    def logits(self, samples: Any) -> Any:
        """A tensor (B, N) at the rate of its training -> logits of bona fide speech (B,). Raises CocktailError where
        its features have no gradients.
        """
        ...


@runtime_checkable
class Embedder(Protocol):
    """Tells talkers apart, such as `xvector`."""

    def embed(self, samples: np.ndarray, fs: int) -> np.ndarray:
        """(N,) at `fs` Hz -> embedding (E,), compared with others by its cosine."""
        ...


@runtime_checkable
class DifferentiableEmbedder(Protocol):
    """A verifier that can be attacked by its gradients, such as `xvector`."""

    def embeddings(self, samples: Any, heard: Any) -> Any:
        """Tensors (B, N) at the rate of its training -> embeddings (B, E) of `samples`, where `heard` has speech."""
        ...


@runtime_checkable
class Recogniser(Protocol):
    """Hears what was said, such as `ctc`."""

    def transcribe(self, samples: np.ndarray, fs: int) -> str:
        """(N,) at `fs` Hz -> text."""
        ...

    def posteriors(self, samples: np.ndarray, fs: int) -> np.ndarray:
        """(N,) at `fs` Hz -> (T, S): how probable each symbol is in each frame."""
        ...

    def align(self, samples: np.ndarray, fs: int, text: str) -> Any:
        """When the words of `text` were said in (N,) at `fs` Hz: cocktail.recognition.alignment.Alignment."""
        ...
