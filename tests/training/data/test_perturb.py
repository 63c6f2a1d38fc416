"""Perturbation of noise and rooms: what each does to a tone, an impulse, a scene; nothing where it is not named."""

import numpy as np
import pytest

from cocktail.rooms.responses import LATENCY
from cocktail.testing.data import TinyData
from cocktail.training.data import augment, perturb

FS = 16000


def sine(f_hz, seconds=2.0):
    return np.sin(2 * np.pi * f_hz * np.arange(round(seconds * FS)) / FS).astype(np.float32)


def peak_hz(x):
    return np.argmax(np.abs(np.fft.rfft(x * np.hanning(len(x))))) * FS / len(x)


def octaves_db(x):
    power = np.abs(np.fft.rfft(x)) ** 2
    edges = 62.5 * 2.0 ** np.arange(8) * len(x) / FS
    return 10 * np.log10([power[round(low) : round(2 * low)].sum() for low in edges[:-1]])


@pytest.mark.parametrize("rate", [0.6, 1.0, 1.5])
def test_a_sound_played_faster_is_higher_and_as_loud(rate):
    x = sine(1000)[: round(rate * FS)]
    y = perturb.played(x, FS)
    assert y.shape == (FS,) and y.dtype == np.float32
    assert peak_hz(y) == pytest.approx(1000 * rate, abs=2)
    assert np.mean(y**2) == pytest.approx(np.mean(x**2), rel=0.02)


def test_bins_are_shifted_smoothly_by_random_amounts():
    """A tone wanders about its frequency, and two neighbours together."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(12):
        seed = generator.integers(2**31)
        near = [perturb.shifted(sine(f), FS, np.random.default_rng(seed)) for f in (2000, 2062.5)]
        found.append([[peak_hz(y[at : at + 4096]) for at in range(2000, 26000, 6000)] for y in near])
    found = np.array(found)  # (12, 2 tones, 4 places)
    assert np.std(found[:, 0]) == pytest.approx(perturb.SHIFT_HZ, rel=0.35)
    assert np.abs(np.diff(found, axis=1) - 62.5).mean() < 0.25 * perturb.SHIFT_HZ
    silence = perturb.shifted(np.zeros(8000, np.float32), FS, generator)
    assert silence.dtype == np.float32 and not silence.any()


def test_an_equaliser_changes_the_spectrum_and_delays_nothing():
    x = np.random.default_rng(0).standard_normal(2 * FS).astype(np.float32)
    changes = [octaves_db(perturb.equalised(x, FS, np.random.default_rng(s))) - octaves_db(x) for s in range(30)]
    assert np.std(np.diff(changes, axis=1)) == pytest.approx(np.sqrt(2) * perturb.EQUALISER_DB, rel=0.5)
    click = np.zeros(FS, np.float32)
    click[5000] = 1
    assert np.argmax(np.abs(perturb.equalised(click, FS, np.random.default_rng(1)))) == 5000


def test_in_a_larger_room_every_echo_comes_later():
    response = np.zeros((2, 800), np.float32)
    response[0, LATENCY + 100] = response[1, LATENCY + 300] = 1
    for factor in perturb.SIZE:
        resized = perturb.resized(response, factor, LATENCY)
        assert resized.shape == response.shape and resized.dtype == np.float32
        assert [np.argmax(row) for row in resized] == [LATENCY + round(factor * 100), LATENCY + round(factor * 300)]
    np.testing.assert_array_equal(perturb.resized(response, 1.0, LATENCY), response)


def test_a_speech_equaliser_keeps_the_level_and_a_room_the_direct_sound():
    x = np.zeros(FS, np.float32)
    x[:4000] = np.random.default_rng(0).standard_normal(4000)
    generator = np.random.default_rng(1)
    assert np.mean(augment.equaliser(x, FS, generator) ** 2) == pytest.approx(np.mean(x**2), rel=1e-3)
    late = augment.room(x, FS, generator) - x
    ratio = 10 * np.log10(np.mean(x**2) / np.mean(late**2))
    assert augment.DIRECT_DB[0] - 0.1 <= ratio <= augment.DIRECT_DB[1] + 0.1
    assert np.mean(late[5000:6000] ** 2) > 10 * np.mean(late[-1000:] ** 2) > 0  # it goes on after the sound, and dies


def drawn(names, split="train", channels=None, n=12):
    data = TinyData("separation", channels=channels)
    mixer = data.mixer.augmented(tuple(names))
    return [mixer.draw(np.random.default_rng(s), split) for s in range(n)]


def test_half_of_the_scenes_are_chosen_and_nothing_is_drawn_for_what_is_not_named():
    generator = np.random.default_rng(0)
    assert np.mean([perturb.chosen(generator, "noise-mix", ("noise-mix",)) for _ in range(400)]) == pytest.approx(
        0.5, abs=0.08
    )
    before = generator.bit_generator.state
    assert not perturb.chosen(generator, "noise-mix", ("noise-rate",)) and generator.bit_generator.state == before


@pytest.mark.parametrize("name", perturb.NOISE)
def test_noise_is_perturbed_in_train_scenes_alone(name):
    plain, perturbed = drawn(()), drawn((name,))
    assert any(not np.array_equal(a.noise, b.noise) for a, b in zip(plain, perturbed, strict=True))
    for scene in perturbed:
        np.testing.assert_allclose(scene.mixture, scene.sources[0] + scene.noise, atol=1e-6)
    for a, b in zip(drawn((), "valid"), drawn((name,), "valid"), strict=True):
        np.testing.assert_array_equal(a.mixture, b.mixture)


def test_responses_are_perturbed_in_train_scenes_with_rooms_at_one_microphone():
    """At several, the delays between them would no longer be those of their places."""
    plain, perturbed = (drawn(names, channels=1) for names in ((), ("responses",)))
    assert any(not np.array_equal(a.images, b.images) for a, b in zip(plain, perturbed, strict=True))
    for split, channels in (("valid", 1), ("train", 2)):
        for a, b in zip(*(drawn(names, split, channels) for names in ((), ("responses",))), strict=True):
            np.testing.assert_array_equal(a.images, b.images)
