"""Metrics pooled from trials: speaker verification and spoofing detection, before and after a method.

Each scene carries its trials, and the figure of a set of scenes is computed from all their trials at once, never by
averaging. What a trial is: cocktail/scoring/trials.py.

EER and t-DCF: cocktail/metrics/detection.py; costs of decisions: cocktail/metrics/decisions.py; a-DCF and t-EER:
cocktail/metrics/tandem.py. ASVspoof 2019: M. Todisco et al., "ASVspoof 2019: future horizons in
spoofed and fake audio detection", Interspeech 2019.
"""

from dataclasses import dataclass, fields
from functools import partial

import numpy as np

from cocktail.metrics import decisions, detection, tandem
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
    return 100 * _verified(detection.eer, trials, weights)


def min_dcf_asv(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Normalised least cost of speaker verification; with `weights` (R, N), of each weighting (R,)."""
    return _verified(partial(decisions.min_dcf, costs=decisions.VOXSRC), trials, weights)


def eer_cm(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Equal error rate in % of spoofing detection; with `weights` (R, N), of each weighting (R,)."""
    return 100 * _detected(detection.eer, trials, weights)


def auc(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Area under the ROC curve of detection; with `weights` (R, N), of each weighting (R,)."""
    return _detected(detection.auc, trials, weights)


def min_dcf_cm(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Normalised least cost of spoofing detection; with `weights` (R, N), of each weighting (R,)."""
    return _detected(partial(decisions.min_dcf, costs=decisions.ASVSPOOF_5), trials, weights)


def actual_dcf_cm(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Normalised cost at the threshold that it asks for; with `weights` (R, N), of each weighting (R,)."""
    return _detected(partial(decisions.actual_dcf, costs=decisions.ASVSPOOF_5), trials, weights)


def cllr_cm(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Cost of the scores as log-likelihood ratios, in bits; with `weights` (R, N), of each weighting (R,)."""
    return _detected(decisions.cllr, trials, weights)


def a_dcf(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Normalised a-DCF of a verifier behind a detector at its EER; with `weights` (R, N), of each weighting (R,).

    The detection trial of a scene stands before its verification trials.
    """
    bonafide, cm, _ = _tandem(trials)
    asv = trials.of("asv")
    drawn = np.ones((1, len(cm))) if weights is None else weights
    thresholds = detection.eer_threshold(trials.score[cm], bonafide[cm], drawn[:, cm])
    detected = trials.score[np.maximum.accumulate(np.where(cm, np.arange(len(cm)), 0))[asv]]
    costs = np.full(len(drawn), np.nan)
    for threshold in np.unique(thresholds[~np.isnan(thresholds)]):
        chosen = thresholds == threshold
        scores = tandem.cascade(trials.score[asv], detected >= threshold)
        costs[chosen] = tandem.a_dcf(scores, trials.label[asv], drawn[chosen][:, asv])
    return float(costs[0]) if weights is None else costs


def t_eer(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Concurrent t-EER in % of a detector and a verifier; with `weights` (R, N), of each weighting (R,)."""
    bonafide, cm, _ = _tandem(trials)
    asv = trials.of("asv")
    return 100 * tandem.t_eer(
        trials.score[asv],
        trials.label[asv],
        cm_scores=trials.score[cm],
        cm_labels=bonafide[cm],
        weights=None if weights is None else weights[..., asv],
        cm_weights=None if weights is None else weights[..., cm],
    )


def spoof_acceptance(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """Spoofs in % that a verifier takes for whom they claim to be; with `weights` (R, N), of each weighting (R,)."""
    asv = [trials.of("asv", label) for label in tandem.CLASSES]
    of_asv = None if weights is None else np.concatenate([weights[..., of] for of in asv], axis=-1)
    rejected = detection.verifier_at_eer(*(trials.score[of] for of in asv), of_asv)[-1]
    return detection.plain(100 * (1 - rejected))


def min_tdcf_2021(trials: Trials, weights: np.ndarray | None = None) -> float | np.ndarray:
    """`min_tdcf` in the form of ASVspoof 2021, with the verifier's own errors."""
    return min_tdcf(trials, weights, verifier_errors=True)


def min_tdcf(trials: Trials, weights: np.ndarray | None = None, *, verifier_errors: bool = False) -> float | np.ndarray:
    """Normalised minimum t-DCF of a detector beside a verifier; with `weights` (R, N), of each weighting (R,)."""
    bonafide, cm, asv = _tandem(trials)
    try:
        return detection.min_tdcf(
            trials.score[cm],
            bonafide[cm],
            **{f"asv_{name}": trials.score[of] for name, of in zip(tandem.CLASSES, asv, strict=True)},
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


def _tandem(trials):
    """Bona fide trials of the detector, all of its trials, and those of the verifier by class of tandem.CLASSES."""
    bonafide, spoof = _bonafide_and_spoof(trials)
    return bonafide, bonafide | spoof, [trials.of("asv", label) for label in tandem.CLASSES]


def _detected(figure, trials, weights):
    return _of_two(figure, trials, *_bonafide_and_spoof(trials), weights)


def _verified(figure, trials, weights):
    return _of_two(figure, trials, trials.of("asv", "target"), trials.of("asv", "nontarget"), weights)


def _of_two(figure, trials, positive, negative, weights):
    used = positive | negative
    return figure(trials.score[used], positive[used], None if weights is None else weights[..., used])


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
        share=True,
        citation="equal error rate; embeddings of Snyder et al., ICASSP 2018",
        mode="cosine of embeddings: estimate against the clean references of the other scenes of its condition, or "
        "each scene against each other in the task `verify`; never the same utterance",
        trials=("asv",),
        tasks={"enhance": "speaker", "verify": None},
    ),
    _metric(
        name="eer_asv_3",
        compute=eer_asv,
        unit="%",
        high=100.0,
        share=True,
        citation="equal error rate; embeddings of Snyder et al., ICASSP 2018",
        mode="as eer_asv, against the mean of embeddings of three other utterances of each speaker that has so many",
        trials=("asv",),
        enrolments=3,
        tasks={"enhance": "speaker", "verify": None},
    ),
    _metric(
        name="eer_asv_norm",
        compute=eer_asv,
        unit="%",
        high=100.0,
        share=True,
        citation="equal error rate after AS-norm (Matejka et al., Interspeech 2017)",
        mode="as eer_asv; the mean of the scores standardised by the 20 highest of either side against the speakers "
        "that the verifier was trained on, one mean embedding each",
        trials=("asv",),
        cohort=20,
        tasks={"enhance": "speaker"},
    ),
    _metric(
        name="min_dcf_asv",
        compute=min_dcf_asv,
        unit="",
        high=1.0,
        citation="detection cost function of NIST; constants of VoxSRC",
        mode="as eer_asv; targets at 5 %, miss and false alarm cost the same; normalised; threshold of least cost",
        trials=("asv",),
        tasks={"enhance": "speaker", "verify": None},
    ),
    _metric(
        name="eer_cm",
        compute=eer_cm,
        unit="%",
        high=100.0,
        share=True,
        citation="equal error rate; ASVspoof 2019 (Todisco et al., Interspeech 2019)",
        mode="score of the detector, or of the suite's detector on the estimate; bona fide against all attacks",
        trials=("cm",),
        tasks={"enhance": "spoofing", "detect": None},
    ),
    _metric(
        name="auc",
        compute=auc,
        unit="",
        high=1.0,
        share=True,
        citation="area under the ROC curve; DiCOVA 2021 (Muguli et al., Interspeech 2021)",
        mode="score of the detector; bona fide against all attacks, or the label that is looked for against the others",
        trials=("cm",),
        tasks={"detect": None},
        higher_is_better=True,
    ),
    _metric(
        name="min_dcf_cm",
        compute=min_dcf_cm,
        unit="",
        high=1.0,
        citation="track 1 of ASVspoof 5 (Wang et al., 2024)",
        mode="as eer_cm; spoofs at 5 %, their acceptance costs ten misses; normalised; threshold of least cost",
        trials=("cm",),
        tasks={"detect": None},
    ),
    _metric(
        name="actual_dcf_cm",
        compute=actual_dcf_cm,
        unit="",
        high=None,
        citation="track 1 of ASVspoof 5 (Wang et al., 2024)",
        mode="as min_dcf_cm, at the threshold of log-likelihood ratios that the costs ask for",
        trials=("cm",),
        tasks={"detect": None},
    ),
    _metric(
        name="cllr_cm",
        compute=cllr_cm,
        unit="bit",
        high=None,
        citation="Brümmer and du Preez, Computer Speech and Language 2006",
        mode="score of the detector as a natural log-likelihood ratio; both classes weigh the same",
        trials=("cm",),
        tasks={"detect": None},
    ),
    _metric(
        name="min_tdcf",
        compute=min_tdcf,
        unit="",
        high=None,
        citation="Kinnunen et al., Odyssey 2018; constants of ASVspoof 2019",
        mode="normalised; verifier at its EER, enrolled on the bona fide references of the other scenes of the "
        "condition",
        trials=("cm", "asv"),
        tasks={"detect": "speaker"},
    ),
    _metric(
        name="min_tdcf_2021",
        compute=min_tdcf_2021,
        unit="",
        high=None,
        citation="Kinnunen et al., IEEE/ACM TASLP 2020; the form of ASVspoof 2021, constants of 2019",
        mode="as min_tdcf, and with the errors of the verifier that no countermeasure can mend",
        trials=("cm", "asv"),
        tasks={"detect": "speaker"},
    ),
    _metric(
        name="a_dcf",
        compute=a_dcf,
        unit="",
        high=1.0,
        citation="Shim et al., Odyssey 2024; constants of ASVspoof 5",
        mode="normalised; verifier, enrolled as for min_tdcf, of what the detector lets pass at its EER",
        trials=("cm", "asv"),
        tasks={"detect": "speaker"},
    ),
    _metric(
        name="t_eer",
        compute=t_eer,
        unit="%",
        high=100.0,
        share=True,
        citation="Kinnunen et al., IEEE TPAMI 2024",
        share_of=tandem.CLASSES,
        mode="concurrent: misses, accepted nontargets and accepted spoofs are equally frequent; verifier as for "
        "min_tdcf",
        trials=("cm", "asv"),
        tasks={"detect": "speaker"},
    ),
    _metric(
        name="spoof_acceptance",
        compute=spoof_acceptance,
        unit="%",
        high=100.0,
        share=True,
        citation="false acceptance rate of spoofs: Evans, Kinnunen and Yamagishi, Interspeech 2013",
        share_of=("spoof",),
        mode="verifier at its EER threshold, enrolled as for min_tdcf; each spoof against whom it claims to be",
        trials=("cm", "asv"),
        tasks={"detect": "speaker"},
    ),
    _metric(
        name="cm_rejection",
        compute=cm_rejection,
        unit="%",
        high=100.0,
        citation="share of bona fide speech that a spoofing detector rejects",
        mode="at the detector's EER threshold on its validation trials; estimates of bona fide speech alone",
        trials=("cm",),
        tasks={"enhance": "spoofing"},
        pooled=True,
    ),
)
