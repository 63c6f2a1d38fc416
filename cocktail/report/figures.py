"""How figures are written: the same digits on the terminal and on the page."""

from cocktail.boards.cells import ATTACK

DIGITS = {
    "stoi": 3, "estoi": 3, "rtf": 3, "min_tdcf": 3, "min_tdcf_2021": 3, "wer": 1, "wer_ctc": 1, "wer_retrained": 1,
    "eer_asv": 1, "eer_cm": 1, "auc": 3, "cm_rejection": 1, "peak_memory": 1, "latency_ms": 0, "bit_rate": 1,
    "parameters": 0,
}  # fmt: skip
"""Metric -> digits behind the point, where they are not 2."""


def digits(metric: str) -> int:
    """Digits behind the point of a metric, of its improvement, or of its part by attack."""
    return DIGITS.get(metric.removesuffix("_i").partition(ATTACK)[0], 2)


def figure(value: float | None, metric: str) -> str:
    """A figure as text: whole numbers in groups of three digits, no negative zero."""
    return "–" if value is None else f"{value:z,.{digits(metric)}f}"
