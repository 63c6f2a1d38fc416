"""Conversations: turns that overlap as asked, and what they sound like."""

import itertools

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail.config import CONFIG, read_yaml
from cocktail.errors import CocktailError
from cocktail.scenes.conversation import REST_S, longest_s
from cocktail.scenes.drawing import draw
from cocktail.scenes.rendering import render
from cocktail.scenes.scene import Scene
from cocktail.workflow.suite import load_suite

FS = 16000
MEETING = read_yaml(CONFIG / "meeting.yaml")["define"]["meeting"]
SPEECH, NOISE = corpus.speech(), corpus.noise()


def meeting(**changes):
    return MEETING | {"conversation": MEETING["conversation"] | changes}


def drawn(index=0, condition=MEETING):
    return draw(condition, name="meeting", split="test", index=index, seed=1, fs=FS, speech=SPEECH, noise=NOISE)


def speaking(scene):
    """(N,) how many talkers speak at each sample."""
    total = np.zeros(scene.n_samples, int)
    for talker in scene.talkers:
        for turn in talker.turns:
            total[turn.start : turn.end] += 1
    return total


def by_time(scene):
    """(talker, turn) in the order in which they begin."""
    turns = [(k, turn) for k, talker in enumerate(scene.talkers) for turn in talker.turns]
    return sorted(turns, key=lambda each: each[1].start)


def test_the_overlap_that_was_asked_is_reached_and_is_that_of_the_turns():
    scenes = [drawn(i) for i in range(40)]
    for scene in scenes:
        total = speaking(scene)
        assert scene.conversation.overlap == pytest.approx((total == 2).sum() / (total > 0).sum(), abs=1e-9)
        assert scene.conversation.overlap == pytest.approx(scene.conversation.asked, abs=0.02)
        assert scene.strata()["overlap"] == 100 * scene.conversation.overlap
    asked = [scene.conversation.asked for scene in scenes]
    assert min(asked) < 0.05 and max(asked) > 0.35


def test_at_most_two_speak_at_once_and_nobody_to_himself():
    gaps = []
    for scene in map(drawn, range(20)):
        assert scene.n_samples == 60 * FS and speaking(scene).max() <= 2
        assert speaking(scene)[-10 * FS :].any()
        for talker in scene.talkers:
            assert all(0 <= turn.start < turn.end <= scene.n_samples for turn in talker.turns)
            gaps += [b.start - a.end for a, b in itertools.pairwise(talker.turns)]
        assert all(a != b for (a, _), (b, _) in itertools.pairwise(by_time(scene)))
    assert min(gaps) >= REST_S * FS


def test_without_overlap_there_are_pauses_as_asked():
    scene = drawn(condition=meeting(overlap=[0, 0], pause_s=[0.3, 0.5]))
    gaps = [(b.start - a.end) / FS for (_, a), (_, b) in itertools.pairwise(by_time(scene))]
    assert min(gaps) >= 0.299 and max(gaps) <= 0.501 and len(set(gaps)) > 10


def test_overlaps_of_one_conversation_differ():
    turns = by_time(drawn(condition=meeting(overlap=[0.3, 0.3])))
    overlaps = [max(a.end - b.start, 0) / FS for (_, a), (_, b) in itertools.pairwise(turns)]
    assert np.std(overlaps[:-5]) > 0.15


def test_three_or_four_speakers_say_different_things():
    counts = set()
    for scene in map(drawn, range(12)):
        counts.add(len(scene.talkers))
        assert len({talker.speaker for talker in scene.talkers}) == len(scene.talkers) == len(scene.room.distances_m)
        for talker in scene.talkers:
            said = [turn.utterance for turn in talker.turns]
            assert said and said[0] == talker.utterance and len(set(said[:4])) == len(said[:4])
            assert talker.text == " ".join(turn.text for turn in talker.turns)
            assert all(utterance.startswith(talker.speaker) for utterance in said)
        assert scene.enrolment not in [turn.utterance for turn in scene.talkers[0].turns]
    assert counts == {3, 4}


def test_a_record_survives_json():
    scene = drawn(3)
    assert Scene.from_json(scene.to_json()) == scene


def test_speakers_whose_utterances_are_too_long_stay_out():
    longest = longest_s(MEETING)
    assert longest == pytest.approx(60 / 2 / 4 - 0.8)
    rows = [row | {"n_samples": 7 * FS} for row in SPEECH.rows]
    with pytest.raises(CocktailError, match="the corpus has 0"):
        draw(
            MEETING, name="m", split="test", index=0, seed=1, fs=FS, speech=corpus.MadeLibrary(rows, None), noise=NOISE
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"talkers": 2}, "meeting.conversation.fewest: 3 talkers, of 2"),
        ({"conversation": {"piece_overlap_s": 5}}, "piece_overlap_s: 5 s are more than half of a piece of 8 s"),
        ({"conversation": {"overlap": [0, 0.9]}}, "overlap"),
        ({"lead_s": 0.5}, "does not allow 0.5"),
        ({"task": "enhance", "talkers": 1}, "task"),
    ],
)
def test_a_mistake_in_the_condition_is_refused(changes, message):
    with pytest.raises(CocktailError, match=message):
        load_suite("meeting", {"define": {"meeting": changes}})


def test_turns_are_heard_where_the_record_says():
    """Without a room: an image is its utterances, at one level, and silence between them."""
    condition = {key: MEETING[key] for key in ("task", "talkers", "reference")}
    scene = drawn(condition=condition | {"array": "single", "conversation": MEETING["conversation"]})
    signals = render(scene, SPEECH, NOISE)
    for talker, image in zip(scene.talkers, signals.images[:, 0], strict=True):
        expected = np.zeros(scene.n_samples)
        for turn in talker.turns:
            expected[turn.start : turn.end] = SPEECH.samples(turn.utterance, FS)[: turn.end - turn.start]
        gain = (image @ expected) / (expected @ expected)
        np.testing.assert_allclose(image, gain * expected, atol=1e-12)


def test_a_meeting_is_the_sum_of_its_images_and_noise_in_its_room():
    """Rendered turn by turn: as if each talker's speech of the whole scene went through the room at once."""
    from cocktail.rooms.convolution import convolve
    from cocktail.rooms.responses import LATENCY
    from cocktail.scenes.rendering import _room_responses

    scene = drawn(1, meeting(duration_s=20))
    signals = render(scene, SPEECH, NOISE)
    assert signals.images.shape == (len(scene.talkers), 6, 20 * FS)
    np.testing.assert_allclose(signals.mixture, signals.images.sum(0) + signals.noise, atol=1e-12)
    assert max(np.abs(x).max() for x in (signals.mixture, signals.images)) == pytest.approx(scene.peak)
    dry = np.zeros(scene.n_samples)
    for turn in scene.talkers[0].turns:
        dry[turn.start : turn.end] = SPEECH.samples(turn.utterance, FS)[: turn.end - turn.start]
    whole = convolve(dry, _room_responses(scene).full[0])[:, LATENCY : LATENCY + scene.n_samples]
    gain = (whole[0] @ signals.images[0, 0]) / (whole[0] @ whole[0])
    np.testing.assert_allclose(signals.images[0], gain * whole, atol=1e-9)
