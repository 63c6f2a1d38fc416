"""Published corpora: each is read from a folder in its publisher's layout."""

import dataclasses
import json

import numpy as np
import published_trees as trees
import pytest
import soundfile
from click.testing import CliRunner

from cocktail import audio
from cocktail.cli import main
from cocktail.corpora import adapters, completeness
from cocktail.corpora.adapters import published as corpus
from cocktail.corpora.grid import SLOTS
from cocktail.corpora.layout import Part, by_turns
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.workflow.suite import load_suite

SPEECH = {
    "asvspoof2019": """
        LA_D_0 valid LA_0069 - -
        LA_E_0 test LA_0039 - -
        LA_T_0 train LA_0079 - -
    """,
    "chime2": """
        si_dt_05-9dB-050c0201 valid 050 - -
        si_dt_05-m6dB-050c0201 valid 050 - -
        si_et_05-9dB-440c0201 test 440 - -
        si_et_05-m6dB-440c0201 test 440 - -
        si_tr_s-011c0201 train 011 - -
    """,
    "chime3": """
        011c0201 train 011 - -
        F02_22GC010A_BTH train F02 female the sale of
        M04_22GC010A_BTH valid M04 male the sale of
        M05_22GC010A_BTH test M05 male the sale of
    """,
    "dns": """
        book_00000_chp_0009_reader_06709_0 train 06709 - -
        fileid_0 test fileid_0 - -
        fileid_1 test fileid_1 - -
    """,
    "librimix": """
        103-1-0001_26-2-0002#1 train 103 - -
        103-1-0001_26-2-0002#2 train 26 - -
        61-1-0001_121-2-0002#1 test 61 - -
        61-1-0001_121-2-0002#2 test 121 - -
        84-1-0001_174-2-0002#1 valid 84 - -
        84-1-0001_174-2-0002#2 valid 174 - -
    """,
    "librispeech": """
        61-12-0000 test 61 male go do you hear
        61-12-0001 test 61 male go do you hear
        61-12-0002 test 61 male go do you hear
        84-12-0000 valid 84 female go do you hear
        84-12-0001 valid 84 female go do you hear
        84-12-0002 valid 84 female go do you hear
    """,
    "timit": """
        fcjf0-si648 train fcjf0 female she had your dark suit.
        mabw0-si648 test mabw0 male she had your dark suit.
    """,
    "voicebank-demand": """
        p226_001 train p226 - Please call Stella.
        p227_002 train p227 - Please call Stella.
        p232_001 test p232 - Please call Stella.
        p232_002 test p232 - Please call Stella.
        p257_001 test p257 - Please call Stella.
    """,
    "wsj0": """
        01tc0200 train 01t - the sale of the hotels, is part
        01tc0201 train 01t - new york is
        050c0200 valid 050 - -
        050c0201 valid 050 - -
        440c0200 test 440 - -
        440c0201 test 440 - -
    """,
    "wsj0-2mix": """
        011a0101_1.9_401c020r_-1.9#1 train 011 - -
        011a0101_1.9_401c020r_-1.9#2 train 401 - -
        050a0501_0.4_440o030i_-0.4#1 test 050 - -
        050a0501_0.4_440o030i_-0.4#2 test 440 - -
    """,
}
"""Corpus -> all that is read of its tree, a line each: utterance, split, speaker, gender, text; `-` for none."""

NOISE = {
    "chime2": {"si_tr_s-011c0201": ("train", "living-room"), "si_et_05-9dB-440c0201": ("test", "living-room")},
    "chime3": {"BGD_150203_000_BUS": ("train", "bus"), "BGD_150203_009_CAF": ("test", "cafe")},
    "demand": {"tbus": ("test", "tbus"), "tcar": ("train", "tcar")},
    "dicova": {"aa_cough": ("train", "cough"), "ee_cough": ("valid", "cough"), "ff_cough": ("test", "cough")},
    "dns": {"door_1": ("train", "dns"), "fileid_1": ("test", "dns-test")},
    "esc50": {"1-100032-A-0": ("train", "dog"), "4-100032-A-0": ("valid", "dog"), "5-100032-A-0": ("test", "dog")},
    "librimix": {"61-1-0001_121-2-0002": ("test", "wham")},
    "musan": {"noise-free-sound-0000": ("train", "noise"), "noise-free-sound-0004": ("test", "noise"),
              "music-fma-0007": ("valid", "music")},
    "voicebank-demand": {"p226_001": ("train", "bus"), "p257_001": ("test", "bus")},
}  # fmt: skip
"""Corpus -> some of its noise: recording -> split and kind."""

MANY = ("audiomnist", "fsdd")
"""Corpora whose files are all named by their module: their trees are whole."""


def make(name, root):
    """The tree of a corpus and the part of a suite that reads it, though it is small."""
    getattr(trees, name.replace("-", "_"))(root)
    return {"adapter": name, "path": str(root), "partial": True}


def build(part, kind, tmp_path, **options):
    adapters.build([part | options], kind, tmp_path / f"{kind}.parquet", seed=0, fs=16000)
    return Library(tmp_path / f"{kind}.parquet")


def test_every_corpus_of_the_field_is_there():
    wanted = [
        *("audiomnist", "fsdd", "esc50", "librispeech", "librimix", "wsj0", "wsj0-2mix", "voicebank-demand", "chime2"),
        *("chime3", "chime4", "grid", "timit", "musan", "demand", "asvspoof2019", "dns", "dicova"),
    ]
    assert sorted(wanted) == sorted(adapters.PUBLISHED)
    assert set(wanted) <= adapters.ADAPTERS.keys()
    assert {name for name in wanted if "speech" in corpus(name).kinds} >= SPEECH.keys()
    assert {name for name in wanted if "noise" in corpus(name).kinds} - {"chime4"} == NOISE.keys()


@pytest.mark.parametrize("name", sorted(adapters.PUBLISHED))
def test_a_corpus_says_what_it_is(name):
    this = corpus(name)
    assert this.name == name and this.home.startswith("https://") and this.licence and this.title
    names = [part.name for part in this.parts]
    assert len(set(names)) == len(names) and set(this.default) <= set(names)
    assert {part.split for part in this.parts} <= {None, "train", "valid", "test"}
    for archive in (archive for part in this.parts for archive in part.archives):
        assert archive.url.startswith("https://")
        assert archive.md5 is None or len(bytes.fromhex(archive.md5)) == 16


@pytest.mark.parametrize("name", sorted(SPEECH))
def test_speech_is_read_with_all_that_the_publisher_says(name, tmp_path):
    library = build(make(name, tmp_path), "speech", tmp_path)
    columns = ("utterance", "split", "speaker", "gender", "text")
    found = [" ".join(row[key] or "-" for key in columns).replace(f" {name}-", " ", 1) for row in library.rows]
    assert sorted(found) == sorted(line.strip() for line in SPEECH[name].strip().splitlines())
    first = library.rows[0]
    assert first["speaker"].startswith(f"{name}-")
    assert len(library.samples(first["utterance"], 8000)) == round(8000 * first["n_samples"] / first["fs"])


LISTS = (".txt", ".csv", ".dot", ".dot_all")


@pytest.mark.parametrize("name", [*sorted(SPEECH), "esc50", "dicova", "audiomnist"])
def test_lists_with_byte_order_marks_say_the_same(name, tmp_path):
    options = make(name, tmp_path)
    read = lambda: [dataclasses.asdict(each) for each in corpus(name).read(options)]  # noqa: E731
    plain = read()
    lists = [path for path in tmp_path.rglob("*") if path.suffix.lower() in LISTS]
    for path in lists:
        path.write_text(path.read_text(), encoding="utf-8-sig")
    assert lists or name in ("chime2", "dns", "librimix", "wsj0-2mix")
    assert read() == plain


@pytest.mark.parametrize("name", sorted(NOISE))
def test_noise_is_read_with_its_kinds(name, tmp_path):
    library = build(make(name, tmp_path), "noise", tmp_path)
    found = {row["recording"]: (row["split"], row["kind"]) for row in library.rows}
    assert found.items() >= NOISE[name].items()


def test_coughs_have_the_labels_of_their_publisher(tmp_path):
    part = make("dicova", tmp_path)
    labels = {row["recording"]: row["label"] for row in build(part, "noise", tmp_path).rows}
    wanted = ["positive", "negative", "negative", "positive", "negative", "positive"]
    assert labels == dict(zip((f"{letter}{letter}_cough" for letter in "abcdef"), wanted, strict=True))
    table = tmp_path / "DiCOVA_Train_Val_Data_Release/metadata.csv"
    table.write_text(table.read_text().replace("bb_cough,n", "bb_cough,x"))
    with pytest.raises(CocktailError, match=r"metadata\.csv:3: the status is 'x', not p or n"):
        corpus("dicova").read(part)
    table.write_text(table.read_text().replace("bb_cough,x", "zz_cough,n"))
    with pytest.raises(CocktailError, match="no row for 'bb_cough'"):
        corpus("dicova").read(part)


def test_digits_are_read_with_the_splits_of_their_speakers(tmp_path):
    part = make("audiomnist", tmp_path)
    found = list(corpus("audiomnist").recordings(tmp_path, corpus("audiomnist").parts[0]))
    assert len(found) == 30000
    assert [sum(x.split == split for x in found) for split in ("train", "valid", "test")] == [18000, 6000, 6000]
    rows = list(corpus("audiomnist").rows(part | {"at_most": 4}, kind="speech", seed=0, fs=16000))
    assert len(rows) == 12
    assert all(row["text"] == SLOTS["digit"][int(row["utterance"][0])] for row in rows)
    assert next(x for x in found if x.speaker == "12").gender == "female"


def test_digits_of_six_speakers_keep_speakers_apart(tmp_path):
    library = build(make("fsdd", tmp_path), "speech", tmp_path)
    assert len(library) == 3000
    assert {row["speaker"] for row in library.select("test")} == {"fsdd-lucas", "fsdd-yweweler"}


def test_grid_speakers_take_turns_and_codes_are_sentences(tmp_path):
    library = build(make("grid", tmp_path), "speech", tmp_path)
    assert [len({row["speaker"] for row in library.select(split)}) for split in ("train", "valid", "test")] == [
        25,
        3,
        6,
    ]
    assert library["s1-bbaf2n"]["text"] == "bin blue at f two now"
    assert library["s1-swwz9a"]["text"] == "set white with z nine again"
    assert library["s4-bbaf2n"]["gender"] == "female"
    genders = {row["speaker"]: row["gender"] for row in library.rows}
    assert [list(genders.values()).count(gender) for gender in ("male", "female")] == [18, 16]


def test_turns_reach_every_split():
    assert list(by_turns("abcdefghij").values()) == ["train"] * 4 + ["test"] + ["train"] * 2 + [
        "valid",
        "train",
        "test",
    ]


@pytest.mark.parametrize("name", ["voicebank-demand", "chime2", "dns"])
def test_noise_of_a_mixture_is_what_its_speech_leaves(name, tmp_path):
    part = make(name, tmp_path)
    speech, noise = build(part, "speech", tmp_path), build(part, "noise", tmp_path)
    this = corpus(name)
    found = [x for part in this.parts for x in this.recordings(this.root(tmp_path), part) if x.less is not None]
    assert found
    for recording in found:
        assert noise[recording.name]["fs"] == 16000  # kept at the suite's rate, which is the lower one
        mixture = speech.samples(recording.name, 16000) + noise.samples(recording.name, 16000)
        np.testing.assert_allclose(mixture, audio.read(recording.path, 16000)[0][0], rtol=0, atol=1e-6)


class TestWhatIsRead:
    def test_parts_that_a_suite_names(self, tmp_path):
        library = build(make("librispeech", tmp_path), "speech", tmp_path, parts=["test-clean"])
        assert {row["split"] for row in library.rows} == {"test"}

    def test_at_most_so_many_mixtures_of_each_split_with_all_their_parts(self, tmp_path):
        part = make("voicebank-demand", tmp_path) | {"at_most": 2}
        speech, noise = build(part, "speech", tmp_path), build(part, "noise", tmp_path)
        assert len(speech.select("test")) == len(speech.select("train")) == 2
        assert {row["utterance"] for row in speech.rows} == {row["recording"] for row in noise.rows}
        again = list(corpus("voicebank-demand").rows(part | {"at_most": 1}, kind="speech", seed=0, fs=16000))
        assert {row["utterance"] for row in again} < {row["utterance"] for row in speech.rows}

    def test_two_talkers_count_as_one_mixture(self, tmp_path):
        library = build(make("wsj0-2mix", tmp_path), "speech", tmp_path, at_most=1)
        assert len(library) == 4

    def test_length(self, tmp_path):
        part = make("esc50", tmp_path)
        with pytest.raises(CocktailError, match="esc50: no recording of noise is left by"):
            build(part, "noise", tmp_path, min_s=1)
        assert len(build(part, "noise", tmp_path, max_s=1)) == 5

    def test_a_preferred_wav_beside_what_cannot_be_decoded(self, tmp_path):
        part = make("wsj0", tmp_path)
        (tmp_path / "wsj0/si_tr_s/01t/01tc0200.wv1").write_bytes(b"NIST_1A\n   1024\nshorten")
        assert build(part, "speech", tmp_path)["01tc0200"]["n_samples"] == trees.N_SAMPLES
        (tmp_path / "wsj0/si_tr_s/01t/01tc0200.wav").unlink()
        with pytest.raises(CocktailError, match=r"01tc0200\.wv1: cannot be decoded"):
            build(part, "speech", tmp_path)

    def test_the_folder_that_an_archive_unpacks_to_or_the_one_above_it(self, tmp_path):
        part = make("librispeech", tmp_path)
        inside = part | {"path": str(tmp_path / "LibriSpeech")}
        assert build(part, "speech", tmp_path).rows == build(inside, "speech", tmp_path).rows

    def test_the_default_folder_is_in_the_folder_of_corpora(self, tmp_path, monkeypatch):
        monkeypatch.setenv("COCKTAIL_DATA", str(tmp_path))
        make("esc50", tmp_path / "esc50")
        assert len(build({"adapter": "esc50", "partial": True}, "noise", tmp_path)) == 5

    def test_its_fingerprint_changes_with_its_files(self, tmp_path):
        part = make("demand", tmp_path)
        before = adapters.fingerprint(part)
        assert before == adapters.fingerprint(part)
        trees.wave(tmp_path / "TBUS/ch02.wav", level=0.2)
        assert before == adapters.fingerprint(part)
        soundfile.write(tmp_path / "TBUS/ch01.wav", np.ones(99) / 2, 16000)
        assert before != adapters.fingerprint(part)


class TestFaults:
    def test_nothing_there(self, tmp_path):
        with pytest.raises(CocktailError, match="no part found: `cocktail corpora check timit"):
            build({"adapter": "timit", "path": str(tmp_path)}, "speech", tmp_path)

    def test_a_part_that_a_suite_names_is_not_there(self, tmp_path):
        part = make("librispeech", tmp_path)
        with pytest.raises(CocktailError, match="dev-other not found: `cocktail corpora check librispeech"):
            build(part, "speech", tmp_path, parts=["dev-other", "test-clean"])

    def test_fewer_files_than_published(self, tmp_path):
        part = make("librispeech", tmp_path) | {"partial": False}
        with pytest.raises(CocktailError) as error:
            build(part, "speech", tmp_path)
        assert "dev-clean has 3 of 2703 files, test-clean has 3 of 2620 files" in str(error.value)
        with pytest.raises(CocktailError, match="`partial: true` reads what is there"):
            adapters.fingerprint(part)

    def test_as_many_files_as_published(self, tmp_path):
        assert len(build(make("fsdd", tmp_path) | {"partial": False}, "speech", tmp_path)) == 3000

    def test_missing_silent_and_broken_recordings_are_named_at_once(self, tmp_path):
        part = make("esc50", tmp_path)
        clips = sorted((tmp_path / "ESC-50-master/audio").iterdir())
        clips[0].unlink()
        clips[1].write_bytes(b"no audio")
        soundfile.write(clips[2], np.zeros(100), 44100)
        with pytest.raises(CocktailError) as error:
            build(part, "noise", tmp_path)
        assert [line.partition(": ")[2][:10] for line in str(error.value).splitlines()] == [
            "no such au", "cannot be ", "silent (it"
        ]  # fmt: skip

    def test_a_list_is_missing(self, tmp_path):
        part = make("esc50", tmp_path)
        (tmp_path / "ESC-50-master/meta/esc50.csv").unlink()
        with pytest.raises(CocktailError, match=r"esc50\.csv: no such file; it belongs to esc50 \(https"):
            build(part, "noise", tmp_path)

    def test_a_pair_of_different_lengths(self, tmp_path):
        part = make("voicebank-demand", tmp_path)
        soundfile.write(tmp_path / "clean_testset_wav/p232_001.wav", np.ones(99) / 2, 48000)
        with pytest.raises(CocktailError, match=r"1600 samples at 48000 Hz, and .*p232_001\.wav has 99 at 48000 Hz"):
            build(part, "noise", tmp_path)

    def test_a_misspelt_option_in_a_suite(self, tmp_path):
        suite = tmp_path / "mine.yaml"
        suite.write_text("suite: mine\ncorpora:\n  speech: [{adapter: librispeech, parts: [test-cleen]}]\n")
        with pytest.raises(CocktailError, match="did you mean 'test-clean'"):
            load_suite(str(suite))

    def test_no_such_corpus(self):
        with pytest.raises(CocktailError, match="no published corpus 'timti'; did you mean 'timit'"):
            corpus("timti")


class TestCompleteness:
    def inspect(self, name, root, files=None, **options):
        """State of each part of a tree, its numbers of files taken to be `files`."""
        this = corpus(name)
        parts = tuple(dataclasses.replace(part, files=files) for part in this.parts)
        found = completeness.inspect(dataclasses.replace(this, parts=parts), root, **options)
        return {part.part.name: part for part in found}

    @pytest.mark.parametrize("name", sorted(set(adapters.PUBLISHED) - set(MANY)))
    def test_a_whole_tree_lacks_nothing(self, name, tmp_path):
        make(name, tmp_path)
        found = self.inspect(name, tmp_path)
        assert {part.state for part in found.values()} <= {"there", "absent"}
        assert any(part.files for part in found.values())

    def test_numbers_of_files_are_the_publishers(self, tmp_path):
        make("librispeech", tmp_path)
        states = {part.part.name: part.state for part in completeness.inspect(corpus("librispeech"), tmp_path)}
        assert states == dict.fromkeys(states, "absent") | {"dev-clean": "incomplete", "test-clean": "incomplete"}
        assert self.inspect("librispeech", tmp_path, files=3)["dev-clean"].state == "complete"

    def test_files_of_pairs_are_counted_once(self, tmp_path):
        make("voicebank-demand", tmp_path)
        assert self.inspect("voicebank-demand", tmp_path)["testset"].files == 6

    def test_missing_files_are_named(self, tmp_path):
        make("voicebank-demand", tmp_path)
        gone = tmp_path / "noisy_testset_wav/p232_002.wav"
        gone.unlink()
        found = self.inspect("voicebank-demand", tmp_path)["testset"]
        assert (found.state, found.missing, found.files) == ("incomplete", (gone,), 5)

    def test_whole_numbers(self, tmp_path):
        make("fsdd", tmp_path)
        assert [part.state for part in completeness.inspect(corpus("fsdd"), tmp_path)] == ["complete"]

    def test_a_missing_list_is_named(self, tmp_path):
        make("dicova", tmp_path)
        (tmp_path / "DiCOVA_Train_Val_Data_Release/LISTS/val_fold_1.txt").unlink()
        (found,) = self.inspect("dicova", tmp_path).values()
        assert found.state == "incomplete" and "val_fold_1.txt: no such file" in found.problems[0]

    def test_broken_files_are_named_where_they_are_decoded(self, tmp_path):
        make("dns", tmp_path)
        (tmp_path / "datasets/noise/door_1.wav").write_bytes(b"RIFF")
        assert self.inspect("dns", tmp_path)["noise"].state == "there"
        found = self.inspect("dns", tmp_path, decode=True)
        assert found["noise"].state == "incomplete" and "door_1.wav: truncated" in found["noise"].problems[0]
        assert found["clean"].state == "there"

    def test_states(self):
        part = Part("x", files=2)
        assert completeness.Found(part).state == "absent"
        assert completeness.Found(part, 1).state == "incomplete"
        assert completeness.Found(part, 3).state == "complete"


class TestCommand:
    def check(self, *arguments):
        return CliRunner().invoke(main, ["corpora", "check", *map(str, arguments)])

    def test_complete(self, tmp_path):
        make("fsdd", tmp_path)
        found = self.check("fsdd", tmp_path)
        assert found.exit_code == 0 and "complete" in found.output and "3000" in found.output

    def test_missing_files_and_where_to_get_them(self, tmp_path):
        make("voicebank-demand", tmp_path)
        (tmp_path / "noisy_testset_wav/p232_002.wav").unlink()
        found = self.check("voicebank-demand", tmp_path)
        assert found.exit_code == 1
        assert f"testset: missing: {tmp_path}/noisy_testset_wav/p232_002.wav" in found.output
        assert "https://datashare.ed.ac.uk/handle/10283/2791" in found.output
        assert f"cocktail corpora download voicebank-demand {tmp_path} --part" in found.output

    def test_nothing_there(self, tmp_path):
        found = self.check("timit", tmp_path)
        assert found.exit_code == 1 and "LDC93S1" in found.output and "download" not in found.output

    def test_no_folder_named(self, monkeypatch):
        monkeypatch.delenv("COCKTAIL_DATA", raising=False)
        found = self.check("timit")
        assert found.exit_code == 2 and "COCKTAIL_DATA is not set" in found.output

    def test_numbers_as_json(self, tmp_path):
        make("timit", tmp_path)
        rows = json.loads(self.check("timit", tmp_path, "--json").output)
        assert [(row["part"], row["files"], row["state"]) for row in rows] == [
            ("train", 2, "incomplete"), ("test", 2, "incomplete")
        ]  # fmt: skip
