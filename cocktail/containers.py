"""What the header of a sound file says that it holds, and whether it is there.

Decoders take what they find: of half a file they make a shorter sound, without a word. WAV (RIFF, RIFX, RF64 and Sony's
W64), AIFF and AIFC, CAF, AU, SPHERE, and MP3 with a Xing or VBRI header say their length. Pages of Ogg say theirs, and
the last one is marked. FLAC says how many samples there are, which cocktail.audio compares with what it reads.
"""

import math
import os
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cocktail.errors import CocktailError

STREAMED = (range(0x7EFFFF00, 2**31), range(0xFFFFFF00, 2**32), range(2**62, 2**64))
"""Lengths in the header of a file that was written to a pipe: its samples go on to the end. Programs write the largest
number, signed or not, or one a little below it: whole samples of SoX's 0x7FFFF000 (WAV) and 0x7F000000 (AIFF)."""
IN_DS64 = 0xFFFFFFFF
"""Length of samples of RF64 that the chunk ds64 says."""
WAV_PLAIN = (1, 3, 6, 7, 0xFFFE)
"""Formats of WAV files whose blocks are samples: PCM, float, A-law, mu-law, extensible."""
AIFF_PLAIN = (b"none", b"twos", b"sowt", b"in24", b"in32", b"fl32", b"fl64")
"""Codings of AIFC whose samples have as many bytes as they say."""
AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""Encoding of an AU file -> bytes of a sample."""
IN_HEADER = "truncated, it ends in its header"
W64_GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""What follows the name of a chunk of W64."""


@dataclass(frozen=True)
class Promise:
    """Sound of `length` bytes from `start` on; `frame`: bytes of one sample of all channels, where these are equal."""

    start: int
    length: int
    frame: int | None = None


class Cut(Exception):
    """A file that would not be read whole; the message says why."""


def require_whole(path: Path) -> None:
    """Raise CocktailError where a sound file holds less than its header says; nothing where that says no length."""
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(12)
        find = next((find for start, find in FORMATS.items() if magic.startswith(start)), None)
        file.seek(0)
        try:
            promise = find and find(file)
        except Cut as error:
            raise CocktailError(f"{path}: {error}") from error
        except (struct.error, ValueError) as error:
            raise CocktailError(f"{path}: {IN_HEADER}") from error
        if promise is None or any(promise.length in lengths for lengths in STREAMED):
            return
        there = size - promise.start
        if promise.length > there:
            unit, what = (promise.frame, "samples") if promise.frame else (1, "bytes")
            read = f"{max(there, 0) // unit} of {promise.length // unit} {what}"
            raise CocktailError(f"{path}: truncated, {read} could be read")
        file.seek(promise.start)
        if promise.length == 0 and there and not file.read(4).isalnum():  # another chunk may follow
            raise CocktailError(
                f"{path}: its header says that it has no samples, but {there} bytes follow; if these are whole, "
                "convert it with a program that reads on to the end, such as ffmpeg"
            )


def _wav(file: BinaryIO) -> Promise | None:
    """RIFF, RIFX (big endian) and RF64 (64 bits)."""
    riff, _, kind = struct.unpack("<4sI4s", file.read(12))
    order = ">" if riff == b"RIFX" else "<"
    frame, long = None, None
    for name, length, start in _chunks(file, f"{order}4sI") if kind == b"WAVE" else ():
        if name == b"ds64":
            long = struct.unpack("<8xQ", file.read(16))[0]
        if name == b"fmt ":
            tag, align = struct.unpack(f"{order}H10xH", file.read(14))
            frame = align if tag in WAV_PLAIN else None
        if name == b"data":
            return Promise(start, length if long is None or length != IN_DS64 else long, frame)
    return None


def _w64(file: BinaryIO) -> Promise | None:
    file.seek(40)  # the outermost chunk and its type
    frame, size = None, os.fstat(file.fileno()).st_size
    while len(head := file.read(24)) == 24:
        name, guid, length = struct.unpack("<4s12sQ", head)
        start = file.tell()
        if name == b"fmt " and guid == W64_GUID:
            tag, align = struct.unpack("<H10xH", file.read(14))
            frame = align if tag in WAV_PLAIN else None
        if name == b"data" and guid == W64_GUID:
            return Promise(start, length - 24, frame)
        file.seek(min(start - 24 + max(length + -length % 8, 24), size))
    return None


def _aiff(file: BinaryIO) -> Promise | None:
    frame, plain = None, struct.unpack("8x4s", file.read(12))[0] == b"AIFF"
    for name, length, start in _chunks(file, ">4sI"):
        if name == b"COMM":
            channels, _, bits = struct.unpack(">HIH", file.read(8))
            coding = b"NONE" if plain else struct.unpack("10x4s", file.read(14))[0]
            frame = channels * math.ceil(bits / 8) if coding.lower() in AIFF_PLAIN else None
        if name == b"SSND":
            return Promise(start + 8, max(length - 8, 0), frame)
    return None


def _caf(file: BinaryIO) -> Promise | None:
    file.seek(8)
    frame = None
    for name, length, start in _chunks(file, ">4sq", even=False):
        if name == b"desc":
            n_bytes, n_frames = struct.unpack(">16xII", file.read(24))
            frame = n_bytes // n_frames if n_frames else None
        if name == b"data":
            return None if length < 0 else Promise(start + 4, length - 4, frame)
    return None


def _au(file: BinaryIO) -> Promise | None:
    order = ">" if file.read(4) == b".snd" else "<"
    start, length, encoding, _, channels = struct.unpack(f"{order}5I", file.read(20))
    return Promise(start, length, AU_BYTES.get(encoding, 0) * channels or None)


def _sphere(file: BinaryIO) -> Promise | None:
    """NIST SPHERE, whose header is text; samples that are compressed say no length in bytes."""
    file.readline()
    start = int(file.readline())
    file.seek(0)
    fields = dict(re.findall(rb"^(\w+) -\w+ (.+?)\s*$", file.read(start), re.MULTILINE))
    if b"sample_count" not in fields or b"," in fields.get(b"sample_coding", b""):
        return None
    frame = int(fields.get(b"channel_count", 1)) * int(fields.get(b"sample_n_bytes", 2))
    return Promise(start, int(fields[b"sample_count"]) * frame, frame)


def _ogg(file: BinaryIO) -> None:
    """Raises Cut where a page is not whole, none is marked as the last, or streams follow each other, of which decoders
    read the first. No header says the length of all."""
    start, first, last, size = 0, True, False, os.fstat(file.fileno()).st_size
    while len(head := file.read(27)) == 27 and head.startswith(b"OggS"):
        if head[5] & 2 and not first:
            raise Cut("several streams follow each other in it; make a file of each")
        first, last = bool(head[5] & 2), bool(head[5] & 4)
        table = file.read(head[26])
        length = 27 + head[26] + sum(table)
        if start + length > size:
            raise Cut("truncated, its last page is not whole")
        start += length
        file.seek(start)
    if not last or head.startswith(b"OggS"):
        raise Cut("truncated, no page is marked as its last one")


def _mp3(file: BinaryIO) -> Promise | None:
    """What a Xing or VBRI header in the first frame says; without one nothing is known."""
    start = 0
    if (head := file.read(10)).startswith(b"ID3"):
        start = 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(start)
    frame = file.read(200)
    if mark := re.search(rb"Xing|Info", frame):
        flags, at = struct.unpack_from(">I", frame, mark.end())[0], mark.end() + 4
        return Promise(start, struct.unpack_from(">I", frame, at + 4 * (flags & 1))[0]) if flags & 2 else None
    if mark := re.search(rb"VBRI", frame):
        return Promise(start, struct.unpack_from(">I", frame, mark.end() + 6)[0])
    return None


def _chunks(file: BinaryIO, head: str, *, even: bool = True) -> Iterator[tuple[bytes, int, int]]:
    """Name, length and start of each chunk from here on, the file at its start. `even`: lengths are filled up."""
    size = os.fstat(file.fileno()).st_size
    while read := file.read(struct.calcsize(head)):
        if len(read) < struct.calcsize(head):
            raise Cut(IN_HEADER)
        name, length = struct.unpack(head, read)
        start = file.tell()
        yield name, length, start
        file.seek(min(start + max(length, 0) + (length % 2 if even else 0), size))


FORMATS: dict[bytes, Callable[[BinaryIO], Promise | None]] = {
    **dict.fromkeys((b"RIFF", b"RIFX", b"RF64"), _wav),
    b"riff": _w64,
    b"FORM": _aiff,
    b"caff": _caf,
    **dict.fromkeys((b".snd", b"dns."), _au),
    b"NIST_1A": _sphere,
    b"OggS": _ogg,
    **dict.fromkeys((b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3", b"\xff\xe2"), _mp3),
}
"""What a file begins with -> where it says what it holds."""
