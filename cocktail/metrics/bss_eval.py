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

from cocktail.metrics.metric import Comparison, Metric, Pair, Unscorable
from cocktail.metrics.si_sdr import CLAMP_DB, ratio_db

TAPS = 512
_LOADING = 1e-12


def bss_eval(*, reference: np.ndarray, estimate: np.ndarray, others: np.ndarray | None = None, taps: int = TAPS):
    """SDR, SIR and SAR in dB of estimates (K, N) to references (K, N), each (K,).

    `others` (J, N) are further sources of interference that no estimate belongs to. With one source in all, SIR is NaN.
    Raises Unscorable where the signals are shorter than the filters of all sources together.
    """
    sources = reference if others is None or not len(others) else np.concatenate([reference, others])
    if reference.shape[-1] < len(sources) * taps:
        raise Unscorable("too-short")
    total = np.square(estimate).sum(-1)
    G, D = _inner_products(sources, estimate, taps)
    whitened = _whiten(G, D, total.sum())  # rows (L^-1 d)^T, (K, sources * taps)
    everything = np.square(whitened).sum(-1)  # |P e|^2
    target = np.empty(len(reference))  # |P_j e|^2
    target[0] = np.square(whitened[0, :taps]).sum()
    for j in range(1, len(reference)):
        own = slice(j * taps, (j + 1) * taps)
        target[j] = np.square(_whiten(G[own, own], D[j : j + 1, own], total[j])).sum()
    sdr = ratio_db(target, total - target)  # |s_target|^2 / |e_interf + e_artif|^2
    # |s_target|^2 / |e_interf|^2
    sir = ratio_db(target, everything - target) if len(sources) > 1 else np.full(len(reference), np.nan)
    sar = ratio_db(everything, total - everything)  # |s_target + e_interf|^2 / |e_artif|^2
    return sdr, sir, sar


def _inner_products(sources, estimates, taps):
    """Of the delayed sources: with each other, lower triangle (S * taps, S * taps); with estimates, (K, S * taps)."""
    n = sources.shape[-1]
    size = _fast_length(n + taps)
    spectra = np.fft.rfft(sources, size)
    lags = np.arange(taps)
    G = np.zeros((len(sources) * taps,) * 2)
    for a in range(len(sources)):
        for b in range(a + 1):
            # correlation[m] = sum_n a[n - m] b[n]: the inner product of a delayed by m with b
            correlation = np.fft.irfft(spectra[a].conj() * spectra[b], size)
            both = np.concatenate([correlation[-taps + 1 :], correlation[:taps]])  # lags 1 - taps ... taps - 1
            rows = np.lib.stride_tricks.sliding_window_view(both, taps)[:, ::-1]  # [delay of a, delay of b]
            G[a * taps : (a + 1) * taps, b * taps : (b + 1) * taps] = rows
    cross = np.fft.irfft(spectra.conj()[None] * np.fft.rfft(estimates, size)[:, None], size)[..., lags]
    return G, cross.reshape(len(estimates), -1)


def _whiten(G, D, energy):
    """Rows (L^-1 d)^T for the rows d of D, with G = L L^T. Reads the lower triangle of G alone.

    `energy` bounds the sum of all |L^-1 d|^2: the corner of the bordered matrix only has to exceed it.
    """
    n, k = len(G), len(D)
    bordered = np.zeros((n + k, n + k))
    bordered[:n, :n] = G
    bordered[n:, :n] = D
    np.fill_diagonal(bordered[n:, n:], 2 * energy)
    try:
        return np.linalg.cholesky(bordered)[n:, :n]
    except np.linalg.LinAlgError:
        bordered[np.arange(n), np.arange(n)] += _LOADING * G.diagonal().max()
        return np.linalg.cholesky(bordered)[n:, :n]


def _fast_length(n):
    """Smallest 2^a or 3 * 2^a that is not below n."""
    power = 1 << (n - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= n else power


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
