import numpy as np
import pytest

from cocktail.degradations.codecs import coded, g711, opus

FS = 16000


def decibel(ratio):
    return 10 * np.log10(ratio)


def tinted(n_samples, level=0.1):
    x = np.convolve(np.random.default_rng(0).standard_normal(n_samples), np.ones(4) / 4, "same")
    return level * x / np.std(x)


MU, A = 255.0, 87.6
SLOPE = {
    "mu-law": lambda x: np.log1p(MU) / MU * (1 + MU * np.abs(x)),
    "a-law": lambda x: (1 + np.log(A)) * np.maximum(np.abs(x), 1 / A),
}
"""Of the inverse of each law: by how much a step of the compressed signal is stretched."""


@pytest.mark.parametrize("level", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("law", SLOPE)
def test_g711_has_the_signal_to_noise_ratio_of_its_law(law, level):
    """256 equal steps of the compressed signal: noise of step^2 / 12 times the mean squared slope of the expansion."""
    x = np.clip(level * np.random.default_rng(0).standard_normal(40_000), -0.99, 0.99)
    theory = (2 / 256) ** 2 / 12 * np.mean(SLOPE[law](x) ** 2)
    noise = np.mean((g711(x, law) - x) ** 2)
    assert decibel(noise / theory) == pytest.approx(0, abs=0.8)


@pytest.mark.parametrize("law", SLOPE)
def test_g711_has_256_values_that_stay_and_a_step_doubles_from_segment_to_segment(law):
    values = np.unique(g711(np.linspace(-1, 1, 100_001), law))
    assert len(values) == (255 if law == "mu-law" else 256), "the two zeros of mu-law are one"
    np.testing.assert_allclose(values, -values[::-1], atol=1e-15)
    np.testing.assert_allclose(g711(values, law), values, atol=1e-12)
    steps = np.diff(values[values > 0])
    assert steps[-1] / steps[0] == pytest.approx(128 if law == "mu-law" else 64)


def test_g711_is_narrow_band_and_has_no_delay():
    x = tinted(FS + 1)
    y = coded(x, FS, "mu-law")
    hertz, X, Y = np.fft.rfftfreq(len(x), 1 / FS), np.fft.rfft(x), np.fft.rfft(y)
    low, high = hertz < 3400, hertz > 4300
    assert decibel(np.sum(np.abs(Y[high]) ** 2) / np.sum(np.abs(X[high]) ** 2)) < -20
    assert decibel(np.sum(np.abs((Y - X)[low]) ** 2) / np.sum(np.abs(X[low]) ** 2)) < -30


@pytest.mark.parametrize("rate_kbps", [8, 16, 32])
def test_opus_sends_as_much_as_was_asked(rate_kbps):
    bits = 8 * (len(opus(tinted(4 * FS), FS, rate_kbps)) - len(opus(tinted(2 * FS), FS, rate_kbps)))
    assert bits / 2 / 1000 == pytest.approx(rate_kbps, rel=0.25)


def test_opus_has_no_delay_and_keeps_more_at_a_higher_rate():
    x = tinted(FS + 77)
    heard = [coded(x, FS, "opus", rate) for rate in (6, 48)]
    for y in heard:
        assert y.shape == x.shape
        cross = np.fft.irfft(np.fft.rfft(y, 4 * FS) * np.fft.rfft(x, 4 * FS).conj())
        assert np.argmax(cross) == 0
    errors = [decibel(np.sum((y - x) ** 2) / np.sum(x**2)) for y in heard]
    assert errors[1] < errors[0] - 6
