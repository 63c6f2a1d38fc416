"""Processing a recording of any length in pieces that overlap, so that memory does not grow with it.

A method sees one piece at a time. Neighbouring estimates are cross-faded; where there are several talkers, each piece
is put into the order that correlates best with the piece before, in what the two share, as in continuous speech
separation (Z. Chen et al., "Continuous speech separation: dataset and analysis", ICASSP 2020).
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from cocktail import audio

OVERLAP_S = 4.0
"""Of neighbouring pieces of a recording."""

Process = Callable[[np.ndarray, int], np.ndarray]
"""(piece (D, n), its number) -> estimate (K, n)."""


def process_in_pieces(
    blocks: Iterable[np.ndarray], process: Process, *, length: int, overlap: int
) -> Iterator[np.ndarray]:
    """Apply `process` to pieces of a mixture that comes in blocks (D, n) of any length; yields (K, n) as it is made.

    A piece has at most `length` samples. Neighbours share `overlap` samples, at most half of `length`; a signal of at
    most `length` samples is one piece.
    """
    pieces = enumerate(_pieces(blocks, length, overlap))
    return stitched((process(piece, number) for number, piece in pieces), overlap)


def stitched(estimates: Iterable[np.ndarray], overlap: int) -> Iterator[np.ndarray]:
    """Estimates (K, n) of pieces that share `overlap` samples with the next, as one; yields (K, n) as it is made."""
    end = None  # of the estimate so far, which the next piece shares
    for estimate in estimates:
        if end is not None:
            estimate = estimate[_order(end, estimate[:, :overlap])]
            fade = np.linspace(0, 1, overlap + 2)[1:-1]
            faded = (1 - fade) * end + fade * estimate[:, :overlap]
            estimate = np.concatenate([faded, estimate[:, overlap:]], axis=1)
        final = max(estimate.shape[-1] - overlap, 0)
        yield estimate[:, :final]
        end = estimate[:, final:]
    if end is not None:
        yield end


def cuts(n_samples: int, *, length: int, overlap: int) -> list[slice]:
    """The pieces of a signal of `n_samples` > 0 as `process_in_pieces` cuts it."""
    starts = range(0, max(n_samples - overlap, 1), length - overlap)
    return [slice(start, min(start + length, n_samples)) for start in starts]


def cuts_s(n_samples: int, fs: int, *, length_s: float, overlap_s: float) -> list[slice]:
    """The same where the length of a piece and what neighbours share are in seconds."""
    return cuts(n_samples, length=round(length_s * fs), overlap=round(overlap_s * fs))


def process_blocks(
    blocks: Iterable[np.ndarray], fs_in: int, process: Process, *, fs: int, piece_s: float
) -> Iterator[np.ndarray]:
    """`process_in_pieces` at the rate `fs` (Hz) of a recording at `fs_in`; yields (K, n) at the recording's rate.

    `piece_s`: longest piece in seconds, at least 2 * OVERLAP_S. The estimate has as many samples as the recording.
    """
    n_read = n_made = 0

    def counted():
        nonlocal n_read
        for block in blocks:
            n_read += block.shape[-1]
            yield block

    pieces = {"length": round(piece_s * fs), "overlap": round(OVERLAP_S * fs)}
    estimates = process_in_pieces(audio.resample_blocks(counted(), fs_in, fs), process, **pieces)
    for estimate in audio.resample_blocks(estimates, fs, fs_in):
        estimate = estimate[:, : n_read - n_made]  # resampling there and back may miss the length by a few samples
        n_made += estimate.shape[-1]
        yield estimate
    yield np.zeros((len(estimate), n_read - n_made))


def process_recording(recording: np.ndarray, fs_in: int, process: Process, *, fs: int, piece_s: float) -> np.ndarray:
    """`process_blocks` of a whole recording (D, N), N > 0: (K, N)."""
    return np.concatenate(list(process_blocks([recording], fs_in, process, fs=fs, piece_s=piece_s)), axis=1)


def _pieces(blocks, length, overlap):
    """(D, n) of at most `length` samples, of which neighbours share `overlap`."""
    held = None  # from the first sample of the next piece on
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], axis=1)
        while held.shape[-1] > length:
            yield held[:, :length]
            held = held[:, length - overlap :]
    if held is not None:
        yield held


def _order(before, after):
    """Indices that put the rows of `after` (K, n) in the order of `before`, by the sum of correlations."""
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(_unit(before) @ _unit(after).T, maximize=True)[1]


def _unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
