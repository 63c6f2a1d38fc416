"""PESQ: perceptual evaluation of speech quality, by the package pesq.

ITU-T Rec. P.862 (2001) with the mappings P.862.1 (narrow band) and P.862.2 (wide band): MOS-LQO.
Deviations: the package holds 50 utterances and overruns its memory beyond. As an utterance and the pause after it last
at least 0.4 s, a signal past 20 s is scored in equal parts of at most 20 s; the score is the mean of the parts that
hold speech. Signals of other rates are resampled to 16 kHz first.
"""

import importlib.metadata
import math

import numpy as np

from cocktail import audio
from cocktail.metrics.metric import Metric, Pair, Unscorable

MAX_SECONDS = 20


def pesq(*, reference: np.ndarray, estimate: np.ndarray, fs: int, mode: str) -> float:
    """MOS-LQO of an estimate (N,) to its reference (N,); `mode` is `wb` or `nb`.

    Raises Unscorable: `too-short` (under 0.25 s), `no-speech`, `not-installed: pesq`, `needs-16-kHz` (wide band under
    16 kHz).
    """
    try:
        import pesq as package
    except ImportError:
        raise Unscorable("not-installed: pesq") from None
    if mode == "wb" and fs < 16000:
        raise Unscorable("needs-16-kHz")
    if fs not in (8000, 16000):
        reference, estimate, fs = audio.resample(reference, fs, 16000), audio.resample(estimate, fs, 16000), 16000
    n_parts = math.ceil(len(reference) / (MAX_SECONDS * fs))
    scores = []
    for s, e in zip(np.array_split(reference, n_parts), np.array_split(estimate, n_parts), strict=True):
        try:
            scores.append(package.pesq(fs, s, e, mode))
        except package.BufferTooShortError:
            raise Unscorable("too-short") from None
        except package.NoUtterancesError:
            continue
    if not scores:
        raise Unscorable("no-speech")
    return float(np.mean(scores))


def pesq_wb(pair: Pair) -> float:
    """Wide-band PESQ of a pair."""
    return pesq(reference=pair.reference, estimate=pair.estimate, fs=pair.fs, mode="wb")


def pesq_nb(pair: Pair) -> float:
    """Narrow-band PESQ of a pair."""
    return pesq(reference=pair.reference, estimate=pair.estimate, fs=pair.fs, mode="nb")


def package_version() -> str:
    """Version of the package pesq, or `not installed`."""
    try:
        return importlib.metadata.version("pesq")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _wb_once(pair: Pair) -> float:
    return pair.once(pesq_wb)  # the composite measures use it too


def _metric(name, compute, mode, low, high, citation):
    return Metric(
        name=name,
        unit="MOS-LQO",
        higher_is_better=True,
        low=low,
        high=high,
        citation=citation,
        implementation="pesq",
        compute=compute,
        version=package_version(),
        mode=mode + "; past 20 s in equal parts",
        improvement=True,
    )


METRICS = (
    _metric("pesq_wb", _wb_once, "wb at 16 kHz", 1.0, 4.65, "ITU-T P.862.2, 2007"),
    _metric("pesq_nb", pesq_nb, "nb at the signal's rate", 1.0, 4.55, "ITU-T P.862 and P.862.1, 2003"),
)
