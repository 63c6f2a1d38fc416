"""The family of noise: drawn anew for every recording, no two alike, of no kind that the test has."""

import itertools

import numpy as np
import pytest
from scipy.signal import welch

from cocktail.corpora import channels, family, noises, synthetic
from cocktail.errors import CocktailError
from cocktail.rng import rng

FS = 16000
SECONDS = 6


def noise(kind, seed=0, seconds=SECONDS, fs=FS):
    return family.unit(family.KINDS[kind](np.random.default_rng(seed), seconds * fs, fs))


def octaves_db(x):
    """(7,) level of each octave from 62.5 Hz on."""
    f, power = welch(x, FS, nperseg=2048)
    edges = 62.5 * 2.0 ** np.arange(8)
    bands = [power[(f >= low) & (f < high)].sum() for low, high in itertools.pairwise(edges)]
    return 10 * np.log10(np.array(bands) + 1e-9)


def levels_db(x, seconds):
    frames = x[: len(x) // round(seconds * FS) * round(seconds * FS)].reshape(-1, round(seconds * FS))
    return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)


@pytest.mark.parametrize("kind", family.KINDS)
class TestEveryKind:
    def test_length_and_determinism(self, kind):
        for n_samples, fs in ((FS + 1, FS), (8000, 8000)):
            x = family.KINDS[kind](np.random.default_rng(3), n_samples, fs)
            assert x.shape == (n_samples,) and np.isfinite(x).all() and np.std(x) > 0
            np.testing.assert_array_equal(x, family.KINDS[kind](np.random.default_rng(3), n_samples, fs))

    def test_no_two_recordings_are_alike(self, kind):
        """Spectra of two differ by 3 dB at least, where those of two recordings of pink noise hardly do."""
        spectra = [octaves_db(noise(kind, seed, 3)) for seed in range(6)]
        apart = [np.std(a - b) for a, b in itertools.combinations(spectra, 2)]
        assert min(apart) > 1.0 and np.median(apart) > 3.0
        pink = [octaves_db(noises.pink(np.random.default_rng(seed), 3 * FS, FS)) for seed in range(2)]
        assert np.std(pink[0] - pink[1]) < 1.0

    def test_no_stretch_is_digital_silence(self, kind):
        assert min(levels_db(noise(kind, seed, 3), 0.1).min() for seed in range(4)) > -75


def test_stationary_kinds_keep_their_level_and_the_others_do_not():
    swings = {kind: np.median([np.std(levels_db(noise(kind, s, 4), 0.25)) for s in range(6)]) for kind in family.KINDS}
    assert all((swing < 1.2) == (kind in family.STATIONARY) for kind, swing in swings.items()), swings


def test_events_are_peaky_voices_and_hiss_are_not():
    """Kurtosis, 3 of Gaussian noise."""
    kurtosis = {kind: np.median([np.mean(noise(kind, s, 4) ** 4) for s in range(6)]) for kind in family.KINDS}
    assert min(kurtosis[kind] for kind in ("grains", "knocks")) > 10
    assert kurtosis["hiss"] == pytest.approx(3, abs=0.3)
    assert 3 < kurtosis["crowd"] < 10


def test_motors_and_calls_have_lines_and_hiss_has_none():
    """Share of the power in the strongest hundredth of all bins."""

    def strongest(kind, seed):
        power = np.sort(np.abs(np.fft.rfft(noise(kind, seed) * np.hanning(SECONDS * FS))) ** 2)
        return power[-len(power) // 100 :].sum() / power.sum()

    share = {kind: np.median([strongest(kind, s) for s in range(8)]) for kind in ("motor", "calls", "hiss")}
    assert min(share["motor"], share["calls"]) > 1.5 * share["hiss"]


def test_crowds_have_the_modulations_of_syllables():
    """Their envelopes have more power at 2 to 8 Hz than at 16 to 32 Hz."""
    envelope = np.abs(noise("crowd", 1, 10)).reshape(-1, 160).mean(1)
    power = np.abs(np.fft.rfft(envelope - envelope.mean())) ** 2
    f = np.fft.rfftfreq(len(envelope), 0.01)
    assert power[(f >= 2) & (f < 8)].mean() > 4 * power[(f >= 16) & (f < 32)].mean()


def test_events_come_at_their_rate_evenly_or_not():
    for evenness, spread in ((0.0, 1.0), (1.0, 0.0)):
        strikes = family._strikes(np.random.default_rng(0), 200 * FS, FS, 5.0, 0.0, evenness)
        gaps = np.diff(np.flatnonzero(strikes)) / FS
        assert np.mean(gaps) == pytest.approx(0.2, rel=0.05)
        assert np.std(gaps) / np.mean(gaps) == pytest.approx(spread, abs=0.08)


class TestVariety:
    def test_no_kind_of_the_test_is_known_from_training(self):
        kinds = {split: {kind for kind, s, _ in synthetic.recordings({"variety": "wide"}) if s == split}
                 for split in ("train", "valid", "test")}  # fmt: skip
        assert kinds["train"] == kinds["valid"] == set(family.KINDS)
        assert kinds["test"] == {*noises.KINDS, "babble"}
        assert kinds["train"].isdisjoint(kinds["test"])

    def test_the_test_is_the_same_at_either_variety(self):
        def rows(variety):
            part = {"variety": variety, "kinds": ["street"], "seconds": 1, "recordings": {"train": 0, "valid": 0}}
            return list(synthetic.rows(part, kind="noise", seed=0, fs=FS))

        assert rows("wide") == rows("narrow") != []

    def test_a_recording_depends_on_seed_and_name_alone(self):
        def rows(seed=0, **options):
            part = {"variety": "wide", "seconds": 1, "recordings": {"train": 2, "valid": 0, "test": 0}} | options
            return {row["recording"]: row for row in synthetic.rows(part, kind="noise", seed=seed, fs=FS)}

        every, few, other = rows(), rows(kinds=["calls"]), rows(seed=1, kinds=["calls"])
        assert len(every) == 2 * len(family.KINDS) == len({row["audio"]["bytes"] for row in every.values()})
        assert all(every[name] == row for name, row in few.items())
        assert all(every[name] != row for name, row in other.items())

    def test_a_kind_of_the_other_variety_is_refused(self):
        with pytest.raises(CocktailError, match="noise of the variety narrow has no 'hiss'"):
            next(synthetic.rows({"kinds": ["hiss"]}, kind="noise", seed=0, fs=FS))

    def test_levels_are_drawn_from_their_range(self):
        low, high = synthetic.LEVELS_DB
        how = {"seed": 0, "fs": FS, "speech": None}
        sounds = [synthetic.synthesise("hiss", f"hiss-{i}", "train", FS, **how) for i in range(30)]
        levels = [10 * np.log10(np.mean(x**2)) for x in sounds]
        assert low <= min(levels) < low + 4 and high - 4 < max(levels) <= high + 1e-9


class TestChannels:
    def test_nothing_but_the_floor_is_left_of_silence_within_a_sound(self):
        x = np.zeros(2 * FS)
        x[:FS] = np.random.default_rng(0).standard_normal(FS)
        dry = channels.Range(direct_db=(0, 0), dry=1.0, floor_db=(-40.0, -40.0))
        y = channels.recorded(rng(0, role="channel"), x, FS, dry)
        floor = np.mean(y[FS + 4000 :] ** 2) / np.mean(y[:FS] ** 2)
        assert 10 * np.log10(floor) == pytest.approx(-43, abs=1)  # re the whole, half of which is silent

    def test_reverberation_dies_away_by_60_db_in_its_time(self):
        click = np.zeros(FS)
        click[0] = 1.0
        wet = channels.Range(direct_db=(0, 0), dry=0.0, floor_db=(-200.0, -200.0), t60_s=(0.5, 0.5), tilt_db=0.0,
                             band_db=0.0, narrow=0.0)  # fmt: skip
        y = channels.recorded(rng(0, role="channel"), click, FS, wet)
        decay = levels_db(y[800:7200], 0.02)
        assert np.polyfit(0.02 * np.arange(len(decay)), decay, 1)[0] == pytest.approx(-120, rel=0.1)
        assert np.sum(y[:40] ** 2) == pytest.approx(np.sum(y[40:] ** 2), rel=0.3)

    def test_responses_differ(self):
        x = np.random.default_rng(0).standard_normal(2 * FS)
        heard = [octaves_db(channels.recorded(rng(i, role="channel"), x, FS, channels.SPEECH)) for i in range(5)]
        assert min(np.std(a - b) for a, b in itertools.combinations(heard, 2)) > 1.0
