"""Half a file is never taken for a whole one, whatever it is packed in."""

import math
import struct

import numpy as np
import pytest
import soundfile

from cocktail import audio
from cocktail.containers import require_whole
from cocktail.errors import CocktailError

FS = 16000
N_SAMPLES = 4000
SAMPLES = {
    ("WAV", "PCM_16"), ("WAV", "ULAW"), ("WAVEX", "PCM_24"), ("RF64", "FLOAT"), ("W64", "PCM_16"), ("AIFF", "PCM_24"),
    ("AIFF", "FLOAT"), ("CAF", "PCM_16"), ("AU", "PCM_16"), ("NIST", "PCM_16"),
}  # fmt: skip
"""Containers of plain samples, of which it is said how many are there."""
BYTES = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4, "ULAW": 1}
OTHERS = {
    ("WAV", "IMA_ADPCM"): "bytes could be read", ("AIFF", "ULAW"): "bytes could be read",
    ("CAF", "ALAC_16"): "bytes could be read", ("MP3", "MPEG_LAYER_III"): "bytes could be read",
    ("OGG", "VORBIS"): "truncated, (its last page is not whole|no page is marked)",
    ("FLAC", "PCM_16"): "truncated|cannot be decoded",
}  # fmt: skip


def written(folder, container, coding):
    path = folder / f"{container}-{coding}"
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (N_SAMPLES, 2))
    soundfile.write(path, x, FS, format=container, subtype=coding)
    return path


@pytest.mark.parametrize("share", [0.6, 0.99])
@pytest.mark.parametrize(("container", "coding"), sorted(SAMPLES))
def test_what_is_there_of_what_was_promised_is_said(container, coding, share, tmp_path):
    path = written(tmp_path, container, coding)
    x, fs = audio.read(path)
    assert (x.shape, fs) == ((2, N_SAMPLES), FS)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    lost = len(data) - int(share * len(data))  # samples are the last that a file holds, but for a byte or two
    there = N_SAMPLES - math.ceil(lost / (2 * BYTES[coding]))
    with pytest.raises(CocktailError, match=rf"truncated, {there} of {N_SAMPLES} samples could be read"):
        audio.read(path)


@pytest.mark.parametrize("share", [0.6, 0.99])
@pytest.mark.parametrize(("container", "coding"), sorted(OTHERS))
def test_compressed_files_are_refused_as_well(container, coding, share, tmp_path):
    path = written(tmp_path, container, coding)
    assert audio.read(path)[0].shape[1] >= N_SAMPLES
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(CocktailError, match=OTHERS[container, coding]):
        audio.read(path)


def test_an_ogg_file_without_its_last_page_is_not_whole(tmp_path):
    path = written(tmp_path, "OGG", "VORBIS")
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"OggS")])
    with pytest.raises(CocktailError, match="truncated, no page is marked as its last one"):
        audio.read(path)


@pytest.mark.parametrize("container", ["WAV", "RF64", "AIFF", "CAF"])
def test_a_file_that_ends_in_its_header_is_no_empty_sound(container, tmp_path):
    path = written(tmp_path, container, "PCM_16")
    data = path.read_bytes()
    end = data.index(b"SSND" if container == "AIFF" else b"data") + 8
    for length in [*range(5, min(end, 120)), end - 5, end - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(CocktailError):
            audio.read(path)


def test_samples_after_other_chunks_and_before_them_are_whole(tmp_path):
    path = written(tmp_path, "WAV", "PCM_16")
    data = path.read_bytes()
    start = data.index(b"data")
    path.write_bytes(data[:start] + b"LIST\x03\x00\x00\x00abc\x00" + data[start:] + b"id3 \x02\x00\x00\x00ab")
    assert audio.read(path)[0].shape == (2, N_SAMPLES)


def test_a_flac_file_that_says_no_length_is_refused(tmp_path):
    path = written(tmp_path, "FLAC", "PCM_16")
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the last 36 bits before the checksum of STREAMINFO
    data[22:26] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(CocktailError, match="does not say how long it is"):
        audio.read(path)


def test_formats_of_which_nobody_knows_whether_they_are_whole_are_not_read(tmp_path):
    with pytest.raises(CocktailError, match="files of the format AVR are not read; convert it to WAV or FLAC"):
        audio.read(written(tmp_path, "AVR", "PCM_16"))


@pytest.mark.parametrize(
    ("container", "mark", "form", "length"),
    [
        ("WAV", b"data", "<I", 0x7FFFF000),  # SoX, eSpeak
        ("WAV", b"data", "<I", 0x7FFFF000 // 3 * 3),  # SoX, 24 bits
        ("WAV", b"data", "<I", 0x7FFFFF00),  # arecord
        ("WAV", b"data", "<I", 0x7FFFFFFF),  # LAME, opusdec
        ("WAV", b"data", "<I", 0xFFFFFFFF),  # FFmpeg
        ("AIFF", b"SSND", ">I", 0x7F000008),  # SoX
        ("W64", b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a", "<Q", 2**63 - 1),  # FFmpeg
    ],
)
def test_what_was_written_to_a_pipe_goes_on_to_its_end(container, mark, form, length, tmp_path):
    path = written(tmp_path, container, "PCM_16")
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, data.index(mark) + len(mark), length)
    path.write_bytes(data)
    assert audio.read(path)[0].shape == (2, N_SAMPLES)


@pytest.mark.parametrize(
    ("container", "mark", "chunk"),
    [
        ("W64", b"data\xf3", b"junk\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a" + struct.pack("<Q", 2**64 - 8)),
        ("CAF", b"data", b"free" + struct.pack(">q", 2**63 - 1)),
    ],
)  # fmt: skip
def test_a_chunk_longer_than_any_file_ends_the_search(container, mark, chunk, tmp_path):
    path = written(tmp_path, container, "PCM_16")
    data = path.read_bytes()
    start = data.index(mark)
    path.write_bytes(data[:start] + chunk + data[start:])
    require_whole(path)


def test_streams_of_ogg_in_a_row_are_not_read_as_the_first_of_them(tmp_path):
    path = written(tmp_path, "OGG", "VORBIS")
    path.write_bytes(2 * path.read_bytes())
    with pytest.raises(CocktailError, match="OGG-VORBIS: several streams follow each other in it; make a file of each"):
        audio.read(path)


@pytest.mark.parametrize(("container", "coding"), [("WAV", "GSM610"), ("AU", "G721_32")])
def test_what_nobody_can_seek_in_is_read(container, coding, tmp_path):
    x = 0.3 * np.sin(np.arange(4800) / 20)
    soundfile.write(tmp_path / "x", x, FS, format=container, subtype=coding)
    found = audio.read(tmp_path / "x")[0][0]
    assert np.corrcoef(found[:4800], x)[0, 1] > 0.95
