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
            assert spec["distance_m"][0] <= distance <= spec["distance_m"][1]
        assert {len(scene.array), len(room.microphones)} == {len(microphones)}


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
