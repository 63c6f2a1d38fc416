"""Sounds and pictures of the page: files named by what they hold, so that a sound that many cells share is there once.

`sounds/<digest>.flac` or `.opus` is microphone 1 at the level it has in the scene, scaled down where it would clip, and
`sounds/<digest>.webp` its spectrogram in shades of grey; the page colours it, and the difference of two, on the spot.

Both together stay below BUDGET_MB. Sounds are lossless where they fit; otherwise they are Opus, at the highest of RATES
that does.
"""

import hashlib
import io
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.report.examples import PEAK, RANGE_DB
from cocktail.stft import stft

BUDGET_MB = 44.0
"""For sounds and pictures; plots, tables and scenes' scores have the rest of 60 MB."""
RATES = (64, 48, 32, 24, 16, 12)
"""Of Opus, kbit/s."""
LOSSLESS_KBPS = 140.0
"""What FLAC takes for 16-bit speech in noise at 16 kHz, about; proportional to the sampling rate."""
OVERHEAD_KB = 4.5
"""Of a sound: its picture, the container's headers, and the file system's rounding."""
MAX_SECONDS = 8.0
"""Longer sounds are cut."""
BINS, FRAMES = 128, 240
"""Largest size of a picture."""


@dataclass
class Sounds:
    """Writes sounds and pictures into `folder`/sounds; what was there already is not made again."""

    folder: Path
    rate: int | None
    """kbit/s of Opus, None for FLAC."""
    used: set[str] = field(default_factory=set)
    """File names that the page refers to."""

    def add(self, x: np.ndarray, fs: int, bright: float) -> str:
        """Stem of the files of (N,); `bright`: the STFT magnitude that is white in the picture."""
        x = np.ascontiguousarray(x[: int(MAX_SECONDS * fs)], np.float32)
        settings = f"{fs} {self.rate} {bright:.6g} {BINS} {FRAMES}"
        stem = hashlib.blake2b(x.tobytes() + settings.encode(), digest_size=10).hexdigest()
        self._write(f"{stem}.{self.suffix}", lambda: encode(x, fs, self.rate))
        self._write(f"{stem}.webp", lambda: picture(x, bright))
        return stem

    @property
    def suffix(self) -> str:
        return "flac" if self.rate is None else "opus"

    def sweep(self) -> None:
        """Delete what an earlier page used and this one does not."""
        for path in (self.folder / "sounds").glob("*"):
            if path.name not in self.used:
                path.unlink()

    def _write(self, name, make):
        path = self.folder / "sounds" / name
        if name not in self.used and not path.is_file():
            with tables.replacing(path) as temporary:
                temporary.write_bytes(make())
        self.used.add(name)


def choose_rate(n_sounds: int, seconds: float, fs: int) -> int | None:
    """kbit/s of Opus at which so many sounds of so many seconds in all fit into BUDGET_MB; None where FLAC does."""
    room = BUDGET_MB * 1e6 - n_sounds * OVERHEAD_KB * 1e3
    if seconds * LOSSLESS_KBPS * 125 * fs / 16000 <= room:
        return None
    return next((rate for rate in RATES if seconds * rate * 125 <= room), RATES[-1])


def encode(x: np.ndarray, fs: int, rate: int | None) -> bytes:
    """(N,) as the bytes of a 16-bit FLAC file, or of an Opus file at `rate` kbit/s. What is not finite is silence."""
    import soundfile

    x = np.nan_to_num(x, posinf=0.0, neginf=0.0)
    x = x * min(1.0, PEAK / max(np.abs(x).max(initial=0.0), 1e-12))
    buffer = io.BytesIO()
    if rate is None:
        soundfile.write(buffer, x, fs, "PCM_16", format="FLAC")
    else:
        # libsndfile's compression level 0 to 1 is 256 to 6 kbit/s.
        soundfile.write(buffer, x, fs, "OPUS", format="OGG", compression_level=(256 - rate) / 250)
    return buffer.getvalue()


def picture(x: np.ndarray, bright: float) -> bytes:
    """(N,) as the bytes of a WebP picture of its spectrogram: `bright` and above is white, RANGE_DB below it black."""
    from PIL import Image

    power = np.abs(stft(np.nan_to_num(x, posinf=0.0, neginf=0.0))) ** 2
    power = _pooled(_pooled(power[1:], BINS, axis=0), FRAMES, axis=1)
    level_db = 10 * np.log10(np.maximum(power, 1e-20) / max(bright, 1e-10) ** 2)
    shade = np.clip((level_db / RANGE_DB + 1) * 255, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(shade[::-1]).save(buffer, format="WEBP", quality=35, method=2)
    return buffer.getvalue()


def _pooled(power, size, axis):
    """`power` averaged along an axis in groups of equal length, so that at most `size` are left."""
    length = power.shape[axis]
    group = math.ceil(length / size)
    starts = np.arange(0, length, group)
    counts = np.diff(np.append(starts, length))
    return np.add.reduceat(power, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
