"""What `cocktail tune` says of a sweep whose figures are known."""

from types import SimpleNamespace

import pytest

from cocktail.cli.tune import _say, _table
from cocktail.plugins.registry import Registry
from cocktail.report.tuning import Figure, Point
from cocktail.workflow.tuning import sweep


@pytest.fixture(scope="module")
def registry():
    return Registry()


@pytest.fixture
def found(registry):
    """A sweep of omlsa, and its points: as it stands, with alpha 0.5 better by 1 dB, and one that failed."""
    swept = sweep(registry.entry("omlsa"), {"alpha": [0.5, 1]})
    stands, better, failed = swept.points
    gain = Figure(1.0, 0.5, 1.5)
    return swept, [
        Point(stands, {}, Figure(7.0, 6.0, 8.0), None, False, 0),
        Point(better, {}, Figure(8.0, 7.0, 9.0), gain, True, 0),
        Point(failed, {}, None, None, False, 3),
    ]


def test_the_table_marks_the_best_and_the_entry_as_it_stands(found):
    swept, points = found
    rows = _table(swept, points, points[1], "si_sdr")
    assert rows[0] == {
        "alpha": "0.92", "si_sdr ↑": "7.00", "95 %": "6.00 to 8.00", "difference": "", "95 % of it": "",
        "": "as it stands",
    }  # fmt: skip
    assert list(rows[1].values()) == ["0.5", "8.00", "7.00 to 9.00", "+1.00", "+0.50 to +1.50", "best"]
    assert list(rows[2].values()) == ["1", "–", "", "–", "", "3 scenes failed"]


@pytest.mark.parametrize(
    ("apart", "said"), [(True, "; better than 'omlsa'"), (False, ", but not told apart from 'omlsa'")]
)
def test_the_best_is_said_with_its_row(found, registry, capsys, apart, said):
    swept, points = found
    plan = SimpleNamespace(registry=registry, config={"size": "tiny", "parameters": {}})
    _say(swept, SimpleNamespace(name=points[1].name, apart=apart), plan)
    out = capsys.readouterr().out
    assert f"Best: alpha 0.5{said}" in out
    assert "methods/spectral/methods.yaml:\n  omlsa: {alpha: 0.5}\n" in out and "other values" not in out


def test_the_best_may_be_the_entry_as_it_stands(found, capsys):
    swept, points = found
    _say(swept, points[0], None)
    assert capsys.readouterr().out == "No point is better than 'omlsa' as it stands.\n"
