import numpy as np
import pytest
import scene_corpus as corpus

from cocktail import levels
from cocktail.degradations.chain import degraded
from cocktail.degradations.drawing import NAMES, Degradations, draw_degradations

FS = 16000
SPEC = corpus.CONDITIONS["degraded"]["degradations"]
EACH = {
    "wind": {"wind_db": 5.0},
    "clipping": {"clipped": 0.05},
    "gain": {"gain_db": 12.0},
    "band": {"band_hz": (200.0, 3000.0)},
    "codec": {"codec": "a-law"},
    "loss": {"lost": (10, 20, 21)},
}


def drawn(number, spec=SPEC):
    def generators(i):
        return lambda role: np.random.default_rng([i, *role.encode()])

    return [draw_degradations(spec, generators(i), 3 * FS, FS) for i in range(number)]


def mixture():
    speech = corpus.speech_samples("x", FS)
    return speech, speech + 0.01 * np.random.default_rng(0).standard_normal(len(speech))


def test_one_or_two_each_as_likely_and_as_strong_as_was_asked():
    found = drawn(600)
    numbers = np.array([len(done.names()) for done in found])
    assert set(numbers) == {1, 2} and 0.4 < np.mean(numbers == 1) < 0.6
    for name in NAMES:
        share = np.mean([name in done.names() for done in found])
        assert share == pytest.approx(1.5 / 6, abs=0.06), name
    values = {
        "clipped": SPEC["clipping"]["share"], "wind_db": SPEC["wind"]["snr_db"], "gain_db": SPEC["gain"]["range_db"],
        "rate_kbps": SPEC["codec"]["rate_kbps"],
    }  # fmt: skip
    for name, (low, high) in values.items():
        of = [getattr(done, name) for done in found if getattr(done, name) is not None]
        assert low <= min(of) < low + 0.15 * (high - low) and high - 0.15 * (high - low) < max(of) <= high, name
    assert {done.codec for done in found} == {None, *SPEC["codec"]["names"]}
    assert all((done.rate_kbps is not None) == (done.codec == "opus") for done in found)


def test_a_strength_does_not_depend_on_what_else_is_asked():
    alone = {"at_once": [1, 1], "clipping": SPEC["clipping"]}
    for one, all_of_them in zip(drawn(20, alone), drawn(20, SPEC | {"at_once": [6, 6]}), strict=True):
        assert one.clipped == all_of_them.clipped and all_of_them.names() == NAMES


def test_each_is_named_by_what_it_does():
    for name, how in EACH.items():
        assert Degradations(**how).names() == (name,)
    speech, x = mixture()
    np.testing.assert_array_equal(degraded(x, Degradations(), speech, FS, np.random.default_rng(0)), x)


def test_speech_stands_over_the_wind_as_asked():
    speech, x = mixture()
    blown = degraded(x, Degradations(wind_db=5.0), speech, FS, np.random.default_rng(0)) - x
    where = levels.active(speech, FS)
    assert 10 * np.log10(levels.power(speech, where) / levels.power(blown, where)) == pytest.approx(5)


@pytest.mark.parametrize("name", EACH)
def test_a_level_changes_the_level_and_nothing_else(name):
    speech, x = mixture()
    done = Degradations(**EACH[name])
    one, other = (degraded(2.0**k * x, done, 2.0**k * speech, FS, np.random.default_rng(0)) for k in (0, -9))
    assert one.shape == x.shape and np.any(one != x)
    np.testing.assert_allclose(other, one / 2**9, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(x, mixture()[1])
