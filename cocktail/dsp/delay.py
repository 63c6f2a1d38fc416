"""The delay between two signals, by generalised cross-correlation with phase transform.

C. H. Knapp and G. C. Carter, "The generalized correlation method for estimation of time delay", IEEE Trans. ASSP 24(4),
1976. Deviations: the cross spectrum is whitened in part, by a power of its magnitude, so that bands without speech do
not count as much as those with it.
"""

import numpy as np

WHITENING = 0.7
"""0: plain cross-correlation; 1: phase transform."""
CLEAR = 3.0
"""How far a peak stands above all that is found near lag 0 before it counts as a delay."""
NEAR = 16
"""Samples about lag 0 that are no delay of the file: filters, and microphones that are a hand apart."""


def delay(*, reference: np.ndarray, estimate: np.ndarray) -> int:
    """Samples by which `estimate` (N,) lags behind `reference` (N,), negative where it leads.

    0 unless another lag fits far better.
    """
    n = reference.shape[-1] + estimate.shape[-1]
    cross = np.fft.rfft(estimate, n) * np.fft.rfft(reference, n).conj()
    magnitude = np.abs(cross)
    floor = max(1e-12 * magnitude.max(), np.finfo(float).tiny)
    correlation = np.abs(np.fft.irfft(cross / np.maximum(magnitude, floor) ** WHITENING, n))
    near = max(correlation[: NEAR + 1].max(), correlation[-NEAR:].max())
    peak = int(correlation.argmax())
    if correlation[peak] <= CLEAR * near:
        return 0
    return peak if peak < len(estimate) else peak - n
