"""Informed separation: a coder that knows the sources sends a factorisation of their spectrograms along.

A. Ozerov, A. Liutkus, R. Badeau and G. Richard, "Informed source separation: Source coding meets source separation",
WASPAA 2011, and "Coding-based informed source separation: Nonnegative tensor factorization approach", IEEE TASLP 21(8),
2013. The coder fits a non-negative tensor factorisation to the powers of all talkers and of the rest, quantises it and
sends it; the decoder filters the mixture with it as Wiener does.

Deviations: the model alone is sent, as in A. Liutkus, J. Pinel, R. Badeau, L. Girin and G. Richard, "Informed source
separation through spectrogram coding and data embedding", Signal Processing 92(8), 2012, not the sources given model
and mixture, so that quality ends at the oracle's Wiener filter however high the rate. STFT instead of MDCT. The number
of components follows from the rate; then the step of the quantiser is the finest that keeps to it. Where one component
in the coarsest steps is too much, as for a fraction of a second at 2 kbit/s, it is sent all the same: the metric
`bit_rate` tells. See cocktail/dsp/nmf/coding.py for the code.
"""

import math
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail import stft
from cocktail.errors import CocktailError
from cocktail.method import Method, finite

HEADER = struct.Struct("<BBHB")
"""Talkers, sources, components, number of the quantiser's step."""
STEPS_DB = 0.5 * 2 ** (np.arange(18) / 4)
FLOOR = 1e-5
"""Added to powers, whose mean is 1."""
INAUDIBLE = 1e-6
"""What the talkers lack of the mixture is a source where it has more than this share of the mixture's power."""
MOST_COMPONENTS = 200


@dataclass(frozen=True)
class InformedNmf(Method):
    """All talkers, one channel (microphone 1)."""

    task = ("enhance", "separate")
    needs = frozenset({"side_information"})
    rate_kbps: float = 8.0
    """Kilobits a second for each source; the rest of the mixture is one."""
    entry_bits: float = 3.0
    """Bits for an entry of the factors, of which the number of components follows."""
    divergence: Literal["kl", "is"] = "is"
    iterations: int = 30
    segment_s: float = 4.0
    """Longest part that has a factorisation of its own."""
    window: int = 1024
    """Samples of the STFT window."""
    hop: int = 512

    def encode(self, references, view):
        """Talkers, sources, components and step, then the coded factors of all parts."""
        from cocktail.dsp.nmf import coding

        sources = self._sources(references)
        V = np.abs(stft.stft(sources, self.window, self.hop)) ** 2
        parts = self._parts(V / (V.mean() or 1.0) + FLOOR, view.fs)
        budget = 1e3 * self.rate_kbps * sources.size / view.fs
        n_components = round(budget / self.entry_bits / sum(sum(part.shape) for part in parts))
        n_components = min(max(n_components, 1), MOST_COMPONENTS)
        factors = [self._factors(part, n_components, view.rng) for part in parts]
        for number, step_db in enumerate(STEPS_DB):
            coded = coding.pack(np.concatenate([coding.levels(x, step_db).ravel() for part in factors for x in part]))
            sent = HEADER.pack(len(references.target), len(sources), n_components, number) + coded
            if 8 * len(sent) <= budget:
                break
        return sent

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        from cocktail.dsp.nmf import coding

        Y = stft.stft(finite(mixture)[0], self.window, self.hop)
        n_talkers, n_sources, n_components, number = HEADER.unpack_from(view.side_information)
        symbols = coding.unpack(view.side_information[HEADER.size :])
        parts, masks = self._parts(Y, view.fs), []
        n_entries = n_components * sum(n_sources + sum(part.shape) for part in parts)
        if len(symbols) != n_entries:
            raise CocktailError(f"side information of {len(symbols)} entries, where this mixture takes {n_entries}")
        for part in parts:
            factors = []
            for n in (n_sources, *part.shape):
                taken, symbols = np.split(symbols, [n_components * n])
                factors.append(coding.values(taken.reshape(n_components, n), STEPS_DB[number]))
            v = np.einsum("rj,rf,rt->jft", *factors)
            masks.append(v[:n_talkers] / v.sum(0))
        return stft.istft(np.concatenate(masks, axis=-1) * Y, mixture.shape[-1], self.window, self.hop)

    def _sources(self, references):
        """Talkers, and what they lack of the mixture, where it is heard: (J, N)."""
        mixture = references.images[:, 0].sum(0) + references.noise[0]
        rest = mixture - references.target.sum(0)
        heard = np.sum(rest**2) > INAUDIBLE * np.sum(mixture**2)
        return np.concatenate([references.target, rest[None]]) if heard else references.target

    def _parts(self, x, fs):
        """Equal parts (..., T) of at most `segment_s`."""
        n_parts = math.ceil(x.shape[-1] * self.hop / round(self.segment_s * fs))
        return np.array_split(x, n_parts, axis=-1)

    def _factors(self, V, n_components, rng):
        """Shares, bases and activations, (R, J), (R, F), (R, T); the largest of each share and basis is 1."""
        import torch

        from cocktail.dsp.nmf import tensor

        Q, W, H = tensor.start(V, n_components, rng)
        Q, W, H = tensor.factorise(torch.as_tensor(V, dtype=torch.float32), Q, W, H, self.divergence, self.iterations)
        q, w = Q.amax(0), W.amax(0)
        return [x.numpy() for x in ((Q / q).mT, (W / w).mT, H * (q * w)[:, None])]
