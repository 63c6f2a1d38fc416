"""STOI and extended STOI: short-time objective intelligibility.

C. H. Taal, R. C. Hendriks, R. Heusdens and J. Jensen, "An algorithm for intelligibility prediction of time-frequency
weighted noisy speech", IEEE TASLP 19(7), 2011. J. Jensen and C. H. Taal, "An algorithm for predicting the
intelligibility of speech masked by modulated noise maskers", IEEE/ACM TASLP 24(11), 2016.

Equals the package pystoi 0.4.1, whose details (resampling filter, framing, guards) it follows; both measures share the
resampling, the removal of silent frames and the bands, which are three quarters of the work.
Deviations: pystoi adds noise of 1e-16 from the global generator to ESTOI's segments, so that silent bands can be
normalised; here that noise is fixed. Fewer than 30 active frames are an error, not a score of 1e-5.
"""

import math
from functools import cache

import numpy as np

from cocktail.metrics.metric import Metric, Pair, Unscorable

RATE = 10000
FRAME, HOP, N_FFT = 256, 128, 512
BANDS, LOWEST_HZ = 15, 150.0
SEGMENT = 30
"""Frames of a segment, N of Taal et al. (384 ms)."""
CLIP = 10 ** (15 / 20)
"""Lower bound of the signal-to-distortion ratio, beta = -15 dB."""
DYNAMIC_RANGE_DB = 40.0
BLOCK = 2048
"""Frames, or segments, that are in memory together."""
_EPS = np.finfo(float).eps


def stoi(*, reference: np.ndarray, estimate: np.ndarray, fs: int) -> float:
    """STOI of an estimate (N,) to its reference (N,). Raises Unscorable with fewer than 30 active frames."""
    return _stoi(*_segments(reference, estimate, fs))


def estoi(*, reference: np.ndarray, estimate: np.ndarray, fs: int) -> float:
    """Extended STOI of an estimate (N,) to its reference (N,). Raises Unscorable with fewer than 30 active frames."""
    return _estoi(*_segments(reference, estimate, fs))


def _stoi(x, y):
    return _mean_of_blocks(_stoi_of_segments, x, y)


def _stoi_of_segments(x, y):
    """(bands, segments)."""
    alpha = _norm(x, -1) / (_norm(y, -1) + _EPS)
    y = np.minimum(alpha * y, (1 + CLIP) * x)  # level as the reference, then clipped
    x = x - x.mean(-1, keepdims=True)
    y = y - y.mean(-1, keepdims=True)
    return (x * y).sum(-1) / ((_norm(x, -1) + _EPS) * (_norm(y, -1) + _EPS))[..., 0]


def _estoi(x, y):
    return _mean_of_blocks(_estoi_of_segments, x, y)


def _estoi_of_segments(x, y):
    """(1, segments)."""
    x, y = _normalise(_normalise(x, -1), 0), _normalise(_normalise(y, -1), 0)  # over time, then over bands
    return (x * y).sum((0, 2))[None] / SEGMENT


def _mean_of_blocks(measure, x, y):
    """Mean of `measure` over segments (bands, segments, frames), of which some at a time are in memory."""
    starts = range(0, x.shape[1], BLOCK)
    return float(np.concatenate([measure(x[:, i : i + BLOCK], y[:, i : i + BLOCK]) for i in starts], axis=1).mean())


def _normalise(x, axis):
    """Zero mean and unit norm along `axis`; the fixed noise gives silent rows a direction."""
    x = x + _noise()
    x -= x.mean(axis, keepdims=True)
    x /= _norm(x, axis)
    return x


def _norm(x, axis):
    return np.sqrt(np.square(x).sum(axis, keepdims=True))


@cache
def _noise():
    return _EPS * np.random.default_rng(0).standard_normal((BANDS, 1, SEGMENT))


def _segments(reference, estimate, fs):
    """Band envelopes of both signals, (bands, segments, frames of a segment) each."""
    x, y = _resample(reference, fs), _resample(estimate, fs)
    x, y = _remove_silence(x, y)
    X, Y = _bands(x), _bands(y)
    if X.shape[1] < SEGMENT:
        raise Unscorable("too-short")
    return tuple(np.lib.stride_tricks.sliding_window_view(Z, SEGMENT, axis=1) for Z in (X, Y))


def _resample(x, fs):
    """(N,) at `fs` Hz to 10 kHz with the Kaiser-windowed sinc of Octave's `resample`, 60 dB down."""
    if fs == RATE:
        return x
    divisor = np.gcd(RATE, int(fs))
    up, down = RATE // divisor, int(fs) // divisor
    n_out = math.ceil(len(x) * up / down)
    taps, first = polyphase(up, down)
    n_blocks = math.ceil(n_out / taps.shape[1])
    shift = taps.shape[1] // up * down
    padded = np.pad(x, (-first, max(0, (n_blocks - 1) * shift + len(taps) + first - len(x))))
    blocks = np.lib.stride_tricks.sliding_window_view(padded, len(taps))[::shift][:n_blocks]
    out = np.empty((n_blocks, taps.shape[1]))
    for i in range(0, n_blocks, BLOCK):
        out[i : i + BLOCK] = blocks[i : i + BLOCK] @ taps
    return out.reshape(-1)[:n_out]


@cache
def polyphase(up, down):
    """Taps (W, 8 up) that make 8 up output samples of W input samples, and the offset of the first of these."""
    cutoff = 1 / (2 * max(up, down))
    half = int(np.ceil((60 - 8) / (28.714 * cutoff / 10)))  # roll-off of a tenth of the cutoff
    t = np.arange(-half, half + 1)
    window = np.kaiser(2 * half + 1, 0.1102 * (60 - 8.7)) * 2 * up * cutoff * np.sinc(2 * cutoff * t)
    window *= up / window.sum()
    n_phases = 8 * up  # fewer would mean more copies of the input, more would mean more taps that are zero
    first, last = -(half // up), ((n_phases - 1) * down + half) // up
    j, phase = np.meshgrid(np.arange(first, last + 1), np.arange(n_phases), indexing="ij")
    index = phase * down - j * up + half  # output sample up * b + phase sees input sample down * b + j
    inside = (index >= 0) & (index <= 2 * half)
    return np.where(inside, window[np.clip(index, 0, 2 * half)], 0.0), first


def _frames(x):
    """View of (N,) in frames, half overlapped, (T, 256); like pystoi, a frame that ends with the signal is left out."""
    n_frames = max(0, math.ceil((len(x) - FRAME) / HOP))
    if n_frames == 0:
        return np.empty((0, FRAME))
    return np.lib.stride_tricks.sliding_window_view(x, FRAME)[::HOP][:n_frames]


def _windowed(frames):
    """Hann-windowed frames, block by block: their first number, and (T, 256)."""
    window = np.hanning(FRAME + 2)[1:-1]
    for i in range(0, len(frames), BLOCK):
        yield i, frames[i : i + BLOCK] * window


def _remove_silence(x, y):
    """Both signals without the frames in which x is 40 dB below its loudest frame."""
    X, Y = _frames(x), _frames(y)
    if not len(X):
        return x[:0], y[:0]
    energy_db = np.concatenate([20 * np.log10(np.linalg.norm(part, axis=1) + _EPS) for _, part in _windowed(X)])
    active = energy_db > energy_db.max() - DYNAMIC_RANGE_DB
    return _overlap_add(X, active), _overlap_add(Y, active)


def _overlap_add(frames, chosen):
    """The signal of the frames (T, 256) that are chosen, put together anew."""
    out, n = np.zeros((np.count_nonzero(chosen) + 1, HOP)), 0
    for i, part in _windowed(frames):
        kept = part[chosen[i : i + BLOCK]]
        out[n : n + len(kept)] += kept[:, :HOP]
        out[n + 1 : n + 1 + len(kept)] += kept[:, HOP:]
        n += len(kept)
    return out.reshape(-1)


def _bands(x):
    """Amplitudes in third-octave bands, (15, T)."""
    octaves = third_octaves()
    spectra = (np.fft.rfft(part, N_FFT) for _, part in _windowed(_frames(x)))
    bands = [np.sqrt((part.real**2 + part.imag**2) @ octaves) for part in spectra]
    return np.concatenate([np.empty((0, BANDS)), *bands]).T


@cache
def third_octaves():
    """(257 bins, 15 bands), ones where a bin belongs to a band."""
    frequency = np.linspace(0, RATE, N_FFT + 1)[: N_FFT // 2 + 1]
    k = np.arange(BANDS)
    low = np.abs(frequency[:, None] - LOWEST_HZ * 2 ** ((2 * k - 1) / 6)).argmin(0)
    high = np.abs(frequency[:, None] - LOWEST_HZ * 2 ** ((2 * k + 1) / 6)).argmin(0)
    bins = np.arange(len(frequency))[:, None]
    return ((bins >= low) & (bins < high)).astype(float)


def _pair_segments(pair: Pair):
    return _segments(pair.reference, pair.estimate, pair.fs)


def _stoi_of(pair: Pair) -> float:
    return _stoi(*pair.once(_pair_segments))


def _estoi_of(pair: Pair) -> float:
    return _estoi(*pair.once(_pair_segments))


def _metric(name, compute, mode, low, citation):
    return Metric(
        name=name,
        unit="",
        higher_is_better=True,
        low=low,
        high=1.0,
        citation=citation,
        implementation="cocktail, equal to pystoi 0.4.1",
        compute=compute,
        mode=mode,
        improvement=True,
    )


METRICS = (
    _metric(
        "stoi", _stoi_of, "10 kHz, 384 ms segments", -1.0, "Taal, Hendriks, Heusdens, Jensen, IEEE TASLP 19(7), 2011"
    ),
    _metric("estoi", _estoi_of, "extended; 10 kHz, 384 ms segments", -1.0, "Jensen, Taal, IEEE/ACM TASLP 24(11), 2016"),
)
