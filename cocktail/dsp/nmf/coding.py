"""Non-negative factors as few bytes: logarithms on a uniform grid, in Huffman's code.

A. Ozerov, A. Liutkus, R. Badeau and G. Richard, "Coding-based informed source separation: Nonnegative tensor
factorization approach", IEEE TASLP 21(8), 2013, quantise factors uniformly in the logarithmic domain.

Deviations: the paper has an arithmetic coder driven by Gaussian mixtures of the logarithms; here it is the Huffman code
of DEFLATE, whose tables are sent along.
"""

import zlib

import numpy as np

RANGE_DB = 60.0
"""Of powers; what is farther below a factor's largest entry is coded as that far below."""


def levels(factor: np.ndarray, step_db: float) -> np.ndarray:
    """How many steps the entries of a factor of powers are below its largest one, uint8."""
    below = -10 * np.log10(np.maximum(factor / factor.max(), 10 ** (-RANGE_DB / 10)))
    return np.round(below / step_db).astype(np.uint8)


def values(levels: np.ndarray, step_db: float) -> np.ndarray:
    """What `levels` stand for, where the largest is 1."""
    return 10 ** (-levels.astype(float) * step_db / 10)


def pack(levels: np.ndarray) -> bytes:
    """Code symbols (n,) uint8."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_HUFFMAN_ONLY)
    return coder.compress(levels.tobytes()) + coder.flush()


def unpack(data: bytes) -> np.ndarray:
    """Symbols (n,) of `pack`."""
    return np.frombuffer(zlib.decompress(data, -zlib.MAX_WBITS), np.uint8)
