"""The log power in bands that spoofing detectors see, of tensors and with gradients: cocktail.dsp.cepstra.log_bands."""

import torch
from torch.nn.functional import pad

from cocktail.dsp import cepstra


def log_bands(x: torch.Tensor, fs: int, n_bands: int) -> torch.Tensor:
    """Sounds (B, N) without silence at their ends -> (B, n_bands, T)."""
    x, size = at_unit_power(x), round(cepstra.WINDOW_S * fs)
    emphasised = torch.cat([x[:, :1], x[:, 1:] - cepstra.PRE_EMPHASIS * x[:, :-1]], dim=-1)
    framed = pad(emphasised, (0, max(size - x.shape[-1], 0))).unfold(-1, size, size // 2)
    window = torch.hamming_window(size, periodic=False, dtype=x.dtype, device=x.device)
    power = torch.fft.rfft(framed * window, 1 << (size - 1).bit_length()).abs().square() / size
    filters = torch.as_tensor(cepstra.filters(n_bands, power.shape[-1]), dtype=x.dtype, device=x.device)
    return (filters @ power.mT + cepstra.FLOOR).log()


def at_unit_power(x: torch.Tensor) -> torch.Tensor:
    """Sounds (B, N), each at power 1."""
    return x / x.square().mean(-1, keepdim=True).clamp_min(cepstra.LOWEST).sqrt()
