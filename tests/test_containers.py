"""Half a file is never taken for a whole one, whatever it is packed in."""

import math

import numpy as np
import pytest
import soundfile

from cocktail import audio
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
