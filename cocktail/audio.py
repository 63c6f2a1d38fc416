"""Reading, writing, encoding and resampling of audio: always (D channels, N samples), float64, full scale +-1."""

import io
from pathlib import Path

import numpy as np

from cocktail.errors import CocktailError

MAX_FLAC_CHANNELS = 8


def resample(x: np.ndarray, fs_in: float, fs_out: float) -> np.ndarray:
    """Resample (..., N) from `fs_in` to `fs_out` Hz with soxr, very high quality."""
    if fs_in == fs_out:
        return x
    import soxr

    flat = x.reshape(-1, x.shape[-1])
    y = soxr.resample(np.ascontiguousarray(flat.T), fs_in, fs_out, quality="VHQ")
    return np.ascontiguousarray(y.reshape(-1, len(flat)).T).reshape(*x.shape[:-1], -1)


def read(path: str | Path, fs: int | None = None) -> tuple[np.ndarray, int]:
    """Read a WAV or FLAC file as (D, N) and its rate in Hz; with `fs`, resampled to it.

    Raises CocktailError where the file is missing, truncated or not audio.
    """
    path = Path(path)
    if not path.is_file():
        raise CocktailError(f"{path}: no such audio file")
    x, fs_in = _decode(path, str(path))
    return (x, fs_in) if fs is None else (resample(x, fs_in, fs), fs)


def write(path: str | Path, x: np.ndarray, fs: int) -> None:
    """Write (D, N) or (N,) as 24-bit FLAC or, for any other suffix, 32-bit float WAV."""
    flac = Path(path).suffix.lower() == ".flac"
    Path(path).write_bytes(_encode(np.atleast_2d(x), fs, flac, "PCM_24"))


def encode(x: np.ndarray, fs: int, subtype: str = "PCM_24") -> bytes:
    """(D, N) or (N,) as the bytes of a FLAC file.

    A signal that FLAC cannot hold (past 8 channels, at or over full scale, or not finite) becomes a 32-bit float WAV.
    """
    x = np.atleast_2d(x)
    fits = len(x) <= MAX_FLAC_CHANNELS and x.size > 0 and np.abs(x).max() < 1.0
    return _encode(x, fs, fits, subtype)


def decode(data: bytes, name: str = "encoded audio") -> tuple[np.ndarray, int]:
    """The inverse of `encode`: (D, N) and the rate in Hz. Raises CocktailError where the bytes are not audio."""
    return _decode(io.BytesIO(data), name)


def _encode(x, fs, flac, subtype):
    import soundfile

    buffer = io.BytesIO()
    if flac:
        soundfile.write(buffer, x.T, fs, format="FLAC", subtype=subtype)
    else:
        soundfile.write(buffer, x.T, fs, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def _decode(source, name):
    import soundfile

    try:
        with soundfile.SoundFile(source) as file:
            x = file.read(dtype="float64", always_2d=True)
            fs, expected = file.samplerate, file.frames
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise CocktailError(f"{name}: cannot be decoded as audio ({error})") from error
    if len(x) != expected:
        raise CocktailError(f"{name}: truncated, {len(x)} of {expected} samples could be read")
    return np.ascontiguousarray(x.T), fs
