"""Synthesised noise: spectra, time structure, determinism, disjointness."""

import numpy as np
import pytest
from scipy.signal import find_peaks, welch

from cocktail.corpora import adapters, noises, synthetic
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.levels import levelled

FS = 16000
SECONDS = 10


def noise(kind, seed=0, seconds=SECONDS, fs=FS):
    return noises.KINDS[kind](np.random.default_rng(seed), seconds * fs, fs)


def octave_slope_db(x, low, high):
    """Fall of the power spectrum, dB an octave."""
    f, power = welch(x, FS, nperseg=4096)
    band = (f >= low) & (f <= high)
    return np.polyfit(np.log2(f[band]), 10 * np.log10(power[band]), 1)[0]


def frame_levels_db(x, seconds=0.1):
    size = round(seconds * FS)
    frames = x[: len(x) // size * size].reshape(-1, size)
    return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)


@pytest.mark.parametrize("kind", noises.KINDS)
class TestEveryKind:
    def test_length_and_finiteness(self, kind):
        for n_samples in (FS, 3 * FS + 1):
            x = noises.KINDS[kind](np.random.default_rng(0), n_samples, FS)
            assert x.shape == (n_samples,)
            assert np.isfinite(x).all()
            assert np.std(x) > 0

    def test_depends_on_the_generator_alone(self, kind):
        np.testing.assert_array_equal(noise(kind, 1), noise(kind, 1))
        assert not np.array_equal(noise(kind, 1), noise(kind, 2))

    def test_runs_at_another_rate(self, kind):
        assert np.isfinite(noise(kind, seconds=2, fs=8000)).all()


class TestSpectra:
    def test_white_is_flat(self):
        assert octave_slope_db(noise("white"), 50, 7500) == pytest.approx(0.0, abs=0.15)

    def test_pink_falls_by_3_db_an_octave(self):
        assert octave_slope_db(noise("pink"), 50, 7500) == pytest.approx(-3.01, abs=0.15)

    def test_car_falls_by_6_db_an_octave_and_has_an_engine(self):
        x = noise("car")
        assert octave_slope_db(x, 1000, 7500) == pytest.approx(-6.02, abs=0.3)
        f, power = welch(x, FS, nperseg=16384)
        engine = (f > 55) & (f < 115)
        assert power[engine].max() > 10 * np.median(power[engine])

    def test_hum_is_harmonics_of_the_mains(self):
        f, power = welch(noise("hum"), FS, nperseg=FS)
        total = power[f > 20].sum()
        near = np.abs(f - 50 * np.round(f / 50)) <= 2
        assert power[near & (f > 20) & (f < 2050)].sum() > 0.9 * total
        even, odd = (f == 100).argmax(), (f == 50).argmax()
        levels = [noise("hum", seed) for seed in range(6)]
        powers = [welch(x, FS, nperseg=FS)[1] for x in levels]
        assert np.mean([np.log(p[even] / p[odd]) for p in powers]) > 0

    def test_music_is_tonal(self):
        f, power = welch(noise("music"), FS, nperseg=8192)
        band = (f > 100) & (f < 2000)
        assert np.exp(np.mean(np.log(power[band]))) < 0.3 * np.mean(power[band])


class TestTime:
    @pytest.mark.parametrize("kind", sorted(noises.STATIONARY))
    def test_stationary_kinds_keep_their_level_and_spectrum(self, kind):
        x = noise(kind)
        assert np.std(frame_levels_db(x, 0.5)) < 1.5
        spectra = [10 * np.log10(welch(half, FS, nperseg=512)[1]) for half in np.split(x, 2)]
        assert np.sqrt(np.mean((spectra[0] - spectra[1]) ** 2)) < 1.5

    @pytest.mark.parametrize("kind", sorted(noises.KINDS.keys() - noises.STATIONARY))
    def test_the_others_do_not(self, kind):
        assert np.std(frame_levels_db(noise(kind))) > 2.5

    @pytest.mark.parametrize("kind", noises.KINDS)
    def test_no_stretch_is_digital_silence(self, kind):
        levels = frame_levels_db(noise(kind, seconds=20)) - 10 * np.log10(np.mean(noise(kind, seconds=20) ** 2))
        assert levels.min() > -70
        assert np.convolve(10 ** (levels / 10), np.ones(20) / 20, "valid").min() > 0.01  # in any two seconds

    @pytest.mark.parametrize("kind", ["machine-gun", "hammer"])
    def test_bursts_are_peaky(self, kind):
        x = noise(kind)
        assert np.mean(x**4) / np.mean(x**2) ** 2 > 10  # 3 for Gaussian noise

    @pytest.mark.parametrize("kind", ["machine-gun", "hammer"])
    def test_between_bangs_there_is_a_floor_50_db_below_their_peaks(self, kind):
        """Blows of a hammer ring on; the quietest tenth of a second of several recordings does not."""
        quietest = [np.percentile(frame_levels_db(noise(kind, seed)), 2) for seed in range(4)]
        assert min(quietest) == pytest.approx(-50, abs=8)

    def test_shots_come_at_450_to_600_a_minute(self):
        level = np.convolve(noise("machine-gun", 3) ** 2, np.ones(160) / 160, "same")
        shots = find_peaks(level, height=0.15 * level.max(), distance=round(0.06 * FS))[0]
        gaps = np.diff(shots) / FS
        within = gaps[gaps < 0.3]
        assert len(within) > 20
        assert 7.0 < 1 / np.median(within) < 10.5
        assert (gaps > 0.4).any()


def test_a_scattered_event_is_cut_at_the_end():
    x = noises.scattered(100, 10, [0.0, 9.5, 20.0], lambda: np.ones(10))
    np.testing.assert_array_equal(np.flatnonzero(x), [*range(10), *range(95, 100)])


def test_babble_adds_its_talkers_without_pauses():
    generator = np.random.default_rng(0)
    talkers = [[np.full(3 * FS, float(k)), np.full(2 * FS, float(k))] for k in (1, 2, 4)]
    x = noises.babble(generator, 5 * FS, FS, talkers)
    np.testing.assert_allclose(x, x[0])  # each stream is brought to one level: a constant stays one
    assert 3 * 10 ** (-1.5 / 20) <= x[0] <= 3 * 10 ** (1.5 / 20)


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic") / "speech.parquet"
    part = {
        "adapter": "grid-tts",
        "speakers": {"train": 7, "valid": 0, "test": 6},
        "utterances": {"train": 2, "test": 2},
    }
    adapters.build([part], "speech", path, seed=0, fs=FS)
    return Library(path)


class TestAdapter:
    def rows(self, speech=None, seed=0, **options):
        part = {"adapter": "synthetic", "seconds": 2} | options
        return list(synthetic.rows(part, kind="noise", seed=seed, fs=FS, speech=speech))

    def test_all_kinds_and_splits(self, speech):
        rows = self.rows(speech, recordings={"train": 1, "valid": 0, "test": 2})
        assert {row["kind"] for row in rows} == set(synthetic.NARROW)
        assert len(rows) == 3 * len(synthetic.NARROW)
        assert len({row["recording"] for row in rows}) == len({row["audio"]["bytes"] for row in rows}) == len(rows)
        assert all(row["audio"]["bytes"][:4] == b"fLaC" for row in rows)

    def test_recordings_depend_on_seed_and_name_alone(self, speech):
        every = {row["recording"]: row for row in self.rows(speech, recordings={"train": 2, "valid": 0, "test": 0})}
        few = self.rows(speech, kinds=["babble", "street"], recordings={"train": 1, "valid": 0, "test": 0})
        assert all(every[row["recording"]] == row for row in few)
        other = self.rows(seed=1, kinds=["street"], recordings={"train": 1, "valid": 0, "test": 0})
        assert other[0]["audio"]["bytes"] != every["street-train-00"]["audio"]["bytes"]

    def test_babble_takes_talkers_of_its_own_split(self, speech, monkeypatch):
        heard = []
        samples = speech.samples
        monkeypatch.setattr(speech, "samples", lambda name, fs: heard.append(name) or samples(name, fs))
        for split in ("train", "test"):
            heard.clear()
            counts = {"train": 0, "valid": 0, "test": 0, split: 1}
            self.rows(speech, kinds=["babble"], recordings=counts)
            talkers = {name.rsplit("-", 1)[0] for name in heard}
            assert len(talkers) >= 6
            assert all(talker.startswith(f"gtts-{split}-") for talker in talkers)

    def test_babble_without_enough_speech_is_told(self, speech):
        with pytest.raises(CocktailError, match="give the suite a speech corpus"):
            self.rows(kinds=["babble"])
        with pytest.raises(CocktailError, match=r"at least 6 speakers, and the valid split of .* has 0"):
            self.rows(speech, kinds=["babble"], recordings={"train": 0, "valid": 1, "test": 0})

    def test_level_and_peak(self):
        white = levelled(noise("white"), synthetic.LEVEL_DB, synthetic.PEAK)
        assert 10 * np.log10(np.mean(white**2)) == pytest.approx(synthetic.LEVEL_DB)
        click = np.zeros(1000_000)
        click[500] = 3.0
        assert np.abs(levelled(click, synthetic.LEVEL_DB, synthetic.PEAK)).max() == pytest.approx(synthetic.PEAK)
