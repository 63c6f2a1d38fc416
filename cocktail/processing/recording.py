"""Processing a recording of any length in pieces that overlap, so that memory does not grow with it.

A method sees one piece at a time. Neighbouring estimates are cross-faded; where there are several talkers, each piece
is put into the order that correlates best with the piece before.
"""

from collections.abc import Callable

import numpy as np

from cocktail import audio

OVERLAP_S = 4.0
"""Of neighbouring pieces of a recording."""


def process_in_pieces(
    mixture: np.ndarray, process: Callable[[np.ndarray, int], np.ndarray], *, length: int, overlap: int
) -> np.ndarray:
    """Apply `process(piece (D, n), number) -> (K, n)` to pieces of `mixture` (D, N); returns (K, N).

    A piece has at most `length` samples. Neighbours share `overlap` samples, at most half of `length`; a signal of at
    most `length` samples is one piece.
    """
    n_samples = mixture.shape[-1]
    starts = range(0, max(n_samples - overlap, 1), length - overlap)
    result = None
    for number, start in enumerate(starts):
        stop = min(start + length, n_samples)
        estimate = process(mixture[:, start:stop], number)
        if result is None:
            result = np.zeros((len(estimate), n_samples))
            result[:, :stop] = estimate
            continue
        shared = min(overlap, stop - start)
        before = result[:, start : start + shared]
        estimate = estimate[_order(before, estimate[:, :shared])]
        fade = np.linspace(0, 1, shared + 2)[1:-1]
        result[:, start : start + shared] = (1 - fade) * before + fade * estimate[:, :shared]
        result[:, start + shared : stop] = estimate[:, shared:]
    return result


def process_recording(
    recording: np.ndarray, fs_in: int, process: Callable[[np.ndarray, int], np.ndarray], *, fs: int, piece_s: float
) -> np.ndarray:
    """`process_in_pieces` at the rate `fs` (Hz) of a recording (D, N) at `fs_in`; (K, N) at the recording's rate.

    `piece_s`: longest piece in seconds, at least 2 * OVERLAP_S.
    """
    mixture = audio.resample(recording, fs_in, fs)
    length, overlap = round(piece_s * fs), round(OVERLAP_S * fs)
    estimates = audio.resample(process_in_pieces(mixture, process, length=length, overlap=overlap), fs, fs_in)
    # Resampling there and back may miss the length by a few samples.
    missing = max(recording.shape[-1] - estimates.shape[-1], 0)
    return np.pad(estimates[:, : recording.shape[-1]], [(0, 0), (0, missing)])


def _order(before, after):
    """Indices that put the rows of `after` (K, n) in the order of `before`, by the sum of correlations."""
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(_unit(before) @ _unit(after).T, maximize=True)[1]


def _unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
