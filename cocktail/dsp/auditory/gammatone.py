"""The gammatone filter bank.

R. D. Patterson, I. Nimmo-Smith, J. Holdsworth and P. Rice, "An efficient auditory filterbank based on the gammatone
function", APU report 2341, 1988: g(t) = t^3 exp(-2 pi b t) cos(2 pi f t) with b = 1.019 ERB(f); bandwidths and scale of
B. R. Glasberg and B. C. J. Moore, "Derivation of auditory filter shapes from notched-noise data", Hearing Research
47(1-2), 1990: ERB(f) = 24.7 (4.37 f / 1000 + 1) Hz.

Deviations: impulse responses are cut after 128 ms and applied by FFT; the gain is 1 at the centre.
"""

import math

import numpy as np

LENGTH_S = 0.128


def bandwidth(hz):
    """Equivalent rectangular bandwidth at `hz`, in Hz."""
    return 24.7 * (4.37e-3 * np.asarray(hz, float) + 1)


def centres(bands: int, low_hz: float, high_hz: float) -> np.ndarray:
    """(bands,) Hz from `low_hz` to `high_hz`, evenly spaced in ERB."""
    low, high = np.log(4.37e-3 * np.array([low_hz, high_hz]) + 1)
    return np.expm1(np.linspace(low, high, bands)) / 4.37e-3


def impulse_responses(centre_hz: np.ndarray, fs: float) -> np.ndarray:
    """(B, L) of filters with gain 1 at their centres."""
    f = np.asarray(centre_hz, float)[:, None]
    t = np.arange(round(LENGTH_S * fs)) / fs
    g = t**3 * np.exp(-2 * np.pi * 1.019 * bandwidth(f) * t) * np.cos(2 * np.pi * f * t)
    return g / np.abs(np.sum(g * np.exp(-2j * np.pi * f * t), axis=1, keepdims=True))


def multi_phase(filters: int, taps: int, fs: float, low_hz: float = 100.0) -> np.ndarray:
    """(filters, taps) of unit energy: gammatones of second order, one ERB apart, in several phases and their negatives.

    D. Ditter and T. Gerkmann, "A multi-phase gammatone filterbank for speech separation via TasNet", ICASSP 2020:
    t exp(-2 pi b t) cos(2 pi f t + phi), b = 2 ERB(f) / pi, from `low_hz` on as long as f lies below half the rate,
    where phases would be one and the same. Half of the filters are dealt out among the centres, the lowest first, in
    evenly spaced phases of half a turn; the others are their negatives. Where they are fewer than the centres, the
    steps are wider.
    """
    erb = 4.37e-3 * 24.7  # by which the logarithm of a bandwidth grows with each ERB
    low, high = bandwidth([low_hz, fs / 2])
    half, steps = filters // 2, math.ceil(np.log(high / low) / erb) - 1
    top_hz = low_hz + low * np.expm1(erb * steps) / erb
    bands = min(1 + steps, half)
    phases = [half // bands + (band < half % bands) for band in range(bands)]
    f = np.repeat(centres(bands, low_hz, top_hz), phases)[:, None]
    phi = np.concatenate([np.pi * np.arange(n) / n for n in phases])[:, None]
    t = np.arange(1, taps + 1) / fs
    g = t * np.exp(-4 * bandwidth(f) * t) * np.cos(2 * np.pi * f * t + phi)
    g /= np.linalg.norm(g, axis=1, keepdims=True)
    return np.concatenate([g, -g])


def filtered(x: np.ndarray, responses: np.ndarray):
    """Yields the output of each filter, (..., N), for x (..., N), from the first to the last."""
    from scipy.fft import irfft, next_fast_len, rfft

    n = next_fast_len(x.shape[-1] + responses.shape[1] - 1, real=True)
    X = rfft(x, n)
    for h in responses:
        yield irfft(X * rfft(h, n), n)[..., : x.shape[-1]]


def analytic(x: np.ndarray, centre_hz: np.ndarray, fs: float):
    """Yields the complex output of each filter, (N,), for x (N,), advanced by the time at which its envelope peaks.

    Its real part is the output, its magnitude the envelope.
    """
    from scipy.fft import fft, ifft, next_fast_len

    t = np.arange(round(LENGTH_S * fs)) / fs
    n = next_fast_len(len(x) + len(t) - 1)
    X = fft(x, n)
    for f, b in zip(centre_hz, 1.019 * bandwidth(centre_hz), strict=True):
        envelope = t**3 * np.exp(-2 * np.pi * b * t)
        delay = round(3 / (2 * np.pi * b) * fs)
        response = 2 * envelope / envelope.sum() * np.exp(2j * np.pi * f * (t - delay / fs))
        yield ifft(X * fft(response, n))[delay : delay + len(x)]


def shares(responses: np.ndarray, n_bins: int) -> np.ndarray:
    """(F, B), rows sum to 1: how much of the power of a bin of a DFT of 2 (F - 1) samples is in each band."""
    power = np.abs(np.fft.rfft(responses, 2 * (n_bins - 1) * 4, axis=1)[:, ::4]) ** 2
    power = power.T + 1e-12
    return power / power.sum(axis=1, keepdims=True)
