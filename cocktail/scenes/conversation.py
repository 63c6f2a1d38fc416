"""Conversations: who speaks when, so that turns overlap by a share that was drawn.

Turns follow each other. A turn begins before the last one ends, or after a pause; at most two talkers speak at once,
and whoever goes on after one turn of another makes a pause first. The overlap is the share of the time with speech in
which two talkers speak: Z. Chen et al., "Continuous speech separation: dataset and analysis", ICASSP 2020, have 0 to
40 %. Single overlaps vary by chance, and later ones make up for it, so that the whole comes to what was asked.

Deviations: LibriCSS arranges ten minutes of eight talkers, whose utterances are longer.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from cocktail.scenes.scene import Conversation, Turn

CHANCE = (0.0, 2.0)
"""A turn overlaps the last one by what is missing times a factor that is uniform in this range; in the end by 1."""
END = 0.75
"""Share of a conversation after which the factor is 1."""
MOST = 0.8
"""Of the shorter one of two turns, at most so much overlaps."""
REST_S = 0.6
"""Between two turns of one talker at least."""


def draw_conversation(
    spec: dict, generator: Callable[[str], np.random.Generator], talkers: Sequence[Sequence[dict]], fs: int
) -> tuple[Conversation, list[tuple[Turn, ...]]]:
    """A conversation as the condition's `spec` says, and the turns of each talker.

    `talkers`: rows of a table of speech, the utterances of each, none longer than `longest_s`; `generator`: role ->
    generator. Every talker has a turn.
    """
    asked = float(generator("overlap").uniform(*spec["overlap"]))
    n_samples, rest = round(spec["duration_s"] * fs), round(REST_S * fs)
    chance, pauses = generator("turns"), generator("pauses")
    said = [_utterances(generator(f"utterances {k}"), rows) for k, rows in enumerate(talkers)]
    turns: list[tuple[int, Turn]] = []  # with their talkers
    both = anybody = 0  # samples with two talkers, and with any
    for talker in _order(generator("order"), len(talkers)):
        row = next(said[talker])
        length = math.ceil(row["n_samples"] / row["fs"] * fs)
        end, earliest = _before(turns, talker, length, rest)
        missing = (asked * (anybody + length) - both) / (1 + asked)
        factor = chance.uniform(*CHANCE) if end < END * n_samples else 1.0
        shared = int(np.clip(factor * missing, 0, max(end - earliest, 0)))
        pause = round(pauses.uniform(*spec["pause_s"]) * fs)
        start = end - shared if shared else max(end + pause, earliest)
        if start + length > n_samples:
            break
        turns.append((talker, Turn(row["utterance"], row["text"], start, start + length)))
        both, anybody = both + shared, anybody + length - shared
    conversation = Conversation(asked, both / anybody, spec["piece_s"], spec["piece_overlap_s"])
    return conversation, [tuple(turn for k, turn in turns if k == talker) for talker in range(len(talkers))]


def longest_s(condition: dict) -> float:
    """Seconds of an utterance at most, so that all talkers have a turn in the first half of the conversation."""
    spec = condition["conversation"]
    return spec["duration_s"] / 2 / condition["talkers"] - spec["pause_s"][1]


def _before(turns, talker, length, rest):
    """The sample at which the last turn ends, and the earliest at which one of that length may begin.

    The turn before the last is over by then, and its talker has had a rest.
    """
    if not turns:
        return 0, 0
    last = turns[-1][1]
    earliest = [last.end - int(MOST * min(length, last.end - last.start))]
    earliest += [turn.end + (rest if other == talker else 0) for other, turn in turns[-2:-1]]
    return last.end, max(earliest)


def _order(generator, n_talkers) -> Iterator[int]:
    """Who speaks, turn by turn: everybody once, then whoever did not speak last."""
    order = [int(k) for k in generator.permutation(n_talkers)]
    yield from order
    last = order[-1]
    while True:
        last = int((last + generator.integers(1, n_talkers)) % n_talkers)
        yield last


def _utterances(generator, rows) -> Iterator[dict]:
    """A talker's utterances in random order, each before any comes again."""
    while True:
        yield from (rows[i] for i in generator.permutation(len(rows)))
