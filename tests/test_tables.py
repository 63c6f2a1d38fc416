import numpy as np
import pytest

from cocktail import tables
from cocktail.errors import CocktailError


def test_rows_round_trip_with_audio(tmp_path):
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 800))
    row = {"scene": "a", "fs": 16000, "mixture": tables.pack(x, 16000, "a_mixture"), "array": [[0.0, 0.1, 0.2]]}
    tables.write_rows(tmp_path / "deep" / "s.parquet", [row], tables.MIXTURES)
    (back,) = tables.read_rows(tmp_path / "deep" / "s.parquet")
    assert back["scene"] == "a" and back["split"] is None and back["mixture"]["path"] == "a_mixture.flac"
    np.testing.assert_allclose(tables.unpack(back["mixture"]), x, atol=2**-23)


def test_a_write_that_fails_leaves_nothing_and_keeps_the_old(tmp_path):
    path = tmp_path / "s.parquet"
    tables.write_rows(path, [{"scene": "old"}], tables.MIXTURES)
    with pytest.raises(CocktailError, match=r"s\.parquet: could not be written: No space left"), tables.replacing(path):
        raise OSError(28, "No space left on device")
    assert tables.read_rows(path, ["scene"]) == [{"scene": "old"}]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_or_written_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for path in (tmp_path / "file" / "s.parquet", tmp_path / "file" / "deep" / "s.parquet"):
        with pytest.raises(CocktailError, match=r"s\.parquet: could not be written: (Not a directory|File exists)"):
            tables.write_rows(path, [{"scene": "a"}], tables.MIXTURES)


def test_missing_and_broken_files_are_named(tmp_path):
    with pytest.raises(CocktailError, match=r"none\.parquet: no such file"):
        tables.read_rows(tmp_path / "none.parquet")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(CocktailError, match=r"cut\.parquet: not a whole Parquet file"):
        tables.read_rows(tmp_path / "cut.parquet")


def test_audio_by_path_is_read_from_disk(tmp_path):
    from cocktail import audio

    audio.write(tmp_path / "x.wav", np.full((1, 100), 0.25), 16000)
    np.testing.assert_allclose(tables.unpack({"bytes": None, "path": str(tmp_path / "x.wav")}), 0.25)
