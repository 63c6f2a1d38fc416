from dataclasses import replace

import numpy as np
import pytest
import scene_corpus as corpus
from impulse_responses import t60

from cocktail import tables
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.levels import active, power
from cocktail.rooms.responses import responses
from cocktail.rooms.shoebox import Shoebox
from cocktail.scenes.drawing import draw
from cocktail.scenes.rendering import render
from cocktail.scenes.scene import Scene
from cocktail.scenes.shard import make_shard

SPEECH, NOISE, SPOOFS = corpus.speech(), corpus.noise(), corpus.spoofs()


def drawn(name, index, *, condition=None, fs=16000):
    condition = condition or corpus.CONDITIONS[name]
    libraries = {"speech": SPEECH, "noise": NOISE, "spoofs": SPOOFS}
    return draw(condition, name=name, split="test", index=index, seed=1, fs=fs, **libraries)


def decibel(ratio):
    return 10 * np.log10(ratio)


@pytest.mark.parametrize("name", corpus.CONDITIONS)
def test_mixture_is_images_and_noise_at_the_snr_asked(name):
    for index in range(2):
        scene = drawn(name, index)
        signals = render(scene, SPEECH, NOISE, SPOOFS)
        n_talkers, n_channels = len(scene.talkers), len(scene.array)
        assert signals.mixture.shape == signals.noise.shape == (n_channels, scene.n_samples)
        assert signals.images.shape == (n_talkers, n_channels, scene.n_samples)
        assert signals.early.shape == signals.direct.shape == (n_talkers, scene.n_samples)
        np.testing.assert_allclose(signals.mixture, signals.images.sum(axis=0) + signals.noise, atol=1e-12)
        loudest = max(np.abs(x).max() for x in vars(signals).values() if x is not None)
        assert loudest == pytest.approx(scene.peak)
        heard = signals.images.sum(axis=0)[0]
        where = active(heard, scene.fs)
        if scene.degradations is not None:  # the SNR is that before
            before = render(replace(scene, degradations=None), SPEECH, NOISE, SPOOFS)
            signals, heard = before, before.images[0, 0]
        if scene.noise is None:
            assert not signals.noise.any()
        else:
            snr = decibel(power(heard, where) / power(signals.noise[0], where))
            assert snr == pytest.approx(scene.noise.snr_db, abs=1e-9)


@pytest.mark.parametrize("name", ["two-talkers", "three-talkers", "two-talkers-array"])
def test_talkers_have_the_levels_drawn(name):
    scene = drawn(name, 0)
    images = render(scene, SPEECH, NOISE, SPOOFS).images[:, 0]
    levels = [decibel(power(image, active(image, scene.fs))) for image in images]
    asked = [talker.level_db for talker in scene.talkers]
    np.testing.assert_allclose(np.subtract(levels, levels[0]), np.subtract(asked, asked[0]), atol=1e-9)


@pytest.mark.parametrize("name", ["nonstationary", "tablet", "two-talkers-array"])
def test_rendering_is_deterministic(name):
    first, second = (render(Scene.from_json(drawn(name, 3).to_json()), SPEECH, NOISE, SPOOFS) for _ in range(2))
    for a, b in zip(vars(first).values(), vars(second).values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_a_room_talker_image_is_the_utterance_after_the_lead():
    scene = drawn("stationary", 0)
    signals = render(scene, SPEECH, NOISE, SPOOFS)
    image, start = signals.images[0, 0], int(0.5 * scene.fs)
    dry = SPEECH.samples(scene.talkers[0].utterance, scene.fs)
    assert not image[:start].any()
    assert np.corrcoef(image[start : start + len(dry)], dry)[0, 1] == pytest.approx(1)
    assert scene.n_samples == pytest.approx(len(dry) + 0.8 * scene.fs, abs=2)
    np.testing.assert_array_equal(signals.early, signals.images[:, 0])
    np.testing.assert_array_equal(signals.direct, signals.images[:, 0])


def test_mixed_talkers_are_all_heard_to_the_end():
    scene = drawn("three-talkers", 1)
    images = render(scene, SPEECH, NOISE, SPOOFS).images[:, 0]
    for talker, image in zip(scene.talkers, images, strict=True):
        dry = SPEECH.samples(talker.utterance, scene.fs)
        assert np.corrcoef(image[: len(dry)], dry)[0, 1] == pytest.approx(1)
        assert not image[len(dry) :].any()


def test_reverb_scene_has_the_room_of_its_record():
    scene, full = response("reverb", 2)
    assert [t60(each, scene.fs) for each in full] == pytest.approx([scene.room.t60_s] * 2, rel=0.15)
    signals = render(scene, SPEECH, NOISE, SPOOFS)
    late = signals.images[0, 0] - signals.early[0]
    active_early = active(signals.early[0], scene.fs)
    assert 0.02 < power(late, active_early) / power(signals.early[0], active_early) < 10
    assert power(signals.early[0] - signals.direct[0]) > 0


def test_a_hall_is_as_reverberant_as_its_record_says_and_the_reference_keeps_it_all():
    scene, full = response("long-reverb", 0)
    assert 0.7 <= scene.room.t60_s <= 1.2 and scene.reference == "image"
    assert np.mean([t60(each, scene.fs) for each in full]) == pytest.approx(scene.room.t60_s, rel=0.1)
    late = np.sum(full[0, int(0.3 * scene.fs) :] ** 2) / np.sum(full[0] ** 2)
    image = render(scene, SPEECH, NOISE, SPOOFS).images[0, 0]
    after = image[-int(0.2 * scene.fs) :]  # 0.3 s and more after the last word
    assert 0.01 * late < power(after) / power(image) < late


def response(name, index):
    """A scene, and the responses from its talker to its microphones, (D, L)."""
    scene = drawn(name, index)
    room = Shoebox(scene.room.size, scene.room.absorption)
    places = np.array([scene.talkers[0].position]), np.array(scene.room.microphones)
    return scene, responses(room, *places, scene.fs, [np.random.default_rng(0)]).full[0]


def test_diffuse_noise_is_diffuse_in_the_scene():
    scene = drawn("tablet", 0, condition=diffuse_tablet())
    noise = np.concatenate(
        [render(drawn("tablet", i, condition=diffuse_tablet()), SPEECH, NOISE, SPOOFS).noise for i in range(8)], 1
    )
    frames = noise[:, : noise.shape[1] // 256 * 256].reshape(6, -1, 256)
    X = np.fft.rfft(frames * np.hanning(256))
    cross = np.einsum("dtf,ctf->fdc", X, X.conj())
    level = np.sqrt(np.einsum("fdd->fd", cross).real)
    coherence = (cross.real / (level[:, :, None] * level[:, None, :]))[2:-2]
    array = np.array(scene.array)
    distance = np.linalg.norm(array[:, None] - array[None], axis=-1)
    expected = np.sinc(2 * np.fft.rfftfreq(256, 1 / 16000)[2:-2, None, None] * distance / 343)
    assert np.sqrt(np.mean((coherence - expected) ** 2)) < 0.06


def diffuse_tablet():
    condition = corpus.CONDITIONS["tablet"]
    return condition | {"noise": {"field": "diffuse", "kinds": ["babble"], "snr_db": [0, 0]}}


def test_point_noise_stands_over_the_diffuse_one_as_asked():
    condition = corpus.CONDITIONS["tablet"]

    def rendered(point_db):
        noise = condition["noise"] | {"point_db": [point_db, point_db], "snr_db": [0, 0]}
        signals = render(drawn("tablet", 0, condition=condition | {"noise": noise}), SPEECH, NOISE, SPOOFS)
        return signals.noise / np.std(signals.noise[0])

    point, diffuse, both = rendered(80), rendered(-80), rendered(6)
    parts, *_ = np.linalg.lstsq(np.stack([point[0], diffuse[0]], axis=1), both[0], rcond=None)
    assert decibel(parts[0] ** 2 / parts[1] ** 2) == pytest.approx(6, abs=0.1)


def test_sensor_noise_is_independent_at_every_microphone():
    noise = render(drawn("two-talkers-array", 0), SPEECH, NOISE, SPOOFS).noise
    correlation = np.corrcoef(noise)[np.triu_indices(4, 1)]
    assert np.abs(correlation).max() < 0.03
    np.testing.assert_allclose(np.std(noise, axis=1), np.std(noise[0]), rtol=0.03)


def test_a_talker_whose_path_is_one_place_is_heard_as_one_that_stands_still():
    scene = moving_phone(0)
    talker = scene.talkers[0]
    stays = replace(scene, talkers=(replace(talker, path=talker.path[:1] * len(talker.path)),))
    still = replace(scene, talkers=(replace(talker, path=()),))
    for name, signal in vars(render(stays, SPEECH, NOISE)).items():
        if signal is not None:
            np.testing.assert_allclose(signal, getattr(render(still, SPEECH, NOISE), name), atol=1e-12)


def test_a_moving_talker_is_nearest_to_the_microphone_that_is_turned_to_it():
    """Direct sound at microphone 1, re a talker who stays: its level follows the distance along the path."""
    scene = moving_phone(1)
    still = replace(scene, talkers=(replace(scene.talkers[0], path=()),))
    moved, stayed = (render(each, SPEECH, NOISE).direct[0].reshape(1, -1) for each in (scene, still))
    path = np.array(scene.talkers[0].path)
    away = np.linalg.norm(path - scene.room.microphones[0], axis=1)
    edges = range(0, scene.n_samples - 1600, 1600)
    ratio = [np.sum(moved[:, n : n + 1600] ** 2) / max(np.sum(stayed[:, n : n + 1600] ** 2), 1e-12) for n in edges]
    spoken = [np.sum(stayed[:, n : n + 1600] ** 2) > 1e-3 * np.sum(stayed**2) for n in edges]
    expected = 20 * np.log10(2 / (away[:-2] + away[1:-1]))[: len(ratio)]
    level = decibel(np.array(ratio)) - expected
    assert np.ptp(level[spoken]) < 0.5 and np.ptp(expected[spoken]) > 1


def moving_phone(index):
    condition = corpus.CONDITIONS["phone"]
    room = condition["room"] | {"moving": 1, "close_m": [0.2, 0.25], "distance_m": [0.2, 0.25], "turn_deg_s": [50, 60]}
    return drawn("phone", index, condition=condition | {"room": room})


def test_what_was_done_to_a_mixture_is_there_and_its_talker_is_as_before():
    spec = corpus.CONDITIONS["degraded"]
    clipping = spec["degradations"] | {"at_once": [6, 6], "clipping": {"share": [0.05, 0.05]}}
    only = {key: clipping[key] for key in ("at_once", "clipping")}
    scene = drawn("degraded", 0, condition=spec | {"degradations": only})
    assert scene.degradations.names() == ("clipping",) and scene.strata()["degradation"] == "clipping"
    mixture = np.abs(render(scene, SPEECH, NOISE).mixture[0])
    assert np.mean(mixture > (1 - 1e-9) * mixture.max()) == pytest.approx(0.05, abs=1e-4)
    everything = drawn("degraded", 0, condition=spec | {"degradations": clipping})
    after, before = (render(each, SPEECH, NOISE) for each in (everything, replace(everything, degradations=None)))
    scale = np.abs(after.images).max() / np.abs(before.images).max()
    np.testing.assert_allclose(after.images, scale * before.images, atol=1e-12)
    assert np.corrcoef(after.mixture[0], before.mixture[0])[0, 1] < 0.99


def test_other_sampling_rates():
    scene = drawn("living-room", 0, fs=8000)
    signals = render(scene, SPEECH, NOISE, SPOOFS)
    assert signals.mixture.shape == (2, scene.n_samples)
    assert scene.n_samples == pytest.approx(drawn("living-room", 0).n_samples / 2, abs=1)


def test_a_recording_that_is_silent_during_speech_begins_later():
    def bursts(id, fs):
        x = corpus.noise_samples(id, fs)
        x[fs : 7 * fs] *= 1e-3
        return x

    noise = corpus.noise(bursts)
    for index in range(10):
        scene = drawn("nonstationary", index)
        signals = render(scene, SPEECH, noise)
        where = active(signals.images[0, 0], scene.fs)
        snr = decibel(power(signals.images[0, 0], where) / power(signals.noise[0], where))
        assert snr == pytest.approx(scene.noise.snr_db, abs=1e-9)
        assert power(signals.noise[0]) < 100 * power(signals.noise[0], where), "no more than 20 dB louder in between"


def test_silent_noise_and_silent_speech_are_errors_that_name_them():
    scene = drawn("nonstationary", 0)
    silent = corpus.MadeLibrary([], lambda id, fs: np.zeros(2 * fs))
    with pytest.raises(CocktailError, match=f"{scene.id}.*{scene.noise.point.recording}.*silent"):
        render(scene, SPEECH, silent)
    with pytest.raises(CocktailError, match=f"{scene.id}.*{scene.talkers[0].utterance}.*silent"):
        render(scene, silent, NOISE)


def table(path, library, schema):
    rows = [row | {"audio": tables.pack(library.samples(row["id"], 16000), 16000, row["id"])} for row in library.rows]
    tables.write_rows(path, [{key: row.get(key) for key in schema.names} for row in rows], schema)
    return Library(path)


@pytest.fixture
def libraries(tmp_path):
    speech, noise = corpus.speech(), corpus.noise()
    for row in speech.rows:
        row["id"] = row["utterance"]
    for row in noise.rows:
        row["id"] = row["recording"]
    noise.rows = [row for row in noise.rows if row["split"] == "test"]
    speech.rows = [row for row in speech.rows if row["split"] == "test"]
    table(tmp_path / "speech.parquet", speech, tables.SPEECH)
    table(tmp_path / "noise.parquet", noise, tables.NOISE)
    return {"speech": tmp_path / "speech.parquet", "noise": tmp_path / "noise.parquet"}


@pytest.mark.parametrize("name", ["tablet", "reverb", "two-talkers"])
def test_a_shard_read_back(name, libraries, tmp_path):
    files = {"mixtures": tmp_path / "a" / "m.parquet", "references": tmp_path / "a" / "r.parquet"}
    made = {"condition": name, "split": "test", "seed": 1, "fs": 16000, **libraries}
    make_shard(definition=corpus.CONDITIONS[name], indices=[4, 9], **made, **files)
    mixtures, references = tables.read_rows(files["mixtures"]), tables.read_rows(files["references"])
    assert [row["index"] for row in mixtures] == [4, 9]
    for seen, truth in zip(mixtures, references, strict=True):
        scene = Scene.from_json(truth["record"])
        mixture = tables.unpack(seen["mixture"])
        images = np.stack([tables.unpack(cell) for cell in truth["images"]])
        residual = mixture - images.sum(axis=0) - tables.unpack(truth["noise"])
        assert np.abs(residual).max() <= 1e-4 * np.abs(mixture).max()
        assert mixture.shape == (seen["channels"], scene.n_samples)
        assert (seen["scene"], seen["n_sources"], seen["fs"]) == (truth["scene"], len(images), 16000)
        np.testing.assert_allclose(np.mean(seen["array"], axis=0), 0, atol=1e-12)
        early = np.stack([tables.unpack(cell)[0] for cell in truth["early"]])
        assert early.shape == (len(images), scene.n_samples)
        assert truth["text"] == [talker.text for talker in scene.talkers]
        assert truth["reference"] == corpus.CONDITIONS[name]["reference"]
        rendered = render(scene, Library(libraries["speech"]), Library(libraries["noise"]))
        np.testing.assert_allclose(rendered.mixture, mixture, atol=1e-6)
