"""Word error rates of recognisers that listen to the estimate.

`wer`: the suite's recogniser. `wer_ctc`: the suite's scorer `recogniser`, trained on clean and noisy speech.
`wer_retrained`: one that went on training on what the entry itself makes of training scenes, for the entries that the
suite names in `retrain`.
"""

from cocktail.metrics.metric import SIGNALS, Metric, Pair, Unscorable
from cocktail.recognition.recogniser import Counts, normalise, word_errors


def _wer(pair: Pair) -> Counts:
    listener = pair.recogniser
    rule = normalise if listener is None else listener.normalise
    _require_text(pair, rule)
    if listener is None:
        raise Unscorable("no-recogniser")
    return word_errors(reference=pair.text, hypothesis=listener.transcribe(pair.estimate, pair.fs), rule=rule)


def _wer_of(role: str):
    """Word errors of the scorer of that role."""

    def compute(pair: Pair) -> Counts:
        _require_text(pair, normalise)
        if role not in pair.scorers:
            raise Unscorable("no-recogniser")
        return word_errors(reference=pair.text, hypothesis=pair.scorers[role](pair.estimate, pair.fs))

    return compute


def _require_text(pair, rule):
    if pair.text is None or not rule(pair.text):
        raise Unscorable("no-transcript")


def _metric(name, implementation, compute, **more):
    return Metric(
        name=name,
        unit="%",
        higher_is_better=False,
        low=0.0,
        high=None,
        citation="substitutions, deletions and insertions per word of the transcript",
        implementation=implementation,
        compute=compute,
        mode="minimum edit distance after normalisation; pooled over talkers and scenes",
        version="2",
        pooled=True,
        **more,
    )


METRICS = (
    _metric("wer", "cocktail, with the suite's recogniser", _wer),
    _metric(
        "wer_ctc", "cocktail, with the suite's scorer `recogniser`", _wer_of("recogniser"),
        tasks=dict.fromkeys(SIGNALS, "recogniser"),
    ),
    _metric(
        "wer_retrained", "cocktail, with a recogniser trained on the entry's own estimates", _wer_of("retrained"),
        tasks={"enhance": "retrained"},
    ),
)  # fmt: skip
