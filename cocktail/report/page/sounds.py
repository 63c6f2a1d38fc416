"""Sounds and pictures of the page: files named by what they hold, so that a sound that many cells share is there once.

`sounds/<digest>.flac` or `.opus` is microphone 1, its loudness matched (coding.LOUDNESS_DB), and `sounds/<digest>.webp`
its spectrogram at the level it has in the scene, in shades of grey; the page colours it, and the difference of two, on
the spot.

Both together stay below BUDGET_MB. Sounds are lossless where they fit; otherwise they are Opus, at the highest of RATES
that does. Before that, the least of a cell's examples goes without sound; where the rate would be below GOOD_RATE,
others do, the entries' own before those that all share (cells.Example.place).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.report.coding import LOUDNESS_DB, encode, matched, webp

BUDGET_MB = 44.0
"""For sounds and pictures; plots, tables and scenes' scores have the rest of 60 MB."""
RATES = (64, 48, 32, 24, 16, 12)
"""Of Opus, kbit/s."""
PLACES = 6
"""Examples of a cell."""
GOOD_RATE = 24
"""kbit/s below which fewer sounds are better than worse ones."""
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
    places: int = PLACES
    """Examples of a cell that have sound, by Example.place."""
    used: set[str] = field(default_factory=set)
    """File names that the page refers to."""

    def add(self, x: np.ndarray, fs: int, bright: float) -> str:
        """Stem of the files of (N,); `bright`: the STFT magnitude that is white in the picture."""
        x = np.ascontiguousarray(x[: int(MAX_SECONDS * fs)], np.float32)
        settings = f"{fs} {self.rate} {LOUDNESS_DB} {bright:.6g} {BINS} {FRAMES}"
        stem = hashlib.blake2b(x.tobytes() + settings.encode(), digest_size=10).hexdigest()
        self._write(f"{stem}.{self.suffix}", lambda: encode(matched(x, fs), fs, self.container, self.rate))
        self._write(f"{stem}.webp", lambda: webp(x, bright, BINS, FRAMES))
        return stem

    @property
    def suffix(self) -> str:
        return "flac" if self.rate is None else "opus"

    @property
    def container(self) -> str:
        return "FLAC" if self.rate is None else "OPUS"

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


def choose(loads: Sequence[tuple[int, float]], fs: int) -> tuple[int, int | None]:
    """How many of the examples' places have sound, and at which rate (`choose_rate`).

    `loads`: of 1, 2 ... places, how many sounds of how many seconds in all they are.
    """
    rates = [choose_rate(number, seconds, fs) for number, seconds in loads]
    lossless = [places for places in (PLACES, PLACES - 1) if rates[places - 1] is None]
    good = [places for places, rate in enumerate(rates, 1) if rate is None or rate >= GOOD_RATE]
    places = max(lossless or good, default=1)
    return places, rates[places - 1]


def choose_rate(n_sounds: int, seconds: float, fs: int) -> int | None:
    """kbit/s of Opus at which so many sounds of so many seconds in all fit into BUDGET_MB; None where FLAC does."""
    room = BUDGET_MB * 1e6 - n_sounds * OVERHEAD_KB * 1e3
    if seconds * LOSSLESS_KBPS * 125 * fs / 16000 <= room:
        return None
    return next((rate for rate in RATES if seconds * rate * 125 <= room), RATES[-1])
