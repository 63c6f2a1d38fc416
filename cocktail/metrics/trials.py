"""Metrics pooled from trials: speaker verification and spoofing detection, before and after a method.

Each scene carries its trials, and the figure of a set of scenes is computed from all their trials at once, never by
averaging. What a trial is: cocktail/scoring/trials.py.

EER and t-DCF: cocktail/metrics/detection.py. ASVspoof 2019: M. Todisco et al., "ASVspoof 2019: future horizons in
spoofed and fake audio detection", Interspeech 2019.
"""

from dataclasses import dataclass, fields
from functools import partial

import numpy as np

from cocktail.metrics import detection
from cocktail.metrics.metric import Metric, Unscorable
from cocktail.recognition.recogniser import Counts
from cocktail.tasks import BONA_FIDE


@dataclass(frozen=True)
class Trials:
    """Trials as store.TRIAL has them, column by column, (N,) each."""

    kind: np.ndarray
    label: np.ndarray
    score: np.ndarray

    def at(self, chosen: np.ndarray) -> "Trials":
        """Those of a mask or of indices."""
        return Trials(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def of(self, kind: str, *labels: str) -> np.ndarray:
        """(N,) bool: of this kind and, where labels are given, with one of them. Raises Unscorable where none is."""
        chosen = (self.kind == kind) & (np.isin(self.label, labels) if labels else True)
        if not chosen.any():
            raise Unscorable(f"no-trial: no {' or '.join(labels) or kind} among the {kind} trials")
        return chosen


def eer_asv(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Equal error rate in % of speaker verification; with `weights` (R, N), of each weighting (R,)."""
    target, nontarget = trials.of("asv", "target"), trials.of("asv", "nontarget")
    return 100 * _eer(trials, target, nontarget, weights)


def eer_cm(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Equal error rate in % of spoofing detection; with `weights` (R, N), of each weighting (R,)."""
    bonafide, spoof = _bonafide_and_spoof(trials)
    return 100 * _eer(trials, bonafide, spoof, weights)


def auc(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Area under the ROC curve of detection; with `weights` (R, N), of each weighting (R,)."""
    bonafide, spoof = _bonafide_and_spoof(trials)
    used = bonafide | spoof
    return detection.auc(trials.score[used], bonafide[used], None if weights is None else weights[..., used])


def min_tdcf_2021(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """`min_tdcf` in the form of ASVspoof 2021, with the verifier's own errors."""
    return min_tdcf(trials, weights, verifier_errors=True)


def min_tdcf(trials: Trials, weights: np.ndarray | None = None, *, verifier_errors: bool = False) -> float | np.ndarray:
    """Normalised minimum t-DCF of a detector beside a verifier; with `weights` (R, N), of each weighting (R,)."""
    bonafide, spoof = _bonafide_and_spoof(trials)
    cm = bonafide | spoof
    asv = [trials.of("asv", label) for label in ("target", "nontarget", "spoof")]
    try:
        return detection.min_tdcf(
            trials.score[cm],
            bonafide[cm],
            **{f"asv_{name}": trials.score[of] for name, of in zip(("target", "nontarget", "spoof"), asv, strict=True)},
            verifier_errors=verifier_errors,
            weights=None if weights is None else weights[..., cm],
            asv_weights=None if weights is None else np.concatenate([weights[..., of] for of in asv], axis=-1),
        )
    except detection.Undefined as error:
        raise Unscorable(f"undefined: {error}") from None


def cm_rejection(score: float, threshold: float) -> Counts:
    """Whether a detector takes bona fide speech for a spoof, as counts that add up."""
    return Counts(int(score < threshold), 1)


def attacks(trials: Trials) -> list[str]:
    """Names of the attacks among the trials, sorted."""
    labels = np.unique(trials.label[trials.kind == "cm"])
    return [str(label) for label in labels if label != BONA_FIDE]


def against(trials: Trials, scene: np.ndarray, attack: str) -> np.ndarray:
    """(N,) bool: trials of bona fide speech and of one attack, by either system; `scene` (N,): of each trial."""
    detection = trials.kind == "cm"
    attacked = np.isin(scene, scene[detection & (trials.label == attack)])
    return attacked | np.where(detection, trials.label == BONA_FIDE, trials.label != "spoof")


def _bonafide_and_spoof(trials):
    bonafide = trials.of("cm", BONA_FIDE)
    spoof = trials.of("cm") & ~bonafide
    if not spoof.any():
        raise Unscorable("no-trial: no spoof among the cm trials")
    return bonafide, spoof


def _eer(trials, positive, negative, weights):
    used = positive | negative
    return detection.eer(trials.score[used], positive[used], None if weights is None else weights[..., used])


_metric = partial(
    Metric,
    higher_is_better=False,
    low=0.0,
    implementation="cocktail, with the suite's scorers",
    permutation="none",
    level="trials",
)

METRICS = (
    _metric(
        name="eer_asv",
        compute=eer_asv,
        unit="%",
        high=100.0,
        citation="equal error rate; embeddings of Snyder et al., ICASSP 2018",
        mode="cosine of embeddings: estimate against the clean references of the other scenes of its condition, or "
        "each scene against each other in the task `verify`; never the same utterance",
        tasks={"enhance": "speaker", "verify": None},
    ),
    _metric(
        name="eer_cm",
        compute=eer_cm,
        unit="%",
        high=100.0,
        citation="equal error rate; ASVspoof 2019 (Todisco et al., Interspeech 2019)",
        mode="score of the detector, or of the suite's detector on the estimate; bona fide against all attacks",
        tasks={"enhance": "spoofing", "detect": None},
    ),
    _metric(
        name="auc",
        compute=auc,
        unit="",
        high=1.0,
        citation="area under the ROC curve; DiCOVA 2021 (Muguli et al., Interspeech 2021)",
        mode="score of the detector; bona fide against all attacks, or the label that is looked for against the others",
        tasks={"detect": None},
        higher_is_better=True,
    ),
    _metric(
        name="min_tdcf",
        compute=min_tdcf,
        unit="",
        high=None,
        citation="Kinnunen et al., Odyssey 2018; constants of ASVspoof 2019",
        mode="normalised; verifier at its EER, enrolled on the bona fide references of the other scenes of the "
        "condition",
        tasks={"detect": "speaker"},
    ),
    _metric(
        name="min_tdcf_2021",
        compute=min_tdcf_2021,
        unit="",
        high=None,
        citation="Kinnunen et al., IEEE/ACM TASLP 2020; the form of ASVspoof 2021, constants of 2019",
        mode="as min_tdcf, and with the errors of the verifier that no countermeasure can mend",
        tasks={"detect": "speaker"},
    ),
    _metric(
        name="cm_rejection",
        compute=cm_rejection,
        unit="%",
        high=100.0,
        citation="share of bona fide speech that a spoofing detector rejects",
        mode="at the detector's EER threshold on its validation trials; estimates of bona fide speech alone",
        tasks={"enhance": "spoofing"},
        pooled=True,
    ),
)
