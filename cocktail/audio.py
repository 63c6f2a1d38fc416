"""Reading, writing, encoding and resampling of audio: always (D channels, N samples), float64, full scale +-1.

Files may be longer than memory: `Reader` and `Writer` go block by block, and so does `resample_blocks`.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from cocktail.containers import require_whole
from cocktail.errors import CocktailError

MAX_FLAC_CHANNELS = 8
SUFFIXES = (".wav", ".flac")
"""Of the files that are written, and of those that are looked for in folders."""
READ = ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "NIST", "FLAC", "OGG", "MP3")
"""Formats (libsndfile) of files that are read: those of which it is known whether they are whole."""
UNKNOWN = 2**63 - 1
"""Samples of a FLAC file that was written to a pipe."""
MAX_WAV_BYTES = 4e9
"""Beyond, the header of a WAV file cannot say how long it is; RF64 can."""


def resample(x: np.ndarray, fs_in: float, fs_out: float) -> np.ndarray:
    """Resample (..., N) from `fs_in` to `fs_out` Hz with soxr, very high quality."""
    if fs_in == fs_out or x.shape[-1] == 0:
        return x
    import soxr

    flat = x.reshape(-1, x.shape[-1])
    y = soxr.resample(np.ascontiguousarray(flat.T), fs_in, fs_out, quality="VHQ")
    return np.ascontiguousarray(y.reshape(-1, len(flat)).T).reshape(*x.shape[:-1], -1)


def resample_blocks(blocks: Iterable[np.ndarray], fs_in: float, fs_out: float) -> Iterator[np.ndarray]:
    """`resample` of a signal that comes in blocks (D, n), in blocks."""
    if fs_in == fs_out:
        yield from blocks
        return
    import soxr

    stream = None
    for block in blocks:
        stream = stream or soxr.ResampleStream(fs_in, fs_out, len(block), dtype="float64", quality="VHQ")
        yield stream.resample_chunk(np.ascontiguousarray(block.T)).T
    if stream:
        yield stream.resample_chunk(np.zeros((0, len(block))), last=True).T


def read(path: str | Path, fs: int | None = None) -> tuple[np.ndarray, int]:
    """Read a file of a format in READ as (D, N) and its rate in Hz; with `fs`, resampled to it.

    Raises CocktailError where the file is missing, truncated or not audio.
    """
    with Reader(path) as file:
        x, fs_in = file.whole(), file.fs
    return (x, fs_in) if fs is None else (resample(x, fs_in, fs), fs)


class Reader:
    """An open file of a format in READ. Raises CocktailError where it is missing, truncated or not audio."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if not self.path.is_file():
            raise CocktailError(f"{self.path}: no such audio file")
        require_whole(self.path)
        self._file = _opened(os.fsencode(self.path), str(self.path))
        self.fs: int = self._file.samplerate
        """Hz."""
        self.channels: int = self._file.channels
        self.n_samples: int = self._file.frames

    def blocks(self, length: int) -> Iterator[np.ndarray]:
        """(D, n) of at most `length` samples each, from here to the end."""
        n_read = 0
        while len(x := _read(self._file, length, str(self.path))):
            n_read += len(x)
            yield np.ascontiguousarray(x.T)
        _require_all(n_read, self.n_samples, str(self.path))

    def whole(self) -> np.ndarray:
        """(D, N) from here to the end."""
        x = _read(self._file, self.n_samples, str(self.path))
        _require_all(len(x), self.n_samples, str(self.path))
        return np.ascontiguousarray(x.T)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


class Writer:
    """A file that is being written; see `writing`."""

    def __init__(self, file, path: Path):
        self._file, self._path = file, path
        self.clipped = 0
        """Samples that reached full scale, where the format clips them."""
        self.peak = 0.0

    def write(self, x: np.ndarray) -> None:
        """Append (D, n) or (n,). Raises CocktailError where that fails, as on a full disk."""
        import soundfile

        x = np.atleast_2d(x)
        self.peak = max(self.peak, float(np.abs(x).max(initial=0)))
        if self._file.format == "FLAC":
            self.clipped += int(np.count_nonzero(np.abs(x) >= 1))
        try:
            self._file.write(np.ascontiguousarray(x.T))
        except (soundfile.LibsndfileError, AssertionError) as error:  # fewer samples were written than there are
            raise CocktailError(f"{self._path}: could not be written ({error or 'is the disk full?'})") from error


@contextlib.contextmanager
def writing(path: str | Path, fs: int, *, channels: int = 1, n_samples: int = 0) -> Iterator[Writer]:
    """A new file at `path`, 24-bit FLAC or 32-bit float WAV by its suffix, that appears when the block has ended well.

    `n_samples`: about how many will come. Raises CocktailError for another suffix and for what the format cannot hold,
    OSError where the folder cannot be written to.
    """
    import soundfile

    path = Path(path)
    require_suffix(path)
    form = {"format": "FLAC", "subtype": "PCM_24"}
    if path.suffix.lower() == ".wav":
        form = {"format": "RF64" if 4 * channels * n_samples > MAX_WAV_BYTES else "WAV", "subtype": "FLOAT"}
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    temporary = Path(name)
    os.close(handle)
    try:
        try:
            file = soundfile.SoundFile(os.fsencode(temporary), "w", samplerate=fs, channels=channels, **form)
        except soundfile.LibsndfileError as error:
            what = f"{form['format']} with {channels} channels at {fs} Hz"
            raise CocktailError(f"{path}: cannot be written as {what} ({error})") from error
        with file:
            yield Writer(file, path)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def require_suffix(path: Path) -> None:
    """Raise CocktailError where a file of this name would not be what it says."""
    if path.suffix.lower() not in SUFFIXES:
        raise CocktailError(f"{path}: files are written as {' or '.join(SUFFIXES)}; end the name in one of these")


def sounds_in(folder: Path) -> set[str]:
    """Names, relative to it, of the files under a folder that end in one of SUFFIXES."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES}


def write(path: str | Path, x: np.ndarray, fs: int) -> None:
    """Write (D, N) or (N,) as 24-bit FLAC or 32-bit float WAV, by the suffix. Raises as `writing`."""
    x = np.atleast_2d(x)
    with writing(path, fs, channels=len(x), n_samples=x.shape[-1]) as file:
        file.write(x)


def encode(x: np.ndarray, fs: int, subtype: str = "PCM_24") -> bytes:
    """(D, N) or (N,) as the bytes of a FLAC file.

    A signal that FLAC cannot hold (past 8 channels, at or over full scale, or not finite) becomes a 32-bit float WAV.
    """
    import soundfile

    x = np.atleast_2d(x)
    buffer = io.BytesIO()
    if len(x) <= MAX_FLAC_CHANNELS and x.size > 0 and np.abs(x).max() < 1.0:
        soundfile.write(buffer, x.T, fs, format="FLAC", subtype=subtype)
    else:
        soundfile.write(buffer, x.T, fs, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def decode(data: bytes, name: str = "encoded audio") -> tuple[np.ndarray, int]:
    """The inverse of `encode`: (D, N) and the rate in Hz. Raises CocktailError where the bytes are not audio."""
    with _opened(io.BytesIO(data), name) as file:
        x = _read(file, -1, name)
        _require_all(len(x), file.frames, name)
        return np.ascontiguousarray(x.T), file.samplerate


def _opened(source, name):
    import soundfile

    try:
        file = soundfile.SoundFile(source)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = getattr(error, "error_string", error)  # without the name, which stands before
        raise CocktailError(f"{name}: cannot be decoded as audio ({reason})") from error
    if file.format not in READ:
        raise CocktailError(f"{name}: files of the format {file.format} are not read; convert it to WAV or FLAC")
    if file.frames == UNKNOWN:
        raise CocktailError(
            f"{name}: its header does not say how long it is, so nobody knows if it is whole; encode it again"
        )
    return file


def _read(file, length, name):
    """(n, D) of the next samples, `length` at most; -1 for all."""
    import soundfile

    try:
        return file.read(length, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise CocktailError(f"{name}: cannot be decoded as audio ({error})") from error


def _require_all(n_read, n_samples, name):
    if n_read != n_samples:
        raise CocktailError(f"{name}: truncated, {n_read} of {n_samples} samples could be read")
