"""Which banks of room responses a suite makes, and what makes them anew."""

from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

CONDITIONS = ["stationary", "speakers", "living-room", "tablet", "reverb"]


def plan(**overrides):
    return Plan(load_suite("quick", {"conditions": CONDITIONS, **overrides}), "quick")


def bank(p, condition):
    return p.digests.rooms(condition, "first")


def test_a_training_asks_for_the_rooms_of_the_conditions_that_it_mixes():
    p = plan()
    assert p.train_rooms("blstm-psa") == [p.rooms(name, "first") for name in ("living-room", "tablet", "reverb")]
    assert p.train_rooms("nmf-sparse") == p.train_rooms("xvector") == []
    few = plan(conditions=["stationary", "reverb"], methods=["blstm-psa"], scorers={})
    assert few.train_rooms("blstm-psa") == [few.rooms("reverb", "first")]


def test_conditions_that_are_not_run_are_trained_on_all_the_same():
    p = plan(only={"conditions": ["stationary"]})
    assert list(p.conditions) == ["stationary"] and p.rooms("tablet", "first") in p.train_rooms("blstm-psa")
    assert bank(p, "tablet") == bank(plan(), "tablet")


def test_rooms_are_made_anew_when_they_change_and_not_with_the_noise_in_them():
    before = plan()
    room = before.all_conditions["reverb"]["room"]
    wider = plan(define={"reverb": {"room": room | {"t60_s": [0.4, 0.9]}}})
    louder = plan(define={"reverb": {"noise": before.all_conditions["reverb"]["noise"] | {"snr_db": [0, 30]}}})
    assert bank(wider, "reverb") != bank(before, "reverb") and bank(wider, "tablet") == bank(before, "tablet")
    assert bank(louder, "reverb") == bank(before, "reverb")
    for changed in (wider, louder, plan(rooms=50)):
        assert changed.digests.train("blstm-psa") != before.digests.train("blstm-psa")
    assert bank(plan(rooms=50), "reverb") != bank(before, "reverb") != bank(plan(seed=1), "reverb")
    assert plan(rooms=50).digests.train("nmf-sparse") == before.digests.train("nmf-sparse")
