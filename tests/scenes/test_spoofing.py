import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail.errors import AccessError, CocktailError
from cocktail.scenes.drawing import draw
from cocktail.scenes.rendering import render
from cocktail.scenes.scene import Scene
from cocktail.spoofing.names import LOGICAL, attackers, split_attacks
from cocktail.spoofing.replay import REPLAYS, Replay, draw_replay, play
from cocktail.tasks import BONA_FIDE
from cocktail.training.data.corpus import CorpusTrainingData
from cocktail.training.data.trials import trials

FS = 16000
CORPORA = {"speech": corpus.speech(), "noise": corpus.noise(), "spoofs": corpus.spoofs()}
LIKE_OTHERS = {"spoof-physical-moving", "spoof-neural"}
SPOOFING = [
    name for name, x in corpus.CONDITIONS.items() if "attacks" in x and "adversary" not in x and name not in LIKE_OTHERS
]


def drawn(name, index, *, split="test", condition=None, **corpora):
    condition = condition or corpus.CONDITIONS[name]
    return draw(condition, name=name, split=split, index=index, seed=1, fs=FS, **CORPORA | corpora)


def test_the_conditions_with_attacks():
    assert SPOOFING == ["spoof-logical", "spoof-physical", "spoof-noise", "spoof-logical-noise"]


def test_spoofs_of_neural_networks_take_the_place_of_logical_attacks():
    logical, neural = (corpus.CONDITIONS[name] for name in ("spoof-logical", "spoof-neural"))
    assert neural == logical | {key: neural[key] for key in ("title", "attacks")}
    assert attackers([logical]) == [] and attackers([neural], ["train"]) == neural["attacks"]["train"]
    assert set(neural["attacks"]["train"]) < set(neural["attacks"]["test"])
    scenes = [drawn("spoof-neural", i) for i in range(60)]
    assert {scene.label for scene in scenes} == {BONA_FIDE, *neural["attacks"]["test"]}
    spoof = next(scene for scene in scenes if scene.label == "resynthesis-tasnet")
    assert spoof.talkers[0].utterance.startswith("resynthesis-tasnet-")
    talker, noise = render(spoof, **CORPORA).images[0, 0], CORPORA["spoofs"].samples(spoof.talkers[0].utterance, FS)
    assert np.corrcoef(talker, noise)[0, 1] > 1 - 1e-12


def test_moving_replays_are_those_of_the_physical_condition_but_for_the_movement():
    still, moving = (corpus.CONDITIONS[name] for name in ("spoof-physical", "spoof-physical-moving"))
    turning = {key: moving["room"][key] for key in ("azimuth_deg", "turn_deg_s")}
    assert moving == still | {"title": moving["title"], "room": still["room"] | turning}


def test_adversaries_attack_the_spoofs_of_the_logical_condition():
    plain = corpus.CONDITIONS["spoof-logical"]
    attacked = {name: x for name, x in corpus.CONDITIONS.items() if "adversary" in x}
    assert [x["adversary"] for x in attacked.values()] == ["ganba", "ganba-black-box", "ganba-adaptive"]
    for definition in attacked.values():
        same = {key: value for key, value in definition.items() if key != "adversary"}
        assert same == plain | {"title": definition["title"]}


@pytest.mark.parametrize("name", SPOOFING)
@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_half_of_the_scenes_are_attacks_of_the_split_each_as_likely(name, split):
    scenes = [drawn(name, i, split=split) for i in range(400)]
    labels = [scene.label for scene in scenes]
    attacks = corpus.CONDITIONS[name]["attacks"]["test" if split == "test" else "train"]
    assert split_attacks(corpus.CONDITIONS[name], split) == attacks
    assert set(labels) == {BONA_FIDE, *attacks}
    assert labels.count(BONA_FIDE) == pytest.approx(200, abs=36)
    for attack in attacks:
        assert labels.count(attack) == pytest.approx(200 / len(attacks), abs=5 * np.sqrt(200 / len(attacks)))


@pytest.mark.parametrize("name", SPOOFING)
def test_attacks_of_the_test_are_partly_unseen(name):
    attacks = corpus.CONDITIONS[name]["attacks"]
    assert set(attacks["train"]) < set(attacks["test"])


@pytest.mark.parametrize("name", SPOOFING)
def test_label_and_attack_agree_and_tell_nothing_of_the_rest(name):
    scenes = [drawn(name, i) for i in range(600)]
    for scene in scenes:
        talker = scene.talkers[0]
        assert talker.attack == (None if scene.label == BONA_FIDE else scene.label)
        assert (scene.replay is not None) == (scene.label in REPLAYS)
        assert talker.utterance.startswith(f"{scene.label}-") == (scene.label in LOGICAL)
        assert talker.speaker.startswith("test-")
    spoofed = [scene.label != BONA_FIDE for scene in scenes]
    values = [[scene.peak for scene in scenes], [scene.noise.snr_db for scene in scenes]]
    assert np.abs(np.corrcoef([spoofed, *values])[0, 1:]).max() < 0.13


@pytest.mark.parametrize("name", SPOOFING)
def test_without_attacks_a_scene_is_the_bona_fide_one(name):
    """The share of attacks changes nothing in the scenes that stay bona fide."""
    never = corpus.CONDITIONS[name] | {"spoofed": 0}
    always = corpus.CONDITIONS[name] | {"spoofed": 1}
    for i in range(20):
        scene = drawn(name, i)
        same = never if scene.label == BONA_FIDE else always
        assert drawn(name, i, condition=same) == scene
        assert drawn(name, i, condition=never).label == BONA_FIDE


def test_other_conditions_have_no_label_and_old_records_can_be_read():
    scene = drawn("living-room", 0)
    assert (scene.label, scene.replay, scene.talkers[0].attack) == (None, None, None)
    record = json.loads(scene.to_json())
    for part, keys in ((record, ("label", "replay")), (record["talkers"][0], ("attack",))):
        for key in keys:
            del part[key]
    assert Scene.from_json(json.dumps(record)) == scene


def test_a_corpus_without_spoofs_is_an_error_that_names_the_attacks():
    condition = corpus.CONDITIONS["spoof-logical"] | {"spoofed": 1}
    with pytest.raises(CocktailError, match="no speech spoofed by tts, vocoder,"):
        drawn("spoof-logical", 0, condition=condition, spoofs=None)


@pytest.mark.parametrize("attack", REPLAYS)
def test_the_attacker_records_at_the_distance_of_the_attack_inside_the_room(attack):
    size, talker = (4.0, 3.5, 2.5), (1.0, 3.1, 1.2)
    near, far = (0.1, 0.5) if "near" in attack else (1.0, 1.5)
    for seed in range(50):
        replay = draw_replay(np.random.default_rng(seed), attack, size, talker)
        distance = np.linalg.norm(np.subtract(replay.position, talker))
        assert near <= distance <= far
        assert np.all(np.array(replay.position) > 0) and np.all(np.array(replay.position) < size)
        assert (replay.low_hz is None) == attack.endswith("perfect")


@pytest.mark.parametrize(
    ("quality", "low_hz", "high_hz", "drive_db"),
    [("high", (100, 500), (7000, 7800), (-20, -12)), ("low", (600, 900), (3800, 6000), (-3, 9))],
)
def test_loudspeakers_are_those_of_asvspoof_2019(quality, low_hz, high_hz, drive_db):
    """But for the rate, which ends below 10 kHz."""
    size, talker = (4.0, 3.5, 2.5), (2.0, 1.7, 1.2)
    attack = f"replay-near-{quality}"
    drawn = [draw_replay(np.random.default_rng(seed), attack, size, talker) for seed in range(100)]
    for name, (low, high) in {"low_hz": low_hz, "high_hz": high_hz, "drive_db": drive_db}.items():
        values, slack = [getattr(replay, name) for replay in drawn], 0.1 * (high - low)
        assert low <= min(values) < low + slack and high - slack < max(values) <= high


def test_a_room_that_is_too_small_is_an_error():
    with pytest.raises(CocktailError, match="replay-far-low: the room has no place"):
        draw_replay(np.random.default_rng(0), "replay-far-low", (1.0, 1.0, 1.0), (0.5, 0.5, 0.5))


def test_a_perfect_loudspeaker_changes_the_level_alone():
    x = 0.01 * np.random.default_rng(0).standard_normal(1000)
    np.testing.assert_allclose(play(x, Replay((0, 0, 0)), FS, np.random.default_rng(1)), x / np.abs(x).max())


def test_a_loudspeaker_distorts_as_its_drive_says():
    """tanh(g x) / g = x - g^2 x^3 / 3 + ...: the third harmonic of a sine of amplitude 1 has the amplitude g^2 / 12."""
    replay = Replay((0, 0, 0), low_hz=50, high_hz=7800, drive_db=-20, noise_db=-200)
    x = play(np.sin(2 * np.pi * 500 * np.arange(2 * FS) / FS), replay, FS, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(x[FS:]))
    assert spectrum[1500] / spectrum[500] == pytest.approx(0.1**2 / 12, rel=0.02)


def test_a_loudspeaker_has_its_band_and_its_noise():
    noise = np.random.default_rng(0).standard_normal(4 * FS)
    replay = Replay((0, 0, 0), low_hz=800, high_hz=4000, drive_db=-60, noise_db=-30)
    quiet = play(noise, Replay((0, 0, 0), 800, 4000, -60, -300), FS, np.random.default_rng(1))
    power = np.abs(np.fft.rfft(quiet)) ** 2 / np.abs(np.fft.rfft(noise / np.abs(noise).max())) ** 2
    hz = np.fft.rfftfreq(len(noise), 1 / FS)

    def level(low, high):
        return 10 * np.log10(np.median(power[(hz > low) & (hz < high)]))

    assert abs(level(1500, 2500)) < 0.5
    assert level(780, 820) == pytest.approx(-3, abs=0.5) and level(3980, 4020) == pytest.approx(-3, abs=0.5)
    assert level(100, 200) < -20 and level(7000, 8000) < -20
    added = play(noise, replay, FS, np.random.default_rng(1)) - quiet
    assert 10 * np.log10(np.mean(added**2) / np.mean(quiet**2)) == pytest.approx(-30, abs=0.2)


def test_a_replay_is_heard_through_the_room_twice():
    """Reverberation of a perfect replay lasts longer than of the talker: two rooms in a row."""
    base = corpus.CONDITIONS["spoof-physical"]
    condition = base | {
        "trail_s": 1.0,
        "spoofed": 1,
        "attacks": {split: ["replay-far-perfect"] for split in ("train", "test")},
    }

    def late_share(condition):
        shares = []
        for i in range(12):
            image = render(drawn("spoof-physical", i, condition=condition), **CORPORA).images[0, 0]
            shares.append(np.sum(image[-round(0.9 * FS) :] ** 2) / np.sum(image**2))
        return np.mean(np.log(shares))

    assert late_share(condition) > late_share(condition | {"spoofed": 0}) + 0.5


def moving_replay(index, attack, **room):
    """A scene whose talker moves, and is recorded by a perfect attacker."""
    base = corpus.CONDITIONS["spoof-physical-moving"]
    attacks = {split: [attack] for split in ("train", "test")}
    condition = base | {"spoofed": 1, "attacks": attacks, "room": base["room"] | {"moving": 1} | room}
    return drawn("spoof-physical-moving", index, condition=condition)


def still(scene, path=()):
    return replace(scene, talkers=(replace(scene.talkers[0], path=path),))


@pytest.mark.parametrize("attack", ["replay-near-perfect", "replay-far-perfect"])
def test_a_moving_talker_comes_no_nearer_to_the_attacker_than_the_attack_says(attack):
    near, far = REPLAYS[attack][0]
    nearest = []
    for index in range(60):
        scene = moving_replay(index, attack)
        away = np.linalg.norm(np.subtract(scene.talkers[0].path, scene.replay.position), axis=1)
        assert near <= away.min() and away[0] <= far
        nearest.append(away.min() < away[0] - 0.05)
    assert any(nearest), "some talkers come nearer while they speak"


def test_a_replay_along_a_path_of_one_point_is_that_of_a_talker_who_stands_still():
    scene = moving_replay(0, "replay-near-perfect")
    talker = scene.talkers[0]
    stays, moves = still(scene), scene
    standing = still(scene, (talker.position,) * len(talker.path))
    a, b, c = (render(each, **CORPORA).mixture[0] for each in (stays, standing, moves))
    np.testing.assert_array_equal(a, b)
    assert np.corrcoef(a, c)[0, 1] < 0.95


def test_a_replay_was_recorded_along_the_path():
    """The loudspeaker stays at one distance from the microphone: levels follow the talker's from the attacker's."""
    room = {"t60_s": [0.12, 0.12], "turn_deg_s": [50, 60], "distance_m": [0.5, 0.5]}
    scene = moving_replay(3, "replay-near-perfect", **room)
    moved, stayed = (render(each, **CORPORA).direct[0] for each in (scene, still(scene)))
    away = np.linalg.norm(np.subtract(scene.talkers[0].path, scene.replay.position), axis=1)
    blocks = [slice(n, n + 1600) for n in range(0, scene.n_samples - 1600, 1600)]
    power = np.array([[np.sum(x[block] ** 2) for block in blocks] for x in (moved, stayed)])
    spoken = power[1] > 1e-3 * power[1].sum()
    found = 10 * np.log10(power[0] / power[1])[spoken]
    expected = -20 * np.log10((away[:-1] + away[1:]) / 2)[: len(blocks)][spoken]
    assert np.ptp(expected) > 6
    assert np.corrcoef(found, expected)[0, 1] > 0.95 and np.ptp(found - expected) < 3


def training_data(**corpora):
    conditions = {name: corpus.CONDITIONS[name] for name in ("spoof-logical", "spoof-physical", "stationary")}
    paradigm = corpora.pop("paradigm", "annotated-source-model")
    return CorpusTrainingData(**CORPORA | corpora, fs=FS, paradigm=paradigm, seed=1, conditions=conditions)


def test_trials_are_labelled_scenes_of_the_conditions_with_attacks():
    found = list(training_data().trials("train", 12))
    again = list(training_data().trials("train", 5))
    assert len(found) == 12
    for a, b in zip(found, again, strict=False):
        np.testing.assert_array_equal(a.samples, b.samples)
    scenes = [drawn(name, i, split="train") for i in range(6) for name in ("spoof-logical", "spoof-physical")]
    assert [trial.label for trial in found] == [scene.label for scene in scenes]
    assert [trial.speaker for trial in found] == [scene.talkers[0].speaker for scene in scenes]
    np.testing.assert_array_equal(found[1].samples, render(scenes[1], **CORPORA).mixture[0])


def test_trials_are_of_train_and_valid_and_for_those_who_learn_from_labels():
    data = training_data()
    speakers = {split: {x.speaker for x in data.trials(split, 8)} for split in ("train", "valid")}
    assert all(name.startswith(f"{split}-") for split, names in speakers.items() for name in names)
    with pytest.raises(AccessError, match="'train' and 'valid'"):
        data.trials("test", 1)
    with pytest.raises(AccessError, match="not granted to the paradigm 'separation'"):
        training_data(paradigm="separation").trials("train", 1)


def test_a_corpus_without_a_valid_split_has_other_scenes_of_train_held_out():
    def kept(library):
        return corpus.MadeLibrary([row for row in library.rows if row["split"] != "valid"], library._make)

    data = training_data(speech=kept(CORPORA["speech"]), spoofs=kept(CORPORA["spoofs"]))
    train, valid = (list(data.trials(split, 6)) for split in ("train", "valid"))
    assert {x.speaker.split("-")[0] for x in valid} == {"train"}
    for a, b in itertools.product(train, valid):
        assert len(a.samples) != len(b.samples) or not np.array_equal(a.samples, b.samples)


def test_no_condition_with_attacks_no_trials():
    conditions = {"stationary": corpus.CONDITIONS["stationary"]}
    assert list(trials(conditions, "train", 4, seed=1, fs=FS, **CORPORA)) == []
