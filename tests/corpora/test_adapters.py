"""Building a corpus table, opening it, and the sentences of GRID."""

import jsonschema
import numpy as np
import pytest

from cocktail import tables
from cocktail.corpora import adapters, folder, grid, synthetic
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError

FS = 16000


@pytest.fixture(scope="module")
def noise_table(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpora") / "noise.parquet"
    part = {"adapter": "synthetic", "kinds": ["white", "hum"], "recordings": {"train": 2}, "seconds": 1}
    adapters.build([part], "noise", path, seed=3, fs=FS)
    return path


def speech_row(name, speaker, split, x, fs=FS):
    return {"utterance": name, "speaker": speaker, "split": split, "fs": fs, "n_samples": len(x),
            "audio": tables.pack(x, fs, name, "PCM_16")}  # fmt: skip


class TestGrid:
    def test_there_are_64_000_different_sentences(self):
        assert grid.N_SENTENCES == 64_000
        assert len({grid.sentence(i) for i in range(grid.N_SENTENCES)}) == grid.N_SENTENCES

    def test_a_sentence_has_one_word_of_each_slot(self):
        for index in (0, 12_345, grid.N_SENTENCES - 1):
            words = grid.sentence(index).split()
            assert all(word in slot for word, slot in zip(words, grid.SLOTS.values(), strict=True))

    def test_shares_of_the_splits(self):
        splits = [grid.split_of(grid.sentence(i)) for i in range(0, grid.N_SENTENCES, 4)]
        for split, share in grid.SPLITS.items():
            assert splits.count(split) / len(splits) == pytest.approx(share, abs=0.02)

    @pytest.mark.parametrize("split", grid.SPLITS)
    def test_draw_stays_in_its_split(self, split):
        generator = np.random.default_rng(0)
        assert {grid.split_of(grid.draw(generator, split)) for _ in range(50)} == {split}


class TestLibrary:
    def test_rows_describe_without_audio_in_the_order_of_the_file(self, noise_table):
        library = Library(noise_table)
        assert [row["recording"] for row in library.rows] == tables.read_table(noise_table)["recording"].to_pylist()
        assert all("audio" not in row for row in library.rows)
        assert len(library) == len(library.rows) == 12  # 2 kinds x (2 train, 1 valid, 3 test)

    def test_select(self, noise_table):
        library = Library(noise_table)
        assert {row["recording"] for row in library.select(split="train", kind="hum")} == {
            "hum-train-00",
            "hum-train-01",
        }
        assert library.select(kind=["hum", "white"]) == library.rows
        assert library.select(split="train", kind="rain") == []
        with pytest.raises(CocktailError, match="no column 'colour'"):
            library.select(colour="red")

    def test_samples_are_decoded_resampled_cached_and_read_only(self, tmp_path):
        t = np.arange(FS) / FS
        stereo = np.stack([0.5 * np.sin(2 * np.pi * 440 * t), 0.1 * np.cos(2 * np.pi * 3000 * t)])
        row = speech_row("a", "s", "train", stereo[0]) | {"audio": tables.pack(stereo, FS, "a")}
        tables.write_rows(tmp_path / "t.parquet", [row], tables.SPEECH)
        library = Library(tmp_path / "t.parquet")
        np.testing.assert_allclose(library.samples("a", FS), stereo[0], atol=1e-6)
        half = library.samples("a", 8000)
        np.testing.assert_allclose(half[500:-500], 0.5 * np.sin(2 * np.pi * 440 * t[::2])[500:-500], atol=1e-3)
        assert library.samples("a", 8000) is half
        with pytest.raises(ValueError, match="read-only"):
            half[0] = 1.0

    def test_full_cache_forgets_the_oldest(self, noise_table, monkeypatch):
        monkeypatch.setattr("cocktail.corpora.library.CACHE", 2)
        library = Library(noise_table)
        first = library.samples("hum-train-00", FS)
        for name in ("hum-train-01", "hum-test-00"):
            library.samples(name, FS)
        again = library.samples("hum-train-00", FS)
        assert again is not first
        np.testing.assert_array_equal(again, first)

    def test_unknown_names_and_wrong_tables_are_told(self, noise_table, tmp_path):
        with pytest.raises(CocktailError, match="no recording 'nothing' among its 12"):
            Library(noise_table).samples("nothing", FS)
        tables.write_rows(tmp_path / "scores.parquet", [], tables.SCORES)
        with pytest.raises(CocktailError, match="neither a table of speech nor of noise"):
            Library(tmp_path / "scores.parquet")
        with pytest.raises(CocktailError, match="no such file"):
            Library(tmp_path / "absent.parquet")


class TestBuild:
    def test_parts_are_joined_in_their_order(self, tmp_path):
        parts = [
            {"adapter": "synthetic", "kinds": [kind], "recordings": {"valid": 0, "test": 0}, "seconds": 1}
            for kind in ("pink", "car")
        ]
        adapters.build(parts, "noise", tmp_path / "n.parquet", seed=0, fs=8000)
        rows = Library(tmp_path / "n.parquet").rows
        assert [row["kind"] for row in rows] == ["pink"] * 4 + ["car"] * 4
        assert {(row["fs"], row["n_samples"]) for row in rows} == {(8000, 8000)}

    def test_the_same_name_twice_is_refused(self, tmp_path):
        part = {"adapter": "synthetic", "kinds": ["white"], "seconds": 1}
        with pytest.raises(CocktailError, match=r"'white-train-00' occurs twice"):
            adapters.build([part, part], "noise", tmp_path / "n.parquet", seed=0, fs=8000)
        assert not (tmp_path / "n.parquet").exists()

    def test_a_speaker_in_two_splits_is_refused(self, tmp_path, monkeypatch):
        x = np.full(100, 0.1)
        rows = [speech_row("a", "anna", "train", x), speech_row("b", "anna", "test", x)]
        monkeypatch.setattr(folder, "rows", lambda options, **rest: rows)
        with pytest.raises(CocktailError, match="'anna' is in the splits train and test"):
            adapters.build([{"adapter": "folder"}], "speech", tmp_path / "s.parquet", seed=0, fs=FS)

    def test_the_wrong_kind_and_unknown_adapters_are_told(self, tmp_path):
        with pytest.raises(CocktailError, match="'synthetic' gives noise, not speech"):
            adapters.build([{"adapter": "synthetic"}], "speech", tmp_path / "s.parquet", seed=0, fs=FS)
        with pytest.raises(CocktailError, match="no corpus adapter 'timti'; there are "):
            adapters.build([{"adapter": "timti"}], "speech", tmp_path / "s.parquet", seed=0, fs=FS)


class TestAdapters:
    def test_each_has_a_card(self):
        cards = {card.name: card for card in adapters.cards()}
        assert cards.keys() == adapters.ADAPTERS.keys()
        assert cards["folder"].kinds == ("speech", "noise")
        assert all(card.description for card in cards.values())

    def test_schemas_by_kind(self):
        assert adapters.schemas().keys() == adapters.ADAPTERS.keys()
        assert adapters.schemas("speech").keys() >= {"folder", "grid-tts", "librispeech", "musan"}
        assert adapters.schemas("noise").keys() >= {"folder", "synthetic", "esc50", "musan"}
        assert not adapters.schemas("speech").keys() & {"synthetic", "esc50"}

    @pytest.mark.parametrize("name", adapters.ADAPTERS)
    def test_schemas_are_valid_and_closed(self, name):
        schema = adapters.schemas()[name]
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["properties"]["adapter"] == {"const": name}
        with pytest.raises(jsonschema.ValidationError, match="speekers"):
            jsonschema.validate({"adapter": name, "table": "t.csv", "split": "train", "speekers": 1}, schema)

    @pytest.mark.parametrize(
        "part",
        [
            {"adapter": "grid-tts"},
            {"adapter": "grid-tts", "speakers": {"train": 2}, "utterances": {"test": 1}},
            {"adapter": "grid-tts", "variety": "wide"},
            {"adapter": "synthetic", "variety": "wide", "kinds": ["crowd", "babble"]},
            {"adapter": "synthetic", "kinds": "all", "seconds": 20, "recordings": {"test": 1}},
            {"adapter": "folder", "table": "x.csv", "split": {"train": 0.9, "valid": 0.1}, "where": {"fold": [1, "2"]}},
            {"adapter": "folder", "table": "x.csv", "split": "test", "kind": "room-tone", "min_s": 1, "max_s": 9.5},
        ],
    )
    def test_schemas_accept_what_the_adapters_take(self, part):
        jsonschema.validate(part, adapters.schemas()[part["adapter"]])

    def test_every_kind_of_noise_can_be_named(self):
        assert set(synthetic.NARROW) > {"white", "pink", "car", "hum", "machine-gun", "hammer", "street", "music"}
