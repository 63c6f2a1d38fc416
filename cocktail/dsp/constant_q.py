"""Constant-Q transform: power at geometrically spaced frequencies, in bands that widen with them.

G. A. Velasco, N. Holighaus, M. Dörfler and T. Grill, "Constructing an invertible constant-Q transform with
non-stationary Gabor frames", DAFx 2011; bands of C. Schörkhuber, A. Klapuri, N. Holighaus and M. Dörfler, "A MATLAB
toolbox for efficient perfect reconstruction time-frequency transforms with log-frequency resolution", AES 53rd
conference, 2014: a little wider than of constant Q, so that the lowest ones are not too slow. As the toolbox has it
under `rasterize: full`, every band has as many frames as the widest one needs, and the signal is taken as periodic.

Deviations: bands are centred at their frequencies and not at the next bin of the FFT; the bands at 0 and at half the
rate, which only the inverse needs, are left out. Signals too short for the narrowest band are followed by zeros.
"""

import functools

import numpy as np

BINS_PER_OCTAVE = 96
OCTAVES = 9
"""Below half the rate."""
OFFSET = 228.7
"""Hz: a band is as wide as one of constant Q would be so much higher, as equivalent rectangular bandwidths are."""
MIN_BINS = 4
"""Of the FFT, in the narrowest band."""


def bands(fs: float) -> tuple[np.ndarray, np.ndarray]:
    """Centre frequencies and widths in Hz, (F,) each, of all bands that end below half the rate."""
    factor = 2 ** (1 / BINS_PER_OCTAVE) - 2 ** (-1 / BINS_PER_OCTAVE)
    centres = fs / 2 * 2.0 ** (np.arange(OCTAVES * BINS_PER_OCTAVE + 1) / BINS_PER_OCTAVE - OCTAVES)
    widths = factor * (centres + OFFSET)
    whole = centres + widths / 2 <= fs / 2
    return centres[whole], widths[whole]


def power(x: np.ndarray, fs: float) -> np.ndarray:
    """(N,) -> (F, T): squared amplitudes, so that a sinusoid a in the centre of a band has a ** 2 in all its frames.

    T is N times the widest band over `fs`, rounded up.
    """
    centres, widths = bands(fs)
    n_fft = max(len(x), int(np.ceil(MIN_BINS * fs / widths[0])))
    spacing = fs / n_fft
    n_frames = int(np.ceil(widths[-1] / spacing))
    first = np.ceil((centres - widths / 2) / spacing).astype(int)
    bins = first[:, None] + np.arange(n_frames)
    distance = (bins * spacing - centres[:, None]) / widths[:, None]
    window = np.where(np.abs(distance) < 0.5, np.cos(np.pi * distance) ** 2, 0.0)  # Hann's, 1 in the centre
    spectrum = np.fft.rfft(x, n_fft)
    in_bands = window * spectrum[np.minimum(bins, len(spectrum) - 1)]
    amplitude = np.abs(np.fft.ifft(in_bands, axis=1)) * 2 * n_frames / n_fft
    return np.square(amplitude[:, : int(np.ceil(len(x) / n_fft * n_frames))])


@functools.cache
def cepstral_basis(fs: float, n_coefficients: int, per_octave: int) -> np.ndarray:
    """(n_coefficients, F): takes a spectrum of the bands to its cepstrum, on frequencies that are spaced evenly.

    A cubic spline through the bands is sampled `per_octave` times in the lowest octave and as densely above; of the
    samples, the first coefficients of the orthonormal DCT of type II.
    """
    from scipy.fft import dct
    from scipy.interpolate import CubicSpline

    centres, _ = bands(fs)
    even = np.arange(centres[0], centres[-1], centres[0] / per_octave)
    samples = CubicSpline(centres, np.eye(len(centres)))(even)
    return dct(samples, norm="ortho", axis=0)[:n_coefficients]
