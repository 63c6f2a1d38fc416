"""Intervals that are about other kinds of noise and other speakers than those of a suite, too.

An interval over scenes holds for the suite's kinds of noise and speakers alone: what a method gains often depends on
the noise more than on anything else of a scene, and forty scenes of five noises are then five samples. Here kinds of
noise and speakers are resampled instead (statistics.crossed: A. B. Owen, "The pigeonhole bootstrap", Annals of Applied
Statistics 1(2), 2007), as far as there are several, and the interval is Student's with the resamples' standard error.
It never claims too much: where kinds of noise do not differ, that error is up to 1.7 times as large as needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail.boards import statistics
from cocktail.boards.cells import tabulate
from cocktail.rng import rng

MIN_LEVELS = 3
"""Kinds of noise or speakers of a wide interval: of two, its spread is a guess."""
COLUMNS = ("wide_low", "wide_high", "n_noises", "n_speakers")


@dataclass(frozen=True)
class Crossed:
    """Resamples of kinds of noise and speakers."""

    weights: np.ndarray
    """(R, S) of the scenes."""
    drawn: int
    """How many independent draws they are."""
    n_noises: int
    n_speakers: int

    def row(self, values: Sequence[np.ndarray], samples: Sequence[np.ndarray]) -> dict:
        """COLUMNS of the best of A less the best of B, see statistics.best_difference; null where there is none."""
        counts = {"wide_low": None, "wide_high": None, "n_noises": self.n_noises, "n_speakers": self.n_speakers}
        if self.drawn < MIN_LEVELS:
            return counts
        low, high = statistics.best_difference(values, samples, self.drawn)
        return counts | ({} if np.isnan(low) else {"wide_low": low, "wide_high": high})


def crossed(noises: Sequence[str | None], speakers: Sequence[str], *, seed: int, resamples: int) -> Crossed:
    """Resample the kinds of noise and the speakers of scenes (S,); None is a scene without a named noise."""
    named = [noise or "" for noise in noises]
    generator = rng(seed, role="bootstrap of noises and speakers")
    weights, drawn = statistics.crossed([np.array(named), np.array(speakers)], resamples, generator)
    return Crossed(weights, drawn, len(set(named) - {""}), len(set(speakers)))


def lacking(row: Mapping) -> str:
    """Why a row with COLUMNS has no interval."""
    counts = row["n_noises"], row["n_speakers"]
    if max(counts) > 1 and all(n >= MIN_LEVELS for n in counts if n > 1):
        return "not defined on too many of the resamples"
    return f"{counted(row)}, and it takes {MIN_LEVELS} of each that varies"


def counted(row: Mapping) -> str:
    """`5 kinds of noise and 1 speaker`, or the speakers alone where no noise is named."""
    noises, speakers = row["n_noises"], row["n_speakers"]
    of_noise = f"{noises} kind{'s' * (noises > 1)} of noise and " if noises else ""
    return f"{of_noise}{speakers} speaker{'s' * (speakers > 1)}"


def others(row: Mapping) -> str:
    """What is resampled: `kinds of noise and speakers`, or one of them."""
    names = {"kinds of noise": row["n_noises"], "speakers": row["n_speakers"]}
    return " and ".join(name for name, n in names.items() if n > 1)


class Boards:
    """Wide intervals of the figures on the boards of a run."""

    def __init__(self, scores: pa.Table, scenes: Sequence[Mapping], *, seed: int, resamples: int):
        """`scores`: what `collect` wrote; `scenes`: rows of leaderboard.SCENES; `seed`, `resamples`: the suite's."""
        self._scores = scores
        self._noises, self._speakers = ({row["scene"]: row[name] for row in scenes} for name in ("noise", "speaker"))
        self._settings = {"seed": seed, "resamples": resamples}

    def of(self, condition: str, metric: str, rows: Sequence[Mapping]) -> dict[str, dict]:
        """Entry -> its COLUMNS, for the board's rows of a condition and metric that have an interval over scenes.

        The wide interval holds the one over scenes, since no resample shows an error that did not happen, and no rate
        in it is below 0.
        """
        part = self._scores.filter(pc.equal(self._scores["condition"], condition))
        entries, scenes, _, cells = tabulate(part, self._speakers)
        names = np.array(entries)
        return {
            row["entry"]: self._row(cells[metric].of(names == row["entry"]), np.array(scenes), row)
            for row in rows
            if row["ci_low"] is not None
        }

    def _row(self, cells, scenes, row):
        finished = cells.finished[:, 0]
        cells = cells.on(finished)
        names = scenes[finished].tolist()
        voices = [self._speakers.get(name) or name for name in names]
        resampled = crossed([self._noises.get(name) for name in names], voices, **self._settings)
        samples = statistics.figures(cells, resampled.weights)
        wide = resampled.row((statistics.figures(cells), np.zeros(1)), (samples, np.zeros_like(samples)))
        if wide["wide_low"] is None:
            return wide
        lowest, highest = cells.bounds
        low, high = max(wide["wide_low"], lowest), min(wide["wide_high"], highest)
        return wide | {"wide_low": min(low, row["ci_low"]), "wide_high": max(high, row["ci_high"])}
