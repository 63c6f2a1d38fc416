"""The one STFT of the project, in NumPy and in torch.

Square-root periodic Hann window for analysis and synthesis, 32 ms every 8 ms at 16 kHz, no scaling in the forward
transform. Frame t ends at sample (t + 1) * hop - 1, so that it depends on no later sample: a method that works frame by
frame is causal, with a latency of one window. The inverse is the least-squares one of Griffin and Lim (1984), exact for
every signal and length.
"""

import numpy as np

SIZE = 512
HOP = 128


def window(size: int = SIZE) -> np.ndarray:
    """Square-root periodic Hann window, (size,)."""
    return np.sin(np.pi * np.arange(size) / size)


def framing(fs: float) -> tuple[int, int]:
    """Window and shift in samples, 32 and 8 ms at any rate; (SIZE, HOP) at 16 kHz."""
    hop = round(0.008 * fs)
    return 4 * hop, hop


def n_frames(n_samples, size: int = SIZE, hop: int = HOP):
    """Frames that cover `n_samples`, a number or an array of numbers, and the window's tail."""
    return (n_samples + size - 1) // hop  # ceil((n_samples + size - hop) / hop)


def stft(x, size: int = SIZE, hop: int = HOP):
    """(..., N) real -> (..., F, T) complex, F = size // 2 + 1. NumPy arrays and torch tensors."""
    frames = n_frames(x.shape[-1], size, hop)
    before = size - hop
    after = (frames - 1) * hop + size - before - x.shape[-1]
    if isinstance(x, np.ndarray):
        padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(before, after)])
        framed = np.lib.stride_tricks.sliding_window_view(padded, size, axis=-1)[..., ::hop, :]
        return np.fft.rfft(framed * window(size).astype(x.dtype), axis=-1).swapaxes(-1, -2)
    import torch

    padded = torch.nn.functional.pad(x, (before, after))
    w = torch.as_tensor(window(size), dtype=x.dtype, device=x.device)
    return torch.fft.rfft(padded.unfold(-1, size, hop) * w, dim=-1).transpose(-1, -2)


def istft(X, n_samples: int, size: int = SIZE, hop: int = HOP):
    """(..., F, T) complex -> (..., n_samples) real: the signal whose STFT is nearest to X."""
    before = size - hop
    frames = X.shape[-1]
    total = (frames - 1) * hop + size
    w = window(size)
    norm = _overlap_add_numpy(np.broadcast_to(w**2, (frames, size)), hop, total)
    if isinstance(X, np.ndarray):
        framed = np.fft.irfft(X.swapaxes(-1, -2), size, axis=-1)
        y = _overlap_add_numpy(framed * w.astype(framed.dtype), hop, total)
        return y[..., before : before + n_samples] / norm[before : before + n_samples].astype(y.dtype)
    import torch

    framed = torch.fft.irfft(X.transpose(-1, -2), size, dim=-1)
    framed = framed * torch.as_tensor(w, dtype=framed.dtype, device=X.device)
    folded = torch.nn.functional.fold(
        framed.reshape(-1, frames, size).transpose(-1, -2), (1, total), (1, size), stride=(1, hop)
    )
    y = folded.reshape(*X.shape[:-2], total)[..., before : before + n_samples]
    return y / torch.as_tensor(norm[before : before + n_samples], dtype=y.dtype, device=y.device)


def _overlap_add_numpy(framed, hop, total):
    y = np.zeros((*framed.shape[:-2], total), framed.dtype)
    size = framed.shape[-1]
    for t in range(framed.shape[-2]):
        y[..., t * hop : t * hop + size] += framed[..., t, :]
    return y
