"""Trials: labels by who speaks, and weights against repeated scenes."""

import numpy as np
import pytest

from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.detection import eer, eer_threshold, min_tdcf
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.trials import Trials, against, attacks, cm_rejection
from cocktail.rng import rng
from cocktail.scoring.normalisation import as_norm
from cocktail.scoring.trials import NONTARGETS, Heard, asv_trials, trials_of, unit

# What a trial is.


def heard(scene, speaker, utterance, label="bonafide", **more):
    angle = {"ann": 0.0, "bob": 1.0}[speaker] + 0.01 * len(scene)
    voice = np.array([np.cos(angle), np.sin(angle)])
    enrolment = voice if label == "bonafide" else None
    return Heard(scene, speaker, utterance, label, **{"test": voice, "enrolment": enrolment, "cm": 0.5} | more)


def shard(*scenes):
    return {scene.scene: scene for scene in scenes}


def test_a_voice_is_set_against_every_other_utterance():
    scenes = shard(
        heard("a", "ann", "u1"),
        heard("bb", "ann", "u2"),
        heard("ccc", "bob", "u3"),
        heard("dddd", "ann", "u1"),
        heard("eeeee", "bob", "u4", label="tts", enrolment=np.array([1.0, 0.0])),
    )
    found = {trial["enrolment"]: trial for trial in asv_trials(scenes["a"], scenes)}
    assert {name: trial["label"] for name, trial in found.items()} == {"bb": "target", "ccc": "nontarget"}
    assert found["bb"]["score"] == pytest.approx(np.cos(0.01))
    assert found["ccc"]["score"] == pytest.approx(np.cos(1.02))


def test_a_spoof_is_set_against_the_speaker_that_it_claims_to_be():
    scenes = shard(heard("a", "ann", "u1"), heard("bb", "bob", "u2"), heard("ccc", "ann", "u3", label="tts"))
    (trial,) = asv_trials(scenes["ccc"], scenes)
    assert (trial["label"], trial["enrolment"]) == ("spoof", "a")
    of_detection = [{"kind": "cm", "label": "tts", "score": 0.5, "enrolment": None}]
    assert trials_of(METRICS["eer_cm"], scenes["ccc"]) == trials_of(METRICS["min_tdcf"], scenes["ccc"]) == of_detection


def test_spoofs_take_no_part_in_what_is_about_genuine_speech():
    scenes = shard(heard("a", "ann", "u1"), heard("bb", "ann", "u2", label="tts"))
    assert trials_of(METRICS["eer_asv"], scenes["bb"]) is None
    assert trials_of(METRICS["cm_rejection"], scenes["bb"]) is None
    assert trials_of(METRICS["eer_asv"], scenes["a"]) == asv_trials(scenes["a"], scenes) == []


def test_a_scene_that_failed_has_its_reason_and_still_enrols():
    scenes = shard(
        heard("a", "ann", "u1", test=None, method_failure="method-failed: no"), heard("bb", "ann", "u2"),
        heard("ccc", "bob", "u3", test="silent-estimate", enrolment="scorer-failed: x"),
    )  # fmt: skip
    with pytest.raises(Unscorable, match="method-failed: no"):
        trials_of(METRICS["eer_asv"], scenes["a"])
    with pytest.raises(Unscorable, match="silent-estimate"):
        trials_of(METRICS["eer_asv"], scenes["ccc"])
    assert [trial["enrolment"] for trial in asv_trials(scenes["bb"], scenes)] == ["a"]


def test_of_very_many_other_speakers_some_are_drawn_whatever_the_order():
    generator = rng(0, role="voices")
    voices = [unit(generator.normal(size=4)) for _ in range(NONTARGETS + 50)]
    scenes = shard(*(Heard(f"s{i}", f"v{i // 2}", f"u{i}", "bonafide", x, x) for i, x in enumerate(voices)))
    found = asv_trials(scenes["s0"], scenes)
    assert [trial["label"] for trial in found].count("target") == 1
    assert len(found) == NONTARGETS + 1
    backwards = asv_trials(scenes["s0"], dict(reversed(scenes.items())))
    assert {trial["enrolment"] for trial in backwards} == {trial["enrolment"] for trial in found}
    assert {trial["enrolment"] for trial in asv_trials(scenes["s1"], scenes)} != {t["enrolment"] for t in found}


def test_a_speaker_is_enrolled_with_the_mean_of_several_other_utterances():
    generator = rng(0, role="voices")
    named = {"ann": 5, "bob": 3, "eve": 2}
    scenes = shard(
        *(Heard(f"{who}{i}", who, f"{who}{i % 4}", "bonafide", x, x)
          for who, n in named.items() for i in range(n) for x in [unit(generator.normal(size=4))]),
    )  # fmt: skip
    found = asv_trials(scenes["ann0"], scenes, 3)
    assert [(t["label"], t["enrolment"][:3]) for t in sorted(found, key=lambda t: t["label"])] == [
        ("nontarget", "bob"), ("target", "ann"),
    ], "eve has too few utterances, and ann0 and ann4 are the same one"  # fmt: skip
    for trial in found:
        names = ["ann1", "ann2", "ann3"] if trial["label"] == "target" else ["bob0", "bob1", "bob2"]
        mean = unit(sum(scenes[name].enrolment for name in names))
        assert trial["enrolment"] in names
        assert trial["score"] == pytest.approx(scenes["ann0"].test @ mean)
    backwards = asv_trials(scenes["ann0"], dict(reversed(scenes.items())), 3)
    assert {t["enrolment"] for t in backwards} == {t["enrolment"] for t in found}
    assert [t["label"] for t in asv_trials(scenes["bob0"], scenes, 3)] == ["nontarget"], "bob has two others"


def test_normalised_scores_are_those_worked_out_by_hand():
    """Three highest of either side: means 0.5 and 0.2, deviations sqrt(2/3) of 0.1 and of 0.2."""
    test, enrolment = np.array([0.4, -0.9, 0.6, 0.5]), np.array([0.0, 0.2, -0.5, 0.4])
    spread = np.sqrt(2 / 3)
    wanted = ((0.7 - 0.2) / (0.2 * spread) + (0.7 - 0.5) / (0.1 * spread)) / 2
    assert as_norm(0.7, test, enrolment, 3) == pytest.approx(wanted)
    assert as_norm(0.7, enrolment, test, 3) == pytest.approx(wanted), "symmetric"
    every = [(0.7 - x.mean()) / x.std() for x in (test, enrolment)]
    assert as_norm(0.7, test, enrolment, 20) == pytest.approx(np.mean(every)), "a small cohort is taken whole"
    assert as_norm(2 * 0.7 + 3, 2 * test + 3, 2 * enrolment + 3, 3) == pytest.approx(wanted), "whatever the scale"


@pytest.mark.parametrize("cohort", [[], [0.3], [0.3, 0.3, 0.3]])
def test_a_cohort_without_a_deviation_is_refused(cohort):
    with pytest.raises(Unscorable, match="no-cohort"):
        as_norm(0.5, np.array([0.1, 0.2]), np.array(cohort), 20)


def test_under_the_null_normalised_scores_are_standard():
    """Voices drawn as those of the cohort are: each of the two terms is standard, and they see the same score."""
    generator = rng(0, role="null")
    cohort, voices = (np.stack([unit(x) for x in generator.normal(size=(n, 24))]) for n in (800, 120))
    against = voices @ cohort.T
    scores = [as_norm(voices[i] @ voices[j], against[i], against[j], 800) for i in range(120) for j in range(i)]
    assert np.mean(scores) == pytest.approx(0, abs=0.06)
    assert np.std(scores) == pytest.approx(1, abs=0.06)


def test_trials_are_normalised_by_the_cohort_of_either_side():
    generator = rng(1, role="voices")
    cohort = np.stack([unit(x) for x in generator.normal(size=(9, 4))])

    def one(name, who):
        x = unit(generator.normal(size=4))
        return Heard(name, who, name, "bonafide", x, x, test_cohort=cohort @ x, enrolment_cohort=cohort @ x)

    scenes = shard(*(one(f"{who}{i}", who) for who in ("ann", "bob") for i in range(4)))
    tested = scenes["ann0"]
    for trial in asv_trials(tested, scenes, cohort=5):
        enrolled = scenes[trial["enrolment"]].enrolment
        wanted = as_norm(float(tested.test @ enrolled), cohort @ tested.test, cohort @ enrolled, 5)
        assert trial["score"] == pytest.approx(wanted)
    (target,) = [t for t in asv_trials(tested, scenes, 3, 5) if t["label"] == "target"]
    mean = unit(sum(scenes[f"ann{i}"].enrolment for i in (1, 2, 3)))
    assert target["score"] == pytest.approx(as_norm(float(tested.test @ mean), cohort @ tested.test, cohort @ mean, 5))


@pytest.mark.parametrize("embedding", [np.zeros(3), np.array([1.0, np.nan]), np.ones((2, 2))])
def test_what_is_no_embedding_is_refused(embedding):
    with pytest.raises(Unscorable, match="no-embedding"):
        unit(embedding)


# Figures of weighted trials.


def gaussian(n, distance, seed=0):
    generator = rng(seed, role="trials")
    labels = generator.random(n) < 0.3
    return generator.normal(size=n) + distance * labels, labels


def test_a_weight_is_how_often_a_trial_counts():
    scores, labels = gaussian(120, 1.5)
    scores = np.round(scores, 1)  # ties
    weights = rng(1, role="weights").poisson(1.0, size=(20, 120)).astype(float)
    for weight, value in zip(weights, eer(scores, labels, weights), strict=True):
        drawn = np.repeat(np.arange(120), weight.astype(int))
        assert value == pytest.approx(eer(scores[drawn], labels[drawn]), abs=1e-12)
    assert np.isnan(eer(scores, labels, labels.astype(float)))


def test_weighted_detection_cost_equals_that_of_repeated_trials():
    scores, labels = gaussian(80, 1.5)
    verifier = rng(1, role="verifier")
    parts = [verifier.normal(mean, size=n) for mean, n in ((2.0, 30), (0.0, 40), (1.5, 20))]
    generator = rng(2, role="weights")
    weights, asv_weights = generator.poisson(1.0, (10, 80)), generator.poisson(1.0, (10, 90))
    names = ("asv_target", "asv_nontarget", "asv_spoof")
    values = min_tdcf(
        scores, labels, **dict(zip(names, parts, strict=True)), weights=weights, asv_weights=asv_weights
    )  # fmt: skip
    for w, v, value in zip(weights, asv_weights, values, strict=True):
        drawn = np.repeat(np.arange(80), w)
        repeated = [
            np.repeat(part, n)
            for part, n in zip(parts, np.split(v, np.cumsum([len(p) for p in parts])[:-1]), strict=True)
        ]
        expected = min_tdcf(scores[drawn], labels[drawn], **dict(zip(names, repeated, strict=True)))
        assert value == pytest.approx(expected, abs=1e-12)


def test_the_threshold_is_where_errors_are_equal():
    scores, labels = gaussian(5000, 2.0)
    threshold = eer_threshold(scores, labels)
    assert np.mean(scores[labels] < threshold) == pytest.approx(np.mean(scores[~labels] >= threshold), abs=0.01)


def test_rejections_are_counts_that_add():
    total = cm_rejection(0.1, 0.2) + cm_rejection(0.2, 0.2) + cm_rejection(0.3, 0.2)
    assert (total.errors, total.total) == (1, 3)


def test_costs_that_are_not_defined_have_a_reason():
    trials = Trials(np.array(["asv"] * 3), np.array(["target", "target", "spoof"]), np.arange(3.0))
    with pytest.raises(Unscorable, match="no-trial: no nontarget among the asv trials"):
        METRICS["eer_asv"].compute(trials)
    with pytest.raises(Unscorable, match="no-trial"):
        METRICS["eer_cm"].compute(trials)
    kinds = np.array(["cm", "cm", "asv", "asv", "asv"])
    labels = np.array(["bonafide", "tts", "target", "nontarget", "spoof"])
    with pytest.raises(Unscorable, match="undefined: the speaker verifier is too weak"):
        METRICS["min_tdcf"].compute(Trials(kinds, labels, np.array([1.0, 0.0, 1.0, 0.0, -1.0])))
    assert attacks(Trials(kinds, labels, np.zeros(5))) == ["tts"]


def test_trials_against_one_attack_are_those_of_its_scenes_by_either_system():
    kind = np.array(["cm", "cm", "cm", "asv", "asv", "asv", "asv"])
    label = np.array(["bonafide", "tts", "lpc", "target", "nontarget", "spoof", "spoof"])
    scene = np.array([0, 1, 2, 0, 0, 1, 2])
    trials = Trials(kind, label, np.arange(7.0))
    assert np.flatnonzero(against(trials, scene, "tts")).tolist() == [0, 1, 3, 4, 5]
    assert np.flatnonzero(against(trials, scene, "lpc")).tolist() == [0, 2, 3, 4, 6]
