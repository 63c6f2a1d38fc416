import numpy as np
import pytest
from scipy.signal import lfilter

from cocktail.errors import CocktailError
from cocktail.training.data import augment

FS = 16000


def peak_hz(x, low=0, high=FS / 2):
    """Frequency of the strongest component, to a fraction of a hertz."""
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)), 16 * len(x)))
    f = np.fft.rfftfreq(16 * len(x), 1 / FS)
    inside = (f >= low) & (f <= high)
    return f[inside][np.argmax(spectrum[inside])]


def sine(f_hz, seconds=1.0):
    return np.sin(2 * np.pi * f_hz * np.arange(round(seconds * FS)) / FS).astype(np.float32)


def vowel(f0_hz, formants_hz, seconds=1.0):
    """A train of pulses through resonances."""
    x = np.zeros(round(seconds * FS))
    x[:: round(FS / f0_hz)] = 1
    for f in formants_hz:
        r = np.exp(-np.pi * 80 / FS)
        x = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * f / FS), r * r], x)
    return (0.1 * x / np.abs(x).max()).astype(np.float32)


def envelope_peak_hz(x, low, high):
    """Centre of the strongest formant within a band: the peak of a smooth spectrum."""
    power = np.abs(np.fft.rfft(x[: len(x) // 512 * 512].reshape(-1, 512) * np.hanning(512), 4096)) ** 2
    mean = np.convolve(np.log(power.mean(axis=0) + 1e-12), np.hanning(61) / 30, mode="same")
    f = np.fft.rfftfreq(4096, 1 / FS)
    inside = (f >= low) & (f <= high)
    return f[inside][np.argmax(mean[inside])]


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.0, 1.2])
def test_stretching_changes_the_length_and_not_the_pitch(factor):
    x = sine(440)
    y = augment.stretch(x, FS, factor)
    assert len(y) == round(factor * FS) and y.dtype == np.float32
    assert peak_hz(y[2000:-2000]) == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(y[2000:-2000] ** 2)) == pytest.approx(np.sqrt(0.5), rel=0.15)


def test_stretching_moves_events_in_proportion():
    x = np.zeros(FS, np.float32)
    x[8000:8400] = np.random.default_rng(0).standard_normal(400)
    y = augment.stretch(x, FS, 1.25)
    assert np.argmax(np.convolve(y**2, np.ones(400))) - 200 == pytest.approx(1.25 * 8200, abs=256)


def test_a_factor_of_one_changes_nothing():
    x = vowel(100, [500, 1500])
    np.testing.assert_allclose(augment.stretch(x, FS, 1.0), x, atol=1e-4)
    np.testing.assert_allclose(augment.vocal_tract(x, FS, 1.0), x, atol=1e-4)


@pytest.mark.parametrize("warp", [0.85, 1.15])
def test_the_vocal_tract_moves_formants_and_not_the_tempo(warp):
    x = vowel(125, [700, 2200])
    y = augment.vocal_tract(x, FS, warp)
    assert y.shape == x.shape and y.dtype == np.float32
    for formant in (700, 2200):
        before = envelope_peak_hz(x, 0.7 * formant, 1.3 * formant)
        after = envelope_peak_hz(y, 0.7 * formant, 1.3 * formant)
        assert after / before == pytest.approx(warp, abs=0.04)
    click = np.zeros(FS, np.float32)
    click[8000:8400] = np.random.default_rng(0).standard_normal(400)
    y = augment.vocal_tract(click, FS, warp)
    assert np.argmax(np.convolve(y**2, np.ones(400))) - 200 == pytest.approx(8200, abs=256)


@pytest.mark.parametrize("cut", [2500, 4000, 7000])
def test_bandwidth_leaves_what_is_below_and_takes_what_is_above(cut):
    x = np.random.default_rng(0).standard_normal(FS).astype(np.float32)
    X, Y = (np.abs(np.fft.rfft(z)) ** 2 for z in (x, augment.bandwidth(x, FS, cut)))
    np.testing.assert_allclose(Y[: cut - 5], X[: cut - 5], rtol=1e-2, atol=1e-2)
    assert Y[cut + 250 :].sum() < 1e-6 * X[cut + 250 :].sum()
    f = sine(500)
    np.testing.assert_allclose(augment.bandwidth(f, FS, cut), f, atol=2e-3)  # no delay


def test_a_telephone_is_narrow_and_coarse():
    tone = sine(1003.7)
    errors = []
    for bits in (5, 8):
        y = augment.telephone(tone, FS, bits)
        assert len(np.unique(np.round(y / np.abs(y).max(), 5))) <= 2**bits
        errors.append(10 * np.log10(np.mean(tone**2) / np.mean((y - tone)[200:-200] ** 2)))
    assert errors[1] == pytest.approx(38, abs=2)  # G.711 has 38 dB over a wide range of levels
    assert errors[0] == pytest.approx(errors[1] - 3 * 6.02, abs=3)
    for outside in (60, 5000):
        y = augment.telephone((0.01 * tone + 0.01 * sine(outside)).astype(np.float32), FS, 8)
        spectrum = np.abs(np.fft.rfft(y))
        assert spectrum[outside] < 0.01 * spectrum[1000]


@pytest.mark.parametrize("level", [0.01, 1.0, 100.0])
def test_a_telephone_works_at_any_level(level):
    x = vowel(100, [500, 1500])
    np.testing.assert_allclose(augment.telephone(level * x, FS, 8), level * augment.telephone(x, FS, 8), rtol=1e-3,
                               atol=1e-5 * level)  # fmt: skip


def test_gain_is_in_decibels():
    x = sine(300)
    np.testing.assert_allclose(augment.gain(x, FS, -20), 0.1 * x, rtol=1e-6)


def test_conversion_moves_the_pitch_to_that_of_the_other_voice():
    x, other = vowel(100, [600, 1700]), vowel(160, [600, 1700], 0.7)
    before = x.copy()
    y = augment.converted(x, FS, other)
    np.testing.assert_array_equal(x, before)
    assert y.shape == x.shape and y.dtype == np.float32
    assert np.sqrt(np.mean(y**2)) == pytest.approx(np.sqrt(np.mean(x**2)), rel=1e-3)
    lags = np.correlate(y[4000:12000], y[4000:12000], "full")[8000:]
    assert FS / (60 + np.argmax(lags[60:200])) == pytest.approx(160, rel=0.02)


def test_conversion_leaves_silence_and_takes_any_length():
    voice, silence = vowel(120, [600, 1700], 0.3), np.zeros(4000, np.float32)
    assert augment.converted(silence, FS, voice) is silence
    assert augment.converted(voice, FS, silence) is voice
    short = augment.converted(sine(200, 0.01), FS, voice)
    assert short.shape == (160,) and np.isfinite(short).all()


@pytest.mark.parametrize("name", [*augment.AUGMENTATIONS, "vtl"])
def test_every_augmentation_gives_finite_speech_and_leaves_its_input(name):
    change = augment.AUGMENTATIONS.get(name, lambda x, fs, generator: augment.vocal_tract(x, fs, 1.07))
    for x in (vowel(120, [600, 1700]), np.zeros(4000, np.float32), sine(200, 0.01)):
        before = x.copy()
        y = change(x, FS, np.random.default_rng(0))
        np.testing.assert_array_equal(x, before)
        assert y.dtype == np.float32 and y.ndim == 1 and np.isfinite(y).all()


def test_only_what_is_named_is_applied_to_half_of_the_speech():
    x, generator = sine(200, 0.1), np.random.default_rng(0)
    assert augment.augmented(x, FS, generator, ()) is x
    changed = [augment.augmented(x, FS, generator, ("level",)) is not x for _ in range(400)]
    assert np.mean(changed) == pytest.approx(0.5, abs=0.08)
    with pytest.raises(CocktailError, match=r"augment: unknown 'vlt'; did you mean 'vtl'\?"):
        augment.check(("level", "vlt"))
