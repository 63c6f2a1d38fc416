"""How figures and letters are written: the same on the terminal and on the page."""

from cocktail.boards.cells import higher_is_better, metric_of
from cocktail.boards.letters import ALPHABET

DIGITS = {
    "stoi": 3, "estoi": 3, "rtf": 3, "min_tdcf": 3, "min_tdcf_2021": 3, "wer": 1, "wer_ctc": 1, "wer_retrained": 1,
    "eer_asv": 1, "eer_cm": 1, "t_eer": 1, "eer_asv_3": 1, "eer_asv_norm": 1, "auc": 3, "cm_rejection": 1,
    "peak_memory": 1, "latency_ms": 0, "bit_rate": 1, "parameters": 0, "min_dcf_asv": 3, "min_dcf_cm": 3,
    "actual_dcf_cm": 3, "cllr_cm": 3, "a_dcf": 3, "spoof_acceptance": 1,
}  # fmt: skip
"""Metric -> digits behind the point, where they are not 2."""


def digits(metric: str) -> int:
    """Digits behind the point of a metric, of its improvement, or of its part by attack."""
    return DIGITS.get(metric_of(metric), 2)


def headed(metric: str) -> str:
    """`si_sdr ↑`: a metric, and which way is better."""
    return f"{metric} {'↑' if higher_is_better(metric) else '↓'}"


def figure(value: float | None, metric: str) -> str:
    """A figure as text: whole numbers in groups of three digits, no negative zero."""
    return "–" if value is None else f"{value:z,.{digits(metric)}f}"


def letters(group: str | None) -> str:
    """A tie group with runs of three letters or more in short, as `a-dfg`: large boards take dozens of letters."""
    runs: list[str] = []
    for letter in group or "":
        if runs and ALPHABET.index(letter) == ALPHABET.index(runs[-1][-1]) + 1:
            runs[-1] += letter
        else:
            runs.append(letter)
    return "".join(run if len(run) < 3 else f"{run[0]}-{run[-1]}" for run in runs)
