"""Training mixtures at all microphones, and what each paradigm sees of a mixture."""

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail import levels
from cocktail.dsp.acoustics import diffuse_coherence
from cocktail.errors import AccessError, CocktailError
from cocktail.rng import rng
from cocktail.rooms import fields
from cocktail.rooms.arrays import positions
from cocktail.rooms.convolution import convolve
from cocktail.rooms.responses import LATENCY, responses
from cocktail.rooms.shoebox import Shoebox
from cocktail.scenes.drawing import draw_room
from cocktail.scenes.room_bank import make_bank
from cocktail.testing.data import SENTENCES, TinyData
from cocktail.training.data import sound
from cocktail.training.data.corpus import CorpusTrainingData
from cocktail.training.data.noise import Kind
from cocktail.training.data.rooms import read_rooms

FS = corpus.FS
SPACE = {"length_m": [4, 5], "width_m": [4, 5], "height_m": [2.5, 3], "t60_s": [0.2, 0.3], "distance_m": [1, 1.5]}
ROOM = {
    "task": "separate", "talkers": 2, "array": "circular-4", "reference": "early", "room": SPACE, "lead_s": 0.1,
    "level_db": [2, 2], "noise": {"field": "point+diffuse", "kinds": ["pink"], "snr_db": [3, 3], "point_db": [0, 0]},
}  # fmt: skip
OPEN = {
    "task": "enhance", "talkers": 1, "array": "single", "reference": "image",
    "noise": {"field": "diffuse", "kinds": ["white", "pink"], "snr_db": [-5, 10]},
}  # fmt: skip
SENSOR = OPEN | {"array": "tablet", "noise": {"field": "sensor", "snr_db": [0, 0]}}


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    path = tmp_path_factory.mktemp("rooms") / "room.npz"
    make_bank(condition="room", definition=ROOM, rooms=3, seed=1, fs=FS, out=path, microphones="all")
    return path


def mixer(conditions, rooms=None, paradigm="separation", array=True):
    data = CorpusTrainingData(
        corpus.speech(), corpus.noise(), fs=FS, paradigm=paradigm, array=array, conditions=conditions, rooms=rooms
    )
    return data.mixer


def level_db(x, where):
    return 10 * np.log10(levels.power(x.astype(float), where))


def test_a_scene_is_the_sum_of_its_parts_at_every_microphone_at_the_levels_of_its_condition(bank):
    m, generator = mixer({"room": ROOM}, {"room": bank}), np.random.default_rng(0)
    for split in ("train", "valid", "train"):
        x = m.draw(generator, split)
        k, d, n = x.images.shape
        assert (k, d) == (2, 4) and x.mixture.shape == x.noise.shape == (d, n) and x.sources.shape == (k, n)
        assert {y.dtype for y in (x.mixture, x.images, x.noise, x.sources)} == {np.dtype("float32")}
        np.testing.assert_allclose(x.mixture, x.images.sum(axis=0) + x.noise, atol=1e-6)
        assert 0.5 <= max(np.abs(y).max() for y in (x.mixture, x.images, x.noise, x.sources)) <= 0.9001
        heard = x.images[:, 0].sum(axis=0)
        where = levels.active(heard, FS)
        assert level_db(heard, where) - level_db(x.noise[0], where) == pytest.approx(3, abs=1e-3)
        first, second = (level_db(y, levels.active(y, FS)) for y in x.images[:, 0])
        assert first == pytest.approx(second, abs=1e-3)
        np.testing.assert_array_equal(x.array, positions("circular-4"))


def test_responses_at_all_microphones_are_those_of_the_train_scenes(bank):
    for number in range(3):
        generators = lambda role, number=number: rng(1, "room", "train", number, role=role)  # noqa: E731
        room, places = draw_room(ROOM, generators)
        tails = [generators(f"tail {s}") for s in range(2)]
        rendered = responses(
            Shoebox(room.size, room.absorption), np.array(places), np.array(room.microphones), FS, tails
        )
        full, early = read_rooms(bank)["train"].room(number)
        n = min(full.shape[-1], rendered.full.shape[-1])
        assert np.abs(full[:2, :, :n] - rendered.full[..., :n]).max() < 1e-6
        assert np.abs(early[:, : rendered.early.shape[-1]] - rendered.early[:, : early.shape[-1]]).max() < 1e-6


def test_speech_and_point_noise_in_a_room_are_convolved_with_the_response_of_each_microphone(bank):
    generator = np.random.default_rng(0)
    full, early = read_rooms(bank)["train"].room(1)
    dry = generator.standard_normal((2, 3000)).astype(np.float32)
    point = generator.standard_normal(full.shape[-1] - 1 + 3000).astype(np.float32)
    images, sources, noise = sound.heard(dry, point, full, early)
    for k in range(2):
        np.testing.assert_allclose(images[k], convolve(dry[k], full[k])[:, LATENCY : LATENCY + 3000], atol=1e-4)
        np.testing.assert_allclose(sources[k], convolve(dry[k], early[k])[LATENCY : LATENCY + 3000], atol=1e-4)
    preroll = full.shape[-1] - 1
    np.testing.assert_allclose(noise, convolve(point, full[-1])[:, preroll : preroll + 3000], atol=1e-4)
    images, sources, noise = sound.heard(dry, None, full, None)
    np.testing.assert_array_equal(sources, images[:, 0])
    assert noise is None


def test_diffuse_noise_has_the_coherence_of_the_array():
    """On average over the surroundings."""
    m = mixer({"tablet": OPEN | {"array": "tablet"}})
    size, cross = 512, 0.0
    for seed in range(12):
        noise = m._surroundings.field(Kind("tablet", "train", "white"), None, 10 * FS, np.random.default_rng(seed))
        assert np.mean(noise[0] ** 2) == pytest.approx(1, rel=1e-4)
        X = np.fft.rfft(np.hanning(size) * noise[:, : noise.shape[1] // size * size].reshape(len(noise), -1, size))
        cross = cross + np.einsum("dtf,etf->fde", X, X.conj()).real
    power = np.sqrt(np.einsum("fdd->fd", cross))
    coherence = cross / power[:, :, None] / power[:, None, :]
    truth = diffuse_coherence(positions("tablet"), np.fft.rfftfreq(size, 1 / FS))
    assert np.sqrt(np.mean((coherence - truth)[8:] ** 2)) < 0.07


def test_diffuse_noise_in_blocks_is_that_in_one():
    """The slow way: cocktail.rooms.fields.surround over all samples."""
    excerpts = [sound.unit(x) for x in np.random.default_rng(0).standard_normal((4, 60_000 + fields.preroll(FS)))]
    array = positions("circular-4")
    whole = fields.surround(np.array(excerpts), array, FS, rng(0, 3, role="diffuse field"))
    blocks = sound.diffuse(excerpts, array, FS, 3)
    assert blocks.shape == whole.shape == (4, 60_000)
    np.testing.assert_allclose(blocks, whole, atol=1e-4)
    assert not np.allclose(sound.diffuse(excerpts, array, FS, 4), blocks, atol=0.1)


@pytest.mark.parametrize("n_samples", [30_000, 3000])
def test_a_loop_of_diffuse_noise_is_that_of_many_turns(n_samples):
    excerpts = [sound.unit(x) for x in np.random.default_rng(0).standard_normal((4, n_samples))]
    array = positions("circular-4")
    turns = [np.tile(x, 2 + fields.preroll(FS) // n_samples)[-fields.preroll(FS) - n_samples :] for x in excerpts]
    whole = sound.diffuse(turns, array, FS, 1)[0]
    loop = sound.diffuse_loop(excerpts, array, FS, 1)
    assert np.corrcoef(loop, whole)[0, 1] > 0.9999, "excerpts of other lengths have a little other levels"
    assert np.std(loop) == pytest.approx(np.std(whole), rel=0.02)


def test_sensor_noise_is_independent_and_speech_without_a_room_is_alike():
    x = mixer({"a": SENSOR}).draw(np.random.default_rng(0), "train")
    correlation = np.corrcoef(x.noise)
    assert correlation.shape == (6, 6) and np.abs(correlation - np.eye(6)).max() < 0.05
    assert all(np.array_equal(image, x.sources[0]) for image in x.images[0])


@pytest.mark.parametrize("field", ["diffuse", "sensor", "point", "point+diffuse"])
def test_an_array_of_one_microphone_is_that_microphone(field):
    condition = {"a": OPEN | {"noise": OPEN["noise"] | {"field": field}}}
    alone, array = (mixer(condition, array=x).draw(np.random.default_rng(2), "train") for x in (False, True))
    np.testing.assert_array_equal(alone.mixture, array.mixture[0])
    np.testing.assert_array_equal(alone.noise, array.noise[0])
    np.testing.assert_array_equal(alone.sources, array.sources)


def test_a_bank_of_another_number_of_microphones_is_refused(bank):
    with pytest.raises(CocktailError, match="room: its bank of rooms has 4 microphones and not 1"):
        mixer({"room": ROOM}, {"room": bank}, array=False).draw(np.random.default_rng(0), "train")


def test_what_a_paradigm_sees_of_a_mixture():
    def drawn(paradigm, array=False):
        return mixer({"a": OPEN}, paradigm=paradigm, array=array).draw(np.random.default_rng(0), "train")

    plain, annotated, blind = (drawn(name) for name in ("separation", "annotated-separation", "mixture-only"))
    np.testing.assert_array_equal(plain.mixture, annotated.mixture)
    np.testing.assert_array_equal(plain.mixture, blind.mixture)
    np.testing.assert_array_equal(plain.sources, annotated.sources)
    for name in ("sources", "noise", "images", "texts", "speakers", "array"):
        with pytest.raises(AccessError, match=f"{name} are not granted to this method"):
            getattr(blind, name)
    with pytest.raises(AccessError, match="choose one of the paradigms annotated-separation"):
        _ = plain.texts
    with pytest.raises(AccessError, match="add 'array' to the method's `needs`"):
        _ = plain.images
    assert drawn("mixture-only", array=True).array.shape == (1, 3)
    with pytest.raises(AccessError, match="choose one of the paradigms separation"):
        _ = drawn("mixture-only", array=True).images
    with pytest.raises(AccessError, match="isolated signals: not granted to the paradigm 'mixture-only'"):
        next(CorpusTrainingData(corpus.speech(), corpus.noise(), fs=FS, paradigm="mixture-only").speech())


def test_transcripts_and_speakers_are_those_of_the_talkers():
    """Each source is found again among the utterances of its speaker, as the one with its text."""
    quiet = {"task": "separate", "talkers": 3, "array": "single", "reference": "image", "level_db": [0, 5]}
    m = mixer({"a": quiet}, paradigm="annotated-separation", array=False)
    rows, samples = corpus.speech().select(split="train"), corpus.speech().samples
    for seed in range(5):
        x = m.draw(np.random.default_rng(seed), "train")
        for source, text, speaker in zip(x.sources, x.texts, x.speakers, strict=True):
            (said,) = [row["utterance"] for row in rows if (row["speaker"], row["text"]) == (speaker, text)]
            dry = samples(said, FS)
            assert np.corrcoef(dry, source[: len(dry)])[0, 1] > 0.999


def test_the_conformance_suite_has_mixtures_of_every_paradigm_at_all_microphones():
    x = TinyData("annotated-separation", ("separate",), channels=4).mixer.draw(np.random.default_rng(1), "valid")
    assert x.images.shape[1:] == x.mixture.shape == x.noise.shape and len(x.mixture) == len(x.array) == 4
    assert set(x.texts) <= set(SENTENCES) and len(set(x.speakers)) == len(x.sources)
    assert np.abs(x.images[:, 0] - x.images[:, 1]).max() > 0.01
    with pytest.raises(AccessError, match="sources are not granted"):
        _ = TinyData("mixture-only").mixer.draw(np.random.default_rng(0), "train").sources


def test_segments_of_scenes_at_all_microphones_are_cut_and_collated_alike():
    from cocktail.nets.segments import Segments, collate

    draw = TinyData("separation", ("separate",), channels=2).mixer.draw
    scene, segment = draw(np.random.default_rng(0), "train"), Segments(draw, 4000)(np.random.default_rng(0), "train")
    start = next(
        i
        for i in range(scene.mixture.shape[1])
        if np.array_equal(scene.mixture[0, i:][:50], segment["mixture"][0, :50])
    )
    np.testing.assert_array_equal(segment["mixture"], scene.mixture[:, start : start + 4000])
    np.testing.assert_array_equal(segment["sources"], scene.sources[:, start : start + 4000])
    batch = collate([segment, {"mixture": segment["mixture"][:, :100], "sources": segment["sources"][:1, :100]}])
    assert batch["mixture"].shape == (2, 2, 4000) and not batch["mixture"][1, :, 100:].any()
    np.testing.assert_array_equal(batch["mixture"][0], segment["mixture"])
