import dataclasses
import itertools
import json

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail.errors import CocktailError
from cocktail.scenes.drawing import draw
from cocktail.scenes.scene import Scene

SPEECH, NOISE, SPOOFS = corpus.speech(), corpus.noise(), corpus.spoofs()


def drawn(name, index, *, split="test", seed=1, condition=None, speech=SPEECH, noise=NOISE):
    condition = condition or corpus.CONDITIONS[name]
    libraries = {"speech": speech, "noise": noise, "spoofs": SPOOFS}
    return draw(condition, name=name, split=split, index=index, seed=seed, fs=16000, **libraries)


@pytest.mark.parametrize("name", corpus.CONDITIONS)
def test_a_scene_does_not_depend_on_how_many_there_are(name):
    few = [drawn(name, i) for i in range(3)]
    many = [drawn(name, i) for i in reversed(range(12))][::-1]
    assert few == many[:3]
    assert len({scene.to_json() for scene in many}) == 12


@pytest.mark.parametrize("name", corpus.CONDITIONS)
def test_a_record_survives_json(name):
    scene = drawn(name, 7)
    assert Scene.from_json(scene.to_json()) == scene
    assert scene.id == f"{name}-test-00007"
    assert "\n" not in scene.to_json()


@pytest.mark.parametrize("other", [{"seed": 2}, {"split": "train"}, {"index": 4}, {"name": "nonstationary"}])
def test_every_part_of_the_identity_counts(other):
    given = {"name": "stationary", "index": 3, "seed": 1, "split": "test"}
    a, b = (drawn(condition=corpus.CONDITIONS["stationary"], **given | more) for more in ({}, other))
    assert a.noise.snr_db != b.noise.snr_db


def test_a_value_does_not_depend_on_the_ranges_of_others():
    wider = corpus.CONDITIONS["living-room"]
    wider = wider | {"room": wider["room"] | {"t60_s": [0.3, 0.6]}}
    a, b = drawn("living-room", 5), drawn("living-room", 5, condition=wider)
    assert a.room.t60_s != b.room.t60_s
    assert (a.noise, a.talkers, a.room.size) == (b.noise, b.talkers, b.room.size)


@pytest.mark.parametrize("name", ["living-room", "two-talkers-array"])
def test_roles_are_uncorrelated(name):
    scenes = [drawn(name, i) for i in range(2000)]
    values = {
        "snr": [scene.noise.snr_db for scene in scenes],
        "t60": [scene.room.t60_s for scene in scenes],
        "distance": [scene.room.distances_m[0] for scene in scenes],
        "length": [scene.room.size[0] for scene in scenes],
        "peak": [scene.peak for scene in scenes],
        "speaker": [int(scene.talkers[0].speaker.split("-")[1]) for scene in scenes],
        "utterance": [int(scene.talkers[0].utterance[-1]) for scene in scenes],
        "yaw": [scene.room.yaw_deg for scene in scenes],
    }
    if scenes[0].noise.point:
        values["start"] = [scene.noise.point.start_s for scene in scenes]
        values["point"] = [scene.noise.point_db for scene in scenes]
        values["kind"] = [corpus.KINDS.index(scene.noise.kind) for scene in scenes]
    if len(scenes[0].talkers) > 1:
        values["level"] = [scene.talkers[0].level_db for scene in scenes]
        values["other level"] = [scene.talkers[1].level_db for scene in scenes]
    correlation = np.corrcoef(list(values.values()))
    assert np.abs(correlation[np.triu_indices(len(values), 1)]).max() < 0.1


def test_values_are_uniform_over_the_ranges_asked():
    condition = corpus.CONDITIONS["stationary"]
    snr = np.sort([drawn("stationary", i).noise.snr_db for i in range(1000)])
    low, high = condition["noise"]["snr_db"]
    np.testing.assert_allclose(snr, np.linspace(low, high, 1000), atol=0.06 * (high - low))
    peaks = np.sort([drawn("stationary", i).peak for i in range(1000)])
    np.testing.assert_allclose(peaks, np.linspace(0.5, 0.9, 1000), atol=0.03)
    kinds = [drawn("stationary", i).noise.kind for i in range(1000)]
    assert {kind: kinds.count(kind) > 180 for kind in condition["noise"]["kinds"]} == dict.fromkeys(
        condition["noise"]["kinds"], True
    )


@pytest.mark.parametrize("name", ["two-talkers", "three-talkers", "two-talkers-array"])
def test_talkers_of_a_scene_are_different_speakers(name):
    for i in range(50):
        scene = drawn(name, i)
        assert len({talker.speaker for talker in scene.talkers}) == len(scene.talkers)
        levels = [talker.level_db for talker in scene.talkers]
        assert max(levels) - min(levels) <= 5


@pytest.mark.parametrize("name", corpus.CONDITIONS)
def test_splits_share_no_speaker_sentence_or_recording(name):
    used = {}
    for split in corpus.SPLITS:
        condition = corpus.CONDITIONS[name]
        if condition["talkers"] > corpus.SPLITS[split]:
            continue
        scenes = [drawn(name, i, split=split) for i in range(30)]
        talkers = [talker for scene in scenes for talker in scene.talkers]
        noises = [scene.noise for scene in scenes if scene.noise]
        excerpts = [excerpt for noise in noises for excerpt in (noise.point, *noise.diffuse) if excerpt]
        used[split] = {talker.utterance for talker in talkers}
        if condition.get("speakers") != "closed":
            used[split] |= {talker.speaker for talker in talkers}
        used[split] |= {excerpt.recording for excerpt in excerpts}
    for a, b in itertools.combinations(used.values(), 2):
        assert not a & b


@pytest.mark.parametrize("name", [name for name, spec in corpus.CONDITIONS.items() if "room" in spec])
def test_geometry_is_what_was_asked(name):
    spec = corpus.CONDITIONS[name]["room"]
    for i in range(20):
        scene = drawn(name, i)
        room = scene.room
        assert spec["length_m"][0] <= room.size[0] <= spec["length_m"][1]
        assert spec["t60_s"][0] <= room.t60_s <= spec["t60_s"][1]
        microphones = np.array(room.microphones)
        inside = np.array([*room.microphones, *(talker.position for talker in scene.talkers)])
        assert np.all(inside > 0) and np.all(inside < room.size)
        np.testing.assert_allclose(microphones.mean(axis=0), room.centre)
        for talker, distance in zip(scene.talkers, room.distances_m, strict=True):
            assert np.linalg.norm(np.subtract(talker.position, room.centre)) == pytest.approx(distance)
            ranges = [spec["distance_m"], spec.get("close_m", spec["distance_m"])]
            assert any(low <= distance <= high for low, high in ranges)
        assert {len(scene.array), len(room.microphones)} == {len(microphones)}


def test_half_of_the_talkers_are_close_and_half_of_them_move():
    scenes = [drawn("phone", i) for i in range(200)]
    close, moving = (
        [test(scene) for scene in scenes] for test in (is_close, lambda scene: bool(scene.talkers[0].path))
    )
    assert 0.4 < np.mean(close) < 0.6 and 0.4 < np.mean(moving) < 0.6
    assert abs(np.corrcoef(close, moving)[0, 1]) < 0.2
    assert [scene.strata()["movement"] for scene in scenes] == ["moving" if moves else "still" for moves in moving]
    speeds = np.array([scene.room.turn_deg_s for scene in scenes if scene.talkers[0].path])
    assert np.all((np.abs(speeds) >= 20) & (np.abs(speeds) <= 60)) and 0.3 < np.mean(speeds > 0) < 0.7


def is_close(scene):
    return scene.room.distances_m[0] <= 0.3


def test_a_talker_moves_from_its_place_and_all_else_is_as_if_it_stood_still():
    spec = corpus.CONDITIONS["phone"]
    for i in range(20):
        moving, still = (
            drawn("phone", i, condition=spec | {"room": spec["room"] | {"moving": share}}) for share in (1, 0)
        )
        path = np.array(moving.talkers[0].path)
        assert moving.talkers[0].position == still.talkers[0].position == moving.talkers[0].path[0]
        assert still.talkers[0].path == () and still.room.turn_deg_s == 0
        assert dataclasses.replace(moving.room, turn_deg_s=0) == still.room
        assert len(path) == np.ceil(moving.n_samples / 1600) + 1, "ten places a second"
        assert np.all(path > 0.25) and np.all(path < np.array(moving.room.size) - 0.25)
        noise = np.array(moving.noise.position)
        assert np.linalg.norm(path - noise, axis=1).min() >= 0.2
        around = path - moving.room.centre
        np.testing.assert_allclose(np.linalg.norm(around, axis=1), moving.room.distances_m[0], atol=1e-3)
        azimuth = np.degrees(np.arctan2(-around[:, 0], around[:, 1])) - moving.room.yaw_deg
        assert np.abs((azimuth + 180) % 360 - 180).max() <= 75.1


def test_independent_inputs_of_a_diffuse_field_never_coincide():
    for i in range(50):
        starts = {}
        for excerpt in drawn("tablet", i).noise.diffuse:
            starts.setdefault(excerpt.recording, []).append(excerpt.start_s)
        for recording in starts.values():
            assert all(abs(a - b) > 1 for a, b in itertools.combinations(recording, 2))


def test_strata_are_numbers_and_the_kind_of_noise():
    strata = drawn("living-room", 0).strata()
    assert set(strata) == {"noise", "snr_db", "t60_s", "distance_m"}
    strata = drawn("two-talkers", 0).strata()
    assert set(strata) == {"level_db", "genders"} and strata["genders"] in {"f+f", "f+m", "m+m"}


def test_records_hold_plain_values_only():
    def plain(value):
        if isinstance(value, dict):
            return all(plain(item) for item in value.values())
        if isinstance(value, tuple | list):
            return all(plain(item) for item in value)
        return value is None or type(value) in (str, int, float)

    for name in corpus.CONDITIONS:
        assert plain(dataclasses.asdict(drawn(name, 0)))
    assert json.loads(drawn("tablet", 0).to_json())["noise"]["field"] == "point+diffuse"


def test_too_few_speakers_is_an_error():
    with pytest.raises(CocktailError, match="needs 3 speakers, the corpus has 2 of split 'valid'"):
        drawn("three-talkers", 0, split="valid")


def test_a_noise_that_the_corpus_lacks_is_an_error_that_names_what_there_is():
    condition = corpus.CONDITIONS["stationary"]
    condition = condition | {"noise": condition["noise"] | {"kinds": ["rain"]}}
    with pytest.raises(CocktailError, match=r"no noise of the kind 'rain'.*; it has babble, car, .* `noise_groups`"):
        drawn("stationary", 0, condition=condition)


def test_a_misspelt_kind_is_an_error_although_others_are_there():
    """Left out, it would turn every scene into one of the others."""
    condition = corpus.CONDITIONS["stationary"]
    condition = condition | {"noise": condition["noise"] | {"kinds": ["white", "machinegun"]}}
    with pytest.raises(CocktailError, match="no noise of the kind 'machinegun'; did you mean 'machine-gun'"):
        drawn("stationary", 0, condition=condition)


def test_kinds_that_a_split_lacks_are_left_out():
    condition = corpus.CONDITIONS["stationary"]
    condition = condition | {"noise": condition["noise"] | {"kinds": ["pink", "white"]}}
    rows = [row for row in NOISE.rows if (row["kind"], row["split"]) != ("pink", "test")]
    noise = corpus.MadeLibrary(rows, corpus.noise_samples)
    assert {drawn("stationary", i, condition=condition, noise=noise).noise.kind for i in range(5)} == {"white"}
    rows = [row for row in rows if (row["kind"], row["split"]) != ("white", "test")]
    noise = corpus.MadeLibrary(rows, corpus.noise_samples)
    with pytest.raises(CocktailError, match=r"no noise of pink, white in split 'test'; the corpus has babble, car"):
        drawn("stationary", 0, condition=condition, noise=noise)
