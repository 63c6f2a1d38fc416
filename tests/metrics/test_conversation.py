"""Metrics of conversations, on streams whose swaps and words are known."""

import itertools

import numpy as np
import pytest

from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.conversation import Streams, owned, stretches
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.si_sdr import si_sdr
from cocktail.processing.recording import cuts
from cocktail.recognition.recogniser import Counts, Recogniser, word_errors

FS = 4000
WORDS = {word: 300 + 150 * i for i, word in enumerate("abcdefgh")}
WORD_S, GAP_S = 0.25, 0.06


class Tones(Recogniser):
    """Words are tones of a frequency each; an `e` is always misheard."""

    card = {"backend": "tones"}  # noqa: RUF012 - a stand-in

    def transcribe(self, samples, fs):
        size = round(0.02 * fs)
        loud = np.square(samples[: len(samples) // size * size]).reshape(-1, size).mean(1) > 1e-3
        edges = np.flatnonzero(np.diff(np.concatenate([[0], loud, [0]]))).reshape(-1, 2)
        heard = [samples[a * size : b * size] for a, b in edges if b - a > 5]
        peaks = [np.argmax(np.abs(np.fft.rfft(x))) * fs / len(x) for x in heard]
        words = [min(WORDS, key=lambda word: abs(WORDS[word] - peak)) for peak in peaks]
        return " ".join("f" if word == "e" else word for word in words)


def utterance(text):
    t = np.arange(round(WORD_S * FS)) / FS
    gap = np.zeros(round(GAP_S * FS))
    return np.concatenate([np.concatenate([np.sin(2 * np.pi * WORDS[word] * t), gap]) for word in text.split()])


def meeting(n_talkers=3, n_turns=18, seed=0, **more):
    """Perfect streams of talkers who take turns of four words; each turn begins half a second before the last ends."""
    random = np.random.default_rng(seed)
    texts = [" ".join(random.choice(list(WORDS), 4)) for _ in range(n_turns)]
    turns, start = [[] for _ in range(n_talkers)], 0
    n = n_turns * FS
    reference = np.zeros((n_talkers, n))
    for i, text in enumerate(texts):
        sound = utterance(text)
        reference[i % n_talkers, start : start + len(sound)] = sound
        turns[i % n_talkers].append((start, start + len(sound), text))
        start += len(sound) - FS // 2
    reference = reference[:, : start + FS // 2]
    pieces = owned(cuts(reference.shape[1], length=2 * FS, overlap=FS))
    given = {"reference": reference, "estimate": reference, "fs": FS, "turns": turns, "pieces": pieces}
    return Streams(**given | {"recogniser": Tones()} | more)


def with_estimate(streams, estimate):
    names = ("reference", "fs", "turns", "pieces", "recogniser")
    return Streams(estimate=estimate, **{name: getattr(streams, name) for name in names})


def swapped(streams, which):
    """The streams, of which each one goes on as the next in these pieces."""
    estimate = streams.estimate.copy()
    for i in which:
        estimate[:, streams.pieces[i]] = np.roll(estimate[:, streams.pieces[i]], 1, axis=0)
    return with_estimate(streams, estimate)


def value(name, streams):
    return METRICS[name].compute(streams)


def noisy(streams):
    noise = np.random.default_rng(1).standard_normal(streams.reference.shape)
    return with_estimate(streams, streams.reference + 0.02 * noise)


def test_perfect_streams_leave_nothing_but_what_the_recogniser_mishears():
    streams = meeting()
    assert value("si_sdr_pieces", streams) == 100.0 and value("swapped_pieces", streams) == 0.0
    own = Counts(0, 0)
    for talker, of in enumerate(streams.turns):
        for start, end, text in of:
            heard = Tones().transcribe(streams.reference[talker, start:end], FS)
            own += word_errors(reference=text, hypothesis=heard)
    assert own.errors > 0 and own.total == 72
    assert value("cpwer", streams) == value("orcwer", streams) == own


@pytest.mark.parametrize("which", [[3], [0, 1, 2], [2, 5, 6, 9]])
def test_pieces_that_are_swapped_are_counted_and_cost_the_streams_alone(which):
    straight = noisy(meeting())
    streams = swapped(straight, which)
    n = len(streams.pieces)
    assert n == 13 and value("swapped_pieces", streams) == pytest.approx(100 * len(which) / n)
    assert value("si_sdr_pieces", streams) == pytest.approx(value("si_sdr_pieces", straight), abs=1e-9)
    stitched = [
        np.mean([si_sdr(reference=r, estimate=e) for r, e in zip(x.reference, x.estimate, strict=True)])
        for x in (straight, streams)
    ]
    assert stitched[0] > 25 and stitched[1] < stitched[0] - 10


def test_streams_that_are_all_the_mixture_are_not_swapped():
    streams = meeting()
    mixture = np.repeat(streams.reference.sum(0, keepdims=True), 3, axis=0)
    assert value("swapped_pieces", with_estimate(streams, mixture)) == 0.0
    assert value("si_sdr_pieces", with_estimate(streams, mixture)) < 15


def test_a_stream_that_is_silent_is_nobodys():
    streams = meeting()
    estimate = streams.reference.copy()
    estimate[1] = 0
    lost = with_estimate(streams, estimate)
    words = sum(len(text.split()) for *_, text in streams.turns[1])
    assert value("cpwer", lost).errors >= words and value("cpwer", lost).total == 72
    assert value("si_sdr_pieces", lost) < 80


@pytest.mark.parametrize("seed", range(4))
def test_word_errors_are_at_most_those_of_any_order_and_fewer_still_where_streams_do_not_count(seed):
    random = np.random.default_rng(seed)
    streams = swapped(meeting(seed=seed), np.flatnonzero(random.random(13) < 0.4))
    said = [" ".join(text for *_, text in of) for of in streams.turns]
    heard = [" ".join(Tones().transcribe(x[part], FS) for part in stretches(x, FS)) for x in streams.estimate]
    naive = [
        sum(word_errors(reference=said[k], hypothesis=heard[j]).errors for k, j in enumerate(order))
        for order in itertools.permutations(range(3))
    ]
    cp, orc = value("cpwer", streams), value("orcwer", streams)
    assert cp.errors == min(naive) and orc.errors < cp.errors and orc.total == cp.total == 72


@pytest.mark.parametrize("seed", range(3))
def test_the_greedy_search_finds_what_the_exact_one_does(seed):
    from meeteval.wer import orc_word_error_rate

    random = np.random.default_rng(seed)
    streams = swapped(meeting(2, 6, seed), np.flatnonzero(random.random(4) < 0.4))
    found = value("orcwer", streams)
    turns = sorted(turn for of in streams.turns for turn in of)
    heard = [" ".join(Tones().transcribe(x[part], FS) for part in stretches(x, FS)) for x in streams.estimate]
    assert found.errors == orc_word_error_rate([text for *_, text in turns], heard).errors


def test_stretches_are_cut_at_pauses():
    x = np.zeros(8 * FS)
    for start, stop in [(1, 2), (2.3, 3), (4, 5)]:
        x[round(start * FS) : round(stop * FS)] = np.random.default_rng(0).standard_normal(round((stop - start) * FS))
    edges = [(part.start / FS, part.stop / FS) for part in stretches(x + 1e-3, FS)]
    assert edges == [pytest.approx((0.85, 3.15), abs=0.02), pytest.approx((3.85, 5.15), abs=0.02)]
    assert stretches(0 * x, FS) == []


def test_pieces_meet_half_way():
    found = owned(cuts(1000, length=400, overlap=200))
    assert [(part.start, part.stop) for part in found] == [(0, 300), (300, 500), (500, 700), (700, 1000)]
    assert owned([slice(0, 7)]) == [slice(0, 7)]


def test_what_cannot_be_scored_has_a_reason():
    streams = meeting()
    silent = [[(*turn[:2], None) for turn in of] for of in streams.turns]
    for name in ("cpwer", "orcwer"):
        with pytest.raises(Unscorable, match="no-recogniser"):
            value(name, meeting(recogniser=None))
        with pytest.raises(Unscorable, match="no-transcript"):
            value(name, meeting(turns=silent))
    with pytest.raises(Unscorable, match="no-speech"):
        value("swapped_pieces", meeting(turns=[[], [], []]))
