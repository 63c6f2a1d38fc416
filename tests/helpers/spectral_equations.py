"""Noise trackers, OMLSA and decision-directed gains once more, written straight from the papers' equations.

Plain loops over frames and bins with the papers' numbers in them; nothing is imported from the library. Where the
library admits a deviation (its docstrings), it is repeated here: the start from the mean of the first 0.1 s, averages
over frequency that are renormalised at the edges of the spectrum, and time constants that are kept at frame shifts
which the papers do not have.

Powers are lists of frames, of bins: power[t][f].
"""

import math

import numpy as np
from scipy.special import exp1, i0e, i1e


def start(power, hop_s):
    """Mean of the frames so far, over the first 0.1 s."""
    n = min(len(power), max(1, round(0.1 / hop_s)))
    return [[math.fsum(power[s][f] for s in range(t + 1)) / (t + 1) for f in range(len(power[0]))] for t in range(n)]


def over_frequency(x, reach):
    """Average over `reach` bins on either side by a Hann window that ends one bin further."""
    found = []
    for f in range(len(x)):
        near = range(max(f - reach, 0), min(f + reach, len(x) - 1) + 1)
        weight = [0.5 + 0.5 * math.cos(math.pi * (g - f) / (reach + 1)) for g in near]
        found.append(math.fsum(w * x[g] for w, g in zip(weight, near, strict=True)) / math.fsum(weight))
    return found


def log_spectral_gain(xi, gamma):
    """Ephraim and Malah 1985, Eq. (20)."""
    v = xi / (1 + xi) * gamma
    return xi / (1 + xi) * math.exp(0.5 * exp1(v))


def amplitude_gain(xi, gamma):
    """Ephraim and Malah 1984, Eq. (7)."""
    v = xi / (1 + xi) * gamma
    half = v / 2
    return math.gamma(1.5) * math.sqrt(v) / gamma * ((1 + v) * i0e(half) + v * i1e(half))


def wiener_gain(xi, gamma):
    return xi / (1 + xi)


def imcra(power, hop_s):
    """Cohen 2003, with the constants of its Table I for frames every 8 ms."""
    steps = hop_s / 0.008
    a_s, a_d, a = 0.9**steps, 0.85**steps, 0.92**steps
    part = max(1, round(15 * 0.008 / hop_s))
    found = start(power, hop_s)
    bins, first = range(len(power[0])), found[-1]
    averaged = [x / 1.47 for x in first]
    S = St = over_frequency(first, 1)
    past, past_t = [[x] for x in S], [[x] for x in St]
    before = [1.0] * len(first)

    def least(history):
        """Over the present part and the last eight, each with the frame before it."""
        parts = (len(history) - 1) // part
        return min(history[max(parts - 8, 0) * part :])

    for y in power[len(found) :]:
        gamma = [max(y[f] / (1.47 * averaged[f]), 1e-10) for f in bins]
        xi = [max(a * before[f] + (1 - a) * max(gamma[f] - 1, 0), 10**-2.5) for f in bins]  # Eq. (32)
        before = [log_spectral_gain(xi[f], gamma[f]) ** 2 * gamma[f] for f in bins]
        Sf = over_frequency(y, 1)  # Eq. (14)
        S = [a_s * S[f] + (1 - a_s) * Sf[f] for f in bins]  # Eq. (15)
        absent = []
        for f in bins:
            past[f].append(S[f])
            low = 1.66 * least(past[f])
            absent.append(float(y[f] / low < 4.6 and S[f] / low < 1.67))  # Eqs. (18), (21)
        above, below = over_frequency([absent[f] * y[f] for f in bins], 1), over_frequency(absent, 1)
        St = [a_s * St[f] + (1 - a_s) * above[f] / below[f] if below[f] > 0 else St[f] for f in bins]  # Eqs. (26), (27)
        for f in bins:
            past_t[f].append(St[f])
            low = 1.66 * least(past_t[f])
            g, z = y[f] / low, S[f] / low  # Eq. (28)
            q = 0.0  # Eq. (29)
            if g <= 1 and z < 1.67:
                q = 1.0
            elif 1 < g < 3 and z < 1.67:
                q = (3 - g) / (3 - 1)
            v = xi[f] / (1 + xi[f]) * gamma[f]
            p = 0.0 if q == 1 else 1 / (1 + q / (1 - q) * (1 + xi[f]) * math.exp(-v))  # Eq. (7)
            keep = a_d + (1 - a_d) * p  # Eq. (11)
            averaged[f] = keep * averaged[f] + (1 - keep) * y[f]  # Eq. (10)
        found.append([1.47 * x for x in averaged])  # Eq. (12)
    return found


M = {12: (10, 0.61, 15, 0.668), 24: (20, 0.705, 30, 0.762), 96: (80, 0.865, 120, 0.89), 192: (180, 0.92, 220, 0.93)}
"""Frames -> the neighbouring rows of Martin's table of M(D)."""


def bias(inverse, frames):
    """Martin 2001, Eqs. (16), (17); M(D) between its table's rows linearly in the root of D."""
    below, low, above, high = M[frames]
    m = low + (high - low) * (math.sqrt(frames) - math.sqrt(below)) / (math.sqrt(above) - math.sqrt(below))
    return 1 + (frames - 1) * 2 / ((1 / inverse - 2 * m) / (1 - m))


def minimum_statistics(power, hop_s):
    """Martin 2001, Fig. 4 and Sections III to VI, with its constants for frames every 16 ms."""
    steps = hop_s / 0.016
    V = round(96 / 8 / steps)
    found = start(power, hop_s)
    bins, first = range(len(power[0])), found[-1]
    P, noise, mean, square = list(first), list(first), list(first), [x**2 for x in first]
    smooth_c = 1.0
    stored = [[x] * 8 for x in first]
    actmin, actmin_sub = [math.inf] * len(first), [math.inf] * len(first)
    local = [False] * len(first)
    subwc = 1
    for t, y in enumerate(power[len(found) :], len(found)):
        c = 1 / (1 + (sum(P) / sum(y) - 1) ** 2)  # Eq. (9)
        smooth_c = 0.7**steps * smooth_c + (1 - 0.7**steps) * max(c, 0.7)  # Eq. (10)
        least_alpha = min(0.3**steps, (sum(P) / sum(noise)) ** (-hop_s / 0.064))  # Eq. (12)
        inverse = []
        for f in bins:
            alpha = 0.96**steps * smooth_c / (1 + (P[f] / noise[f] - 1) ** 2)  # Eq. (11)
            alpha = max(alpha, least_alpha)
            P[f] = alpha * P[f] + (1 - alpha) * y[f]  # Eq. (4)
            b = min(alpha**2, 0.8**steps)
            mean[f] = b * mean[f] + (1 - b) * P[f]  # Eq. (20)
            square[f] = b * square[f] + (1 - b) * P[f] ** 2  # Eq. (21)
            variance = square[f] - mean[f] ** 2
            inverse.append(min(max(variance / (2 * noise[f] ** 2), 1 / 14 / (t + 1)), 0.5))  # Eq. (23)
        average = sum(inverse) / len(inverse)
        B_c = 1 + 2.12 * math.sqrt(average)
        new = [False] * len(first)
        for f in bins:
            if P[f] * bias(inverse[f], 8 * V) * B_c < actmin[f]:
                actmin[f], actmin_sub[f] = (P[f] * bias(inverse[f], n) * B_c for n in (8 * V, V))
                new[f] = True
        if subwc == V:
            slope = 8 if average < 0.03 else 4 if average < 0.05 else 2 if average < 0.06 else 1.2
            for f in bins:
                local[f] = local[f] and not new[f]
                stored[f] = [*stored[f][1:], actmin[f]]
                noise[f] = min(stored[f])
                if local[f] and noise[f] < actmin_sub[f] < slope * noise[f]:
                    noise[f] = actmin_sub[f]
                    stored[f] = [actmin_sub[f]] * 8
                local[f], actmin[f], actmin_sub[f] = False, math.inf, math.inf
            subwc = 1
        else:
            if subwc > 1:
                for f in bins:
                    local[f] = local[f] or new[f]
                    noise[f] = min(actmin_sub[f], noise[f])
            subwc += 1
        found.append(list(noise))
    return found


def mmse_spp(power, hop_s):
    """Gerkmann and Hendriks 2012."""
    steps = hop_s / 0.016
    found = start(power, hop_s)
    noise, often = list(found[-1]), [0.5] * len(power[0])
    xi = 10**1.5
    for y in power[len(found) :]:
        for f in range(len(y)):
            p = 1 / (1 + (1 + xi) * math.exp(-y[f] / noise[f] * xi / (1 + xi)))  # Eq. (18)
            often[f] = 0.9**steps * often[f] + (1 - 0.9**steps) * p  # Eq. (23)
            if often[f] > 0.99:
                p = min(p, 0.99)  # Eq. (24)
            wanted = (1 - p) * y[f] + p * noise[f]  # Eq. (22)
            noise[f] = 0.8**steps * noise[f] + (1 - 0.8**steps) * wanted  # Eq. (8)
        found.append(list(noise))
    return found


TRACKERS = {"imcra": imcra, "minimum-statistics": minimum_statistics, "mmse-spp": mmse_spp}


def a_priori(gamma, gain, alpha, least):
    """The decision-directed rule, Ephraim and Malah 1984, Eqs. (51), (53)."""
    found, before = [], [1.0] * len(gamma[0])
    for now in gamma:
        xi = [max(alpha * a + (1 - alpha) * max(g - 1, 0), least) for a, g in zip(before, now, strict=True)]
        before = [gain(x, g) ** 2 * g for x, g in zip(xi, now, strict=True)]
        found.append(xi)
    return found


def decision_directed(power, noise, gain):
    """Gains of a frame every 8 ms: alpha 0.98, a priori SNR at least -15 dB."""
    gamma = [[y / n for y, n in zip(*frame, strict=True)] for frame in zip(power, noise, strict=True)]
    xi = a_priori(gamma, gain, 0.98, 10**-1.5)
    return [[gain(x, g) for x, g in zip(*frame, strict=True)] for frame in zip(xi, gamma, strict=True)]


def omlsa(power, noise):
    """Gains of Cohen and Berdugo 2001 with a frame every 8 ms, the constants of its Table 1."""

    def likelihood(zeta):
        """Eq. (25): from -10 dB to -5 dB."""
        return 0.0 if zeta <= 0.1 else 1.0 if zeta >= 10**-0.5 else math.log(zeta / 0.1) / math.log(10**-0.5 / 0.1)

    gamma = [[y / n for y, n in zip(*frame, strict=True)] for frame in zip(power, noise, strict=True)]
    xi = a_priori(gamma, log_spectral_gain, 0.92, 10**-2.5)
    zeta, last, peak, gains = list(xi[0]), None, 1.0, []
    for t in range(len(power)):
        zeta = [0.7 * z + (1 - 0.7) * x for z, x in zip(zeta, xi[t], strict=True)]  # Eq. (23)
        local, around = over_frequency(zeta, 1), over_frequency(zeta, 15)  # Eq. (24)
        frame = math.fsum(zeta) / len(zeta)
        if t == 0 or frame <= 0.1:  # Fig. 2
            p_frame = 0.0
        elif frame > last:
            peak, p_frame = min(max(frame, 1.0), 10.0), 1.0
        elif frame <= peak * 0.1:
            p_frame = 0.0
        elif frame >= peak * 10**-0.5:
            p_frame = 1.0
        else:
            p_frame = math.log(frame / peak / 0.1) / math.log(10**-0.5 / 0.1)  # Eq. (27)
        last, row = frame, []
        for f in range(len(zeta)):
            q = min(1 - likelihood(local[f]) * likelihood(around[f]) * p_frame, 0.95)  # Eq. (28)
            v = xi[t][f] / (1 + xi[t][f]) * gamma[t][f]
            p = 1 / (1 + q / (1 - q) * (1 + xi[t][f]) * math.exp(-v))  # Eq. (9)
            row.append(log_spectral_gain(xi[t][f], gamma[t][f]) ** p * 10 ** (-25 / 20 * (1 - p)))  # Eq. (16)
        gains.append(row)
    return gains


def enhanced(x, fs, tracker, gains):
    """A chain from samples (N,) to samples: frames of 32 ms every 8 ms, square-root Hann windows, overlap and add.

    `gains(power, noise)`. The tracker sees the frames that lie within the signal; the others take the nearest noise.
    """
    hop = round(0.008 * fs)
    size, n = 4 * hop, len(x)
    window = [math.sin(math.pi * i / size) for i in range(size)]
    padded = np.concatenate([np.zeros(size - hop), x, np.zeros(2 * size)])
    spectra = []
    while len(spectra) * hop < n + size - hop:
        spectra.append(np.fft.rfft(window * padded[len(spectra) * hop :][:size]))
    power = [[float(abs(z)) ** 2 for z in spectrum] for spectrum in spectra]
    first, end = size // hop - 1, n // hop
    noise = TRACKERS[tracker](power[first:end], hop / fs)
    noise = [noise[0]] * first + noise + [noise[-1]] * (len(power) - end)
    total, norm = np.zeros(len(padded) + size), np.zeros(len(padded) + size)
    for t, (spectrum, gain) in enumerate(zip(spectra, gains(power, noise), strict=True)):
        total[t * hop : t * hop + size] += window * np.fft.irfft(spectrum * gain, size)
        norm[t * hop : t * hop + size] += np.square(window)
    return (total / np.maximum(norm, 1e-12))[size - hop : size - hop + n]
