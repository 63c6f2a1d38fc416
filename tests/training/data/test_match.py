"""What the mixer draws and what the renderer makes of the same conditions have the same statistics."""

import zlib

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail import levels, stft
from cocktail.scenes.drawing import draw
from cocktail.scenes.rendering import render
from cocktail.scenes.room_bank import make_bank
from cocktail.training.data.corpus import CorpusTrainingData

RENDERED, DRAWN, ROOMS = 50, 250, 50
BANDS = [1, 8, 16, 32, 64, 128]


def bursts(id, fs):
    """Coloured noise in bursts of half a second: excerpts that are mixed show in its spectrum and in its levels."""
    generator = np.random.default_rng(zlib.crc32(id.encode()))
    on = np.repeat(generator.choice([0.05, 0.3, 1.0], size=16), fs // 2)
    white = generator.standard_normal(8 * fs)
    return 0.05 * on * np.convolve(white, [1, generator.uniform(-0.9, 0.9)], mode="same")


def between(x):
    """Of (D, N): level of the last microphone re the first, in dB, and their coherence in bands (real part)."""
    X, Y = (stft.stft(x[d].astype(float)) for d in (0, -1))
    cross, power = np.sum((X * Y.conj()).real, axis=1), [np.sum(np.abs(A) ** 2, axis=1) for A in (X, Y)]
    coherence = np.add.reduceat(cross, BANDS) / np.sqrt(np.prod([np.add.reduceat(A, BANDS) for A in power], axis=0))
    return [10 * np.log10(levels.power(x[-1]) / levels.power(x[0])), *coherence]


def spatial_statistics(images, noise):
    """What `between` says of the first talker, of all talkers and of the noise (D, N)."""
    return [*between(images[0]), *between(images.sum(axis=0)), *(between(noise) if noise.any() else [])]


def statistics(mixture, sources, noise):
    """Duration, peak, share of the target, spectrum of noise and target, and how the noise's level varies."""

    def bands(x):
        power = np.mean(np.abs(stft.stft(x.astype(float))) ** 2, axis=-1) / levels.power(x)
        return 10 * np.log10(np.add.reduceat(power, BANDS))

    found = [len(mixture), np.log(levels.power(sources.sum(0)) / levels.power(mixture)), *bands(sources[0])]
    if noise.any():
        frames = noise[: len(noise) // 1600 * 1600].reshape(-1, 1600)
        found += [*bands(noise), np.std(np.log(np.mean(frames**2, axis=1)))]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nonstationary", "living-room", "tablet", "reverb", "two-talkers-array"])
def test_mixtures_are_distributed_as_rendered_scenes(name, tmp_path):
    condition, speech, noise = corpus.CONDITIONS[name], corpus.speech(), corpus.noise(bursts)
    common = {"seed": 1, "fs": corpus.FS}
    scenes = []
    for index in range(RENDERED):
        record = draw(condition, name=name, split="train", index=index, speech=speech, noise=noise, **common)
        x = render(record, speech, noise)
        scenes.append(
            statistics(x.mixture[0], x.early if condition["reference"] == "early" else x.images[:, 0], x.noise[0])
        )
    rooms = {}
    if "room" in condition:
        rooms[name] = tmp_path / f"{name}.npz"
        make_bank(condition=name, definition=condition, rooms=ROOMS, out=rooms[name], **common)
    data = CorpusTrainingData(
        speech, noise, paradigm="separation", fs=corpus.FS, conditions={name: condition}, rooms=rooms
    )
    generator = np.random.default_rng(0)
    drawn = [data.mixer.draw(generator, "train") for _ in range(DRAWN)]
    drawn = np.array([statistics(x.mixture, x.sources, x.noise) for x in drawn])
    assert_alike(np.array(scenes), drawn)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tablet", "two-talkers-array"])
def test_mixtures_at_all_microphones_are_distributed_as_rendered_scenes(name, tmp_path):
    condition, speech, noise = corpus.CONDITIONS[name], corpus.speech(), corpus.noise(bursts)
    common = {"seed": 1, "fs": corpus.FS}
    scenes = []
    for index in range(RENDERED):
        record = draw(condition, name=name, split="train", index=index, speech=speech, noise=noise, **common)
        x = render(record, speech, noise)
        scenes.append(spatial_statistics(x.images, x.noise))
    bank = tmp_path / f"{name}.npz"
    make_bank(condition=name, definition=condition, rooms=ROOMS, out=bank, microphones="all", **common)
    data = CorpusTrainingData(
        speech, noise, paradigm="separation", array=True, fs=corpus.FS, conditions={name: condition}, rooms={name: bank}
    )
    generator = np.random.default_rng(0)
    drawn = [data.mixer.draw(generator, "train") for _ in range(DRAWN)]
    assert_alike(np.array(scenes), np.array([spatial_statistics(x.images, x.noise) for x in drawn]))


def assert_alike(scenes, drawn):
    """Means within four standard errors, deviations within a factor of two: (scenes, statistics) each."""
    error = np.sqrt(scenes.var(axis=0) / RENDERED + drawn.var(axis=0) / DRAWN)
    assert np.abs((scenes.mean(axis=0) - drawn.mean(axis=0)) / error).max() < 4
    assert np.abs(np.log(scenes.std(axis=0) / drawn.std(axis=0))).max() < np.log(2)
