"""Word error rate of a recogniser that listens to the estimate."""

from cocktail.metrics.metric import Metric, Pair, Unscorable
from cocktail.recognition import Counts, normalise, word_errors


def _compute(pair: Pair) -> Counts:
    if pair.text is None or not normalise(pair.text):
        raise Unscorable("no-transcript")
    if pair.recogniser is None:
        raise Unscorable("no-recogniser")
    heard = pair.recogniser.transcribe(pair.estimate, pair.fs)
    return word_errors(reference=pair.text, hypothesis=heard)


METRICS = (
    Metric(
        name="wer",
        unit="%",
        higher_is_better=False,
        low=0.0,
        high=None,
        citation="substitutions, deletions and insertions per word of the transcript",
        implementation="cocktail, with the suite's recogniser",
        compute=_compute,
        mode="minimum edit distance after normalisation; pooled over talkers and scenes",
        pooled=True,
    ),
)
