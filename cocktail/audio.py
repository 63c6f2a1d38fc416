"""Reading, writing, encoding and resampling of audio: always (D channels, N samples), float64, full scale +-1."""

import io
import struct
from pathlib import Path

import numpy as np

from cocktail.errors import CocktailError

MAX_FLAC_CHANNELS = 8
STREAMED = 0xFFFFFFFF
"""Length in the header of a WAV file that was written to a pipe: its samples go on to the end."""


def resample(x: np.ndarray, fs_in: float, fs_out: float) -> np.ndarray:
    """Resample (..., N) from `fs_in` to `fs_out` Hz with soxr, very high quality."""
    if fs_in == fs_out or x.shape[-1] == 0:
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
    _require_whole_wav(path)
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


def _require_whole_wav(path):
    """Raise CocktailError where a WAV file has fewer samples than its header says, unnoticed by its decoder."""
    size, align = path.stat().st_size, 1
    with path.open("rb") as file:
        riff, _, kind = struct.unpack("<4sI4s", file.read(12).ljust(12))
        while (riff, kind) == (b"RIFF", b"WAVE") and len(head := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", head)
            start = file.tell()
            if name == b"fmt ":
                align = struct.unpack("<12xH", file.read(14).ljust(14))[0] or 1
            if name == b"data" and length != STREAMED:
                there = size - start
                if length > there:
                    raise CocktailError(
                        f"{path}: truncated, {there // align} of {length // align} samples could be read"
                    )
                if length == 0 and there and not file.read(4).isalnum():
                    raise CocktailError(f"{path}: its header says that it has no samples, but {there} bytes follow")
                return
            file.seek(start + length + length % 2)


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
