"""Metrics of conversations, whose estimates are streams that were stitched of pieces: one value a scene.

`si_sdr_pieces` and `swapped_pieces` look at one piece after the other. With whatever stream is best for a talker there,
SI-SDR says how well the talkers were separated, whoever is heard where; where that is another stream than in the scene
as a whole, the piece is swapped. `si_sdr` is of the stitched streams.

`cpwer` and `orcwer` are word error rates by the package meeteval (T. von Neumann et al., "MeetEval: a toolkit for
computation of word error rates for meeting transcription systems", CHiME 2023). cpWER sets all that a talker says
against one stream, under the best permutation (S. Watanabe et al., "CHiME-6 challenge: tackling multispeaker speech
recognition for unsegmented recordings", CHiME 2020). ORC-WER lets each utterance go to any stream, so that it does not
count who spoke (I. Sklyar et al., "Multi-turn RNN-T for streaming recognition of multi-party speech", ICASSP 2022).

Deviations: ORC-WER is that of meeteval's greedy search, which starts at the assignment of cpWER and never gets worse;
the exact one takes time that grows with the product of the streams' words.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from cocktail import levels
from cocktail.metrics.metric import Metric, Shared, Unscorable, is_silent
from cocktail.metrics.si_sdr import CLAMP_DB, si_sdr_matrix
from cocktail.recognition.recogniser import Counts, normalise

SHORTEST_S = 0.5
"""A talker counts in a piece from so many seconds of speech on."""
TIE_DB = 1e-3
"""Pieces whose best order is better than that of the scene by less are not swapped."""

RANGE_DB, PAUSE_S, MARGIN_S = 30.0, 0.5, 0.15
"""The recogniser hears at once: frames within this of the stream's loudest one, over shorter pauses, with a margin."""


class Streams(Shared):
    """The streams of a scene beside its talkers.

    `reference`, `estimate` (K, N), in the order of the permutation that is best for the whole scene; `turns`: of each
    talker (first sample, sample after the last, transcript or None); `pieces`: slices of the samples that come from one
    piece each.
    """

    def __init__(self, *, reference, estimate, fs: int, turns: Sequence[Sequence[tuple]], pieces, recogniser=None):
        super().__init__()
        self.reference, self.estimate, self.fs = reference, estimate, fs
        self.turns, self.pieces, self.recogniser = turns, pieces, recogniser


def owned(cuts: Sequence[slice]) -> list[slice]:
    """Pieces that overlap (cocktail.processing.recording.cuts) as stretches that do not: neighbours meet half way."""
    edges = [(after.start + before.stop) // 2 for before, after in itertools.pairwise(cuts)]
    return [slice(*pair) for pair in itertools.pairwise([0, *edges, cuts[-1].stop])]


def _matched(streams: Streams) -> list[tuple[float, bool]]:
    """Mean SI-SDR of the talkers of each piece with the best streams, and whether these are others than in the scene.

    Pieces in which nobody speaks are left out.
    """
    from scipy.optimize import linear_sum_assignment

    found = []
    for piece in streams.pieces:
        talkers = [k for k in range(len(streams.reference)) if _speaks(streams, k, piece)]
        if not talkers:
            continue
        scores = _scores(streams.reference[talkers, piece], streams.estimate[:, piece])
        rows, best = linear_sum_assignment(scores, maximize=True)
        gained = scores[rows, best].mean() - scores[rows, talkers].mean()
        found.append((float(scores[rows, best].mean()), bool(gained > TIE_DB)))
    if not found:
        raise Unscorable("no-speech")
    return found


def _speaks(streams, talker, piece):
    spoken = sum(max(min(end, piece.stop) - max(start, piece.start), 0) for start, end, _ in streams.turns[talker])
    return spoken >= SHORTEST_S * streams.fs and not is_silent(streams.reference[talker, piece])


def _scores(reference, estimate):
    """SI-SDR (talkers, streams) in dB; the lowest there is for a stream that is silent."""
    scores = np.full((len(reference), len(estimate)), -CLAMP_DB)
    heard = [j for j, stream in enumerate(estimate) if not is_silent(stream)]
    if heard:
        scores[:, heard] = si_sdr_matrix(reference=reference, estimate=estimate[heard])
    return scores


def _si_sdr_pieces(streams: Streams) -> float:
    return float(np.mean([value for value, _ in streams.once(_matched)]))


def _swapped_pieces(streams: Streams) -> float:
    return 100 * float(np.mean([swapped for _, swapped in streams.once(_matched)]))


def stretches(x: np.ndarray, fs: int) -> list[slice]:
    """Where a stream (N,) is heard: what a recogniser is given at once, in order."""
    if is_silent(x):
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], levels.active(x, fs, RANGE_DB), [False]]).astype(int)))
    merged: list[list[int]] = []
    for start, stop in edges.reshape(-1, 2).tolist():
        if merged and start - merged[-1][1] < PAUSE_S * fs:
            merged[-1][1] = stop
        else:
            merged.append([start, stop])
    margin = round(MARGIN_S * fs)
    return [slice(max(start - margin, 0), min(stop + margin, len(x))) for start, stop in merged]


def _rule(streams):
    return normalise if streams.recogniser is None else streams.recogniser.normalise


def _said(streams: Streams) -> list[dict]:
    """The transcripts, turn by turn, as meeteval takes them."""
    rule = _rule(streams)
    turns = [(k, *turn) for k, of in enumerate(streams.turns) for turn in of]
    if any(text is None for *_, text in turns) or not any(rule(text) for *_, text in turns):
        raise Unscorable("no-transcript")
    return [_segment(f"talker {k}", start, end, rule(text)) for k, start, end, text in turns]


def _heard(streams: Streams) -> list[dict]:
    """What the recogniser hears in each stream, as meeteval takes it."""
    recogniser, fs = streams.recogniser, streams.fs
    if recogniser is None:
        raise Unscorable("no-recogniser")
    rule, segments = _rule(streams), []
    for j, stream in enumerate(streams.estimate):
        segments.append(_segment(f"stream {j}", 0, 0, ""))  # a stream is one, also where nothing is heard in it
        for part in stretches(stream, fs):
            segments.append(
                _segment(f"stream {j}", part.start, part.stop, rule(recogniser.transcribe(stream[part], fs)))
            )
    return segments


def _segment(speaker, start, end, words):
    return {"session_id": "scene", "speaker": speaker, "start_time": start, "end_time": end, "words": words}


def _cpwer(streams: Streams) -> Counts:
    said, heard = streams.once(_said), streams.once(_heard)
    from meeteval.wer import cp_word_error_rate

    return _counts(cp_word_error_rate(said, heard))


def _orcwer(streams: Streams) -> Counts:
    said, heard = streams.once(_said), streams.once(_heard)
    from meeteval.wer import greedy_orc_word_error_rate

    return _counts(greedy_orc_word_error_rate(said, heard))


def _counts(rate):
    return Counts(int(rate.errors), int(rate.length))


def _metric(name, unit, implementation, compute, **more):
    return Metric(
        name=name,
        unit=unit,
        implementation=implementation,
        compute=compute,
        level="conversation",
        tasks={"separate": None},
        **more,
    )


_WORDS = {"higher_is_better": False, "low": 0.0, "high": None, "pooled": True}
_LISTENING = (
    f"streams are cut at pauses of {PAUSE_S:g} s, {RANGE_DB:g} dB below their loudest frame; pooled over scenes"
)

METRICS = (
    _metric(
        "si_sdr_pieces", "dB", "cocktail", _si_sdr_pieces,
        higher_is_better=True, low=-CLAMP_DB, high=CLAMP_DB, clamp=(-CLAMP_DB, CLAMP_DB), improvement=True,
        citation="Le Roux, Wisdom, Erdogan, Hershey, ICASSP 2019",
        mode=f"zero mean; over pieces, and talkers that speak for {SHORTEST_S:g} s there",
        permutation="once per piece, highest mean SI-SDR",
    ),
    _metric(
        "swapped_pieces", "%", "cocktail", _swapped_pieces,
        higher_is_better=False, low=0.0, high=100.0,
        citation="pieces of which another permutation has the higher mean SI-SDR than that of the scene",
        mode=f"of pieces in which a talker speaks for {SHORTEST_S:g} s; ties within {TIE_DB:g} dB are none",
    ),
    _metric(
        "cpwer", "%", "meeteval, with the suite's recogniser", _cpwer, **_WORDS, mode=_LISTENING,
        citation="Watanabe et al., CHiME-6, 2020; von Neumann et al., MeetEval, CHiME 2023",
        permutation="once per scene, fewest word errors",
    ),
    _metric(
        "orcwer", "%", "meeteval, with the suite's recogniser", _orcwer, **_WORDS, mode=f"greedy search; {_LISTENING}",
        citation="Sklyar et al., ICASSP 2022; von Neumann et al., MeetEval, CHiME 2023",
        permutation="each utterance to any stream, fewest word errors",
    ),
)  # fmt: skip
