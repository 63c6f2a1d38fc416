import numpy as np
import pytest
from impulse_responses import early_energy, t60

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.rooms.arrays import positions
from cocktail.rooms.responses import EARLY_S, LATENCY, image_order, responses
from cocktail.rooms.shoebox import Shoebox

FS = 16000


def drawn_room(seed, t60_s, array="pair", n_sources=1):
    generator = np.random.default_rng(seed)
    size = generator.uniform((4.5, 3.5, 2.4), (7, 5, 3.2))
    microphones = generator.uniform(1, size - 1) + positions(array)
    sources = generator.uniform(0.5, size - 0.5, (n_sources, 3))
    return Shoebox.with_t60(size, t60_s), sources, microphones


def late_energy(response):
    """Energy in dB later than 50 ms after the direct sound."""
    return 10 * np.log10(np.sum(response**2) - 10 ** (early_energy(response, FS) / 10))


def generators(n, seed=0):
    return [np.random.default_rng([seed, k]) for k in range(n)]


@pytest.mark.parametrize("t60_s", [0.2, 0.3, 0.45, 0.6, 0.8, 1.2])
@pytest.mark.parametrize("seed", range(3))
def test_measured_t60_is_what_was_asked(t60_s, seed):
    room, sources, microphones = drawn_room(seed, t60_s, n_sources=2)
    full = responses(room, sources, microphones, FS, generators(2)).full
    measured = [t60(response, FS) for response in full.reshape(4, -1)]
    np.testing.assert_allclose(measured, t60_s, rtol=0.15)
    assert np.mean(measured) == pytest.approx(t60_s, rel=0.08)


def test_equals_the_full_image_method_early_and_statistically_late():
    import pyroomacoustics as pra

    late = []
    for seed in range(4):
        room, sources, microphones = drawn_room(seed, 0.3)
        plain = pra.ShoeBox(room.size, fs=FS, materials=pra.Material(room.absorption), max_order=image_order(room, 0.3))
        plain.add_microphone_array(microphones.T)
        plain.add_source(sources[0])
        plain.compute_rir()
        ours = responses(room, sources, microphones, FS, generators(1, seed)).full[0]
        for d in range(2):
            theirs = plain.rir[d][0]
            assert early_energy(ours[d], FS) == pytest.approx(early_energy(theirs, FS), abs=0.05)
            assert t60(theirs, FS) == pytest.approx(0.3, rel=0.15)
            early = int((np.linalg.norm(sources[0] - microphones[d]) / SOUND_SPEED + EARLY_S) * FS)
            np.testing.assert_allclose(ours[d, :early], theirs[:early], atol=0.02 * np.abs(theirs).max())
            late.append(late_energy(ours[d]) - late_energy(theirs))
    assert abs(np.mean(late)) < 0.7


def test_direct_sound_is_a_pulse_at_its_distance():
    room, sources, microphones = drawn_room(0, 0.4)
    direct = responses(room, sources, microphones, FS, generators(1)).direct[0]
    distance = np.linalg.norm(sources[0] - microphones[0])
    spectrum = np.fft.rfft(direct, 4096)
    frequency = np.fft.rfftfreq(4096, 1 / FS)
    band = frequency < 6000
    np.testing.assert_allclose(np.abs(spectrum[band]), 1 / distance, rtol=0.02)
    slope = np.polyfit(frequency[band], np.unwrap(np.angle(spectrum[band])), 1)[0]
    assert -slope / (2 * np.pi) * FS - LATENCY == pytest.approx(distance / SOUND_SPEED * FS, abs=0.02)


def test_early_part_ends_after_50_ms_and_agrees_with_the_whole_until_then():
    room, sources, microphones = drawn_room(1, 0.5)
    result = responses(room, sources, microphones, FS, generators(1))
    end = int((np.linalg.norm(sources[0] - microphones[0]) / SOUND_SPEED + EARLY_S) * FS) + LATENCY
    scale = np.abs(result.full).max()
    np.testing.assert_allclose(result.early[0, : end - 60], result.full[0, 0, : end - 60], atol=0.02 * scale)
    assert np.sum(result.early[0, end + 45 :] ** 2) < 1e-3 * np.sum(result.early[0] ** 2)


def test_tails_have_the_coherence_of_a_diffuse_field():
    xyz = positions("pair")
    room, sources, microphones = drawn_room(2, 0.6, n_sources=30)
    full = responses(room, sources, microphones, FS, generators(30)).full
    size, start = 512, int(0.15 * FS)
    frames = np.stack([full[:, :, start + i * size : start + (i + 1) * size] for i in range(8)])
    X = np.fft.rfft(frames / np.linalg.norm(frames, axis=(2, 3), keepdims=True) * np.hanning(size))
    cross = np.einsum("tsf,tsf->f", X[:, :, 0], X[:, :, 1].conj()).real
    cross /= np.sqrt(np.prod(np.sum(np.abs(X) ** 2, axis=(0, 1)), axis=0))
    expected = np.sinc(2 * np.fft.rfftfreq(size, 1 / FS) * np.linalg.norm(xyz[0] - xyz[1]) / SOUND_SPEED)
    assert np.sqrt(np.mean((cross - expected)[1:-1] ** 2)) < 0.1
    between = np.corrcoef(full[:, 0, start:])
    assert np.abs(between[np.triu_indices(30, 1)]).max() < 0.15  # each source has a tail of its own


def test_same_generators_same_responses():
    room, sources, microphones = drawn_room(3, 0.3, "tablet", 2)
    first = responses(room, sources, microphones, FS, generators(2))
    second = responses(room, sources, microphones, FS, generators(2))
    np.testing.assert_array_equal(first.full, second.full)
    assert first.full.shape[:2] == (2, 6)


def test_a_source_does_not_depend_on_the_others():
    room, sources, microphones = drawn_room(4, 0.3, n_sources=2)
    both = responses(room, sources, microphones, FS, generators(2)).early
    alone = responses(room, sources[1:], microphones, FS, generators(1)).early
    n = min(both.shape[1], alone.shape[1])
    np.testing.assert_allclose(both[1, : n - 200], alone[0, : n - 200], atol=1e-4 * np.abs(alone).max())
