"""What methods share that cluster the bins of K talkers and of noise, and filter by the masks."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.spatial import beamformers, blind, clustering, permutation
from cocktail.dsp.spatial.central_gaussian import CentralGaussian
from cocktail.dsp.spatial.separator import ArraySeparator


@dataclass(frozen=True)
class MaskSeparator(ArraySeparator):
    """Base of plugins that fit a mixture of K + 1 directional distributions in every bin."""

    iterations: int = 10
    begin: Literal["directions", "random"] = "directions"
    """`directions`: from what a room would give talkers in the directions of SRP-PHAT, and white noise; clusters are
    then in order. `random`: from random affiliations, which know no array; clusters are put in order afterwards."""
    output: Literal["mvdr", "mask"] = "mvdr"
    """What the masks are for: covariances of MVDR beamformers, or gains at microphone 1."""

    def family(self) -> clustering.Family:
        """The distributions."""
        raise NotImplementedError

    def images(self, X, f_hz, view):
        """(D, F, T) -> (K, F, T)."""
        z = clustering.unit_norm(X)
        K = view.n_sources
        if self.begin == "directions":
            mixture = clustering.fit(z, self.family(), by_direction(X, view.array, f_hz, K), self.iterations)
            masks = mixture.affiliations.swapaxes(0, 1)[:K]
        else:
            gamma = view.rng.dirichlet(np.ones(K + 1), z.shape[:2]).swapaxes(1, 2)
            found = clustering.fit(z, self.family(), gamma, self.iterations).affiliations
            masks = permutation.ordered(found, permutation.alignment(found)).swapaxes(0, 1)
            masks = masks[_sparsest(masks)[:K]]
        if self.output == "mask":
            return masks * X[0]
        return np.stack([beamformers.apply(_mvdr(X, mask), X) for mask in masks])


def by_direction(X: np.ndarray, array: np.ndarray, f_hz: np.ndarray, n_sources: int) -> np.ndarray:
    """Affiliations (F, K + 1, T) of X (D, F, T) under the covariances of a room in K directions, and of white noise."""
    R = blind.talker_covariances(X, array, f_hz, n_sources)
    white = np.broadcast_to(np.eye(R.shape[-1]), R[:1].shape)
    B = np.concatenate([R, white]).swapaxes(0, 1)
    return clustering.affiliations(CentralGaussian().log_density(clustering.unit_norm(X), B))[0]


def _mvdr(X, mask):
    """Weights (F, D) from one talker's mask (F, T); what leaked into its covariance is taken out."""
    talker, others = (beamformers.covariance(X, share) for share in (mask, 1 - mask))
    return beamformers.mvdr(beamformers.rank_one_in(others, talker), others)


def _sparsest(masks):
    """Clusters (K + 1, F, T), those first whose share of the frames changes most: noise is there all the time."""
    return np.argsort(-masks.mean(1).std(-1))
