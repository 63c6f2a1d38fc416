"""Frame-averaged measures of speech quality: segmental and frequency-weighted SNR, cepstral distance, LLR, WSS.

P. C. Loizou, "Speech Enhancement: Theory and Practice", 2nd edition, CRC Press 2013, chapter 11, with the constants of
the programs that come with the book (comp_snr, comp_fwseg, comp_cep, comp_llr, comp_wss): frames of 30 ms every 7.5 ms,
Hann window, linear prediction of order 16 (10 below 10 kHz), the 25 critical bands of Klatt (1982), SNRs clamped to
-10 ... 35 dB, the worst 5 % of the frames left out of CD, LLR and WSS.

Deviations: frames in which the reference lies 96 dB below its peak (digital silence, 16 bits) are left out, and
frames in which the estimate does are taken as white for linear prediction. The book's programs model the rounding noise
there, and a reference padded with zeros then says nothing about the estimate.
"""

import math
from dataclasses import dataclass, fields
from functools import cache

import numpy as np

from cocktail.metrics.metric import Metric, Pair, Unscorable

SNR_RANGE_DB = (-10.0, 35.0)
LLR_MAX = 2.0
CD_MAX_DB = 10.0
KEPT = 0.95
"""Share of the frames, best first, that CD, LLR and WSS average."""
FWSEG_EXPONENT = 0.2
SILENCE_DB = 96.0
BLOCK = 2048
"""Frames whose spectra are in memory together."""
_EPS = np.finfo(float).eps

CENTRE_HZ = np.array([
    50.0, 120.0, 190.0, 260.0, 330.0, 400.0, 470.0, 540.0, 617.372, 703.378, 798.717, 904.128, 1020.38, 1148.30,
    1288.72, 1442.54, 1610.70, 1794.16, 1993.93, 2211.08, 2446.71, 2701.97, 2978.04, 3276.17, 3597.63,
])  # fmt: skip
BANDWIDTH_HZ = np.array([
    70.0, 70.0, 70.0, 70.0, 70.0, 70.0, 70.0, 77.3724, 86.0056, 95.3398, 105.411, 116.256, 127.914, 140.423, 153.823,
    168.154, 183.457, 199.776, 217.153, 235.631, 255.255, 276.072, 298.126, 321.465, 346.136,
])  # fmt: skip


@dataclass(frozen=True)
class Frames:
    """Windowed frames of one signal, T of them."""

    energy: np.ndarray
    """(T,)"""
    bands: np.ndarray
    """(T, 25) power in the critical bands."""
    shape: np.ndarray
    """(T, 25) magnitude in the critical bands, of spectra whose magnitudes add up to 1."""
    lpc: np.ndarray
    """(T, order + 1) prediction error filters."""
    correlation: np.ndarray
    """(T, order + 1) autocorrelation."""


@dataclass(frozen=True)
class Analysis:
    """Both signals in frames, and what lies between them."""

    reference: Frames
    estimate: Frames
    error_energy: np.ndarray
    """(T,) energy of reference minus estimate."""


def analyse(*, reference: np.ndarray, estimate: np.ndarray, fs: int) -> Analysis:
    """Frames of reference and estimate (N,), less those where the reference is silent. Raises Unscorable: too-short.

    Spectra are made of some frames at a time, so that little more than the result is in memory.
    """
    length = round(0.03 * fs)
    hop = length // 4
    if (len(reference) - length) // hop < 1:
        raise Unscorable("too-short")
    signals = [_framed(x, length, hop) for x in (reference, estimate)]
    silent = [np.maximum(x.max(1), -x.min(1)) < _peak(x) * 10 ** (-SILENCE_DB / 20) for x in signals]
    active = np.flatnonzero(~silent[0])
    blocks = np.array_split(active, max(math.ceil(len(active) / BLOCK), 1))
    parts = [_analyse([x[frames] for x in signals], silent[1][frames], fs) for frames in blocks]
    of_reference, of_estimate, errors = zip(*parts, strict=True)
    return Analysis(_joined(of_reference), _joined(of_estimate), np.concatenate(errors))


def _peak(framed):
    """Largest magnitude in frames (T, length) of a signal."""
    return max(framed.max(), -framed.min())


def _analyse(signals, muted, fs):
    """Frames of reference and estimate, (T, length) each, and the energy of what lies between them.

    `muted` (T,): where the estimate is silent, and its prediction filter that of white noise.
    """
    length = signals[0].shape[1]
    window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(1, length + 1) / (length + 1)))
    n_fft = 1 << (2 * length - 1).bit_length()
    bands, lags = critical_bands(fs, n_fft), _autocorrelation(n_fft, 10 if fs < 10000 else 16)
    windowed = [(frames + _EPS) * window for frames in signals]
    both = []
    for frames, white in zip(windowed, (np.zeros_like(muted), muted), strict=True):
        power = _power(np.fft.rfft(frames, n_fft))
        correlation, heard = power @ lags, power[:, : len(bands)]
        lpc = levinson(correlation)
        lpc[white, 1:] = 0.0
        magnitude = np.sqrt(heard)
        shape = magnitude @ bands / magnitude.sum(1, keepdims=True)
        both.append(Frames(_energy(frames), heard @ bands, shape, lpc, correlation))
    return *both, _energy(windowed[0] - windowed[1])


def _joined(parts):
    """Frames of several blocks as one."""
    return Frames(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Frames)))


def _framed(x, length, hop):
    """View of (N,) as (T, length); like the book's programs, the frame that ends with the signal is left out."""
    n_frames = (len(x) - length) // hop
    return np.lib.stride_tricks.sliding_window_view(x, length)[::hop][:n_frames]


def _power(spectra):
    return spectra.real**2 + spectra.imag**2


def _energy(frames):
    return np.einsum("ti,ti->t", frames, frames)


@cache
def _autocorrelation(n_fft: int, order: int) -> np.ndarray:
    """(n_fft / 2 + 1, order + 1): the first lags of the inverse FFT of a power spectrum as a product of matrices."""
    bins, lags = np.arange(n_fft // 2 + 1)[:, None], np.arange(order + 1)
    cosines = 2 * np.cos(2 * np.pi * bins * lags / n_fft) / n_fft
    cosines[[0, -1]] /= 2
    return cosines


def levinson(r: np.ndarray) -> np.ndarray:
    """Autocorrelations (..., P + 1) -> prediction error filters (..., P + 1), first tap 1, by Levinson and Durbin."""
    a = np.zeros_like(r)
    a[..., 0] = 1.0
    error = r[..., 0].copy()
    for p in range(1, r.shape[-1]):
        reflection = -(a[..., :p] * r[..., p:0:-1]).sum(-1) / error
        a[..., 1 : p + 1] += reflection[..., None] * a[..., p - 1 :: -1][..., :p]
        error *= 1 - reflection**2
    return a


@cache
def critical_bands(fs: int, n_fft: int) -> np.ndarray:
    """Gaussian filters (n_fft / 2, 25) of equal area, cut off 30 dB down."""
    bins = np.arange(n_fft // 2)[:, None]
    centre = np.floor(CENTRE_HZ / fs * n_fft)
    width = BANDWIDTH_HZ / fs * n_fft
    filters = np.exp(-11 * ((bins - centre) / width) ** 2) * BANDWIDTH_HZ[0] / BANDWIDTH_HZ
    return np.where(filters > np.exp(-30 / (2 * 2.303)), filters, 0.0)


def seg_snr(frames: Analysis) -> float:
    """Segmental SNR in dB, each frame clamped to -10 ... 35 dB."""
    snr = 10 * np.log10(frames.reference.energy / (frames.error_energy + _EPS) + _EPS)
    return float(np.clip(snr, *SNR_RANGE_DB).mean())


def fwseg_snr(frames: Analysis) -> float:
    """Frequency-weighted segmental SNR in dB of 25 bands of unit-area magnitude spectra, weighted by magnitude^0.2."""
    S, E = frames.reference.shape, frames.estimate.shape
    weight = S**FWSEG_EXPONENT
    snr = 10 * np.log10(S**2 / np.maximum(np.square(S - E), _EPS) + np.finfo(float).tiny)
    return float(np.clip((weight * snr).sum(1) / weight.sum(1), *SNR_RANGE_DB).mean())


def llr_frames(frames: Analysis) -> np.ndarray:
    """Log-likelihood ratio of each frame, (T,), not clamped."""
    correlation = frames.reference.correlation
    numerator, denominator = (_error(x.lpc, correlation) for x in (frames.estimate, frames.reference))
    # The reference's own filter leaves the least error, so the ratio is at least 1; rounding may say otherwise.
    return np.log(np.maximum(numerator / np.maximum(denominator, np.finfo(float).tiny), 1.0))


def _error(a, r):
    """a^T R a, the energy that prediction error filters a (T, P + 1) leave of signals with autocorrelations r."""
    total = r[:, 0] * (a * a).sum(1)
    for lag in range(1, a.shape[1]):
        total += 2 * r[:, lag] * (a[:, lag:] * a[:, :-lag]).sum(1)
    return total


def llr(frames: Analysis) -> float:
    """Log-likelihood ratio, each frame at most 2, mean of the best 95 %."""
    return _mean_llr(llr_frames(frames))


def _mean_llr(ratios):
    return best_mean(np.minimum(ratios, LLR_MAX))


def cd(frames: Analysis) -> float:
    """Cepstral distance in dB, each frame at most 10, mean of the best 95 %."""
    cepstra = _cepstrum(np.stack([frames.reference.lpc, frames.estimate.lpc]))
    distance = 10 * np.sqrt(2) / np.log(10) * np.linalg.norm(cepstra[0] - cepstra[1], axis=1)
    return best_mean(np.minimum(distance, CD_MAX_DB))


def _cepstrum(a):
    """Prediction error filters (..., P + 1) -> cepstra c_1 ... c_P of 1 / A, (..., P)."""
    order = a.shape[-1] - 1
    c = np.zeros_like(a)
    for n in range(1, order + 1):
        k = np.arange(1, n)
        c[..., n] = -a[..., n] - (k / n * c[..., 1:n] * a[..., n - 1 : 0 : -1]).sum(-1)
    return c[..., 1:]


def wss(frames: Analysis) -> float:
    """Weighted spectral slope distance of Klatt (ICASSP 1982), mean of the best 95 % of the frames."""
    S, E = (10 * np.log10(np.maximum(x.bands, 1e-10)) for x in (frames.reference, frames.estimate))
    weight = (_slope_weights(S) + _slope_weights(E)) / 2
    distance = (weight * np.square(np.diff(S) - np.diff(E))).sum(1) / weight.sum(1)
    return best_mean(distance)


def _slope_weights(level_db):
    """Weights (T, 24) of the slopes of levels (T, 25): high at the spectrum's maximum and near a peak."""
    slope = np.diff(level_db)
    index = np.arange(slope.shape[1])
    # A rising slope looks right for the first fall and takes the band before it, a falling one left for the last rise.
    fall = np.where(slope > 0, slope.shape[1], index)
    next_fall = np.minimum.accumulate(fall[:, ::-1], axis=1)[:, ::-1]
    last_rise = np.maximum.accumulate(np.where(slope > 0, index, -1), axis=1)
    peak = np.take_along_axis(level_db, np.where(slope > 0, next_fall - 1, last_rise + 1), axis=1)
    level = level_db[:, :-1]
    to_maximum = 20 / (20 + level_db.max(1, keepdims=True) - level)
    to_peak = 1 / (1 + peak - level)
    return to_maximum * to_peak


def best_mean(distance: np.ndarray) -> float:
    """Mean of the smallest 95 % of (T,)."""
    kept = max(1, round(len(distance) * KEPT))
    return float(np.sort(distance)[:kept].mean())


def pair_analysis(pair: Pair) -> Analysis:
    """Analysis of a pair; ask for it through `pair.once`."""
    return analyse(reference=pair.reference, estimate=pair.estimate, fs=pair.fs)


def _seg_snr(pair: Pair) -> float:
    return pair.once(pair_seg_snr)


def pair_seg_snr(pair: Pair) -> float:
    """Segmental SNR of a pair; ask for it through `pair.once`."""
    return seg_snr(pair.once(pair_analysis))


def pair_llr_frames(pair: Pair) -> np.ndarray:
    """Log-likelihood ratios of a pair's frames; ask for them through `pair.once`."""
    return llr_frames(pair.once(pair_analysis))


def _fwseg_snr(pair: Pair) -> float:
    return fwseg_snr(pair.once(pair_analysis))


def _cd(pair: Pair) -> float:
    return cd(pair.once(pair_analysis))


def _llr(pair: Pair) -> float:
    return _mean_llr(pair.once(pair_llr_frames))


def _metric(name, compute, unit, clamp, mode, *, higher, improvement=False):
    return Metric(
        name=name,
        unit=unit,
        higher_is_better=higher,
        low=clamp[0],
        high=clamp[1],
        citation="Loizou, Speech Enhancement: Theory and Practice, 2nd ed., CRC Press 2013",
        implementation="cocktail, after the programs of the book",
        compute=compute,
        mode="30 ms frames every 7.5 ms; " + mode,
        clamp=clamp,
        improvement=improvement,
    )


METRICS = (
    _metric("seg_snr", _seg_snr, "dB", SNR_RANGE_DB, "each frame clamped", higher=True, improvement=True),
    _metric("fwseg_snr", _fwseg_snr, "dB", SNR_RANGE_DB, "25 bands, weight |S|^0.2", higher=True, improvement=True),
    _metric("cd", _cd, "dB", (0.0, CD_MAX_DB), "LPC cepstrum, best 95 %", higher=False),
    _metric("llr", _llr, "", (0.0, LLR_MAX), "best 95 %", higher=False),
)
