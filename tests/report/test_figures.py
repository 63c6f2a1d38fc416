"""Figures as text."""

import pytest

from cocktail.metrics.catalogue import METRICS
from cocktail.report.figures import DIGITS, digits, figure, letters


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (None, "si_sdr", "–"),
        (-3.456, "si_sdr", "-3.46"),
        (-0.004, "si_sdr", "0.00"),
        (0.81249, "stoi_i", "0.812"),
        (12.34, "eer_cm:a03", "12.3"),
        (1234567.0, "parameters", "1,234,567"),
        (2949.5, "latency_ms", "2,950"),
    ],
)
def test_a_figure_has_the_digits_of_its_metric(value, metric, text):
    assert figure(value, metric) == text


def test_every_row_is_of_a_metric():
    assert set(DIGITS) <= set(METRICS)
    assert digits("hit_fa") == 2


@pytest.mark.parametrize(
    ("group", "text"),
    [(None, ""), ("a", "a"), ("ab", "ab"), ("abc", "a-c"), ("abdefgi", "abd-gi"), ("xyzABC", "x-C"), ("acbd", "acbd")],
)
def test_runs_of_letters_are_written_in_short(group, text):
    assert letters(group) == text
