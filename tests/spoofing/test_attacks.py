from dataclasses import replace

import numpy as np
import pytest

from cocktail import stft, tables
from cocktail.corpora import adapters
from cocktail.corpora.grid import split_of
from cocktail.corpora.grid_tts import LEVEL_DB
from cocktail.corpora.library import Library
from cocktail.dsp.mel import filterbank
from cocktail.spoofing import conversion, inversion, table, world
from cocktail.spoofing.attacks import ATTACKS, Claim
from cocktail.spoofing.names import LOGICAL

FS = 16000


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "speech.parquet"
    sizes = {"speakers": {"train": 4, "valid": 4, "test": 4}, "utterances": {"train": 2, "valid": 1, "test": 2}}
    adapters.build([{"adapter": "grid-tts", **sizes}], "speech", path, seed=1, fs=FS)
    return Library(path)


@pytest.fixture(scope="module")
def claim(speech):
    said, other = speech.select(split="test")[0], speech.select(split="test")[4]
    assert said["gender"] == other["gender"] and said["speaker"] != other["speaker"]
    x, y = (speech.samples(row["utterance"], FS) for row in (said, other))
    f0 = world.pitch(x, FS)
    return Claim(x, said["text"], said["gender"], float(np.median(f0[f0 > 0])), y, other["text"], FS)


def voiced(x):
    f0 = world.pitch(x, FS)
    return f0[f0 > 0]


def pulses(f0, seconds=1.0):
    """A pulse train through two formants."""
    from scipy.signal import lfilter

    x = np.zeros(round(seconds * FS))
    x[(np.arange(0, len(x) * f0 / FS) * FS / f0).astype(int)] = 1
    for frequency, bandwidth in ((700, 100), (1800, 150)):
        radius = np.exp(-np.pi * bandwidth / FS)
        x = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * frequency / FS), radius**2], x)
    return x / np.abs(x).max() + 1e-4 * np.random.default_rng(0).standard_normal(len(x))


def test_every_logical_attack_is_there():
    assert tuple(ATTACKS) == LOGICAL


@pytest.mark.parametrize("f0", [110.0, 210.0])
def test_world_finds_a_pitch_and_keeps_it(f0):
    x = pulses(f0)
    speech = world.analyse(x, FS)
    assert np.median(voiced(x)) == pytest.approx(f0, rel=0.01)
    for slower in (1.0, 1.25):
        y = world.synthesise(speech, slower)
        assert np.median(voiced(y)) == pytest.approx(f0, rel=0.02)
        assert len(y) == pytest.approx(slower * len(x), rel=0.02)


def test_coding_keeps_the_shape_of_the_envelope_and_loses_detail():
    speech = world.analyse(pulses(120.0), FS)
    coded = speech.coded(24)
    assert coded.envelope.shape == speech.envelope.shape
    full, few = np.log(speech.envelope[50]), np.log(coded.envelope[50])
    assert np.corrcoef(full, few)[0, 1] > 0.9
    assert not np.allclose(full, few, atol=0.1)


def test_moved_pitch_has_the_mean_and_spread_of_the_wanted_one():
    rng = np.random.default_rng(1)
    f0, wanted = 120 * np.exp(0.1 * rng.standard_normal(200)), 200 * np.exp(0.15 * rng.standard_normal(300))
    f0[::5] = wanted[::7] = 0
    moved = conversion.moved_pitch(f0, wanted)
    assert np.all((moved == 0) == (f0 == 0))
    log, other = np.log(moved[moved > 0]), np.log(wanted[wanted > 0])
    assert (log.mean(), log.std()) == pytest.approx((other.mean(), other.std()))
    np.testing.assert_array_equal(conversion.moved_pitch(f0, np.zeros(9)), f0)


@pytest.mark.parametrize("warp", [0.85, 1.0, 1.2])
def test_a_warp_is_found_again(warp):
    bins = np.arange(513)
    spectrum = sum(np.exp(-(((bins - centre) / 25) ** 2)) for centre in (40, 90, 170))
    assert conversion.nearest_warp(spectrum, conversion.warped(spectrum, warp)) == pytest.approx(warp, abs=0.01)
    np.testing.assert_allclose(conversion.warped(spectrum, 1.0), spectrum)
    assert abs(np.argmax(conversion.warped(spectrum, warp)[:70]) - 40 * warp) <= 1


def test_conversion_takes_the_pitch_of_the_target():
    y = conversion.convert(pulses(110.0), pulses(180.0), FS, slower=1.2)
    assert np.median(voiced(y)) == pytest.approx(180, rel=0.03)
    assert len(y) == pytest.approx(1.2 * FS, rel=0.02)


def test_griffin_lim_gives_the_mel_spectrogram_that_it_was_given(claim):
    def mel(x):
        return filterbank(inversion.MEL_BANDS, FS, stft.SIZE) @ np.abs(stft.stft(x))

    x = claim.speaker
    y = inversion.griffin_lim(x, FS, np.random.default_rng(0))
    assert len(y) == len(x)
    assert np.linalg.norm(mel(y) - mel(x)) < 0.2 * np.linalg.norm(mel(x))
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.5
    np.testing.assert_array_equal(y, inversion.griffin_lim(x, FS, np.random.default_rng(0)))


def test_linear_prediction_keeps_pitch_and_formants_and_nothing_else():
    x = pulses(120.0)
    y = inversion.linear_prediction(x, FS, np.random.default_rng(0))
    assert np.median(voiced(y)) == pytest.approx(120, rel=0.02)
    assert np.mean(y**2) == pytest.approx(np.mean(x**2), rel=0.5)
    envelopes = [conversion.mean_envelope(world.analyse(z, FS)) for z in (x, y)]
    assert np.corrcoef(*envelopes)[0, 1] > 0.95


@pytest.mark.parametrize("name", LOGICAL)
def test_an_attack_has_the_claimed_pitch_and_is_not_the_speech_itself(claim, name):
    made = [ATTACKS[name].make(claim, np.random.default_rng(3)) for _ in range(2)]
    np.testing.assert_array_equal(*made)
    y = table.finished(made[0], FS)
    if name != "tts-klatt":  # its voice creaks, and half the pitch is found
        assert np.median(voiced(y)) == pytest.approx(claim.f0_hz, rel=0.15)
    n = min(len(y), len(claim.speaker))
    assert abs(np.corrcoef(y[:n], claim.speaker[:n])[0, 1]) < 0.9


@pytest.mark.parametrize("factor", [0.87, 1.18])
def test_text_to_speech_is_brought_to_the_claimed_pitch(claim, factor):
    """Within -20 to +25 % of that of its voice, which is heard where no pitch is claimed."""

    def pitch(f0_hz):
        made = ATTACKS["tts"].make(replace(claim, f0_hz=f0_hz), np.random.default_rng(3))
        return np.median(voiced(made))

    own = pitch(0.0)
    assert pitch(factor * own) == pytest.approx(factor * own, rel=0.04)


COUNTS = {"train": {"vocoder": 2, "tts": 2}, "test": {"vocoder": 1, "conversion": 3, "tts-klatt": 1}}


def test_the_table(speech, tmp_path):
    table.build(speech, COUNTS, tmp_path / "spoofs.parquet", seed=5, fs=FS)
    spoofs = Library(tmp_path / "spoofs.parquet")
    found = {(row["split"], row["attack"]) for row in spoofs.rows}
    assert found == {(split, attack) for split, attacks in COUNTS.items() for attack in attacks}
    assert len(spoofs) == sum(sum(attacks.values()) for attacks in COUNTS.values())
    for row in spoofs.rows:
        claimed = speech.select(speaker=row["speaker"])
        assert {other["split"] for other in claimed} == {row["split"]} and claimed[0]["gender"] == row["gender"]
        assert split_of(row["text"]) == row["split"]
        says_own = row["text"] in {other["text"] for other in claimed}
        assert says_own == (row["attack"] != "conversion")
        x = spoofs.samples(row["utterance"], FS)
        assert len(x) == row["n_samples"]
        assert 10 * np.log10(np.mean(x**2)) == pytest.approx(LEVEL_DB, abs=0.1)


def test_a_row_depends_on_its_name_alone(speech):
    few, more = ({"test": {"griffin-lim": n}} for n in (1, 2))
    first, again = (next(table.rows(speech, counts, seed=5, fs=FS)) for counts in (few, more))
    assert first == again
    assert first != next(table.rows(speech, few, seed=6, fs=FS))


def test_without_transcripts_there_is_no_text_to_speech(speech, tmp_path, capsys):
    rows = tables.read_rows(speech.path)
    tables.write_rows(tmp_path / "speech.parquet", [row | {"text": None} for row in rows], tables.SPEECH)
    silent = Library(tmp_path / "speech.parquet")
    made = list(table.rows(silent, {"valid": {"tts": 1, "conversion": 1}}, seed=5, fs=FS))
    assert [(row["attack"], row["text"]) for row in made] == [("conversion", None)]
    assert "tts is left out of the split 'valid'" in capsys.readouterr().out
