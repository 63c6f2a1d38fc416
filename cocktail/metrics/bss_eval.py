"""SDR, SIR and SAR of BSS Eval version 3, with distortion filters of 512 taps.

E. Vincent, R. Gribonval and C. Fevotte, "Performance measurement in blind audio source separation", IEEE Trans. Audio,
Speech and Language Processing 14(4), 2006. Equals mir_eval.separation.bss_eval_sources.

With P_j the orthogonal projection on the target's 512 delays and P that on the delays of all sources, a space that
holds the first, the energies of the three parts of an estimate e are |P_j e|^2, |P e|^2 - |P_j e|^2 and
|e|^2 - |P e|^2: no filter and no projected signal need be formed. With the Gram matrix G = L L^T of the delayed sources
and d their inner products with e, |P e|^2 = |L^-1 d|^2, and one Cholesky factorisation of [[G, d], [d^T, .]] leaves
(L^-1 d)^T in its last row; the first 512 entries belong to the first source alone.

Deviations: values are clamped to +-100 dB. Where the Gram matrix is singular to rounding (a source without energy in
some band), its diagonal is loaded by 1e-12 of its largest entry.
"""

import numpy as np

from cocktail.metrics.metric import Comparison, Metric, Pair, Unscorable, energy
from cocktail.metrics.si_sdr import CLAMP_DB, ratio_db

TAPS = 512
_LOADING = 1e-12
TOGETHER = 64
"""Blocks of the correlations whose spectra are in memory together."""


def bss_eval(*, reference: np.ndarray, estimate: np.ndarray, others: np.ndarray | None = None, taps: int = TAPS):
    """SDR, SIR and SAR in dB of estimates (K, N) to references (K, N), each (K,).

    `others` (J, N) are further sources of interference that no estimate belongs to. With one source in all, SIR is NaN.
    Raises Unscorable where the signals are shorter than the filters of all sources together.
    """
    sources = [*reference, *(() if others is None else others)]
    if reference.shape[-1] < len(sources) * taps:
        raise Unscorable("too-short")
    total = energy(estimate)
    correlations = _correlations(sources, [*sources, *estimate], taps)
    R, D = correlations[:, : len(sources)], correlations[:, len(sources) :, taps - 1 :].swapaxes(0, 1)
    whitened = _whitened(R, D, total.sum())  # rows (L^-1 d)^T, (K, sources * taps)
    everything = np.square(whitened).sum(-1)  # |P e|^2
    target = np.empty(len(reference))  # |P_j e|^2
    target[0] = np.square(whitened[0, :taps]).sum()
    for j in range(1, len(reference)):
        own = slice(j, j + 1)
        target[j] = np.square(_whitened(R[own, own], D[own, own], total[j])).sum()
    sdr = ratio_db(target, total - target)  # |s_target|^2 / |e_interf + e_artif|^2
    # |s_target|^2 / |e_interf|^2
    sir = ratio_db(target, everything - target) if len(sources) > 1 else np.full(len(reference), np.nan)
    sar = ratio_db(everything, total - everything)  # |s_target + e_interf|^2 / |e_artif|^2
    return sdr, sir, sar


def _correlations(sources, signals, taps):
    """sum_n sources[n - m] signals[n] for m = 1 - taps ... taps - 1: S and M of (N,) -> (S, M, 2 taps - 1)."""
    size = 1 << (16 * taps - 1).bit_length()  # block by block, which caches hold
    step = size - 2 * (taps - 1)
    n_samples, spectra = len(sources[0]), 0
    for begin in range(0, n_samples, TOGETHER * step):
        end = min(begin + TOGETHER * step, n_samples)
        missing = -(end - begin) % step
        blocks = np.stack([np.pad(x[begin:end], (0, missing)).reshape(-1, step) for x in sources])
        before, after = min(begin, taps - 1), min(n_samples - end, missing + taps - 1)
        zeros = (taps - 1 - before, missing + taps - 1 - after)
        around = np.stack([np.pad(x[begin - before : end + after], zeros) for x in signals])
        around = np.lib.stride_tricks.sliding_window_view(around, size, axis=-1)[:, ::step]
        spectra += np.einsum("anf,bnf->abf", np.fft.rfft(blocks, size).conj(), np.fft.rfft(around))
    return np.fft.irfft(spectra, size)[..., : 2 * taps - 1]


def _whitened(R, D, energy):
    """Rows (L^-1 d)^T, (K, S * taps), for D (K, S, taps), with the Gram matrix G = L L^T of the correlations R.

    `energy` bounds the sum of all |L^-1 d|^2: the corner of the bordered matrix only has to exceed it.
    """
    from scipy.linalg.lapack import dpotrf

    n = D[0].size
    for loading in (0.0, _LOADING * R[..., D.shape[-1] - 1].max()):
        # The upper triangle of rows is the lower one of columns, in which LAPACK works without a copy.
        factor, info = dpotrf(_bordered(R, D, energy, loading).T, lower=True, clean=False, overwrite_a=True)
        if info == 0:
            return factor[n:, :n]
    raise np.linalg.LinAlgError("the Gram matrix of the delayed sources is not positive definite")


def _bordered(R, D, energy, loading):
    """[[G, d], [d^T, 2 energy]] with `loading` on the diagonal of G. What is below the diagonal is not all filled."""
    k, s, taps = D.shape
    n = s * taps
    bordered = np.empty((n + k, n + k))
    for a in range(s):
        for b in range(a, s):
            lags = np.lib.stride_tricks.sliding_window_view(R[a, b, ::-1], taps)[::-1]  # [delay of a, delay of b]
            bordered[a * taps : (a + 1) * taps, b * taps : (b + 1) * taps] = lags
    bordered[:n, n:] = D.reshape(k, n).T
    bordered[n:, n:] = 2 * energy * np.eye(k)
    bordered[np.arange(n), np.arange(n)] += loading
    return bordered


def _scene(scene: Comparison):
    return bss_eval(reference=scene.reference, estimate=scene.estimate, others=scene.others)


def _sdr(pair: Pair) -> float:
    return float(pair.scene.once(_scene)[0][pair.index])


def _sir(pair: Pair) -> float:
    value = float(pair.scene.once(_scene)[1][pair.index])
    if np.isnan(value):
        raise Unscorable("no-interferer")
    return value


def _sar(pair: Pair) -> float:
    return float(pair.scene.once(_scene)[2][pair.index])


def _metric(name, compute, improvement):
    return Metric(
        name=name,
        unit="dB",
        higher_is_better=True,
        low=-CLAMP_DB,
        high=CLAMP_DB,
        citation="Vincent, Gribonval, Fevotte, IEEE TASLP 14(4), 2006",
        implementation="cocktail",
        compute=compute,
        mode="BSS Eval v3, 512 taps; interferers: other talkers, and mixture minus all talkers unless 60 dB below",
        clamp=(-CLAMP_DB, CLAMP_DB),
        improvement=improvement,
    )


METRICS = (_metric("sdr", _sdr, True), _metric("sir", _sir, True), _metric("sar", _sar, False))
