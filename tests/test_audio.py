import numpy as np
import pytest
import soundfile

from cocktail import audio
from cocktail.errors import CocktailError


def noise(channels=2, n=1600, peak=0.9):
    return np.random.default_rng(0).uniform(-peak, peak, (channels, n))


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_flac_round_trip_to_24_bits(channels):
    data = audio.encode(noise(channels), 16000)
    assert data[:4] == b"fLaC"
    x, fs = audio.decode(data)
    assert fs == 16000
    np.testing.assert_allclose(x, noise(channels), atol=2**-23)


@pytest.mark.parametrize("x", [noise(9), noise(1, peak=3.0), np.array([[0.0, np.nan]])], ids=["9ch", "loud", "nan"])
def test_what_flac_cannot_hold_becomes_float_wav(x):
    data = audio.encode(x, 16000)
    assert data[:4] == b"RIFF"
    np.testing.assert_allclose(audio.decode(data)[0], x, rtol=1e-7)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_read_resamples(tmp_path, suffix):
    t = np.arange(44100) / 44100
    audio.write(tmp_path / f"tone.{suffix}", 0.5 * np.sin(2 * np.pi * 440 * t), 44100)
    x, fs = audio.read(tmp_path / f"tone.{suffix}", fs=16000)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    assert fs == 16000 and x.shape == (1, 16000)
    np.testing.assert_allclose(x[0, 500:-500], expected[500:-500], atol=1e-4)


def test_nothing_resampled_is_nothing():
    assert audio.resample(np.zeros((2, 0)), 8000, 16000).shape == (2, 0)


def test_a_wav_file_without_the_samples_that_its_header_names_is_truncated(tmp_path):
    path = tmp_path / "cut.wav"
    soundfile.write(path, noise(2, 1600).T, 16000, subtype="PCM_24")
    data = path.read_bytes()
    start = data.index(b"data") + 8
    path.write_bytes(data[: start + 6 * 1000])
    with pytest.raises(CocktailError, match=r"cut\.wav: truncated, 1000 of 1600 samples"):
        audio.read(path)
    path.write_bytes(data[: start - 4] + bytes(4) + data[start:])  # as of a recorder that lost its power
    with pytest.raises(CocktailError, match=r"cut\.wav: its header says that it has no samples, but 9600 bytes follow"):
        audio.read(path)
    path.write_bytes(data[: start - 4] + b"\xff" * 4 + data[start:])  # as written to a pipe
    assert audio.read(path)[0].shape == (2, 1600)


def test_missing_broken_and_truncated_files_are_named(tmp_path):
    with pytest.raises(CocktailError, match=r"gone\.wav: no such audio file"):
        audio.read(tmp_path / "gone.wav")
    (tmp_path / "text.wav").write_text("this is no audio")
    with pytest.raises(CocktailError, match=r"text\.wav: cannot be decoded as audio \(Format not recognised"):
        audio.read(tmp_path / "text.wav")
    data = audio.encode(noise(1, 160000), 16000)
    (tmp_path / "cut.flac").write_bytes(data[: len(data) // 2])
    with pytest.raises(CocktailError, match=r"cut\.flac: (truncated|cannot be decoded)"):
        audio.read(tmp_path / "cut.flac")
