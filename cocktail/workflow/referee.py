"""Reference packages as independent judges of stored scores: mir_eval for BSS Eval, pystoi for STOI and ESTOI.

They share no code with cocktail.metrics. Only what has a score is judged: why others have none is the project's own.
"""

import warnings
from collections.abc import Iterator

import numpy as np

from cocktail import tables
from cocktail.metrics.metric import NEGLIGIBLE
from cocktail.scenes.truth import Truth

RATIOS = ("sdr", "sir", "sar")
RATIO_TOLERANCE_DB = 0.01
STOI_TOLERANCE = 1e-3
"""Of `stoi` and `estoi`: pystoi gives silent bands a random direction, which moves ESTOI from call to call."""
PRECISE_DB = 60.0
"""Ratios beyond are rounding of one side or the other: both must lie there."""


def disagreements(mixture: dict, truth: dict, made: dict, rows: list[dict]) -> Iterator[str]:
    """How the stored scores of one scene differ from what the packages say.

    `mixture`, `truth`, `made`: its rows of tables.MIXTURES, REFERENCES and ESTIMATES; `rows`: those of SCORES.
    """
    stored = {
        (row["metric"], row["source"]): row for row in rows if row["status"] == "ok" and row["source"] is not None
    }
    target = Truth(truth).target
    estimates = [tables.unpack(cell)[0] for cell in made["estimate"] or ()]
    yield from _stoi(target, estimates, mixture["fs"], stored)
    if all(("sdr", k) in stored for k in range(len(target))):  # with an unusable estimate there are fewer of them
        yield from _bss_eval(target, estimates, tables.unpack(mixture["mixture"])[0] - target.sum(0), stored)


def _stoi(target, estimates, fs, stored):
    import pystoi

    for (metric, k), row in stored.items():
        if metric in ("stoi", "estoi"):
            judged = pystoi.stoi(target[k], estimates[row["estimate"]], fs, extended=metric == "estoi")
            if not abs(judged - row["value"]) <= STOI_TOLERANCE:
                yield f"talker {k + 1}, {metric}: {row['value']:.6g} stored, {judged:.6g} by pystoi"


def _bss_eval(target, estimates, interference, stored):
    import mir_eval

    estimate = np.stack([estimates[stored["sdr", k]["estimate"]] for k in range(len(target))])
    heard = np.square(interference).sum() > NEGLIGIBLE * np.square(target).sum()
    others = [interference[None]] if heard else []  # a source that nobody estimates needs an estimate here: itself
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of silence, and that the module will go
        *ratios, _ = mir_eval.separation.bss_eval_sources(
            np.concatenate([target, *others]), np.concatenate([estimate, *others]), compute_permutation=False
        )
    for metric, judged in zip(RATIOS, ratios, strict=True):
        for k in range(len(target)):
            row = stored.get((metric, k))
            if row and not _close(row["value"], judged[k]):
                yield f"talker {k + 1}, {metric}: {row['value']:.6g} dB stored, {judged[k]:.6g} dB by mir_eval"


def _close(stored, judged):
    for sign in (1, -1):
        if sign * stored >= PRECISE_DB:
            return sign * judged >= PRECISE_DB - RATIO_TOLERANCE_DB
    return abs(stored - judged) <= RATIO_TOLERANCE_DB
