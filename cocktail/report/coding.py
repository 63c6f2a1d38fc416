"""Sounds and spectrograms as the bytes of files: the one coder of examples, for the page and for MLflow.

Sounds have 16 bits, or are Opus. Pictures are the STFT of cocktail.stft: time to the right, 0 Hz to fs / 2 upwards.
Those of a scene share one scale, from the loudest bin of the mixture (bright) to RANGE_DB below it (dark).
"""

import functools
import io
import math
from collections.abc import Iterable

import numpy as np

from cocktail import levels
from cocktail.stft import stft

RANGE_DB = 70.0
PEAK = 0.99
"""Largest sample of a file, of full scale."""
LOUDNESS_DB = -26.0
"""Active level of sounds whose loudness is matched, re full scale: that of listening tests (ITU-T P.800, P.56)."""


def numbered(name: str, signals: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """`name` for a single signal, `name 1`, `name 2` for several."""
    signals = list(signals)
    return {name if len(signals) == 1 else f"{name} {k}": x for k, x in enumerate(signals, 1)}


def matched(x: np.ndarray, fs: int) -> np.ndarray:
    """(N,) scaled so that its active level is LOUDNESS_DB; silence, and what is not finite, stays as it is."""
    if not np.isfinite(x).all() or not x.any():
        return x
    level = levels.power(x, levels.active(x, fs))
    return x * math.sqrt(10 ** (LOUDNESS_DB / 10) / level)


def encode(x: np.ndarray, fs: int, container: str, rate: int | None = None) -> bytes:
    """(N,) as the bytes of a file; scaled down where it would clip, silent where it is not finite.

    `container`: WAV, FLAC or, at `rate` kbit/s, OPUS.
    """
    import soundfile

    x = np.nan_to_num(x, posinf=0.0, neginf=0.0)
    x = x * min(1.0, PEAK / max(np.abs(x).max(initial=0.0), 1e-12))
    buffer = io.BytesIO()
    if container == "OPUS":
        # libsndfile's compression level 0 to 1 is 256 to 6 kbit/s.
        soundfile.write(buffer, x, fs, "OPUS", format="OGG", compression_level=(256 - rate) / 250)
    else:
        soundfile.write(buffer, x, fs, "PCM_16", format=container)
    return buffer.getvalue()


def loudest(x: np.ndarray) -> float:
    """Largest STFT magnitude of (N,)."""
    return float(np.abs(stft(x)).max())


def png(x: np.ndarray, bright: float) -> bytes:
    """(N,) as the bytes of a PNG picture in colours: one pixel per bin, the STFT magnitude `bright` is bright."""
    from PIL import Image

    # 64 shades, about 1 dB each: a quarter of the bytes, and no eye sees the difference.
    picture = Image.fromarray(_shades(_power(x), bright) & 0xFC).convert("P")
    picture.putpalette(_palette())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def webp(x: np.ndarray, bright: float, bins: int, frames: int) -> bytes:
    """(N,) as the bytes of a WebP picture in greys, at most `bins` high and `frames` wide; `bright` is white."""
    from PIL import Image

    power = _pooled(_pooled(_power(x)[1:], bins, axis=0), frames, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(_shades(power, bright)).save(buffer, format="WEBP", quality=35, method=2)
    return buffer.getvalue()


def _power(x):
    return np.abs(stft(np.nan_to_num(x.astype(np.float32), posinf=0.0, neginf=0.0))) ** 2


def _shades(power, bright):
    """(F, T) from dark, 0, to bright, 255, the lowest frequency last."""
    level_db = 10 * np.log10(np.maximum(power, 1e-20) / max(bright, 1e-10) ** 2)
    return np.clip((level_db / RANGE_DB + 1) * 255, 0, 255).astype(np.uint8)[::-1]


def _pooled(power, size, axis):
    """`power` averaged along an axis in groups of equal length, so that at most `size` are left."""
    length = power.shape[axis]
    group = math.ceil(length / size)
    starts = np.arange(0, length, group)
    counts = np.diff(np.append(starts, length))
    return np.add.reduceat(power, starts, axis=axis) / np.expand_dims(counts, 1 - axis)


@functools.cache
def _palette():
    from matplotlib import colormaps

    return (colormaps["magma"](np.arange(256))[:, :3] * 255).astype(np.uint8).tobytes()
