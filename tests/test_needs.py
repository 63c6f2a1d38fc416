"""What a method may ask for, and the test paradigm that follows."""

from dataclasses import replace

import numpy as np
import pytest

from cocktail.errors import AccessError
from cocktail.method import Method, View
from cocktail.needs import NEEDS, Info, guidance, lacks

HERE = Info("c", "enhance", channels=2, n_sources=1, fs=16000, reference="image", room=True, closed=True)


def test_the_test_paradigm_is_that_of_the_need_that_tells_most():
    assert guidance(()) == guidance(NEEDS.keys() & {"array", "n_sources", "gpu", "recogniser"}) == "weakly guided"
    for need in ("enrolment", "position", "speakers"):
        assert guidance(("array", need)) == "strongly guided"
    assert guidance(("side_information", "enrolment")) == "informed"


def test_an_oracle_is_informed():
    assert type("Oracle", (Method,), {"paradigm": "oracle"}).guidance() == "informed"
    assert Method.guidance() == "weakly guided"


@pytest.mark.parametrize(
    ("need", "elsewhere", "reason"),
    [
        ("array", {"channels": 1}, "several microphones"),
        ("position", {"room": False}, "needs a room"),
        ("speakers", {"closed": False}, "known from training"),
    ],
)
def test_a_method_is_skipped_where_a_condition_has_not_what_it_needs(need, elsewhere, reason):
    assert lacks(NEEDS, HERE) is None
    assert reason in lacks([need], replace(HERE, **elsewhere))
    assert lacks(NEEDS.keys() - {need}, replace(HERE, **elsewhere)) is None


def test_a_view_grants_what_was_asked_for_and_no_more():
    offered = {need.grants: name for name, need in NEEDS.items()} | {"references": 1, "model": 2, "bases": 3}
    rng = np.random.default_rng(0)
    for name, need in NEEDS.items():
        view = View.of(type("Asks", (Method,), {"needs": frozenset({name})}), offered, fs=16000, rng=rng)
        assert getattr(view, need.grants) == name
        assert set(view.granted) == {need.grants, "bases"}
    view = View.of(Method, offered, fs=16000, rng=rng)
    for name in (*(need.grants for need in NEEDS.values()), "references", "model"):
        with pytest.raises(AccessError, match=f"view.{name} is not granted"):
            getattr(view, name)
