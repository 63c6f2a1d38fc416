"""Spatial covariances and multichannel Wiener filter of two sources of given power, in torch.

A. A. Nugraha, A. Liutkus and E. Vincent, "Multichannel audio source separation with deep neural networks", IEEE/ACM
Trans. Audio, Speech, Language Process. 24(9), 2016. Source j has power v_j(f, t), which a network says, and spatial
covariance R_j(f), which is found here; the mixture is Gaussian with covariance v_1 R_1 + v_2 R_2.

Shapes: x (B, F, D, T) complex, v (B, 2, F, T) >= 0, R (B, 2, F, D, D) complex. Scenes of a batch may differ in length:
frames in which every v_j is 0 are padding and count for nothing.

Both sources are diagonalised together once per bin and update, R_1 = A L A^H and R_2 = A A^H, so that no matrix is
inverted per frame: the numbers of the textbook equations, many times faster. Single precision will do, since R_j gets
`LOADING` of its mean eigenvalue on the diagonal at every update.

Deviations: two sources, the talker and all else, as in the paper's experiments on CHiME-3; `LOADING`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from cocktail.dsp.blocks import BINS

LOADING = 1e-5
"""Diagonal loading of R_j, relative to trace / D: a microphone's own noise, and what single precision can invert."""

FLOOR = 1e-5
"""Least power v_j, the mean power of the mixture's STFT being 1."""


@dataclass(frozen=True)
class Posterior:
    """What the sources are, given the mixture and the model."""

    first: torch.Tensor
    """(B, 2, F, T) complex: posterior mean at microphone 1, the output of the multichannel Wiener filter."""
    powers: torch.Tensor
    """(B, 2, F, T): trace(R_j^-1 E[c_j c_j^H]) / D, the power that the posterior of source j alone would say."""
    beam: torch.Tensor
    """(B, F, T) complex: source 1 at microphone 1 by the MVDR beamformer of R_1's principal part and R_2."""


Spectra = Callable[[torch.Tensor], torch.Tensor]
"""Magnitudes (B, J, F, T) -> square roots of v_j, (B, 2, F, T)."""


def alternate(x, start, present, networks: Sequence[Spectra], updates: Sequence[int], *, weighted: bool = True):
    """The posterior after all `networks`, each followed by as many updates of R_j as `updates` says.

    The first is given `start` (B, 1, F, T), magnitudes of a beam; the next ones the square roots of the powers that the
    posterior tells of both sources. `present` (B, 1, 1, T): the frames that are no padding.
    """
    R, seen, sources = identity(x), start, None
    for network, count in zip(networks, updates, strict=True):
        v = (network(seen) ** 2).clamp_min(FLOOR) * present
        R = update_covariances(x, v, R, updates=count, weighted=weighted)
        sources = posterior(x, v, R)
        seen = sources.powers.sqrt()
    return sources


def identity(x):
    """Initial R_j = I of both sources: (B, 2, F, D, D)."""
    n_scenes, n_bins, n_mics = x.shape[:3]
    return torch.eye(n_mics, dtype=x.dtype, device=x.device).expand(n_scenes, 2, n_bins, n_mics, n_mics)


def update_covariances(x, v, R, *, updates: int, weighted: bool = True):
    """R_j after some E-steps and M-steps under fixed v_j.

    weighted: frames count by their power, w_j = v_j in the paper's M-step; otherwise all the same, w_j = 1, which is
    plain EM, whose likelihood cannot fall.
    """
    blocks = zip(*(part.split(BINS[x.device.type], dim) for part, dim in ((x, 1), (v, 2), (R, 2))), strict=True)
    return torch.cat([_update_block(*block, updates, weighted) for block in blocks], 2)


def _update_block(x, v, R, updates, weighted):
    tiny = torch.finfo(v.dtype).tiny
    frames = (v > 0).to(v.dtype)
    weight = frames if weighted else frames / v.clamp_min(tiny)  # w_j / v_j
    total = (v * weight).sum(-1)[..., None, None].clamp_min(tiny)
    for _ in range(updates):
        A, inverse, diagonal = _joint_basis(R)
        y = inverse @ x
        gain, spread = _wiener(v, diagonal)
        R = torch.stack([_second_moment(gain[j] * y, spread, weight[:, j, :, None]) for j in range(2)], 1)
        R = loaded(A[:, None] @ (R / total) @ A[:, None].mH)
    return R


def posterior(x, v, R) -> Posterior:
    """E-step: source images at microphone 1, their powers, and a beam towards source 1."""
    A, inverse, diagonal = _joint_basis(R)
    y = inverse @ x
    gain, spread = _wiener(v, diagonal)
    images = [gain[j] * y for j in range(2)]
    first = torch.stack([(A[:, :, :1] @ image)[:, :, 0] for image in images], 1)
    powers = [
        ((_square(image) + spread) / diagonal[:, j, :, :, None]).mean(-2)  # R_1^-1 = A^-H L^-1 A^-1
        for j, image in enumerate(images)
    ]
    # The principal direction is A's last column a; R_2^-1 a is that of A^-H, and its gain on a is 1.
    beam = A[:, :, 0, -1, None] * y[:, :, -1]
    return Posterior(first, torch.stack(powers, 1), beam)


def loaded(R):
    """R (..., D, D) Hermitian, with diagonal loading; the identity where it is zero."""
    R = (R + R.mH) / 2
    n_mics = R.shape[-1]
    level = R.diagonal(dim1=-2, dim2=-1).real.mean(-1)
    level = torch.where(level > 0, LOADING * level, 1.0)
    return R + level[..., None, None] * torch.eye(n_mics, dtype=R.dtype, device=R.device)


def _joint_basis(R):
    """A, its inverse, and L, I as (B, 2, F, D), so that R_1 = A L A^H and R_2 = A A^H; found in double precision."""
    talker, noise = R.to(torch.complex128).unbind(1)
    lower = torch.linalg.cholesky(noise)
    half = torch.linalg.solve_triangular(lower, talker, upper=False)
    white = torch.linalg.solve_triangular(lower, half.mH, upper=False)
    values, vectors = torch.linalg.eigh((white + white.mH) / 2)
    inverse = torch.linalg.solve_triangular(lower.mH, vectors, upper=True).mH  # U^H L^-1
    diagonal = torch.stack([values.clamp_min(torch.finfo(torch.float32).tiny), torch.ones_like(values)], 1)
    return (lower @ vectors).to(R.dtype), inverse.to(R.dtype), diagonal.to(R.real.dtype)


def _wiener(v, diagonal):
    """Gains of both sources in the joint basis, [(B, F, D, T)] * 2, and their posterior variance, which is the same."""
    parts = [v[:, j, :, None] * diagonal[:, j, :, :, None] for j in range(2)]
    total = (parts[0] + parts[1]).clamp_min(torch.finfo(v.dtype).tiny)
    gain = [part / total for part in parts]
    return gain, parts[0] * gain[1]


def _second_moment(image, spread, weight):
    """Weighted sum over frames of the posterior second moment: image (B, F, D, T) -> (B, F, D, D)."""
    outer = (image * weight) @ image.mH
    return outer + torch.diag_embed((spread * weight).sum(-1)).to(outer.dtype)


def _square(z):
    return z.real**2 + z.imag**2
