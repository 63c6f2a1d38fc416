"""What several microphones tell of where a sound comes from: differences of level and of phase, cross-correlation, and
a beam that is steered by it.

Y. Jiang, D. Wang, R. Liu and Z. Feng, "Binaural classification for reverberant speech segregation using deep neural
networks", IEEE/ACM TASLP 22(12), 2014 (differences of level in bands, cross-correlation at lags). S. Araki, T. Hayashi,
M. Delcroix, M. Fujimoto, K. Takeda and T. Nakatani, "Exploring multi-channel features for denoising-autoencoder-based
speech enhancement", ICASSP 2015 (cosine and sine of differences of phase, an enhanced signal). C. Knapp and G. Carter,
"The generalized correlation method for estimation of time delay", IEEE Trans. ASSP 24(4), 1976 (PHAT weighting).
X. Anguera, C. Wooters and J. Hernando, "Acoustic beamforming for speaker diarization of meetings", IEEE Trans. ASLP
15(7), 2007 (delay and sum by the correlation of each microphone with one of them, wherever they are).

Shapes: X (..., D, F, T) complex tensors, the STFTs of D microphones, of about unit level; filters (G, F), bands. Lags
and delays are in samples, and positive where a sound reaches the first microphone of a pair before the second.
"""

import torch

SILENT = 1e-6
"""Power of a band that tells nothing, relative to the mean power of a bin: 60 dB below it."""
FINER = 8
"""Steps of a delay in a sample."""


def level_differences(X: torch.Tensor, filters: torch.Tensor) -> torch.Tensor:
    """10 log10 of the power of each microphone over that of the first, in bands: (..., D - 1, G, T)."""
    power = filters @ X.abs().square() + SILENT
    return 10 * torch.log10(power[..., 1:, :, :] / power[..., :1, :, :])


def phase_differences(X: torch.Tensor, filters: torch.Tensor) -> torch.Tensor:
    """Coherence of each microphone with the first, in bands: (..., D - 1, G, T) complex.

    Of one sound in a narrow band it is cos + i sin of how far the phase is ahead of that at the first microphone; where
    the phases in a band differ, it is smaller.
    """
    cross = X[..., 1:, :, :] * X[..., :1, :, :].conj()
    power = filters @ X.abs().square()
    size = (power[..., 1:, :, :] * power[..., :1, :, :]).sqrt() + SILENT
    return torch.complex(filters @ cross.real, filters @ cross.imag) / size


def whitened(X: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Phases of the cross-spectra of pairs of microphones, numbers (P,) from 0: (..., P, F, T), of magnitude 1 or 0."""
    return torch.sgn(X[..., second, :, :] * X[..., first, :, :].conj())


def cross_correlation(phases: torch.Tensor, lags: int, finer: int = 1) -> torch.Tensor:
    """Inverse transform of phases (..., F) at lags -`lags` to `lags`, `finer` steps in each: (..., 2 finer lags + 1).

    Of a sound that reaches the second microphone n samples after the first, it is 1 at lag n.
    """
    size = 2 * (phases.shape[-1] - 1) * finer
    r = finer * torch.fft.irfft(phases, size)
    return torch.cat([r[..., size - finer * lags :], r[..., : finer * lags + 1]], -1)


def delays(X: torch.Tensor, lags: int) -> torch.Tensor:
    """How much later than at the first microphone the strongest sound is heard at each, at most `lags`: (..., D).

    Frames count by the square root of their power, as in cocktail.dsp.spatial.directions.
    """
    each = torch.arange(X.shape[-3], device=X.device)
    weight = X.abs().square().mean((-3, -2)).sqrt()[..., None, None, :]
    phases = (whitened(X, torch.zeros_like(each), each) * weight).sum(-1)
    return cross_correlation(phases, lags, FINER).argmax(-1).to(X.real.dtype) / FINER - lags


def delay_and_sum(X: torch.Tensor, lags: int) -> torch.Tensor:
    """Mean of the microphones, aligned to the first one: (..., F, T)."""
    n_bins = X.shape[-2]
    turn = torch.pi / (n_bins - 1) * torch.arange(n_bins, dtype=X.real.dtype, device=X.device)  # radians a sample
    later = delays(X, lags)[..., None] * turn
    return (X * torch.polar(torch.ones_like(later), later)[..., None]).mean(-3)
