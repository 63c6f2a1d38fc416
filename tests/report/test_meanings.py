"""What the page says of metrics and of what was drawn, in words."""

import pytest

from cocktail import needs, paradigms, tables
from cocktail.metrics.catalogue import METRICS
from cocktail.report import meanings
from cocktail.report.meanings import DRAWN, MEANINGS, drawn, meaning
from cocktail.report.page.data import metric_card


def test_each_metric_has_a_meaning_and_no_other_has():
    assert set(MEANINGS) == set(METRICS)


@pytest.mark.parametrize("metric", METRICS)
def test_a_meaning_is_a_line_that_stands_alone(metric):
    """It is read under a board, beside no other one."""
    text = MEANINGS[metric]
    assert text[0].isupper() and text.endswith(".") and "\n" not in text and 25 < len(text) <= 110
    assert not text.startswith("The same")
    assert metric not in text
    assert metric_card(metric)["meaning"] == text


def test_each_paradigm_has_a_meaning_and_no_other_has():
    assert set(meanings.PARADIGMS) == set(paradigms.PARADIGMS)
    assert set(meanings.GUIDANCE) == set(needs.GUIDANCE)


def test_gains_and_attacks_have_the_meaning_of_their_metric():
    gains = [name for name, metric in METRICS.items() if metric.improvement]
    assert gains and all(meaning(f"{name}_i") == f"Gain over the unprocessed sound. {MEANINGS[name]}" for name in gains)
    assert meaning("eer_cm:lpc") == f"Against the attack lpc alone. {MEANINGS['eer_cm']}"
    assert meaning("nonsense") == meaning("nonsense_i") == ""


def test_what_is_drawn_for_scenes_has_names_and_units():
    assert set(tables.SCENES.names) - {"condition", "scene"} <= set(DRAWN)
    assert (drawn("snr_db"), drawn("noise"), drawn("other")) == ("SNR in dB", "noise", "other")
