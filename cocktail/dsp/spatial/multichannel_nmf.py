"""Multichannel NMF with full-rank spatial properties.

H. Sawada, H. Kameoka, S. Araki and N. Ueda, "Multichannel extensions of non-negative matrix factorization with complex-
valued data", IEEE TASLP 21(5), 2013, for the Itakura-Saito divergence: the covariance of the mixture at a bin is

    M_ft = sum_j R_jf sum_r z_jr t_fr v_rt

with a spatial property R_jf of each source, components t_fr v_rt, and the share z_jr of component r that belongs to
source j. The updates of z, t and v are multiplicative, that of R solves a Riccati equation; but for the floors below,
none lets the log-determinant divergence rise. With one channel this is Itakura-Saito NMF.

Deviation: the paper's R_jf have trace 1. Here the mean over sources of their traces is D, so that R_jf also says how
loud a source is in a bin beside what it shares with the others.

Shapes: x (F, T, D), R (J, F, D, D), z (J, r) with columns of sum 1, t (F, r), v (r, T).
"""

from dataclasses import dataclass, replace

import numpy as np

LEAST = 1e-10
"""Least entry of t, v and z; the mean power of the mixture is 1."""

ELSEWHERE = 0.04
"""Share of a component that starts with all sources alike."""

PRIOR = 1e-6
"""Added to the diagonal of every spatial property after its update, so that none becomes singular."""


@dataclass(frozen=True)
class Model:
    """The parameters."""

    R: np.ndarray
    """(J, F, D, D)."""
    z: np.ndarray
    """(J, r)."""
    t: np.ndarray
    """(F, r)."""
    v: np.ndarray
    """(r, T)."""

    @property
    def powers(self) -> np.ndarray:
        """(J, F, T): of each source."""
        return np.einsum("jr,fr,rt->jft", self.z, self.t, self.v, optimize=True)

    @property
    def covariance(self) -> np.ndarray:
        """(F, T, D, D): of the mixture."""
        return np.einsum("jft,jfde->ftde", self.powers, self.R, optimize=True)


def divergence(x: np.ndarray, model: Model) -> float:
    """sum of x^H M^-1 x + log det M: the negative log likelihood, up to a constant."""
    M = model.covariance
    energy = np.einsum("ftd,ftd->ft", x.conj(), np.linalg.solve(M, x[..., None])[..., 0]).real
    return float((energy + np.linalg.slogdet(M)[1]).sum())


def update(x: np.ndarray, model: Model, parameters: str = "tvzR") -> Model:
    """Each of the parameters named once, in the order t, v, z, R; the others are known."""
    for name in filter(parameters.__contains__, "tvz"):
        up, down = _traces(x, model)
        weights = {
            "t": ("jft,jr,rt->fr", model.z, model.v),
            "v": ("jft,jr,fr->rt", model.z, model.t),
            "z": ("jft,fr,rt->jr", model.t, model.v),
        }[name]
        subscripts, *factors = weights
        ratio = [np.einsum(subscripts, part, *factors, optimize=True) for part in (up, down)]
        value = getattr(model, name) * np.sqrt(ratio[0] / np.maximum(ratio[1], LEAST))
        model = replace(model, **{name: np.maximum(value, LEAST)})
    return _normalised(replace(model, R=_spatial(x, model))) if "R" in parameters else model


def _traces(x, model):
    """tr(M^-1 x x^H M^-1 R_j) and tr(M^-1 R_j), (J, F, T) each."""
    inverse = np.linalg.inv(model.covariance)
    y = np.einsum("ftde,fte->ftd", inverse, x)
    up = np.einsum("ftd,jfde,fte->jft", y.conj(), model.R, y, optimize=True).real
    return up, np.einsum("ftde,jfed->jft", inverse, model.R, optimize=True).real


def _spatial(x, model):
    """R that solves R A R = B, A = sum_t p M^-1, B = R (sum_t p M^-1 x x^H M^-1) R."""
    inverse, powers = np.linalg.inv(model.covariance), model.powers
    y = np.einsum("ftde,fte->ftd", inverse, x)
    A = np.einsum("jft,ftde->jfde", powers, inverse, optimize=True)
    inner = np.einsum("jft,ftd,fte->jfde", powers, y, y.conj(), optimize=True)
    B = model.R @ inner @ model.R
    root, inverse_root = _roots(A)
    middle, _ = _roots(root @ B @ root)
    R = inverse_root @ middle @ inverse_root
    return (R + R.conj().swapaxes(-1, -2)) / 2 + PRIOR * np.eye(R.shape[-1])


def _roots(A):
    """Square root of Hermitian matrices and its inverse."""
    values, vectors = np.linalg.eigh((A + A.conj().swapaxes(-1, -2)) / 2)
    root = np.sqrt(np.maximum(values, 1e-14 * values[..., -1:] + np.finfo(float).tiny))
    back = vectors.conj().swapaxes(-1, -2)
    return vectors * root[..., None, :] @ back, vectors / root[..., None, :] @ back


def _normalised(model):
    """Scales moved so that the mean over sources of the trace of R_jf is D and the columns of z sum to 1.

    M stays: t, which the sources share, takes the scales.
    """
    total = model.z.sum(0)
    z, t = model.z / total, model.t * total
    scale = np.trace(model.R, axis1=-2, axis2=-1).real.mean(0) / model.R.shape[-1]  # (F,)
    return replace(model, R=model.R / scale[:, None, None], z=z, t=np.maximum(t * scale[:, None], LEAST))


def separate(
    X: np.ndarray, R: np.ndarray, t: np.ndarray, v: np.ndarray, iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Images at microphone 1 from initial spatial properties and components of each source.

    X (D, F, T) of any scale, R (J, F, D, D) of trace D, t (J, F, r) and v (J, r, T) for a mixture of unit power -> ((J,
    F, T), divergences). Each component starts mostly with its source.
    """
    n_sources, _, components = t.shape
    scale = np.sqrt(np.mean(np.abs(X) ** 2))
    if not scale > 0:
        return np.zeros((n_sources, *X.shape[1:]), complex), np.zeros(iterations + 1)
    x = np.moveaxis(X / scale, 0, -1)
    z = ELSEWHERE / n_sources + (1 - ELSEWHERE) * np.repeat(np.eye(n_sources), components, axis=1)
    t, v = np.concatenate(t, axis=-1), np.concatenate(v)
    model = Model(R + PRIOR * np.eye(len(X)), z, np.maximum(t, LEAST), np.maximum(v, LEAST))
    values = [divergence(x, model)]
    for _ in range(iterations):
        model = update(x, model)
        values.append(divergence(x, model))
    white = np.linalg.solve(model.covariance, x[..., None])[..., 0]
    first = np.einsum("jft,jfe,fte->jft", model.powers, model.R[..., 0, :], white, optimize=True)  # Wiener filter
    return first * scale, np.array(values)
