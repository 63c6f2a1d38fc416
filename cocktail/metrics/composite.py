"""Composite measures of signal distortion, background intrusiveness and overall quality: CSIG, CBAK, COVL.

Y. Hu and P. C. Loizou, "Evaluation of objective quality measures for speech enhancement", IEEE TASLP 16(1), 2008, with
the regression of the program `composite` that comes with Loizou's book.
Deviations: PESQ is wide-band MOS-LQO (P.862.2), the practice of the VoiceBank-DEMAND leaderboards, where the paper had
the raw narrow-band score; frames of digital silence are left out (see speech_quality).
"""

from cocktail.metrics.metric import Metric, Pair
from cocktail.metrics.perceptual import package_version, pesq_wb
from cocktail.metrics.speech_quality import best_mean, pair_analysis, pair_llr_frames, pair_seg_snr, wss

MOS_RANGE = (1.0, 5.0)


def csig(*, pesq: float, llr: float, wss: float) -> float:
    """Predicted rating of signal distortion, 1 to 5."""
    return _mos(3.093 - 1.029 * llr + 0.603 * pesq - 0.009 * wss)


def cbak(*, pesq: float, wss: float, seg_snr: float) -> float:
    """Predicted rating of background intrusiveness, 1 to 5."""
    return _mos(1.634 + 0.478 * pesq - 0.007 * wss + 0.063 * seg_snr)


def covl(*, pesq: float, llr: float, wss: float) -> float:
    """Predicted rating of overall quality, 1 to 5."""
    return _mos(1.594 + 0.805 * pesq - 0.512 * llr - 0.007 * wss)


def _mos(value):
    return min(max(value, MOS_RANGE[0]), MOS_RANGE[1])


def _llr(pair: Pair) -> float:
    """LLR as the composite takes it: best 95 % of the frames, not clamped."""
    return best_mean(pair.once(pair_llr_frames))


def _wss(pair: Pair) -> float:
    return wss(pair.once(pair_analysis))


def _csig(pair: Pair) -> float:
    return csig(pesq=pair.once(pesq_wb), llr=pair.once(_llr), wss=pair.once(_wss))


def _cbak(pair: Pair) -> float:
    return cbak(pesq=pair.once(pesq_wb), wss=pair.once(_wss), seg_snr=pair.once(pair_seg_snr))


def _covl(pair: Pair) -> float:
    return covl(pesq=pair.once(pesq_wb), llr=pair.once(_llr), wss=pair.once(_wss))


def _metric(name, compute):
    return Metric(
        name=name,
        unit="MOS",
        higher_is_better=True,
        low=MOS_RANGE[0],
        high=MOS_RANGE[1],
        citation="Hu, Loizou, IEEE TASLP 16(1), 2008",
        implementation="cocktail, with PESQ by the package pesq",
        compute=compute,
        version=f"1, pesq {package_version()}",
        mode="wide-band PESQ; LLR not clamped; best 95 % of LLR and WSS",
        clamp=MOS_RANGE,
        improvement=True,
    )


METRICS = (_metric("csig", _csig), _metric("cbak", _cbak), _metric("covl", _covl))
