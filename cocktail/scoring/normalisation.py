"""Scores of speaker verification set against what others score: adaptive symmetric normalisation (AS-norm).

P. Matejka et al., "Analysis of score normalization in multilingual speaker recognition", Interspeech 2017: of the
scores of either side of a trial against a cohort of other speakers, the highest; the mean of the two scores that are
centred and scaled by their mean and standard deviation. The cohort are the speakers that the verifier was trained on.
"""

import numpy as np

from cocktail.metrics.metric import Unscorable

FEWEST = 2
"""Speakers of a cohort: one has no deviation."""


def as_norm(score: float, test: np.ndarray, enrolment: np.ndarray, size: int) -> float:
    """A score, normalised by the `size` highest of the scores (S,) of either side against the cohort.

    Raises Unscorable where the cohort is too small, or one score of it is that of all.
    """
    return float(np.mean([_standardised(score, of, size) for of in (enrolment, test)]))


def _standardised(score, cohort, size):
    highest = np.sort(cohort)[-size:]
    if len(highest) < FEWEST or highest[0] == highest[-1]:
        raise Unscorable(f"no-cohort: {len(highest)} speakers without a deviation; at least {FEWEST} that differ")
    return (score - highest.mean()) / highest.std()
