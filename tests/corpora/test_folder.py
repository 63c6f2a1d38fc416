"""Recordings on disk: what is read, and what is said when something is wrong."""

import csv
import os

import numpy as np
import pytest
import soundfile

from cocktail.corpora import adapters, folder
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError

FS = 16000


def tone(seconds=0.5, fs=FS, f0=440.0, level=0.3):
    return level * np.sin(2 * np.pi * f0 * np.arange(round(seconds * fs)) / fs)


@pytest.fixture
def corpus(tmp_path):
    """A folder with a table; call it with rows to write the table, and it returns the part of a suite."""

    def write(rows, **options):
        names = list(dict.fromkeys(name for row in rows for name in row))
        with (tmp_path / "table.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
        return {"adapter": "folder", "table": str(tmp_path / "table.csv"), "split": "train"} | options

    return write


def rows(part, kind="speech", seed=0):
    return list(folder.rows(part, kind=kind, seed=seed, fs=FS))


def speakers(tmp_path, corpus, names):
    """One recording of each speaker."""
    for name in names:
        soundfile.write(tmp_path / f"{name}.wav", tone(0.01), FS)
    return [{"path": f"{name}.wav", "speaker": name} for name in names]


class TestWhatIsRead:
    def test_speech_with_all_columns(self, tmp_path, corpus):
        (tmp_path / "anna").mkdir()
        soundfile.write(tmp_path / "anna" / "one.flac", tone(), FS)
        row = {"path": "anna/one.flac", "speaker": "anna", "gender": "female", "transcript": "hello there"}
        assert rows(corpus([row])) == [
            {"utterance": "anna/one", "split": "train", "speaker": "anna", "gender": "female", "text": "hello there",
             "fs": FS, "n_samples": 8000, "cutoff_hz": FS / 2,
             "audio": {"bytes": None, "path": str(tmp_path / "anna" / "one.flac")}}
        ]  # fmt: skip

    def test_noise_with_a_column_of_kinds_or_one_kind_for_all(self, tmp_path, corpus):
        soundfile.write(tmp_path / "a.wav", tone(), FS)
        found = rows(corpus([{"path": "a.wav", "label": "rain"}]), "noise")
        assert (found[0]["recording"], found[0]["kind"]) == ("a", "rain")
        assert found[0].keys() == {"recording", "split", "kind", "label", "fs", "n_samples", "cutoff_hz", "audio"}
        assert rows(corpus([{"path": "a.wav"}], kind="room-tone"), "noise")[0]["kind"] == "room-tone"

    def test_noise_of_one_kind_with_labels(self, tmp_path, corpus):
        soundfile.write(tmp_path / "a.wav", tone(), FS)
        (row,) = rows(corpus([{"path": "a.wav", "label": "positive"}], kind="cough"), "noise")
        assert (row["kind"], row["label"]) == ("cough", "positive")

    def test_any_rate_and_the_first_of_several_channels(self, tmp_path, corpus):
        soundfile.write(
            tmp_path / "a.wav", np.stack([tone(1, 44100), tone(1, 44100, 3000)], axis=1), 44100, subtype="FLOAT"
        )
        adapters.build([corpus([{"path": "a.wav"}])], "speech", tmp_path / "s.parquet", seed=0, fs=FS)
        library = Library(tmp_path / "s.parquet")
        assert (library["a"]["fs"], library["a"]["n_samples"]) == (44100, 44100)
        x = library.samples("a", FS)
        assert x.shape == (FS,)
        np.testing.assert_allclose(x[400:-400], tone(1)[400:-400], atol=1e-3)

    def test_a_recording_without_a_speaker_is_a_speaker_of_its_own(self, tmp_path, corpus):
        table = speakers(tmp_path, corpus, ["a", "b"])
        table[1]["speaker"] = ""
        assert [row["speaker"] for row in rows(corpus(table))] == ["a", "b"]
        assert rows(corpus([{"path": "a.wav"}]))[0]["text"] is None

    def test_other_columns_and_another_root(self, tmp_path, corpus, monkeypatch):
        (tmp_path / "audio").mkdir()
        soundfile.write(tmp_path / "audio" / "x.wav", tone(), FS)
        monkeypatch.setenv("MY_DATA", str(tmp_path))
        part = corpus(
            [{"file": "x.wav", "who": "carl"}], columns={"path": "file", "speaker": "who"}, root="$MY_DATA/audio"
        )
        part["table"] = "${MY_DATA}/table.csv"
        assert rows(part)[0]["speaker"] == "carl"

    def test_where_and_lengths_choose(self, tmp_path, corpus):
        table = []
        for name, seconds, fold in (("a", 0.2, 1), ("b", 0.4, 2), ("c", 0.6, 2), ("d", 0.8, 3)):
            soundfile.write(tmp_path / f"{name}.wav", tone(seconds), FS)
            table.append({"path": f"{name}.wav", "fold": fold, "label": "rain"})
        names = lambda **options: [row["utterance"] for row in rows(corpus(table, **options))]  # noqa: E731
        assert names(where={"fold": [2, "3"]}) == ["b", "c", "d"]
        assert names(where={"fold": [1, 2], "label": ["rain"]}, min_s=0.3) == ["b", "c"]
        assert names(max_s=0.6) == ["a", "b", "c"]

    @pytest.mark.parametrize("head", ["path, speaker", " path ,speaker "])
    def test_spaces_around_names_and_values_do_not_count(self, tmp_path, corpus, head):
        part = corpus(speakers(tmp_path, corpus, ["a", "b"]))
        (tmp_path / "table.csv").write_text(f"{head}\na.wav, anna\nb.wav ,anna \n")
        assert [(row["utterance"], row["speaker"]) for row in rows(part)] == [("a", "anna"), ("b", "anna")]

    def test_recordings_that_differ_in_their_suffix_alone_keep_it(self, tmp_path, corpus):
        for name, f0 in (("a.wav", 440), ("a.flac", 300), ("b.wav", 200)):
            soundfile.write(tmp_path / name, tone(f0=f0), FS)
        part = corpus([{"path": name} for name in ("a.wav", "a.flac", "b.wav")])
        assert [row["utterance"] for row in rows(part)] == ["a.wav", "a.flac", "b"]


class TestFaultsOfTables:
    def test_a_column_in_other_letters_is_named(self, tmp_path, corpus):
        part = corpus([{"path": row["path"], "Speaker": "anna"} for row in speakers(tmp_path, corpus, ["a", "b"])])
        with pytest.raises(CocktailError, match=r"column 'Speaker' is not read: call it 'speaker'.*speaker: Speaker"):
            rows(part)
        assert [row["speaker"] for row in rows(part | {"columns": {"speaker": "Speaker"}})] == ["anna", "anna"]

    def test_one_file_in_several_spellings_is_one_recording(self, tmp_path, corpus):
        speakers(tmp_path, corpus, ["a"])
        (tmp_path / "d").mkdir()
        part = corpus([{"path": "a.wav"}, {"path": "d/../a.wav"}, {"path": str(tmp_path / "a.wav")}])
        with pytest.raises(CocktailError) as error:
            rows(part)
        assert str(error.value).count("already in line 2") == 2

    @pytest.mark.parametrize("path", [".", "/"])
    def test_a_path_that_names_no_file(self, corpus, path):
        with pytest.raises(CocktailError, match=r"table\.csv:2: .*not the path of a file"):
            rows(corpus([{"path": path}]))

    def test_a_constant_is_silent(self, tmp_path, corpus):
        soundfile.write(tmp_path / "dc.wav", np.full(FS, 0.5), FS)
        with pytest.raises(CocktailError, match=r"dc\.wav: silent"):
            rows(corpus([{"path": "dc.wav"}]))


class TestShares:
    def test_of_speakers_by_hash(self, tmp_path, corpus):
        table = speakers(tmp_path, corpus, [f"s{i:02d}" for i in range(20)])
        split = {"train": 0.8, "valid": 0.1, "test": 0.1}
        found = rows(corpus(table, split=split))
        assert [[row["split"] for row in found].count(name) for name in split] == [16, 2, 2]
        assert found == rows(corpus(table, split=split))
        again = {row["speaker"]: row["split"] for row in rows(corpus(table[::-1], split=split))}
        assert again == {row["speaker"]: row["split"] for row in found}
        assert rows(corpus(table, split=split), seed=1) != found

    def test_all_recordings_of_a_speaker_stay_together(self, tmp_path, corpus):
        table = speakers(tmp_path, corpus, [f"r{i}" for i in range(12)])
        for i, row in enumerate(table):
            row["speaker"] = f"s{i // 3}"
        found = rows(corpus(table, split={"train": 0.5, "test": 0.5}))
        assert len({(row["speaker"], row["split"]) for row in found}) == 4

    @pytest.mark.parametrize("shares", [{"train": 0.97, "valid": 0.03}, {"train": 0.01, "valid": 0.01, "test": 0.98}])
    def test_no_split_is_left_empty(self, tmp_path, corpus, shares):
        table = speakers(tmp_path, corpus, "abcd")
        assert {row["split"] for row in rows(corpus(table, split=shares))} == shares.keys()

    def test_impossible_ones(self, tmp_path, corpus):
        table = speakers(tmp_path, corpus, "a")
        with pytest.raises(CocktailError, match=r"add up to 0\.9 and not to 1"):
            rows(corpus(table, split={"train": 0.8, "valid": 0.1}))
        with pytest.raises(CocktailError, match="1 speakers are too few for train, valid"):
            rows(corpus(table, split={"train": 0.9, "valid": 0.1}))


class TestFaults:
    """Every message names the table, and the line where there is one."""

    def test_all_broken_recordings_are_told_at_once(self, tmp_path, corpus):
        soundfile.write(tmp_path / "good.flac", tone(), FS)
        soundfile.write(tmp_path / "silent.wav", np.zeros(8000), FS)
        soundfile.write(tmp_path / "empty.wav", np.zeros(0), FS)
        soundfile.write(tmp_path / "nan.wav", np.full(8000, np.nan), FS, subtype="FLOAT")
        (tmp_path / "text.wav").write_text("no audio")
        rng = np.random.default_rng(0)
        soundfile.write(tmp_path / "cut.flac", 0.1 * rng.standard_normal(80000), FS)
        data = (tmp_path / "cut.flac").read_bytes()
        (tmp_path / "cut.flac").write_bytes(data[: len(data) // 2])
        names = [
            "good.flac",
            "silent.wav",
            "absent.wav",
            "empty.wav",
            "nan.wav",
            "text.wav",
            "cut.flac",
            "good.flac",
            "",
        ]
        with pytest.raises(CocktailError) as error:
            rows(corpus([{"path": name, "speaker": "s"} for name in names]))
        lines = str(error.value).splitlines()
        assert [line.split(": ")[0] for line in lines] == [f"{tmp_path}/table.csv:{i}" for i in range(3, 11)]
        told = [
            "silent",
            "no such audio file",
            "silent",
            "not finite",
            "cannot be decoded",
            "cut.flac",
            "line 2",
            "no path",
        ]
        for line, words in zip(lines, told, strict=True):
            assert words in line

    def test_no_more_than_ten_are_listed(self, tmp_path, corpus):
        with pytest.raises(CocktailError) as error:
            rows(corpus([{"path": f"{i}.wav"} for i in range(13)]))
        lines = str(error.value).splitlines()
        assert len(lines) == 11
        assert lines[-1] == "... and 3 more"

    def test_a_missing_column_names_those_there_are(self, tmp_path, corpus):
        soundfile.write(tmp_path / "a.wav", tone(), FS)
        with pytest.raises(CocktailError, match=r"no column 'path' .*\? Its first line has pfad"):
            rows(corpus([{"pfad": "a.wav"}]))
        part = corpus([{"path": "a.wav", "speaker": "s"}], columns={"speaker": "speeker"})
        with pytest.raises(CocktailError, match=r"no column 'speeker' \(for `speaker`\); did you mean 'speaker'\?"):
            rows(part)
        with pytest.raises(CocktailError, match=r"no column 'label' \(for `kind`\)"):
            rows(corpus([{"path": "a.wav"}]), "noise")
        with pytest.raises(CocktailError, match=r"no column 'folt' \(named in `where`\); did you mean 'fold'\?"):
            rows(corpus([{"path": "a.wav", "fold": 1}], where={"folt": [1]}))

    def test_a_value_that_no_row_has(self, tmp_path, corpus):
        soundfile.write(tmp_path / "a.wav", tone(), FS)
        part = corpus([{"path": "a.wav", "label": "rain"}], where={"label": ["rian"]})
        with pytest.raises(CocktailError, match=r"no row has 'rian' in the column 'label'; did you mean 'rain'\?"):
            rows(part)

    def test_an_empty_cell_for_the_kind_of_noise(self, tmp_path, corpus):
        soundfile.write(tmp_path / "a.wav", tone(), FS)
        with pytest.raises(CocktailError, match=r"table\.csv:2: a\.wav: no kind in the column 'label'"):
            rows(corpus([{"path": "a.wav", "label": " "}]), "noise")

    def test_nothing_left(self, tmp_path, corpus):
        soundfile.write(tmp_path / "a.wav", tone(0.5), FS)
        with pytest.raises(CocktailError, match="no recording is left"):
            rows(corpus([{"path": "a.wav"}], min_s=1))
        with pytest.raises(CocktailError, match="no recording is left"):
            rows(corpus([{"path": "a.wav"}][:0] or [{"path": "a.wav"}], max_s=0.1))

    def test_tables_that_are_none(self, tmp_path, corpus):
        part = corpus([{"path": "a.wav"}])
        with pytest.raises(CocktailError, match=r"other\.csv: no such file"):
            rows(part | {"table": str(tmp_path / "other.csv")})
        (tmp_path / "table.csv").write_bytes(b"path\n\xff\xfe.wav\n")
        with pytest.raises(CocktailError, match=r"table\.csv:2: not a text in UTF-8"):
            rows(part)
        (tmp_path / "table.csv").write_text("path,speaker\na.wav,s\nb.wav,s,female\nc.wav\n")
        with pytest.raises(CocktailError) as error:
            rows(part)
        assert [line.split(": ")[0].rsplit(":")[-1] for line in str(error.value).splitlines()] == ["3", "4"]

    def test_an_environment_variable_that_is_not_set(self, monkeypatch):
        monkeypatch.delenv("COCKTAIL_DATA", raising=False)
        part = {"adapter": "folder", "table": "${COCKTAIL_DATA}/metadata.csv", "split": "train"}
        with pytest.raises(CocktailError, match="COCKTAIL_DATA is not set"):
            rows(part)


class TestTablesAsTheyCome:
    """What spreadsheets and hands make of a CSV file."""

    @pytest.fixture
    def table(self, tmp_path, corpus):
        """A function that writes the table as text, of the recordings a.wav and b.wav, and returns the part."""
        part = corpus(speakers(tmp_path, corpus, ["a", "b"]))

        def write(text, encoding="utf-8"):
            (tmp_path / "table.csv").write_text(text, encoding=encoding)
            return part

        return write

    @pytest.mark.parametrize("separator", [";", "\t", ","])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_separators_and_byte_order_marks(self, table, separator, encoding):
        text = 'path,speaker,transcript\na.wav,anna,"so, so"\n\nb.wav, anna,no\n'.replace(",", separator)
        found = rows(table(text, encoding))
        said = f"so{separator} so"
        assert [(row["speaker"], row["text"]) for row in found] == [("anna", said), ("anna", "no")]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('path,speaker\na.wav,anna\nb.wav,"anna\n', r"table\.csv:3: .*is a quotation mark left open\?"),
            (
                'path,speaker\na.wav,"anna\nb.wav,anna"\n',
                r"table\.csv:2: a value goes on to line 3: is a quotation mark",
            ),
            ("path,speaker\na.wav,an\x1b[2Jna\n", r"table\.csv:2: holds the control character '\\x1b'"),
            ("path,speaker\na.wav,an\x00na\n", r"table\.csv:2: "),
            ("path,speaker,speaker\na.wav,anna,berta\n", r"two columns are called 'speaker'"),
            ("", "no column 'path'"),
        ],
    )
    def test_faults_are_told_by_their_line(self, table, text, message):
        with pytest.raises(CocktailError, match=message):
            rows(table(text))

    @pytest.mark.parametrize("name", ["SPEAKER", "speakers", "speaker_id", "Speaker ID"])
    def test_a_speaker_by_almost_the_right_name_is_not_lost(self, table, name):
        with pytest.raises(CocktailError, match=rf"the column '{name}' is not read: call it 'speaker'"):
            rows(table(f"path,{name}\na.wav,anna\nb.wav,anna\n"))

    def test_words_under_another_name_are_not_lost(self, table):
        with pytest.raises(CocktailError, match=r"'text' is not read: call it 'transcript', or say .*\{text: text\}"):
            rows(table("path,text\na.wav,so\n"))

    def test_other_columns_are_nobodys_business(self, table):
        assert len(rows(table("path,room,notes,split,\na.wav,kitchen,x,test,\n"))) == 1

    def test_a_file_that_two_tables_list_is_found(self, tmp_path, corpus):
        """Under two names, so that one would be in training and one in the test."""
        (tmp_path / "d").mkdir()
        soundfile.write(tmp_path / "d" / "a.wav", tone(), FS)
        (tmp_path / "d" / "inner.csv").write_text("path\na.wav\n")
        first = corpus([{"path": "d/a.wav"}])
        second = first | {"table": str(tmp_path / "d" / "inner.csv"), "split": "test"}
        with pytest.raises(CocktailError, match=r"d/a\.wav: is the utterance 'd/a' and 'a'"):
            adapters.build([first, second], "speech", tmp_path / "s.parquet", seed=0, fs=FS)

    def test_a_hard_link_is_the_same_file(self, tmp_path, corpus):
        soundfile.write(tmp_path / "a.wav", tone(), FS)
        os.link(tmp_path / "a.wav", tmp_path / "b.wav")
        part = corpus([{"path": "a.wav"}, {"path": "b.wav"}])
        with pytest.raises(CocktailError, match=r"table\.csv:3: b\.wav: already in line 2"):
            rows(part)

    def test_folders_whose_names_are_no_text(self, tmp_path):
        folder_ = tmp_path / os.fsdecode(b"caf\xe9")
        folder_.mkdir()
        part = {"adapter": "folder", "table": str(folder_ / "table.csv"), "split": "train"}
        with pytest.raises(CocktailError, match=r"caf.*: is no text in UTF-8; rename it"):
            rows(part)
